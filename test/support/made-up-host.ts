// A Heroku CLI with a modified client, as a future version may have it.
import {cp, mkdir, readdir, readFile, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {Host} from './host-cli.js'

const CLIENT = join('@heroku-cli', 'command')

export interface MadeUpHost extends Host {
  /**
   * Changes the client.
   * @param change receives the original text of `lib/credential-manager.js`, returns the new text
   * @throws {Error} if the text stays the same
   */
  become(change: (text: string) => string): Promise<void>
}

/**
 * Copies a host so that its `@heroku-cli/command` can be changed: that package is copied, all others are linked.
 * @param folder the destination; it must exist
 */
export async function makeUpHost(host: Host, folder: string): Promise<MadeUpHost> {
  const from = join(host.root, 'node_modules')
  const to = join(folder, 'node_modules')
  await mkdir(join(to, '@heroku-cli'), {recursive: true})
  const names = [
    ...(await readdir(from)).filter((name) => !['.bin', '@heroku-cli', 'heroku'].includes(name)),
    ...(await readdir(join(from, '@heroku-cli'))).map((name) => join('@heroku-cli', name)),
  ]
  for (const name of names) if (name !== CLIENT) await symlink(join(from, name), join(to, name))
  for (const name of [CLIENT, 'heroku']) await cp(join(from, name), join(to, name), {recursive: true})

  const module = join(to, CLIENT, 'lib', 'credential-manager.js')
  const real = await readFile(module, 'utf8')
  const pjson = join(to, CLIENT, 'package.json')
  const read = JSON.parse(await readFile(pjson, 'utf8')) as object
  await writeFile(pjson, JSON.stringify({...read, version: '99.0.0'}))

  return {
    version: '99.0.0',
    bin: join(to, 'heroku', 'bin', 'run.js'),
    root: folder,
    async become(change) {
      const changed = change(real)
      if (changed === real) throw new Error(`${module} is as it was`)
      await writeFile(module, changed)
    },
  }
}
