// How the Heroku CLI presents our commands, and whether the examples in their help work.
import {expect} from 'chai'
import {readFileSync} from 'node:fs'
import {mkdtemp, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {packPlugin} from '../support/host-cli.js'
import {REPOSITORY} from '../support/npm.js'
import {type Machine, type PluggedHost, startOwnProgram, startPluggedHost} from '../support/plugged-host.js'
import {inTerminal, keys, type Step} from '../support/terminal.js'

const VERSION = '11.10.0'
const ada = 'ada@example.com'
const work = 'work@example.com'

interface Shown {
  id: string
  aliases: string[]
  hidden: boolean
  summary?: string
  description: string
  examples: (string | {description: string; command: string})[]
  flags: Record<string, {description: string; hidden?: boolean}>
}

describe(`our commands in heroku@${VERSION}`, function () {
  this.timeout(60_000)
  let it11: PluggedHost
  let alone: Machine
  let commands: Shown[]

  before(async function () {
    this.timeout(600_000)
    await packPlugin()
    const manifest = JSON.parse(readFileSync(join(REPOSITORY, 'oclif.manifest.json'), 'utf8')) as {
      commands: Record<string, Shown>
    }
    commands = Object.values(manifest.commands)
    it11 = await startPluggedHost(VERSION)
    alone = await startOwnProgram()
  })
  after(async () => {
    await it11.stop()
    await alone.stop()
  })
  beforeEach(() => it11.reset())

  const visible = () => commands.filter(({hidden}) => !hidden)
  const firstLine = ({description}: Shown) => description.split('\n')[0] ?? ''
  const login = async (machine: Machine = it11, env: Record<string, string> = {}) => {
    const {token} = machine.heroku.issue()
    const {exitCode, stderr} = await machine.run(['login', '--with-token'], {input: token, env})
    expect(exitCode, stderr).to.equal(0)
    return token
  }

  it('have a one-line summary', () => {
    for (const command of commands) {
      expect(firstLine(command), command.id).to.match(/^[a-z].{10,43}[^.]$/u)
      // The CLI's completion for zsh puts summaries unescaped between double quotes.
      const texts = [firstLine(command), ...Object.values(command.flags).map(({description}) => description)]
      expect(
        texts.filter((text) => /["$`\\[\]]/u.test(text)),
        command.id,
      ).to.deep.equal([])
    }
  })

  it('are listed by `commands --json`, also under their aliases', async () => {
    const {stdout} = await it11.run(['commands', '--json'])
    const listed = (JSON.parse(stdout) as {id: string; pluginName: string; description: string}[]).filter(
      ({pluginName}) => pluginName === 'heroku-keychain',
    )
    expect(listed.map(({id}) => id).sort()).to.deep.equal(
      visible()
        .flatMap(({aliases, id}) => [id, ...aliases])
        .sort(),
    )
    for (const {description, id} of listed) {
      const command = commands.find((each) => each.id === id || each.aliases.includes(id))
      expect(description, id).to.equal(command?.description)
    }
  })

  it('are in the completion for bash and for zsh, with their flags', async () => {
    await login()
    // The CLI fetches the values for completion from the API at once.
    for (const path of ['/teams', '/users/~/apps', '/pipelines', '/spaces'])
      it11.heroku.faults.set(path, {status: 200, body: []})
    const {exitCode, stderr} = await it11.run(['autocomplete', 'bash', '--refresh-cache'])
    expect(exitCode, stderr + it11.heroku.unknown.join(' ')).to.equal(0)
    const folder = join('.cache', 'heroku', 'autocomplete')
    const bash = (await it11.read(join(folder, 'commands')))?.split('\n') ?? []
    const zsh = (await it11.read(join(folder, 'commands_setters'))) ?? ''
    for (const command of visible()) {
      const flags = Object.entries(command.flags).flatMap(([name, {hidden}]) => (hidden ? [] : `--${name}`))
      const ours = bash
        .filter((line) => line.startsWith(`${command.id} `))
        .map((line) => line.split(' ').slice(1).filter(Boolean).sort())
      expect(ours, command.id).to.deep.include(flags.sort())
      expect(zsh).to.include(`"${command.id.replaceAll(':', String.raw`\:`)}":"${firstLine(command)}"\n`)
    }
  })

  it('have help with two or three examples', async () => {
    for (const {examples, id} of visible()) {
      expect(examples, id).to.have.lengthOf.within(2, 3)
      const {exitCode, stdout} = await it11.run([...id.split(' '), '--help'])
      expect(exitCode, id).to.equal(0)
      expect(stdout.replaceAll(/\s+/gu, ' '), id).to.include(`EXAMPLES $ heroku ${id}`)
    }
  })

  describe('have examples that work', () => {
    const TOKEN_FILE = 'token.txt'

    /** The steps of a user who tries a login. */
    const answers = (command: string): Step[] =>
      command.includes('--with-token')
        ? []
        : command.includes('--interactive')
          ? [
              {expect: 'Email:', send: `${ada}${keys.enter}`},
              {expect: 'Password:', send: `correct horse${keys.enter}`},
            ]
          : [{expect: 'Press any key', raw: true, send: 'x'}]

    async function tryLogin(machine: Machine, command: string): Promise<void> {
      await writeFile(join(machine.sandbox.home, TOKEN_FILE), `${machine.heroku.issue().token}\n`)
      const {exitCode, screen} = await inTerminal('sh', ['-c', command], {
        env: machine.env,
        cwd: machine.sandbox.home,
        steps: answers(command),
      })
      expect(exitCode, screen).to.equal(0)
      expect(screen).to.include(`Logged in as ${ada}`)
    }

    /**
     * Prepares an example for two accounts: another account that is logged in, and a repository.
     * @returns the repository's folder
     */
    async function prepareAccounts(machine: Machine): Promise<string> {
      machine.heroku.accounts.push({email: work, password: 'x'})
      await machine.run(['login', '--with-token'], {input: machine.heroku.issue({account: work}).token})
      const path = await mkdtemp(join(machine.sandbox.home, 'app-'))
      await machine.sandbox.run('git', ['init', '--quiet'], {cwd: path})
      return path
    }

    async function tryLoggedIn(machine: Machine, command: string): Promise<void> {
      const cwd = command.includes(work) ? await prepareAccounts(machine) : machine.sandbox.home
      const env: Record<string, string> = command.includes('HEROKU_NETRC_WRITE=true')
        ? {HEROKU_NETRC_WRITE: 'true'}
        : {}
      const token = await login(machine, env)
      if (command.includes('accounts:set')) await machine.run(['accounts:add', 'work'])
      // No request of a test goes to the real Heroku: this curl prints its headers.
      const tools = {curl: '[ "$1" = -H ] && cat "${2#@}"', terraform: 'echo "$HEROKU_API_KEY"'}
      for (const [name, script] of Object.entries(tools))
        await writeFile(join(machine.sandbox.bin, name), `#!/bin/sh\n${script}\n`, {mode: 0o755})
      const {exitCode, stderr, stdout} = await machine.sandbox.run('sh', ['-c', command], {env: machine.env, cwd})
      expect(exitCode, `${command}\n${stderr}`).to.equal(0)
      if (command.includes('curl')) expect(stdout).to.equal(`Authorization: Bearer ${token}\n`)
      if (command.includes('terraform')) expect(stdout).to.equal(`${token}\n`)
    }

    async function tryExample(machine: Machine, id: string, example: Shown['examples'][0]): Promise<void> {
      const template = typeof example === 'string' ? example : example.command
      const command = template.replaceAll('<%= config.bin %>', machine.bin).replaceAll('<%= command.id %>', id)
      await machine.reset()
      await (id === 'auth:login' ? tryLogin(machine, command) : tryLoggedIn(machine, command))
    }

    it('one after the other, for every command', async () => {
      for (const {examples, id} of commands) for (const example of examples) await tryExample(alone, id, example)
    }).timeout(300_000)

    it('in the host, the first of every command', async () => {
      for (const {examples, id} of commands)
        for (const example of examples.slice(0, 1)) await tryExample(it11, id, example)
    }).timeout(300_000)
  })
})
