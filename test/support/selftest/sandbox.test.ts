import {expect} from 'chai'
import {existsSync} from 'node:fs'
import {homedir} from 'node:os'
import {openSandbox, type Sandbox} from '../sandbox.js'

describe('a sandbox', () => {
  let sandbox: Sandbox

  const problem = (wait: Promise<unknown>) => wait.then(() => 'none', String)

  beforeEach(() => (sandbox = openSandbox()))
  afterEach(() => sandbox.close())

  it("gives a program the sandbox's environment, and no variable of ours", async () => {
    process.env.HEROKU_API_KEY = 'ours'
    const {stdout} = await sandbox.run('env', ['-0'])
    delete process.env.HEROKU_API_KEY
    const expected = Object.entries(sandbox.env).map(([name, value]) => `${name}=${value}`)
    expect(stdout.split('\0').filter((line) => line !== '')).to.have.members(expected)
    expect(sandbox.env).not.to.have.any.keys('DISPLAY', 'DBUS_SESSION_BUS_ADDRESS', 'LANG', 'LC_ALL', 'HEROKU_API_KEY')
  })

  it('returns output and exit status unchanged', async () => {
    const finished = await sandbox.run('sh', ['-c', 'cat; echo "$1" >&2; exit 3', 'sh', `a'b"`], {input: ' x\n\n'})
    expect(finished).to.deep.equal({stdout: ' x\n\n', stderr: `a'b"\n`, exitCode: 3})
  })

  it('has node, which uses the sandbox as its home', async () => {
    const {stdout} = await sandbox.run('node', ['-p', 'os.homedir() + " " + process.version'])
    expect(stdout).to.equal(`${sandbox.home} ${process.version}\n`)
  })

  it('sets and removes variables for one run', async () => {
    const {stdout} = await sandbox.run('sh', ['-c', 'echo "$A $TERM"'], {env: {A: '1', TERM: undefined}})
    expect(stdout).to.equal('1 \n')
  })

  it('runs no program with the developer’s home, nor without a home', async () => {
    for (const env of [{HOME: homedir()}, {HOME: `${sandbox.home}/../..`}, {XDG_DATA_HOME: '/tmp'}, {HOME: undefined}])
      expect(await problem(sandbox.run('true', [], {env}))).to.match(/outside of the sandbox|needs HOME/u)
  })

  it('ends a program that takes too long, with its descendants', async () => {
    const late = sandbox.run('sh', ['-c', 'echo begun; sleep 600 & sleep 600'], {timeoutMs: 300})
    expect(await problem(late)).to.match(/took more than 300 ms\nbegun/u)
    const {stdout} = await sandbox.run('sh', ['-c', `grep -la "${sandbox.root}" /proc/[0-9]*/environ; true`])
    // The shell and the grep of this check.
    expect(stdout.trim().split('\n').length).to.be.at.most(2)
  })

  it('reports that a program does not exist, or was killed', async () => {
    expect(await problem(sandbox.run('no-such-program', []))).to.match(/ENOENT/u)
    expect(await problem(sandbox.run('sh', ['-c', 'kill -9 $$']))).to.match(/SIGKILL/u)
  })

  it('is removed when it is closed', async () => {
    const other = openSandbox()
    await other.run('sh', ['-c', 'mkdir -p "$XDG_DATA_HOME" && echo x > "$XDG_DATA_HOME/x"'])
    await other.close()
    expect(existsSync(other.root)).to.equal(false)
  })
})
