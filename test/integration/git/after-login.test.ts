import {expect} from 'chai'
import {mkdirSync} from 'node:fs'
import {join} from 'node:path'
import {updateGitAfterLogin} from '../../../src/git/after-login.js'
import {tearDownHelper} from '../../../src/git/setup.js'
import {sharedFolder} from '../../../src/git/data-dir.js'
import {endpointsFrom} from '../../../src/heroku/endpoints.js'
import {acquireLock} from '../../../src/files/lock.js'
import {run, type RunTool} from '../../../src/process/run.js'
import {openSandbox, type Sandbox} from '../../support/sandbox.js'

const KEY = 'credential.https://git.heroku.com.helper'

describe('updateGitAfterLogin', function () {
  this.timeout(30_000)
  let sandbox: Sandbox
  let notices: string[]

  beforeEach(() => {
    sandbox = openSandbox()
    notices = []
  })
  afterEach(() => sandbox.close())

  const dirs = () => ({cacheDir: join(sandbox.home, 'cache'), dataDir: join(sandbox.home, 'data')})
  const runHere: RunTool = (file, args, options) => {
    const cleared = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]))
    return run(file, args, {...options, env: {...cleared, ...sandbox.env, ...options.env}})
  }
  const afterLogin = async (saved?: {savedIn: 'netrc'; location: string}) => {
    // git's configuration files are looked up in this process's environment.
    const own = {...process.env}
    Object.assign(process.env, sandbox.env)
    try {
      await updateGitAfterLogin(
        dirs(),
        {
          dataDir: dirs().dataDir,
          env: sandbox.env,
          endpoints: endpointsFrom({}),
          keychain: {name: undefined, because: 'there is none'},
          run: runHere,
          timeoutMs: 5000,
          notify: (line) => notices.push(line),
        },
        saved,
      )
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in own)) Reflect.deleteProperty(process.env, name)
      Object.assign(process.env, own)
    }
  }

  const holdLock = () => {
    mkdirSync(sharedFolder(sandbox.env), {recursive: true, mode: 0o700})
    return acquireLock(join(sharedFolder(sandbox.env), 'heroku-keychain-git'), 0)
  }

  it('prints no notice after a successful setup', async () => {
    await afterLogin()
    expect(notices).to.deep.equal([])
  })

  it("names the user's own helpers, without text that may be a password", async () => {
    for (const helper of [
      '!f() { echo username=me; echo password=SECRET1; }; f',
      'store --file /home/me/SECRET2',
      '/opt/bin/helper --password=SECRET3',
      '   !echo password=SECRET4',
      '\t--password SECRET5',
      'osxkeychain',
    ])
      await sandbox.run('git', ['config', '--global', '--add', KEY, helper])
    await afterLogin()
    expect(notices).to.have.length(1)
    expect(notices[0]).to.equal(
      'git also asks your own credential helpers for git.heroku.com: a shell command, store, /opt/bin/helper, osxkeychain',
    )
  })

  it("reports that another process holds git's configuration", async () => {
    const lock = await holdLock()
    try {
      await afterLogin()
      expect(notices).to.deep.equal([
        "git could not be configured: another heroku command is still changing git's configuration; " +
          'to try again, run: heroku whoami',
      ])
      notices = []
      // git itself reads this file.
      await afterLogin({savedIn: 'netrc', location: join(sandbox.home, '.netrc')})
      expect(notices).to.deep.equal([])
    } finally {
      await lock.release()
    }
  })

  it("tearDownHelper reports that another process holds git's configuration", async () => {
    await afterLogin()
    const {cacheDir, dataDir} = dirs()
    const lock = await holdLock()
    try {
      const endpoints = endpointsFrom({})
      const because = await tearDownHelper({cacheDir, dataDir, env: sandbox.env, endpoints, helper: 'x'}, runHere)
      expect(because).to.equal("another heroku command is still changing git's configuration")
    } finally {
      await lock.release()
    }
  })
})
