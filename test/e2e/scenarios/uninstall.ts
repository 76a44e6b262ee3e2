import {expect} from 'chai'
import {npmEnv} from '../../support/npm.js'
import {isAda, loggedIn, readsKeychain, type Scenario} from './cell.js'

/** The last scenario on a host. */
export const uninstall: Scenario = {
  title: 'plugins:uninstall leaves a CLI that works',
  async run(host) {
    const env = {HEROKU_NETRC_WRITE: 'true'}
    // The step before uninstalling for a CLI that can't read the keychain.
    if (!readsKeychain(host))
      expect((await host.run(['login', '--with-token'], {env, input: host.heroku.issue().token})).exitCode).to.equal(0)
    else await loggedIn(host)

    const removed = await host.run(['plugins:uninstall', 'heroku-keychain'], {
      env: await npmEnv(),
      timeoutMs: 300_000,
    })
    expect(removed.exitCode, removed.stderr).to.equal(0)
    expect((await host.run(['plugins'])).stdout).not.to.include('heroku-keychain')
    expect((await host.run(['login', '--help'])).stdout).not.to.include('--with-token')
    expect(await host.run(['version'])).to.include({stderr: '', exitCode: 0})
    expect(await host.run(['whoami'])).to.include({stdout: isAda.stdout, exitCode: 0})
    return readsKeychain(host) ? undefined : 'yes, with the token in .netrc'
  },
}
