import {Config, type Interfaces} from '@oclif/core'
import {expect} from 'chai'
import {mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {overrideCommands} from '../../../src/host/override-commands.js'

/** A plugin's commands, and their aliases. */
type Commands = Record<string, string[]>

const HOST: Commands = {'auth:login': ['login', 'signin'], 'auth:logout': ['logout'], apps: ['list'], login2: []}
const OURS: Commands = {'auth:login': ['login'], 'auth:logout': ['logout'], 'auth:status': []}
const OTHER: Commands = {'auth:status': [], 'other:thing': []}

describe('overriding the commands of a host', () => {
  let root: string

  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(root, path)), {recursive: true})
    writeFileSync(join(root, path), content)
  }
  /** Writes a plugin as npm installs it, with a manifest; each command returns its plugin's name. */
  const addPlugin = (folder: string, name: string, commands: Commands, more: object = {}, dependencies = {}) => {
    const manifest: Record<string, object> = {}
    for (const [id, aliases] of Object.entries(commands)) {
      manifest[id] = {id, aliases, args: {}, flags: {}, hiddenAliases: [], pluginName: name, summary: `${name} ${id}`}
      write(
        join(folder, 'commands', `${id.replaceAll(':', '/')}.js`),
        `exports.default = class { static run() { return '${name} ${id}' } }\n`,
      )
    }

    write(join(folder, 'oclif.manifest.json'), JSON.stringify({version: '1.0.0', commands: manifest}))
    const oclif = {bin: 'heroku', dirname: 'heroku', topicSeparator: ':', commands: './commands', ...more}
    write(join(folder, 'package.json'), JSON.stringify({name, version: '1.0.0', dependencies, oclif}))
  }
  const openHost = (plugins: Record<string, Commands>) => {
    const names = Object.keys(plugins)
    const dependencies = Object.fromEntries(names.map((name) => [name, '1.0.0']))
    addPlugin('.', 'heroku', HOST, {plugins: names}, dependencies)
    for (const [name, commands] of Object.entries(plugins)) addPlugin(join('node_modules', name), name, commands)
    return Config.load({root, userPlugins: false, devPlugins: false})
  }
  /** The plugin that provides each command. */
  const owners = (config: Interfaces.Config, ids = ['auth:login', 'login', 'auth:logout', 'logout', 'auth:status']) =>
    ids.map((id) => `${id}: ${config.findCommand(id)?.pluginName ?? 'none'}`)
  const ours = [
    'auth:login: heroku-keychain',
    'login: heroku-keychain',
    'auth:logout: heroku-keychain',
    'logout: heroku-keychain',
    'auth:status: heroku-keychain',
  ]
  /** The method itself. */
  const findOf = (config: object): unknown => Reflect.get(config, 'findCommand')
  const commandsOf = (config: Interfaces.Config) =>
    Object.fromEntries(
      [...config.plugins.values()].map(({commands, name}) => [name, commands.map(({id}) => id).sort()]),
    )

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'keychain-host-')))
  })
  afterEach(() => {
    rmSync(root, {recursive: true, force: true})
  })

  it("is needed: oclif prefers the host's commands to a plugin's", async () => {
    const config = await openHost({'heroku-keychain': OURS})
    expect(owners(config).slice(0, 2)).to.deep.equal(['auth:login: heroku', 'login: heroku'])
  })

  it('finds our commands by id and by alias, and runs them', async () => {
    const config = await openHost({other: OTHER, 'heroku-keychain': OURS})
    overrideCommands(config)
    expect(owners(config)).to.deep.equal(ours)
    expect(await config.runCommand('auth:login')).to.equal('heroku-keychain auth:login')
    expect(await config.runCommand('logout')).to.equal('heroku-keychain auth:logout')
    expect(config.findCommand('login')?.id).to.equal('login')
  })

  it("lists our commands in a topic's help, and all others unchanged", async () => {
    const config = await openHost({other: OTHER, 'heroku-keychain': OURS})
    const before = config.commands.map(({id}) => id).sort()
    overrideCommands(config)
    expect(config.commands.map(({id}) => id).sort()).to.deep.equal(before)
    const summaries = config.commands.flatMap(({id, summary}) =>
      id.startsWith('auth') || id === 'apps' ? summary : [],
    )
    expect(summaries.sort()).to.deep.equal([
      'heroku apps',
      'heroku-keychain auth:login',
      'heroku-keychain auth:logout',
      'heroku-keychain auth:status',
    ])
  })

  it("leaves other commands to the host and to other plugins, and 'not found' to oclif", async () => {
    const config = await openHost({other: OTHER, 'heroku-keychain': OURS})
    overrideCommands(config)
    expect(owners(config, ['apps', 'list', 'signin', 'login2', 'other:thing', 'nonsense'])).to.deep.equal([
      'apps: heroku',
      'list: heroku',
      'signin: heroku',
      'login2: heroku',
      'other:thing: other',
      'nonsense: none',
    ])
    expect(await config.runCommand('apps')).to.equal('heroku apps')
    expect(() => config.findCommand('nonsense', {must: true})).to.throw('command nonsense not found')
    expect(config.findCommand('auth:login', {must: true}).pluginName).to.equal('heroku-keychain')
  })

  it('removes the same ids from all other plugins, for a new configuration made from them', async () => {
    const config = await openHost({other: OTHER, 'heroku-keychain': OURS})
    overrideCommands(config)
    expect(commandsOf(config)).to.deep.equal({
      heroku: ['apps', 'login2'],
      other: ['other:thing'],
      'heroku-keychain': ['auth:login', 'auth:logout', 'auth:status'],
    })
    const anew = await Config.load(config)
    expect(anew).not.to.equal(config)
    expect(owners(anew)).to.deep.equal(ours)
    expect(await anew.runCommand('login')).to.equal('heroku-keychain auth:login')
  })

  it('has no effect the second time', async () => {
    const config = await openHost({other: OTHER, 'heroku-keychain': OURS})
    overrideCommands(config)
    const [find, before] = [findOf(config), commandsOf(config)]
    overrideCommands(config)
    expect(findOf(config)).to.equal(find)
    expect(commandsOf(config)).to.deep.equal(before)
    expect(owners(config)).to.deep.equal(ours)
  })

  it('changes nothing if we are not among the plugins', async () => {
    const config = await openHost({other: OTHER})
    const [find, before] = [findOf(config), commandsOf(config)]
    overrideCommands(config)
    expect(findOf(config)).to.equal(find)
    expect(commandsOf(config)).to.deep.equal(before)
    expect(owners(config)[0]).to.equal('auth:login: heroku')
  })

  it('changes nothing on disk', async () => {
    overrideCommands(await openHost({'heroku-keychain': OURS}))
    const again = await Config.load({root, userPlugins: false, devPlugins: false})
    expect(commandsOf(again).heroku).to.deep.equal(['apps', 'auth:login', 'auth:logout', 'login2'])
  })

  // @oclif/core 2 keeps the plugins in an array; later versions in a Map.
  for (const [kind, make] of [
    ['an array', (plugins: {name: string}[]) => plugins],
    ['a Map', (plugins: {name: string}[]) => new Map(plugins.map((each) => [each.name, each]))],
  ] as const)
    it(`finds our commands if the plugins are in ${kind}`, () => {
      const command = (id: string, pluginName: string, aliases: string[] = []) => ({id, aliases, pluginName})
      const hosts = [command('auth:login', 'heroku', ['login']), command('apps', 'heroku')]
      const found: unknown[][] = []
      const config = {
        plugins: make([
          {name: 'heroku', commands: hosts} as {name: string},
          {name: 'heroku-keychain', commands: [command('auth:login', 'heroku-keychain', ['login'])]} as {name: string},
        ]),
        findCommand(...args: unknown[]) {
          found.push([this === config, ...args])
          return command('from the host', 'heroku')
        },
      } as unknown as Interfaces.Config
      overrideCommands(config)
      expect(owners(config, ['auth:login', 'login', 'apps'])).to.deep.equal([
        'auth:login: heroku-keychain',
        'login: heroku-keychain',
        'apps: heroku',
      ])
      // The host's method is called as a method of its configuration, with the same arguments.
      expect(found).to.deep.equal([[true, 'apps', undefined]])
      expect(hosts.map(({id}) => id)).to.deep.equal(['apps'])
    })
})
