import {Config} from '@oclif/core'
import {expect} from 'chai'
import {existsSync} from 'node:fs'
import {join} from 'node:path'
import {installAdapters} from '../../../src/host/adapters.js'
import {freshFolder} from '../../support/fresh-folder.js'

const PROVIDER = `
import {writeFileSync} from 'node:fs'
writeFileSync(new URL('./imported', import.meta.url), '')
export function setCredentialManagerProvider(provider) {
  writeFileSync(new URL('./provider', import.meta.url), Object.keys(provider).sort().join(' '))
}
`
// A command that extends the client's class has `heroku`; others do not.
const WITH_CLIENT = "exports.default = class { get heroku() {} static run() { return 'ran' } }\n"
const WITHOUT_CLIENT = "exports.default = class { static run() { return 'ran' } }\n"

describe('installing the client adapters', () => {
  const {path: at, write} = freshFolder()
  const addPlugin = (folder: string, name: string, commands: Record<string, string>, more = {}, dependencies = {}) => {
    for (const [id, code] of Object.entries(commands)) write(join(folder, 'commands', `${id}.js`), code)
    const manifest = Object.keys(commands).map((id) => [id, {id, aliases: [], args: {}, flags: {}, pluginName: name}])
    write(
      join(folder, 'oclif.manifest.json'),
      JSON.stringify({version: '1.0.0', commands: Object.fromEntries(manifest) as object}),
    )
    const oclif = {bin: 'heroku', dirname: 'heroku', commands: './commands', ...more}
    write(join(folder, 'package.json'), JSON.stringify({name, version: '1.0.0', dependencies, oclif}))
  }
  const addClient = (folder: string, {version = '13.2.0', code = PROVIDER} = {}) => {
    const home = join(folder, 'node_modules', '@heroku-cli', 'command')
    write(join(home, 'package.json'), JSON.stringify({name: '@heroku-cli/command', version, type: 'module'}))
    write(join(home, 'lib', 'credential-manager.js'), code)
    return (name: 'imported' | 'provider') => existsSync(at(join(home, 'lib', name)))
  }
  const openHost = async () => {
    addPlugin('.', 'heroku', {apps: WITH_CLIENT, version: WITHOUT_CLIENT}, {plugins: ['other']}, {other: '1.0.0'})
    addPlugin('node_modules/other', 'other', {thing: WITHOUT_CLIENT})
    const config = await Config.load({root: at(''), userPlugins: false, devPlugins: false})
    installAdapters(config)
    return config
  }

  it('imports nothing before a command is loaded', async () => {
    const client = addClient('.')
    await openHost()
    expect(client('imported')).to.equal(false)
  })

  it('sets our provider in the client before the command runs, and leaves the command unchanged', async () => {
    const client = addClient('.')
    const config = await openHost()
    const command = await config.findCommand('apps', {must: true}).load()
    expect(client('provider')).to.equal(true)
    expect(await command.run([])).to.equal('ran')
  })

  it('adapts the client of a command that another command runs with a new configuration', async () => {
    const client = addClient('.')
    const config = await openHost()
    await (await Config.load({root: at(''), plugins: config.plugins})).runCommand('apps')
    expect(client('provider')).to.equal(true)
  })

  it("imports no client for a command of the CLI's that does not use it", async () => {
    const client = addClient('.')
    expect(await (await openHost()).runCommand('version')).to.equal('ran')
    expect(client('imported')).to.equal(false)
  })

  it("adapts each plugin's own copy", async () => {
    const theCli = addClient('.')
    const other = addClient('node_modules/other')
    await (await openHost()).runCommand('thing')
    expect([theCli('imported'), other('provider')]).to.deep.equal([false, true])
  })

  for (const [what, code] of [
    ['exports no such function', 'export const setCredentialManagerProvider = undefined\n'],
    ['does not mention one', 'export const x = 1\n'],
    ['cannot be loaded', 'throw new Error("setCredentialManagerProvider")\n'],
  ] as const)
    it(`leaves a client unchanged that ${what}, and the command runs`, async () => {
      addClient('.', {version: '99.0.0', code})
      expect(await (await openHost()).runCommand('apps')).to.equal('ran')
    })

  it('wraps findCommand once, however often the hook runs', async () => {
    const config = await openHost()
    const plugin = config.plugins.get('heroku')
    const before = plugin && (Reflect.get(plugin, 'findCommand') as unknown)
    installAdapters(config)
    expect(plugin && Reflect.get(plugin, 'findCommand')).to.equal(before)
  })
})
