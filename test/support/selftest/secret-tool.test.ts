import {expect} from 'chai'
import {openSecretService} from '../../../src/backends/secret-service.js'
import {run, type RunTool, type ToolResult} from '../../../src/process/run.js'
import {describeKeychain} from '../../contract/keychain-contract.js'
import {type Keyring, startKeyring} from '../keyring.js'
import {openSandbox, type Sandbox} from '../sandbox.js'
import {type SecretService, startSecretService} from '../secret-tool.js'

const PROGRAM = '/usr/bin/secret-tool'

describe('secret-tool in this process', () => {
  let service: SecretService

  beforeEach(() => {
    service = startSecretService()
  })

  describeKeychain(
    'the Secret Service in this process',
    () => Promise.resolve(openSecretService({run: service.run, timeoutMs: 5000, program: PROGRAM})),
    {longestToken: () => 8192},
  )

  describe('beside the real one', () => {
    let sandbox: Sandbox
    let keyring: Keyring

    before(async () => {
      sandbox = openSandbox()
      keyring = await startKeyring(sandbox)
    })
    after(async () => {
      await keyring.stop()
      await sandbox.close()
    })

    const attributes = (account: string) => ['--', 'service', 'heroku-cli', 'account', account]
    const CALLS: [args: string[], input?: string][] = [
      [['lookup', ...attributes('ada@example.com')]],
      [['search', '--all', '--', 'service', 'heroku-cli']],
      [['clear', ...attributes('ada@example.com')]],
      [['store', '--label=Heroku CLI', ...attributes('ada@example.com')], 'HRKU-1'],
      [['lookup', ...attributes('ada@example.com')]],
      [['search', '--all', ...attributes('ada@example.com')]],
      [['store', '--label=Heroku CLI', ...attributes('ada@example.com')], 'HRKU-2'],
      [['search', '--all', ...attributes('ada@example.com')]],
      [['store', '--label=Heroku CLI', ...attributes('gräce@example.com')], 'HRKU-3'],
      [['search', '--all', ...attributes('gräce@example.com')]],
      [['lookup', ...attributes('*')]],
      [['clear', ...attributes('ada@example.com')]],
      [['lookup', ...attributes('ada@example.com')]],
      [['search', '--all', '--', 'service', 'heroku-cli']],
      [['clear', '--', 'service', 'heroku-cli']],
    ]

    const answers = async (runTool: RunTool) => {
      const all: ToolResult[] = []
      for (const [args, input = ''] of CALLS)
        all.push(await runTool(PROGRAM, args, {input, timeoutMs: 10_000, env: {...keyring.env, HOME: sandbox.home}}))
      return all.map((answer) => (answer.status === 'exited' ? comparable(answer) : answer))
    }

    it('answers the calls of the backend with the same status and the same text', async () => {
      expect(await answers(service.run)).to.deep.equal(await answers(run))
    }).timeout(60_000)

    it('leaves the same items behind', async () => {
      const store: [string[], string] = [['store', '--label=Heroku CLI', ...attributes('ada@example.com')], 'HRKU-1']
      for (const runTool of [run, service.run])
        await runTool(PROGRAM, store[0], {input: store[1], timeoutMs: 10_000, env: keyring.env})
      expect(service.items.map((item) => ({...item, locked: false}))).to.deep.equal(await keyring.items())
    }).timeout(60_000)
  })
})

/**
 * Without the path and the times, which are different each time; and secret-tool has the attributes in a hash table,
 * which decides their order and whether it comes across the one that the schema is printed from.
 */
const comparable = <T extends {stdout: string; stderr: string}>(answer: T): T => ({
  ...answer,
  stdout: answer.stdout
    .replaceAll(/^\[\/.*\]$/gmu, '[/]')
    .replaceAll(/^(created|modified) = .*$/gmu, '$1')
    .replaceAll(/^schema = .*\n/gmu, ''),
  stderr: answer.stderr.split('\n').sort().join('\n'),
})
