import {symlinkSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import type {Env, Sandbox} from './sandbox.js'

const NAME = 'fake-browser'

/**
 * Gives the sandbox a browser that fetches each URL it is opened with.
 * @returns the variables that make programs use it
 */
export function installBrowser(sandbox: Sandbox): Env {
  // By name: the path of this repository may hold a space or a colon, and xdg-open would split it there.
  symlinkSync(fileURLToPath(new URL(NAME, import.meta.url)), join(sandbox.bin, NAME))
  return {BROWSER: NAME}
}
