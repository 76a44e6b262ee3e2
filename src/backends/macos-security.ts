// What macOS's `security` reads and answers. Read off Apple's sources (Security-61901, SecurityTool/macOS): security.c,
// readline.c, keychain_add.c, keychain_find.c, keychain_utilities.c.
import {type Credential, SERVICE} from './backend.js'
import {type Problem, StorageError} from '../errors.js'

/**
 * The longest line, in bytes before its newline, that `security -i` takes as one command. Its buffer has room for 4095,
 * but then the newline is read as a second, empty command whose status 0 hides a failure; of a longer line the first
 * part is executed and the rest, which is part of the secret, is run as another command and echoed on stderr.
 */
export const LONGEST_LINE_BYTES = 4094

/** The exit status of 'no such item'. */
export const NOT_FOUND = 44

/**
 * Quotes an argument for a line of `security -i`, which is no shell: a closing quote ends the argument at once, and a
 * backslash escapes the next character between single quotes too, so no POSIX quoting is right for it.
 * @param text anything without a newline or a NUL, which end the line
 */
export function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/gu, String.raw`\$&`)}"`
}

/**
 * The command, for `security -i`, that stores a token or replaces it (-U). The token goes as hexadecimal, in which
 * nothing is special. The label is left to its default, the service, as the Heroku CLI leaves it.
 *
 * There is no -A or -T: they widen who may read the token, and on an item that exists they make macOS ask.
 */
export function addCommand({account, token}: Credential): string {
  const hex = Buffer.from(token).toString('hex')
  return `add-generic-password -U -s ${quote(SERVICE)} -a ${quote(account)} -X ${hex}`
}

const ATTRIBUTE = /^ {4}"(?<name>acct|svce)"<blob>=(?<value>.*)$/u

/**
 * Finds the generic passwords of one service in what `dump-keychain` prints.
 * @returns their accounts; undefined for one that has none, or whose name is not UTF-8
 */
export function accountsOf(listing: string, service: string): (string | undefined)[] {
  const items: {acct?: string | undefined; svce?: string | undefined}[] = []
  let item: (typeof items)[number] | undefined
  // A value never holds a raw newline, so what stands at the beginning of a line was put there by `security`.
  for (const line of listing.split('\n')) {
    if (line.startsWith('keychain: ')) item = undefined
    else if (line === 'class: "genp"') items.push((item = {}))
    else if (item) {
      const {name, value = ''} = ATTRIBUTE.exec(line)?.groups ?? {}
      if (name === 'acct' || name === 'svce') item[name] = valueOf(value)
    }
  }

  return items.filter(({svce}) => svce === service).map(({acct}) => acct)
}

/**
 * Reads a value as print_buffer writes it: `<NULL>`; or nothing; or "text", in which a quote is not escaped; or, if any
 * byte is a backslash or not printable ASCII, 0xHEX and then the same again as escaped text.
 */
function valueOf(printed: string): string | undefined {
  const hex = /^0x(?<digits>[0-9A-F]+) /u.exec(printed)?.groups?.digits
  if (hex !== undefined) return utf8(Buffer.from(hex, 'hex'))
  return printed === '' ? '' : /^"(?<text>.*)"$/u.exec(printed)?.groups?.text
}

function utf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes)
  } catch {
    return undefined
  }
}

const NETRC_HINT = 'run this as the user who logged in to the Mac, or set HEROKU_NETRC_WRITE=true to use ~/.netrc'
const ALLOW_HINT = `answer the keychain's dialog with Allow, or unlock the keychain first: security unlock-keychain ~/Library/Keychains/login.keychain-db`

/** What to do about trouble of a kind, where nothing is known but the kind. */
export const HINTS: Readonly<Record<Problem, string>> = {
  locked: 'unlock it: security unlock-keychain ~/Library/Keychains/login.keychain-db',
  denied: ALLOW_HINT,
  'timed-out': ALLOW_HINT,
  unavailable: NETRC_HINT,
  refused: 'set HEROKU_NETRC_WRITE=true to use ~/.netrc',
  failed: `look at the entry "${SERVICE}" in Keychain Access, or set HEROKU_NETRC_WRITE=true to use ~/.netrc`,
}

// `security` exits with the low byte of an OSStatus (base/SecBase.h). Its words are English here and not elsewhere.
const troubles: Readonly<Record<number, {problem: Problem; message: string; hint?: string}>> = {
  24: {problem: 'locked', message: 'the macOS keychain cannot be unlocked while the Mac sleeps'},
  29: {problem: 'locked', message: 'the macOS keychain needs to ask, and cannot from here'},
  36: {problem: 'locked', message: 'the macOS keychain is locked, and cannot ask from here'},
  37: {problem: 'unavailable', message: 'there is no default macOS keychain'},
  45: {
    problem: 'failed',
    // Under -U a refused update is tried again as a new item, so this is the status of every refusal (keychain_add.c).
    message: 'the macOS keychain refused to replace the token that it holds',
    hint: `delete the entry "${SERVICE}" in Keychain Access, then log in again: heroku login`,
  },
  50: {problem: 'unavailable', message: 'the default macOS keychain does not exist'},
  51: {problem: 'denied', message: 'the macOS keychain did not allow it'},
  52: {
    problem: 'denied',
    message: 'the macOS keychain is read-only',
    hint: 'check the permissions of ~/Library/Keychains, or set HEROKU_NETRC_WRITE=true to use ~/.netrc',
  },
  53: {problem: 'unavailable', message: 'no macOS keychain is available'},
  128: {problem: 'denied', message: "the macOS keychain's dialog was dismissed"},
}

/**
 * Says what an exit status other than 0 means.
 * @param task what could not be done, as in 'could not …'
 */
export function failureOf(code: number, task: string): StorageError {
  const {problem, message, hint} = troubles[code] ?? {
    problem: 'failed' as const,
    message: `security could not ${task} (exit ${code})`,
  }
  return new StorageError(problem, message, hint ?? HINTS[problem])
}
