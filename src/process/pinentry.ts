// Ends gpg's prompt. Its pinentry is a child of gpg-agent, so it does not end with gpg: it would hold the terminal, and the next
// gpg would wait for it (GnuPG 2.2.40).
import {existsSync, readFileSync} from 'node:fs'
import {basename} from 'node:path'

// gpg prints it before the prompt is shown.
const LAUNCHED = /^\[GNUPG:\] PINENTRY_LAUNCHED (\d+) /gmu

// pinentry-curses ends within 50 ms.
const WAIT_MS = 500
const PAUSE_MS = 5

/**
 * Interrupts the pinentry that gpg has started, and waits until it has restored the terminal, half a second at most. SIGHUP would
 * leave its box on the screen. Blocks, since this process may be about to exit.
 * @param stderr what gpg has printed so far, with its status lines
 */
export function endPinentry(stderr: string): void {
  const pid = Number([...stderr.matchAll(LAUNCHED)].at(-1)?.[1])
  if (!isPinentry(pid)) return
  try {
    process.kill(pid, 'SIGINT')
  } catch {
    return
  }
  const deadline = process.uptime() * 1000 + WAIT_MS
  while (isPinentry(pid) && process.uptime() * 1000 < deadline) pause()
}

const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)

/** Whether this process is still a pinentry of this user: it may have ended, and another one have its number. */
function isPinentry(pid: number): boolean {
  if (!(pid > 0)) return false
  const {name, uid} = (existsSync('/proc/self/status') ? processByProc(pid) : processByPs(pid)) ?? {}
  return uid === process.getuid?.() && name?.startsWith('pinentry') === true
}

interface Process {
  name: string
  /** Its real user. */
  uid: number
}

// A zombie (Z) has ended.
const PROC_STATUS = /^Name:\t(.*)$[^]*^State:\t[^Z][^]*^Uid:\t(\d+)/mu

/** A running process, on Linux; undefined if there is none. */
function processByProc(pid: number): Process | undefined {
  try {
    const [, name, uid] = PROC_STATUS.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return name === undefined ? undefined : {name, uid: Number(uid)}
  } catch {
    return undefined
  }
}

/** A running process, on macOS, where ps prints the program's path; undefined if there is none. */
export function processByPs(pid: number): Process | undefined {
  const {spawnSync} = process.getBuiltinModule('node:child_process')
  const {stdout} = spawnSync('/bin/ps', ['-o', 'uid=,state=,comm=', '-p', String(pid)], {
    encoding: 'utf8',
    timeout: WAIT_MS,
  })
  const [, uid, path] = /^ *(\d+) +[^Z ]\S* +(.+)$/mu.exec(stdout) ?? []
  return path === undefined ? undefined : {name: basename(path), uid: Number(uid)}
}
