// Commands that get the token from auth:exec; test/e2e/exec.test.ts has the details, without a host.
import {expect} from 'chai'
import {copyFile} from 'node:fs/promises'
import {constants} from 'node:os'
import {join} from 'node:path'
import {REPOSITORY} from '../../support/npm.js'
import {start} from '../../support/running.js'
import {traced} from '../../support/trace.js'
import {ada, grace, loggedIn, nameAccount, type Scenario} from './cell.js'

const FIXTURES = join(REPOSITORY, 'test', 'fixtures', 'exec')

const given: Scenario = {
  title: 'auth:exec gives a command the token, in no argument, and ends as it does',
  async run(host) {
    const token = await loggedIn(host)
    const args = [
      'auth:exec',
      '--',
      'sh',
      '-c',
      'printenv HEROKU_API_KEY; echo "$@"; read -r line; echo "$line"; exit 7',
      'sh',
    ]
    const flags = ['--help', '--app', 'x', '--', '--version']
    const all = [...args, ...flags]
    const options = {env: host.env, input: 'from stdin\n'}
    const {executed, exitCode, stderr, stdout} = await traced(host.sandbox, 'heroku', all, options)
    expect({exitCode, stderr, stdout}).to.deep.equal({
      exitCode: 7,
      stderr: '',
      stdout: `${token}\n${flags.join(' ')}\nfrom stdin\n`,
    })
    expect(executed.filter(({argv}) => argv.join(' ').includes(token))).to.deep.equal([])
    const holders = executed.filter(({env}) => env.join(' ').includes(token))
    expect(new Set(holders.map(({argv}) => argv[0]))).to.deep.equal(new Set(['sh', 'printenv']))
    return undefined
  },
}

const nested: Scenario = {
  title: 'auth:exec of heroku itself, as an account that is not the current one',
  async run(host) {
    await loggedIn(host, grace)
    await loggedIn(host)
    await nameAccount(host, 'work', grace)
    for (const account of [grace, 'work']) {
      const {exitCode, stdout} = await host.run(['auth:exec', '--account', account, '--', 'heroku', 'whoami'])
      expect({exitCode, stdout}).to.deep.equal({exitCode: 0, stdout: `${grace}\n`})
    }
    expect((await host.run(['whoami'])).stdout).to.equal(`${ada}\n`)
    return undefined
  },
}

const signals: Scenario = {
  title: 'auth:exec: Ctrl-C is for the command, and SIGTERM is passed on to it',
  async run(host) {
    await loggedIn(host)
    await copyFile(join(FIXTURES, 'command.mjs'), join(host.sandbox.home, 'command.mjs'))
    const program = ['env', '-u', 'NODE_OPTIONS', 'node', 'command.mjs']
    const command = start(join(host.sandbox.bin, 'heroku'), ['auth:exec', '--', ...program], {
      cwd: host.sandbox.home,
      // No test sends telemetry.
      env: {...host.env, NODE_OPTIONS: `--require=${join(FIXTURES, 'exit-at-signals.cjs')}`},
    })
    await command.says('ready')
    command.signalGroup('SIGINT')
    await command.says('SIGINT 1')
    command.signal('SIGTERM')
    await command.says('SIGTERM after 1 SIGINT')
    expect(await command.ended).to.equal(40 + constants.signals.SIGTERM)
    return undefined
  },
}

export const exec = [given, nested, signals]
