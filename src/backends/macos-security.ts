// The syntax of macOS's `security`, and its failures as errors for the user. From Apple's sources (Security-61901,
// SecurityTool/macOS): security.c, readline.c, keychain_add.c, keychain_find.c, keychain_utilities.c.
import {type Credential, SERVICE} from './backend.js'
import {type Problem, StorageError} from '../errors.js'

/**
 * The longest line, in bytes before its newline, that `security -i` takes as one command. Its buffer holds 4095, but
 * then the newline is read as a second, empty command whose status 0 hides a failure. A longer line is split: the rest,
 * which is part of the secret, runs as another command and is echoed on stderr.
 */
export const LONGEST_LINE_BYTES = 4094

/** The exit status for a missing item. */
export const NOT_FOUND = 44

/**
 * Quotes an argument for `security -i`. POSIX quoting does not work: a closing quote ends the argument, and a backslash
 * escapes the next character in single quotes, too.
 * @param text anything without a newline or a NUL, which end the line
 */
export function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/gu, String.raw`\$&`)}"`
}

/**
 * The command for `security -i` that stores or replaces (-U) a token. The token is in hexadecimal, which needs no
 * quoting. The label is the default, the service, as in the Heroku CLI.
 *
 * No -A or -T: they let more programs read the token, and macOS prompts for them on an existing item.
 */
export function addCommand({account, token}: Credential): string {
  const hex = Buffer.from(token).toString('hex')
  return `add-generic-password -U -s ${quote(SERVICE)} -a ${quote(account)} -X ${hex}`
}

const ATTRIBUTE = /^ {4}"(?<name>acct|svce)"<blob>=(?<value>.*)$/u

/**
 * Finds the generic passwords of one service in the output of `dump-keychain`.
 * @returns their accounts; undefined for an item without an account, or one that is not UTF-8
 */
export function accountsOf(listing: string, service: string): (string | undefined)[] {
  const items: {acct?: string | undefined; svce?: string | undefined}[] = []
  let item: (typeof items)[number] | undefined
  // A value never contains a raw newline, so every line begins with text of `security`'s own.
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
 * Parses a value as print_buffer writes it: `<NULL>`; or nothing; or "text" with unescaped quotes; or, if any byte is a
 * backslash or not printable ASCII, 0xHEX followed by the escaped text.
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

/** The hint for each kind of failure, where the exit status has none of its own. */
export const HINTS: Readonly<Record<Problem, string>> = {
  locked: 'unlock it: security unlock-keychain ~/Library/Keychains/login.keychain-db',
  denied: ALLOW_HINT,
  'timed-out': ALLOW_HINT,
  unavailable: NETRC_HINT,
  refused: 'set HEROKU_NETRC_WRITE=true to use ~/.netrc',
  failed: `look at the entry "${SERVICE}" in Keychain Access, or set HEROKU_NETRC_WRITE=true to use ~/.netrc`,
}

// `security` exits with the low byte of an OSStatus (base/SecBase.h). Its messages are localized, so only the status
// counts.
const failures: Readonly<Record<number, {problem: Problem; message: string; hint?: string}>> = {
  24: {problem: 'locked', message: 'the macOS keychain cannot be unlocked while the Mac sleeps'},
  29: {problem: 'locked', message: 'the macOS keychain needs to ask, and cannot from here'},
  36: {problem: 'locked', message: 'the macOS keychain is locked, and cannot ask from here'},
  37: {problem: 'unavailable', message: 'there is no default macOS keychain'},
  45: {
    problem: 'failed',
    // With -U, a refused update is retried as a new item, so every refusal ends with this status (keychain_add.c).
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
 * The error for an exit status other than 0.
 * @param task what failed, after 'could not'
 */
export function failureOf(code: number, task: string): StorageError {
  const {problem, message, hint} = failures[code] ?? {
    problem: 'failed' as const,
    message: `security could not ${task} (exit ${code})`,
  }
  return new StorageError(problem, message, hint ?? HINTS[problem])
}
