// The recipes of docs/agents.md, as the page has them.
import {expect} from 'chai'
import {readFileSync} from 'node:fs'
import {mkdir, rm, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {REPOSITORY} from '../support/npm.js'
import {type PluggedHost, startPluggedHost} from '../support/plugged-host.js'
import {traced} from '../support/trace.js'
import {LOGIN_JSON, loggedIn} from './scenarios/cell.js'

const PAGE = readFileSync(join(REPOSITORY, 'docs', 'agents.md'), 'utf8')

/** The code block of a recipe. */
function recipe(title: string, language: string): string {
  const section = PAGE.slice(PAGE.indexOf(`### ${title}\n`))
  const [, code] = new RegExp(`^\`\`\`${language}\\n(.+?)^\`\`\``, 'msu').exec(section) ?? []
  if (code === undefined) throw new Error(`no code below ${title}`)
  return code
}

describe('docs/agents.md, on heroku@11.10.0', function () {
  this.timeout(60_000)
  let host: PluggedHost

  before(async function () {
    this.timeout(600_000)
    host = await startPluggedHost('11.10.0')
  })
  after(() => host.stop())
  beforeEach(() => host.reset())

  const put = async (name: string, script: string) => {
    const file = join(host.sandbox.bin, name)
    // Not through the link to node.
    await rm(file, {force: true})
    await writeFile(file, `#!/bin/sh\n${script}\n`, {mode: 0o755})
  }

  it('has a recipe for an MCP client that starts the server with the token', async () => {
    const token = await loggedIn(host)
    const {mcpServers} = JSON.parse(recipe('An MCP server', 'json')) as {
      mcpServers: Record<string, {command: string; args: string[]}>
    }
    const {args, command} = mcpServers.heroku ?? {args: [], command: 'none'}
    // mcp:start runs node on the server's file.
    await put(
      'node',
      `case "$1" in
        *heroku-mcp-server.mjs)
          IFS= read -r request
          printf '%s\\n' "$request" "$HEROKU_API_KEY" >"$HOME/seen"
          echo '{"jsonrpc":"2.0","id":1,"result":{}}' ;;
        *) exec '${process.execPath}' "$@" ;;
      esac`,
    )
    try {
      const request = '{"jsonrpc":"2.0","id":1,"method":"initialize"}'
      const client = {env: host.env, input: `${request}\n`}
      const {executed, exitCode, stderr, stdout} = await traced(host.sandbox, command, args, client)
      expect({exitCode, stderr, stdout}).to.deep.equal({
        exitCode: 0,
        stderr: '',
        stdout: '{"jsonrpc":"2.0","id":1,"result":{}}\n',
      })
      expect(await host.read('seen')).to.equal(`${request}\n${token}\n`)
      expect(executed.filter(({argv}) => argv.join(' ').includes(token))).to.deep.equal([])
    } finally {
      await rm(join(host.sandbox.bin, 'node'))
      await symlink(process.execPath, join(host.sandbox.bin, 'node'))
    }
  })

  it('has a recipe for a container, where docker gets the token in no argument', async () => {
    const token = await loggedIn(host)
    await put('docker', `printf '%s\\n' "$@" >"$HOME/arguments"; shift 5; exec "$@"`)
    await put('terraform', 'echo "$1 $HEROKU_API_KEY"')
    const line = recipe('One command in a sandbox', 'sh').trim()
    const {exitCode, stderr, stdout} = await host.sandbox.run('sh', ['-c', line], {env: host.env})
    expect({exitCode, stderr, stdout}).to.deep.equal({exitCode: 0, stderr: '', stdout: `apply ${token}\n`})
    const args = ['run', '--rm', '-e', 'HEROKU_API_KEY', 'our-terraform', 'terraform', 'apply']
    expect(await host.read('arguments')).to.equal(`${args.join('\n')}\n`)
  })

  it('has a recipe for two projects at once, each with its own account or none, which changes no login', async () => {
    const tokens = {shop: await loggedIn(host, 'work@example.com'), blog: await loggedIn(host, 'me@example.com')}
    const current = await loggedIn(host)
    const before = await host.read(LOGIN_JSON)
    const projects = ['shop', 'blog'] as const
    for (const project of projects) {
      await mkdir(join(host.sandbox.home, project))
      expect((await host.sandbox.run('git', ['init', project])).exitCode).to.equal(0)
    }
    const setup = await host.sandbox.run('sh', ['-ec', recipe('Two projects at once', 'sh')], {env: host.env})
    expect(setup).to.deep.equal({exitCode: 0, stderr: '', stdout: ''})

    const command = ['auth:exec', '--', 'sh', '-c', 'printenv HEROKU_API_KEY; heroku whoami']
    const runs = [...projects, ...projects].map(async (project) => {
      const cwd = join(host.sandbox.home, project)
      const [whoami, exec] = await Promise.all([host.run(['whoami'], {cwd}), host.run(command, {cwd})])
      const account = project === 'shop' ? 'work@example.com' : 'me@example.com'
      expect(whoami.stdout).to.equal(`${account}\n`)
      expect(exec.stdout).to.equal(`${tokens[project]}\n${account}\n`)
    })
    await Promise.all(runs)
    expect(await host.read(LOGIN_JSON)).to.equal(before)
    expect((await host.run(['auth:exec', '--', 'printenv', 'HEROKU_API_KEY'])).stdout).to.equal(`${current}\n`)

    await host.keyring.clear({service: 'heroku-cli', account: 'work@example.com'})
    const shop = join(host.sandbox.home, 'shop')
    expect(await host.run(command, {cwd: shop})).to.include({exitCode: 100, stdout: ''})
  })
})
