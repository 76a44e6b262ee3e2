import {expect} from 'chai'
import {openSandbox, type Sandbox} from '../sandbox.js'
import {inTerminal, keys, type Step} from '../terminal.js'

describe('a user at a terminal', () => {
  let sandbox: Sandbox

  const sit = (script: string, steps: Step[], timeoutMs = 5000) =>
    inTerminal('sh', ['-c', script], {env: sandbox.env, cwd: sandbox.home, steps, timeoutMs})
  const node = (script: string, steps: Step[]) =>
    inTerminal('node', ['-e', script], {env: sandbox.env, cwd: sandbox.home, steps})

  before(() => (sandbox = openSandbox()))
  after(() => sandbox.close())

  it('types an answer and sees the whole output', async () => {
    const session = await sit('printf "name? "; read name; printf "\\033[33mhello\\033[0m $name\\n"; exit 3', [
      {expect: 'name? ', send: `"a' $HOME [x]${keys.enter}`},
    ])
    expect(session.screen).to.equal(`name? "a' $HOME [x]\nhello "a' $HOME [x]\n`)
    expect(session.raw).to.include('\u001B[33mhello')
    expect(session).to.include({exitCode: 3, signal: null})
  })

  it('provides a terminal on all three streams, of the given size, also after a resize', async () => {
    const script = 'test -t 0 && test -t 1 && test -t 2 && stty size; read go; stty size'
    const {screen} = await sit(script, [{expect: '24 80', resize: {rows: 50, columns: 132}, send: keys.enter}])
    expect(screen).to.match(/24 80\n\n50 132\n$/u)
  })

  it('ends a program by Ctrl-C', async () => {
    const session = await sit('echo waiting; exec sleep 60', [{expect: 'waiting', send: keys.ctrlC}])
    expect(session).to.include({exitCode: null, signal: 'SIGINT'})
  })

  for (const signal of ['SIGTERM', 'SIGHUP'] as const)
    it(`ends a program by ${signal}`, async () => {
      const session = await sit('echo waiting; exec sleep 60', [{expect: 'waiting', signal}])
      expect(session).to.deep.include({exitCode: null, signal, left: []})
    })

  it('lists the programs that are left running', async () => {
    const {left} = await sit('setsid sleep 60 & until [ "$(cat /proc/$!/comm)" = sleep ]; do :; done', [])
    expect(left).to.deep.equal(['sleep'])
  })

  it('waits until the program reads single keys, arrow keys included', async () => {
    const script = `setTimeout(() => process.stdin.setRawMode(true).once('data', (key) => {
      console.log(JSON.stringify(String(key)))
      process.exit()
    }), 50)`
    const {screen} = await node(script, [{raw: true, send: keys.up}])
    expect(screen).to.equal('"\\u001b[A"\n')
  })

  it('detects whether a program restored the terminal', async () => {
    const sane = await sit('stty -echo; stty echo', [])
    expect(sane.settings.after).to.equal(sane.settings.before)
    const broken = await sit('stty -echo', [])
    expect(broken.settings.before).to.match(/ echo /u)
    expect(broken.settings.after).to.match(/ -echo /u)
  })

  it('reports the screen when a program ends too early, or too late', async () => {
    const problem = (wait: Promise<unknown>) => wait.then(() => 'none', String)
    expect(await problem(sit('echo bye', [{expect: 'hello'}]))).to.match(/ended before it showed hello\nbye/u)
    expect(await problem(sit('echo bye; sleep 60', [{expect: /b.e/u}], 2000))).to.match(/more than 2000 ms\nbye/u)
  })

  it('runs an action between two steps', async () => {
    let seen = ''
    const step: Step = {
      expect: /pid (?=\d)/u,
      then: async () => {
        seen = (await sandbox.run('echo', ['meanwhile'])).stdout
      },
      send: keys.ctrlD,
    }
    await sit('echo pid $$; cat', [step])
    expect(seen).to.equal('meanwhile\n')
  })
})
