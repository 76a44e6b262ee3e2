import {expect} from 'chai'
import {type Keyring, startBusWithoutProvider, startKeyring, startProvider} from '../keyring.js'
import {openSandbox, type Sandbox} from '../sandbox.js'

const item = {
  label: 'Heroku CLI',
  attributes: {service: 'heroku-cli', account: 'ada@example.com'},
  secret: 'HRKU-1',
}
const lookup = ['lookup', 'service', 'heroku-cli', 'account', 'ada@example.com']

describe('a keyring in a sandbox', () => {
  let sandbox: Sandbox
  let keyring: Keyring

  const secretTool = (args: string[]) => sandbox.run('secret-tool', args, {env: keyring.env})

  before(async () => {
    sandbox = openSandbox()
    keyring = await startKeyring(sandbox)
  })
  beforeEach(() => keyring.store(item))
  after(async () => {
    await keyring.stop()
    await sandbox.close()
  })

  it('lists the items stored', async () => {
    expect(await keyring.items()).to.deep.equal([{...item, locked: false}])
    expect(await secretTool(lookup)).to.deep.equal({stdout: 'HRKU-1', stderr: '', exitCode: 0})
  })

  it('reports whether it cleared an item', async () => {
    expect(await keyring.clear(item.attributes)).to.equal(true)
    expect(await keyring.clear(item.attributes)).to.equal(false)
    expect(await keyring.items()).to.deep.equal([])
  })

  it('hides its secrets while it is locked, and shows them again when it is unlocked', async () => {
    await keyring.lock()
    expect((await keyring.items())[0]).to.include({secret: undefined, locked: true})
    expect(await secretTool(lookup)).to.deep.equal({stdout: '', stderr: '', exitCode: 1})
    await keyring.unlock()
    expect((await keyring.items())[0]).to.include({secret: 'HRKU-1', locked: false})
  })

  it('blocks a lookup while it is locked and the prompter does not answer', async () => {
    await keyring.lock()
    const prompter = await keyring.startUnansweredPrompter()
    const hanging = secretTool(lookup)
    await prompter.asked()
    await prompter.stop()
    // With the prompter gone the daemon gives up.
    expect(await hanging).to.include({stdout: '', exitCode: 1})
    await keyring.unlock()
  })

  it('answers no call while it is frozen', async () => {
    await keyring.freeze()
    const waiting = sandbox.run('secret-tool', lookup, {env: keyring.env, timeoutMs: 300})
    expect(await waiting.catch((error: unknown) => String(error))).to.match(/took more than 300 ms/u)
    keyring.thaw()
    expect(await secretTool(lookup)).to.include({stdout: 'HRKU-1'})
  })

  it("keeps its items for the sandbox's next keyring", async () => {
    const second = openSandbox()
    const first = await startKeyring(second)
    await first.store({...item, label: 'Łabel'})
    await first.stop()
    const next = await startKeyring(second)
    expect(await next.items()).to.deep.equal([{...item, label: 'Łabel', locked: false}])
    await next.stop()
    await second.close()
  })
})

describe('a session bus in a sandbox', () => {
  let sandbox: Sandbox

  beforeEach(() => (sandbox = openSandbox()))
  afterEach(() => sandbox.close())

  it('has no Secret Service if none was started', async () => {
    const bus = await startBusWithoutProvider(sandbox)
    const {stderr, exitCode} = await sandbox.run('secret-tool', lookup, {env: bus.env})
    expect({stderr, exitCode}).to.deep.equal({
      stderr: 'secret-tool: The name org.freedesktop.secrets was not provided by any .service files\n',
      exitCode: 1,
    })
    await bus.stop()
  })

  it('has no Secret Service after the daemon was stopped', async () => {
    const keyring = await startKeyring(sandbox)
    await keyring.stopDaemon()
    const {stderr} = await sandbox.run('secret-tool', lookup, {env: keyring.env})
    expect(stderr).to.match(/not provided by any .service files/u)
    await keyring.stop()
  })

  it('starts a new, locked keyring after the daemon was stopped, if activation is on', async () => {
    const keyring = await startKeyring(sandbox, {activation: true})
    await keyring.store(item)
    await keyring.stopDaemon()
    const [locked] = await keyring.items()
    expect(locked).to.include({label: '', secret: undefined, locked: true})
    expect(locked?.attributes).to.have.all.keys('gkr:compat:hashed:service', 'gkr:compat:hashed:account')
    await keyring.unlock()
    expect(await keyring.items()).to.deep.equal([{...item, locked: false}])
    await keyring.stop()
  })

  it('can simulate a user who dismisses every prompt', async () => {
    const provider = await startProvider(sandbox, 'dismissed', item)
    const {env} = provider
    expect(await sandbox.run('secret-tool', lookup, {env})).to.deep.equal({stdout: '', stderr: '', exitCode: 1})
    expect(provider.prompts()).to.equal(1)
    const search = await sandbox.run('secret-tool', ['search', '--all', 'service', 'heroku-cli'], {env})
    expect(search.stderr).to.include('attribute.account = ada@example.com')
    await provider.stop()
  })

  it('is invisible to a program without its address', async () => {
    const provider = await startBusWithoutProvider(sandbox)
    expect((await sandbox.run('secret-tool', lookup)).stderr).to.match(/autolaunch/u)
    await provider.stop()
  })
})
