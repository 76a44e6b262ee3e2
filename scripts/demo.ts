// Shows the main job, for real and in a throw-away home folder; leaves nothing behind but what npm caches. At a terminal
// it waits for Enter between the scenes, unless `--yes` is given.
import {createInterface} from 'node:readline/promises'
import {runSession} from './session.js'

const interactive = process.stdin.isTTY && process.stdout.isTTY && !process.argv.includes('--yes')
const keyboard = interactive ? createInterface({input: process.stdin, output: process.stdout}) : undefined

const say = (line: string) => process.stdout.write(`${line}\n`)

say('Setting up a Heroku CLI with this plugin, a keyring, a Heroku and a git host, all of their own …')
let failed = 0
for await (const {command, ok, screen, why} of runSession()) {
  say('')
  if (why !== '') say(`# ${why}`)
  say(`$ ${command}`)
  say(screen.replaceAll(/^/gmu, '    '))
  if (!ok) failed += 1
  await keyboard?.question('(Enter) ')
}
keyboard?.close()

if (failed > 0) {
  say(`\n${failed} of these commands failed, which is not as it should be.`)
  process.exitCode = 1
}
