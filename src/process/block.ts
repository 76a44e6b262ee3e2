import type {SpawnSyncOptions} from 'node:child_process'
import {holdingSignals} from './signals.js'
import {hideBytes} from './supervise.js'

/**
 * Runs a program and blocks until it ends, or is killed when its `timeout` is over. Defers signals until then. spawnSync
 * accepts `detached`, although Node's types do not list it.
 * @param options `windowsHide` (default: true) is for tools; a program that handles Ctrl-C needs our console on Windows
 */
export function block(file: string, args: readonly string[], options: SpawnSyncOptions & {detached?: boolean}) {
  hideBytes()
  // Loaded here, since most commands start no process.
  const {spawnSync} = process.getBuiltinModule('node:child_process')
  return holdingSignals(() =>
    spawnSync(file, args, {windowsHide: true, ...options, encoding: 'utf8', killSignal: 'SIGKILL'}),
  )
}
