// A user's choices through variables.
import {expect} from 'chai'
import {THIRD_PARTY} from '../../support/third-party.js'
import {ada, alarm, expectOnlyInKeyring, grace, inKeyring, isAda, loggedIn, type Scenario} from './cell.js'

const apiKey: Scenario = {
  title: 'HEROKU_API_KEY: acts with it, and does not start the keychain',
  async run(host) {
    const token = await loggedIn(host)
    const wasStarted = await alarm(host)
    const env = {HEROKU_API_KEY: host.heroku.issue({account: grace}).token}
    for (const command of ['whoami', THIRD_PARTY])
      expect(await host.run([command], {env})).to.include({stdout: `${grace}\n`, exitCode: 0})
    expect(await wasStarted()).to.equal(false)
    await expectOnlyInKeyring(host, token)
    return undefined
  },
}

const netrcAlone: Scenario = {
  title: 'HEROKU_NETRC_WRITE=true: login and whoami in .netrc, and does not start the keychain',
  async run(host) {
    const kept = await loggedIn(host, grace)
    const wasStarted = await alarm(host)
    const env = {HEROKU_NETRC_WRITE: 'true'}
    const {token} = host.heroku.issue()
    expect((await host.run(['login', '--with-token'], {env, input: token})).exitCode).to.equal(0)
    expect(await host.read('.netrc')).to.include(`  login ${ada}\n  password ${token}\n`)
    for (const command of ['whoami', THIRD_PARTY]) expect(await host.run([command], {env})).to.deep.equal(isAda)
    expect((await host.run(['logout'], {env})).exitCode).to.equal(0)
    expect(await host.read('.netrc')).not.to.include(token)
    expect(await wasStarted()).to.equal(false)
    expect(await inKeyring(host)).to.deep.equal({[grace]: kept})
    return undefined
  },
}

export const variables = [apiKey, netrcAlone]
