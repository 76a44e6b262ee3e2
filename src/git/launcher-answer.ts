// What the launcher has asked the keyring while node was starting, and what has come of it.
import {constants, openSync} from 'node:fs'
import {type AskedAhead, readerOf} from '../asked-ahead.js'
import type {Ran} from '../run.js'
import {endTree} from '../tool-process.js'

/**
 * Listens to the launcher. It writes: the tool's process group; the call, a line for each word; the tool's stdout; and
 * after a NUL each its exit status and its stderr.
 * @param file where to read all that
 * @throws {Error} of the file system, if there is nothing to listen to
 */
export function listenToLauncher(file: string): AskedAhead {
  // Opened anew, so that reading it never stands still (Linux, proc(5)).
  const read = readerOf(openSync(file, constants.O_RDONLY | constants.O_NONBLOCK))
  const listen = () => {
    const {complete, heard, tooMuch} = read()
    const text = textOf(heard)
    const [line = '', group = ''] = /^(\d*)\n?/u.exec(text) ?? []
    return {complete, group, rest: text.slice(line.length), tooMuch}
  }

  return {
    look(words) {
      const {complete, rest, tooMuch} = listen()
      const call = textOf(Buffer.from(`${words.join('\n')}\n`))
      if (complete) return answerIn(rest, call)
      return !tooMuch && (rest.startsWith(call) || call.startsWith(rest)) ? 'none yet' : undefined
    },
    endTool() {
      const {complete, group} = listen()
      if (complete || group === '') return
      endTree({pid: Number(group)})
      try {
        // busybox's timeout makes no group of its own, and becomes the tool.
        process.kill(Number(group), 'SIGKILL')
      } catch {
        // It has ended.
      }
    },
  }
}

/** A character for each byte: in UTF-8, two names that are no UTF-8 could look alike. */
const textOf = (bytes: Buffer) => bytes.toString('latin1')

/** Nothing, if the call is another one, or the tool did not end by itself. */
function answerIn(rest: string, call: string): Ran | undefined {
  if (!rest.startsWith(call)) return undefined
  const [, stdout = '', status, stderr = ''] = /^([^]*)\0(\d+)\0([^\0]*)$/u.exec(rest.slice(call.length)) ?? []
  const code = Number(status)
  // What a shell says of a program that it could not start, or that a signal has ended, begins at 126.
  return code < 126 ? {ended: 'exited', code, stdout, stderr} : undefined
}
