// A third-party plugin like many from before Heroku CLI 11: its client reads only `.netrc`.
import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {npm} from './npm.js'

/** Its one command, which prints the current account's e-mail. */
export const THIRD_PARTY = 'third:email'

const CLIENT = '11.8.0'

const COMMAND = `const {Command} = require('@heroku-cli/command')

module.exports = class Email extends Command {
  async run() {
    const {body} = await this.heroku.get('/account')
    this.log(body.email)
  }
}
`

/**
 * Packs it as for npm.
 * @param folder the destination; it must exist
 * @returns the tarball's path
 */
export async function packThirdParty(folder: string): Promise<string> {
  const name = 'heroku-third-party'
  const source = join(folder, name)
  await mkdir(join(source, 'lib', 'commands', 'third'), {recursive: true})
  const files: Record<string, unknown> = {
    'package.json': {
      name,
      version: '1.0.0',
      files: ['lib', 'oclif.manifest.json'],
      dependencies: {'@heroku-cli/command': CLIENT},
      oclif: {commands: './lib/commands'},
    },
    // With a manifest the host knows the command without loading it, as for any published plugin.
    'oclif.manifest.json': {
      version: '1.0.0',
      commands: {
        [THIRD_PARTY]: {
          id: THIRD_PARTY,
          pluginName: name,
          pluginType: 'user',
          strict: true,
          hidden: false,
          aliases: [],
          hiddenAliases: [],
          flags: {},
          args: {},
        },
      },
    },
  }
  for (const [path, content] of Object.entries(files)) await writeFile(join(source, path), JSON.stringify(content))
  await writeFile(join(source, 'lib', 'commands', 'third', 'email.js'), COMMAND)
  await npm(['pack', '--pack-destination', folder], source)
  return join(folder, `${name}-1.0.0.tgz`)
}
