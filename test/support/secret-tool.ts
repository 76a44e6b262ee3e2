// Simulates `secret-tool` (0.20.5) and an unlocked GNOME Keyring in this process: a RunTool that answers its calls from
// a list, for suites that run an operation a thousand times. It runs every other program for real.
import {basename} from 'node:path'
import {run, type RunTool, type ToolResult} from '../../src/process/run.js'

export interface SecretItem {
  label: string
  attributes: Record<string, string>
  secret: string
}

export interface SecretService {
  /** In the order in which they were stored. */
  readonly items: SecretItem[]
  readonly run: RunTool
}

/** secret-tool reads at most this much of a secret. */
const LONGEST_SECRET_BYTES = 8192

const STAMP = '2026-01-01 00:00:00'

export function startSecretService(): SecretService {
  const items: SecretItem[] = []

  const matching = (wanted: Record<string, string>) =>
    items.filter(({attributes}) => Object.entries(wanted).every(([name, value]) => attributes[name] === value))

  /** @returns the exit status, stdout and stderr */
  const call = (args: readonly string[], input: string): [code: number, stdout?: string, stderr?: string] => {
    const [verb = ''] = args
    const [options, wanted] = parse(args.slice(1))
    const found = matching(wanted)
    switch (verb) {
      case 'store': {
        // An item with the same attributes is replaced.
        const same = found.find(({attributes}) => Object.keys(attributes).length === Object.keys(wanted).length)
        const secret = Buffer.from(input).subarray(0, LONGEST_SECRET_BYTES).toString()
        const stored = {label: valueOf(options, '--label='), attributes: wanted, secret}
        if (same) Object.assign(same, stored)
        else items.push(stored)
        return [0]
      }
      case 'lookup':
        return found[0] === undefined ? [1] : [0, found[0].secret]
      case 'search':
        return [0, found.map(shown).join(''), found.map(({attributes}) => attributesOf(attributes)).join('')]
      case 'clear':
        for (const item of found) items.splice(items.indexOf(item), 1)
        return [found.length > 0 ? 0 : 1]
      default:
        return [2, '', 'usage: secret-tool\n']
    }
  }

  return {
    items,
    async run(file, args, options): Promise<ToolResult> {
      if (basename(file) !== 'secret-tool') return run(file, args, options)
      const [code, stdout = '', stderr = ''] = call(args, options.input ?? '')
      return {status: 'exited', code, stdout: options.discardStdout ? '' : stdout, stderr}
    },
  }
}

/** The options, and the attributes after `--`. */
function parse(args: readonly string[]): [options: readonly string[], attributes: Record<string, string>] {
  const end = args.indexOf('--')
  const words = args.slice(end + 1)
  const attributes: Record<string, string> = {}
  for (let index = 0; index + 1 < words.length; index += 2) attributes[words[index] ?? ''] = words[index + 1] ?? ''
  return [args.slice(0, Math.max(end, 0)), attributes]
}

const valueOf = (options: readonly string[], name: string) =>
  options.find((option) => option.startsWith(name))?.slice(name.length) ?? ''

const shown = ({label, secret}: SecretItem, index: number) =>
  `[/${index + 1}]\nlabel = ${label}\nsecret = ${secret}\ncreated = ${STAMP}\nmodified = ${STAMP}\n`

const attributesOf = (attributes: Record<string, string>) =>
  Object.entries(attributes)
    .map(([name, value]) => `attribute.${name} = ${value}\n`)
    .join('')
