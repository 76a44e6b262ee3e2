// Demonstrates the main job on the real CLI in a temporary home folder; leaves only the Heroku CLI in this clone's
// `.cache`, and npm's cache. In a terminal it waits for Enter between the scenes, unless `--yes` is given. Ctrl-C ends
// it after the current scene.
import {once} from 'node:events'
import {createInterface} from 'node:readline/promises'
import {runSession} from './session.js'

const interactive = process.stdin.isTTY && process.stdout.isTTY && !process.argv.includes('--yes')
const keyboard = interactive ? createInterface({input: process.stdin, output: process.stdout}) : undefined
const stopped = new AbortController()
const stop = () => {
  stopped.abort()
}
// In a terminal, Ctrl-C and Ctrl-D close readline; elsewhere Ctrl-C is a signal.
keyboard?.once('close', stop)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop)

const say = (line: string) => process.stdout.write(`${line}\n`)

/** Waits for Enter; returns whether to show another scene. */
async function goOn(): Promise<boolean> {
  if (keyboard && !stopped.signal.aborted) await Promise.race([keyboard.question('(Enter) '), once(keyboard, 'close')])
  return !stopped.signal.aborted
}

say('Setting up a Heroku CLI with this plugin, a keyring, a Heroku and a git host, all of their own …')
let failed = 0
try {
  for await (const {command, ok, screen, why} of runSession()) {
    say('')
    if (why !== '') say(`# ${why}`)
    say(`$ ${command}`)
    say(screen.replaceAll(/^/gmu, '    '))
    if (!ok) failed += 1
    if (!(await goOn())) break
  }
} catch (error) {
  // Ctrl-C also ends the running programs.
  if (!stopped.signal.aborted) throw error
}

if (stopped.signal.aborted) {
  say('\nStopped, and taken away.')
  process.exitCode = 130
} else if (failed > 0) {
  say(`\n${failed} of these commands failed, which is not as it should be.`)
  process.exitCode = 1
}
keyboard?.close()
