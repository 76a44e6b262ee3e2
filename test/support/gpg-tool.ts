// Simulates gpg (2.2) with one key that has no passphrase, in this process: a RunTool that encrypts and decrypts for the password
// store, for suites that run an operation a thousand times. It runs every other program for real.
import {createHash} from 'node:crypto'
import {readFileSync} from 'node:fs'
import {basename} from 'node:path'
import {run, type RunTool} from '../../src/process/run.js'

const BEGIN = '-----BEGIN PGP MESSAGE-----'
const END = '-----END PGP MESSAGE-----'

/** Like gpg's, a message that was changed or cut does not open. */
const markOf = (text: string) => createHash('sha256').update(text).digest('hex')

const seal = (text: string) => [BEGIN, '', Buffer.from(markOf(text) + text).toString('base64'), END, ''].join('\n')

function open(sealed: string): string | undefined {
  const [begin, , body = '', end] = sealed.split(/\r?\n/u)
  const content = Buffer.from(body, 'base64').toString()
  const [mark, text] = [content.slice(0, 64), content.slice(64)]
  return begin === BEGIN && end === END && mark === markOf(text) ? text : undefined
}

export const simulateGpg: RunTool = (file, args, options) => {
  if (basename(file) !== 'gpg') return run(file, args, options)
  const {input = ''} = options
  const exited = (code: number, stdout = '', stderr = '') =>
    Promise.resolve({status: 'exited', code, stdout, stderr} as const)
  if (args.includes('--encrypt')) return exited(0, seal(input))
  const path = args[args.indexOf('--decrypt') + 1]
  try {
    const text = open(path === undefined ? input : readFileSync(path, 'utf8'))
    return text === undefined ? exited(2, '', 'gpg: no valid OpenPGP data found.\n') : exited(0, text)
  } catch {
    return exited(2, '', "gpg: can't open the file\n")
  }
}
