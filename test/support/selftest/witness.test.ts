import {expect} from 'chai'
import {join} from 'node:path'
import {searchFor} from '../canary.js'
import {openSandbox, type RunOptions, type Sandbox} from '../sandbox.js'
import {filesSince, type Leak, leaksIn, witness} from '../witness.js'

const secret = 'HRKU-AAx9Kq7zLw3Bv8NcQ2mR5tYu1Ds4Fg6'
const search = searchFor([{name: 'the token', secret}])
const plain = (channel: Leak['channel'], where: string) => ({channel, where, what: 'the token', form: 'plain'})

describe('witnessing a program', function () {
  this.timeout(30_000)
  let sandbox: Sandbox

  beforeEach(() => (sandbox = openSandbox()))
  afterEach(() => sandbox.close())

  /** The findings for a script that handles the secret; it reads the secret from stdin into `$S`. */
  const leaks = async (script: string, options: Partial<RunOptions> = {}) => {
    const since = Date.now()
    const {exitCode, sights} = await witness(sandbox, 'sh', ['-c', `read -r S; ${script}`], {
      input: `${secret}\n`,
      ...options,
    })
    expect(exitCode).to.equal(0)
    const left = await filesSince(since, [sandbox.home, sandbox.env.TMPDIR ?? ''])
    return leaksIn([...sights, ...left], search)
  }

  it('finds nothing if a secret goes only through pipes', async () => {
    expect(await leaks('echo "$S" | cat | cat > /dev/null')).to.deep.equal([])
  })

  it('finds an argument', async () => {
    expect(await leaks('/bin/true "$S"')).to.deep.equal([plain('argv', 'true')])
  })

  it('finds a variable', async () => {
    expect(await leaks('X=$S /bin/true')).to.deep.equal([plain('env', 'true')])
  })

  it('finds an argument of a background program', async () => {
    expect(await leaks(`sh -c 'read -r T; (/bin/true "$T") & wait' <<EOF\n$S\nEOF`)).to.deep.include(
      plain('argv', 'true'),
    )
  })

  it('finds output', async () => {
    expect(await leaks('echo "$S"')).to.deep.equal([plain('stdout', 'stdout')])
    expect(await leaks('echo "$S" >&2')).to.deep.equal([plain('stderr', 'stderr')])
  })

  it('finds a file, its name, and a link', async () => {
    const at = (name: string) => join(sandbox.home, name)
    expect(await leaks('mkdir -p deep/er; echo "$S" > deep/er/b')).to.deep.equal([plain('file', at('deep/er/b'))])
    expect(await leaks('rm -r deep; > "x$S"')).to.deep.equal([plain('file name', at(`x${secret}`))])
    expect(await leaks('rm x*; ln -s "$S" link')).to.deep.include(plain('file', at('link')))
  })

  it('finds a deleted temporary file', async () => {
    expect(await leaks('echo "$S" > "$TMPDIR/gone"; rm "$TMPDIR/gone"')).to.deep.equal([
      plain('file', join(sandbox.root, 'tmp', 'gone')),
    ])
  })

  it('finds synchronous and asynchronous writes by node', async () => {
    const script = `const fs = require('node:fs'); const S = fs.readFileSync(0, 'utf8').trim()
      fs.writeFileSync('sync', 'x' + S); fs.unlinkSync('sync')
      fs.createWriteStream('stream').on('close', () => fs.promises.writeFile('late', ['y', S]).then(() => fs.unlinkSync('late'))).end(S)`
    const {exitCode, sights} = await witness(sandbox, 'node', ['-e', script], {input: secret})
    expect(exitCode).to.equal(0)
    expect(leaksIn(sights, search)).to.deep.equal(
      ['sync', 'stream', 'late'].map((name) => plain('file', join(sandbox.home, name))),
    )
  })

  it('finds a file written by another process', async () => {
    const since = Date.now()
    await sandbox.run('sh', ['-c', 'cat > elsewhere'], {input: secret})
    const left = leaksIn(await filesSince(since, [sandbox.home]), search)
    expect(left).to.deep.equal([plain('file', join(sandbox.home, 'elsewhere'))])
  })

  it('finds base64', async () => {
    expect(await leaks('printf ":%s" "$S" | base64 -w0')).to.deep.equal([
      {...plain('stdout', 'stdout'), form: 'base64'},
    ])
  })

  it('finds terminal output', async () => {
    const {sights} = await witness(sandbox, 'sh', ['-c', 'stty -echo; echo ready; read -r S; echo "<$S>"'], {
      steps: [{expect: 'ready', send: `${secret}\r`}],
    })
    expect(leaksIn(sights, search)).to.deep.equal([plain('screen', 'the terminal')])
  })
})
