// A Heroku CLI that there is not yet.
import {cp, mkdir, readdir, readFile, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {Host} from './host-cli.js'

const CLIENT = join('@heroku-cli', 'command')

export interface MadeUpHost extends Host {
  /**
   * Changes the client.
   * @param change gets the text of its `lib/credential-manager.js` as it really is, and gives another
   * @throws {Error} if that changes nothing
   */
  become(change: (text: string) => string): Promise<void>
}

/**
 * Makes a copy of a host, with a `@heroku-cli/command` that can be changed: that is copied, all else is linked to.
 * @param folder where to; it must exist
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
