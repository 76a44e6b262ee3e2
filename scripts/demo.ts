// The main job, for real and in a throw-away home folder: the Heroku CLI from npm with this plugin in it, a GNOME
// Keyring of its own, and a Heroku on this machine. Leaves nothing behind but what npm caches.
import {startPluggedHost} from '../test/support/plugged-host.js'
import type {Finished} from '../test/support/sandbox.js'

const VERSION = '11.10.0'

const say = (line = '') => process.stdout.write(`${line}\n`)
const show = ({stdout, stderr}: Pick<Finished, 'stdout' | 'stderr'>) => {
  say((stderr + stdout).trimEnd().replaceAll(/^/gmu, '    '))
}

say(`Installing heroku@${VERSION} and this plugin into a home folder of their own …`)
const plugged = await startPluggedHost(VERSION)
try {
  plugged.heroku.apps.push({name: 'analytical-engine', owner: {email: 'ada@example.com'}, region: {name: 'us'}})
  const step = async (why: string, ...args: string[]) => {
    say(`\n# ${why}\n$ heroku ${args.join(' ')}`)
    const finished = await plugged.run(args)
    show(finished)
    if (finished.exitCode !== 0) process.exitCode = 1
  }

  say('\n# Log in: the browser here is a small program that visits the page at once.\n$ heroku login')
  const {exitCode, screen} = await plugged.inTerminal(['login'], [{expect: 'Press any key', raw: true, send: ' '}])
  show({stdout: screen, stderr: ''})
  if (exitCode !== 0) process.exitCode = 1

  say('\n# The token is in the keyring, as the keyring itself says:')
  for (const {attributes, label, secret} of await plugged.tokens())
    show({stdout: `${label}: ${JSON.stringify(attributes)}, secret ${secret?.slice(0, 9) ?? ''}…`, stderr: ''})
  say('\n# … and in no .netrc:')
  show({stdout: (await plugged.read('.netrc')) ?? 'there is no ~/.netrc', stderr: ''})

  await step("The CLI's own commands use it.", 'whoami')
  await step('', 'apps')
  await step('Scripts can have it.', 'auth:token')
  await step('Logging out revokes it, and removes it from the keyring.', 'logout')
  say(`\n# The keyring now holds ${(await plugged.tokens()).length} tokens of Heroku's.`)
} finally {
  await plugged.stop()
}
