// Decrypts and encrypts the entries of the password store with gpg, and turns gpg's failures into errors for the user.
import {readlinkSync} from 'node:fs'
import {StorageError} from '../errors.js'
import {isToken} from './credential-rules.js'
import {type GpgOptions, refusalIn, startGpg} from './gpg.js'
import type {Answer, Call} from './tool.js'

export interface PasswordStoreOptions extends GpgOptions {
  /** Whether stderr is a terminal, on which gpg may prompt. Default: false. */
  terminal?: boolean
  /** Whether gpg may open a window. Default: false. */
  display?: boolean
}

/** Where gpg prompts. */
export interface Prompting {
  args: string[]
  env: Record<string, string>
}

/** gpg fails at once: pinentry takes a second to find out that it cannot prompt. */
export const NO_PROMPT: Prompting = {args: ['--pinentry-mode', 'error'], env: {}}

/** Names the terminal, since gpg's stdin is a pipe: it cannot find the terminal itself. */
export function promptingOf({display = false, env, terminal = false}: PasswordStoreOptions): Prompting {
  const paths = terminal ? [env.GPG_TTY, terminalOfStderr(), env.SSH_TTY] : []
  const path = paths.find((each) => each !== undefined && each !== '')
  if (path !== undefined) return {args: [], env: {GPG_TTY: path}}
  return display ? {args: [], env: {}} : NO_PROMPT
}

function terminalOfStderr(): string | undefined {
  try {
    const path = readlinkSync('/proc/self/fd/2')
    return path.startsWith('/dev/') ? path : undefined
  } catch {
    // There is no /proc on macOS.
    return undefined
  }
}

/**
 * Starts the clock of one operation on an entry.
 * @param name the entry's name for pass
 */
export function startOn(name: string, options: GpgOptions, {args: common, env}: Prompting): Call {
  const gpg = startGpg('the password store', show(name), options)
  return (args, more) => gpg([...common, ...args], {...more, env})
}

/** Shows gpg's own messages, and lets gpg-agent cache the passphrase for our next try. */
const show = (name: string) => `pass show ${name}`

/** Decrypts an entry. @returns its first line: `pass insert` adds a newline, and `pass insert -m` may hold notes */
export async function decrypt(gpg: Call, file: string, name: string): Promise<string> {
  const answer = await gpg(['--decrypt', file])
  if (answer.code !== 0) throw unreadable(name, answer)
  const [token = ''] = answer.stdout.split(/\r?\n/u, 1)
  if (isToken(token)) return token
  throw new StorageError('failed', `the first line of ${name} in the password store is not a token`, 'heroku login')
}

/**
 * Encrypts a token, and checks that it can be decrypted here.
 * @param keys the keys to encrypt for, as gpg accepts them
 * @returns an armored message, since `run` returns no binary output
 */
export async function encrypt(gpg: Call, token: string, name: string, keys: string[]): Promise<string> {
  // As pass does, trust the user's choice of keys; but look up none on the network.
  const options = ['--no-auto-key-locate', '--trust-model', 'always', '--no-encrypt-to', '--armor']
  const recipients = keys.flatMap((key) => ['--recipient', key])
  const sealed = await gpg([...options, ...recipients, '--encrypt'], {input: token})
  if (sealed.code !== 0) throw unwritable(name, sealed)
  const opened = await gpg(['--decrypt'], {input: sealed.stdout})
  if (opened.code !== 0) throw unreadable(name, opened)
  if (opened.stdout === token) return sealed.stdout
  throw new StorageError('failed', `gpg cannot open what it has just encrypted for ${name}`, LIST_SECRET_KEYS)
}

const LIST_SECRET_KEYS = 'gpg --list-secret-keys'

function unreadable(name: string, {code, stderr}: Answer): StorageError {
  switch (refusalIn(stderr)) {
    case 'denied':
      return new StorageError('denied', `gpg was not given the passphrase to read ${name}`, show(name))
    case 'locked':
      return new StorageError('locked', "the password store's key is locked, and gpg cannot prompt here", show(name))
    case 'no-key':
      return new StorageError('failed', "the password store's secret key is not on this machine", LIST_SECRET_KEYS)
    case undefined:
      return new StorageError('failed', `gpg could not decrypt ${name} (exit ${code})`, show(name))
  }
}

function unwritable(name: string, {code, stderr}: Answer): StorageError {
  if (/^\[GNUPG:\] INV_RECP /mu.test(stderr))
    return new StorageError('failed', 'gpg has not got every key that the password store names', 'gpg --list-keys')
  return new StorageError('failed', `gpg could not encrypt ${name} (exit ${code})`, 'gpg --list-keys')
}
