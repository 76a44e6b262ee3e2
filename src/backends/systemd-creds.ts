// Files that systemd encrypts for the user and the machine, and with its TPM, if it has one: systemd-creds(1), systemd 256 and
// later. There is no passphrase and no prompt.
import {createHash} from 'node:crypto'
import {readdir, readFile, unlink} from 'node:fs/promises'
import {join} from 'node:path'
import {accountOf, fileNameOf} from './account-file-name.js'
import type {Backend} from './backend.js'
import {codeOf, StorageError} from '../errors.js'
import {removeLeftovers, replaceFile} from '../files/atomic-write.js'
import {fileError} from '../files/file-error.js'
import {preparePrivateFolder} from '../files/private-folder.js'
import {assertStorable} from './credential-rules.js'
import {type Answer, type Call, startOperation, type ToolOptions} from './tool.js'

const EXTENSION = '.cred'

// Ours: systemd would take a megabyte.
const LONGEST_TOKEN_BYTES = 8192

// Its messages tell failures apart: the exit status is always 1.
const ENV = {SYSTEMD_LOG_LEVEL: 'err', SYSTEMD_LOG_TARGET: 'console'}

/**
 * Opens systemd-creds.
 * @param options `program`: its absolute path; `folder`: where the files are, created with mode 0700
 */
export function openSystemdCreds(options: ToolOptions & {program: string; folder: string}): Backend {
  const {folder, program} = options
  const start = () => startOperation('systemd-creds', program, options)
  const pathOf = (account: string) => join(folder, fileNameOf(account) + EXTENSION)

  return {
    name: 'systemd-creds',

    async get(account) {
      const encrypted = await read(pathOf(account))
      return encrypted === undefined ? undefined : decrypt(start(), account, encrypted)
    },

    async set(credential) {
      assertStorable(credential)
      const {account, token} = credential
      if (Buffer.byteLength(token) > LONGEST_TOKEN_BYTES)
        throw new StorageError('refused', `a token of over ${LONGEST_TOKEN_BYTES} bytes does not fit systemd-creds`)
      const path = pathOf(account)
      const call = start()
      const encrypted = await encrypt(call, account, token)
      // Before the old file is replaced.
      if ((await decrypt(call, account, encrypted)) !== token) throw notKept()
      prepare(folder)
      await replaceFile(path, encrypted)
      if ((await read(path)) !== encrypted) throw notKept()
    },

    async remove(account) {
      const path = pathOf(account)
      // A token, too.
      await removeLeftovers(path)
      try {
        await unlink(path)
        return true
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return false
        throw fileError('remove', path, error)
      }
    },

    async accounts() {
      const names = await list(folder)
      return names
        .filter((name) => name.endsWith(EXTENSION))
        .flatMap((name) => accountOf(name.slice(0, -EXTENSION.length)) ?? [])
    },
  }
}

/** A name that systemd encrypts with the token, so that the file of another account does not decrypt. */
const nameOf = (account: string) =>
  `--name=heroku-cli-${createHash('sha256').update(account).digest('hex').slice(0, 32)}`

async function encrypt(call: Call, account: string, token: string): Promise<string> {
  const answer = await call(['encrypt', '--user', nameOf(account), '-', '-'], {input: token, env: ENV})
  if (answer.code !== 0) throw failureOf(answer, 'encrypt')
  return answer.stdout
}

async function decrypt(call: Call, account: string, encrypted: string): Promise<string> {
  const args = ['decrypt', '--user', nameOf(account), '--newline=no', '-', '-']
  const answer = await call(args, {input: encrypted, env: ENV})
  if (answer.code !== 0) throw failureOf(answer, 'decrypt')
  return answer.stdout
}

/** @returns undefined if there is no file */
async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw fileError('read', path, error)
  }
}

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw fileError('read', folder, error)
  }
}

function prepare(folder: string): void {
  try {
    preparePrivateFolder(folder)
  } catch (error) {
    throw fileError('write', folder, error)
  }
}

const notKept = () => new StorageError('failed', 'systemd-creds did not keep the token as it was stored', LOGIN)

const LOGIN = 'heroku login'
const OTHER_STORE = 'heroku login --store pass'

/** As systemd-creds of systemd 257 prints them, and for an older one, 252. */
const failures: {pattern: RegExp; error: () => StorageError}[] = [
  {
    pattern: /Failed to connect to io\.systemd\.Credentials/u,
    error: () =>
      new StorageError(
        'unavailable',
        "systemd-creds cannot reach systemd's credential service",
        'sudo systemctl start systemd-creds.socket',
      ),
  },
  {
    pattern: /unrecognized option '--user'/u,
    error: () => new StorageError('unavailable', 'systemd-creds needs systemd 256 or later', OTHER_STORE),
  },
  {
    pattern: /Name in credential doesn't match/u,
    error: () => new StorageError('failed', 'the token was encrypted for another account', LOGIN),
  },
  {
    // The second, if systemd has no key on this machine yet: it discards the key that it made for another machine ID.
    pattern: /Bad credential format|Failed to decrypt: io\.systemd\.System/u,
    error: () => new StorageError('failed', 'the token was encrypted for another user or on another machine', LOGIN),
  },
]

/** The error of the first pattern that its output matches; it does not contain the output. */
function failureOf({code, stderr}: Answer, task: 'encrypt' | 'decrypt'): StorageError {
  const known = failures.find(({pattern}) => pattern.test(stderr))
  if (known) return known.error()
  const hint = task === 'encrypt' ? 'try: echo x | systemd-creds encrypt --user - -' : LOGIN
  return new StorageError('failed', `systemd-creds could not ${task} the token (exit ${code})`, hint)
}
