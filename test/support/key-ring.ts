// Key rings of gpg, each with an agent of its own.
import {execFileSync, spawnSync} from 'node:child_process'
import {chmodSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {run, type RunTool} from '../../src/process/run.js'

export interface KeyRing {
  readonly home: string
  /** The variables that make gpg use it, in addition to a program's own. */
  readonly env: {GNUPGHOME: string}
  /** Runs gpg, without a prompt. @returns its stdout @throws {Error} if it fails */
  gpg(args: readonly string[], input?: string): string
  /** Ends the agent, which then has no passphrase any more. */
  endAgent(): void
  /** Makes gpg prompt with this program from now on. */
  usePinentry(program: string): void
  /** Ends the agent, and removes all keys. */
  close(): void
}

export interface KeyRings {
  /** See {@link createKeyRing}. */
  create(names: readonly string[], passphrase?: string): KeyRing
}

/** The least work for a passphrase, instead of a tenth of a second of this machine's. */
const AGENT_CONF = 's2k-count 65536\n'

// Its user dismisses it, and it leaves a file `prompted`.
const DISMISSED = `#!/bin/sh
echo OK
while read -r command rest; do
  case $command in
    GETPIN) : >"\${0%/*}/prompted"; echo 'ERR 83886179 Operation cancelled' ;;
    BYE) echo OK; exit ;;
    *) echo OK ;;
  esac
done
`

/** Makes gpg prompt with a pinentry that the user dismisses. @returns the path of a file that it creates at each prompt */
export function dismissPrompts(ring: KeyRing): string {
  const program = join(ring.home, 'pinentry.sh')
  writeFileSync(program, DISMISSED, {mode: 0o700})
  ring.usePinentry(program)
  return join(ring.home, 'prompted')
}

/** A new key ring, with a key for each name. */
export function createKeyRing(names: readonly string[], passphrase = ''): KeyRing {
  // Short: the path of the agent's socket is in it.
  const home = mkdtempSync(join(tmpdir(), 'hkgpg-'))
  chmodSync(home, 0o700)
  const env = {GNUPGHOME: home}
  const ring: KeyRing = {
    home,
    env,
    gpg: (args, input = '') =>
      execFileSync('gpg', ['--batch', '--quiet', ...args], {
        env: {...process.env, ...env},
        input,
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'ignore'],
      }),
    endAgent() {
      spawnSync('gpgconf', ['--kill', 'all'], {env: {...process.env, ...env}})
    },
    usePinentry(program) {
      writeFileSync(join(home, 'gpg-agent.conf'), `${AGENT_CONF}pinentry-program ${program}\n`)
      ring.endAgent()
    },
    close() {
      ring.endAgent()
      rmSync(home, {recursive: true, force: true})
    },
  }
  writeFileSync(join(home, 'gpg-agent.conf'), AGENT_CONF)
  for (const name of names) addKey(ring, name, passphrase)
  return ring
}

/** Key rings that are closed after the enclosing `describe`. */
export function keyRings(): KeyRings {
  const rings: KeyRing[] = []
  after(() => {
    for (const ring of rings) ring.close()
  })
  return {
    create(names, passphrase) {
      const ring = createKeyRing(names, passphrase)
      rings.push(ring)
      return ring
    },
  }
}

function addKey(ring: KeyRing, name: string, passphrase: string): void {
  const unattended = ['--pinentry-mode', 'loopback', '--passphrase', passphrase]
  ring.gpg([...unattended, '--quick-gen-key', name, 'ed25519'])
  const fingerprint = /^fpr:+([0-9A-F]+):/mu.exec(ring.gpg(['--with-colons', '--list-keys', `=${name}`]))?.[1] ?? ''
  ring.gpg([...unattended, '--quick-add-key', fingerprint, 'cv25519', 'encr'])
}

/** Runs programs with a key ring. */
export const runWith =
  ({env}: Pick<KeyRing, 'env'>, runTool: RunTool = run): RunTool =>
  (file, args, options) =>
    runTool(file, args, {...options, env: {...options.env, ...env}})
