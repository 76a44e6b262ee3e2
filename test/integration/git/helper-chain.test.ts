import {expect} from 'chai'
import {existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {helperChain, type Line, readLines} from '../../../src/git/helper-chain.js'
import {openGit} from '../../../src/git/config.js'
import {run, type RunTool} from '../../../src/process/run.js'
import {openSandbox, type Sandbox} from '../../support/sandbox.js'
import {thrownBy} from '../../support/thrown-by.js'

const HOST = 'git.heroku.com'

describe('helperChain', () => {
  let sandbox: Sandbox
  let repository: string
  const log = () => join(sandbox.root, 'asked')

  beforeEach(async () => {
    sandbox = openSandbox()
    repository = join(sandbox.home, 'app')
    mkdirSync(repository)
    await git('init', '--quiet')
  })
  afterEach(() => sandbox.close())

  const git = (...args: string[]) => sandbox.run('git', args, {cwd: repository})
  const runHere =
    (cwd = repository): RunTool =>
    (file, args, options) => {
      const cleared = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]))
      return run(file, args, {...options, cwd, env: {...cleared, ...sandbox.env, ...options.env}})
    }
  const lines = (cwd?: string) => readLines(openGit(runHere(cwd), sandbox.env).callInRepository)
  /** A helper that only logs its name. */
  const helper = (name: string) => `!echo ${name} >>${log()}; :`
  const nameOf = ({value}: Line) => /^!echo (\S+)/u.exec(value)?.[1] ?? value
  /** `scope key name`, with `-` for the empty value. */
  const configure = async (config: string[]) => {
    for (const line of config) {
      const [scope = '', key = '', name = ''] = line.split(' ')
      await git('config', `--${scope}`, '--add', key, name === '-' ? '' : helper(name))
    }
  }
  const askedByGit = async (host: string) => {
    rmSync(log(), {force: true})
    await sandbox.run('git', ['credential', 'fill'], {
      cwd: repository,
      env: {GIT_TERMINAL_PROMPT: '0'},
      input: `protocol=https\nhost=${host}\n\n`,
    })
    return existsSync(log()) ? readFileSync(log(), 'utf8').split('\n').slice(0, -1) : []
  }

  const shapes: Record<string, string[]> = {
    'no helper': [],
    'one for every host': ['global credential.helper one'],
    'one for this host, under both keys': [
      'global credential.https://git.heroku.com.helper one',
      'global credential.https://git.heroku.com/.helper two',
    ],
    'one for another host': ['global credential.https://github.com.helper one', 'global credential.helper two'],
    'one for the same host without encryption': ['global credential.http://git.heroku.com.helper one'],
    'one for another port': ['global credential.https://git.heroku.com:8443.helper one'],
    'one for the default port': ['global credential.https://git.heroku.com:443.helper one'],
    'one for a part of the host': ['global credential.https://heroku.com.helper one'],
    wildcards: [
      'global credential.https://*.heroku.com.helper one',
      'global credential.https://*.com.helper two',
      'global credential.https://git.*.com.helper three',
    ],
    'a host without a scheme': ['global credential.git.heroku.com.helper one'],
    'one for a folder of the host': ['global credential.https://git.heroku.com/app.git.helper one'],
    'an empty value between': [
      'global credential.helper one',
      'global credential.helper -',
      'global credential.helper two',
    ],
    'an empty value for this host alone': [
      'global credential.helper one',
      'global credential.https://git.heroku.com.helper -',
      'global credential.https://git.heroku.com.helper two',
    ],
    'one more in the repository': ['global credential.helper one', 'local credential.helper two'],
    'an empty value in the repository': ['global credential.helper one', 'local credential.helper -'],
    'an empty value and one more in the repository': [
      'global credential.https://git.heroku.com.helper one',
      'local credential.helper -',
      'local credential.helper two',
    ],
  }
  for (const [shape, config] of Object.entries(shapes))
    it(`returns the helpers that git asks: ${shape}`, async () => {
      await configure(config)
      expect(helperChain(await lines(), HOST).asked.map(nameOf)).to.deep.equal(await askedByGit(HOST))
    })

  it('returns the file of each helper, and the setting that dropped others', async () => {
    await configure(['global credential.helper one', 'local credential.helper -', 'local credential.helper two'])
    const local = {key: 'credential.helper', scope: 'local', file: '.git/config'}
    const global = {key: 'credential.helper', scope: 'global', file: join(sandbox.home, '.gitconfig')}
    expect(helperChain(await lines(), HOST)).to.deep.equal({
      asked: [{...local, value: helper('two')}],
      dropped: [{...global, value: helper('one')}],
      droppedBy: local,
    })
  })

  it('ignores a repository that is not the current directory', async () => {
    await configure(['global credential.helper one', 'local credential.helper two'])
    expect(helperChain(await lines(sandbox.home), HOST).asked.map(nameOf)).to.deep.equal(['one'])
  })

  it('reports an invalid configuration', async () => {
    writeFileSync(join(sandbox.home, '.gitconfig'), '[credential\n')
    expect(await thrownBy(lines())).to.include({message: 'git cannot read its configuration (exit 128)'})
  })

  it('works with a git without --show-scope', async () => {
    await configure(['global credential.helper one'])
    const old = join(sandbox.bin, 'git')
    // git 2.25 exits with 129 for an unknown option.
    writeFileSync(old, '#!/bin/sh\ncase " $* " in *" --show-scope "*) exit 129 ;; esac\nexec /usr/bin/git "$@"\n', {
      mode: 0o755,
    })
    expect(await lines()).to.deep.equal([
      {key: 'credential.helper', value: helper('one'), scope: 'global', file: join(sandbox.home, '.gitconfig')},
    ])
  })
})
