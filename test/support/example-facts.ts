import type {Facts, TokenFacts} from '../../src/status/report.js'

export const NOW = Date.parse('2030-01-01T00:00:00.000Z')

/** Ada is logged in through the keychain, until the end of the month. */
export const adas: TokenFacts = {
  tier: 'keychain',
  source: 'secret-service',
  place: 'the keyring',
  masked: 'HRKU-********',
  account: 'ada@example.com',
  expiresAt: '2030-01-31T00:00:00.000Z',
  validity: 'valid',
}

const parts: Omit<Facts, 'token'> = {
  shadowed: [],
  keychain: {
    name: 'secret-service',
    title: 'the keyring',
    state: 'unlocked',
    accounts: [{account: 'ada@example.com', current: true}],
  },
  stores: {inUse: 'keyring', by: 'record', available: [{name: 'secret-service', option: 'keyring'}]},
  plainText: [],
  git: {host: 'git.heroku.com', state: 'configured', by: 'heroku-keychain', kept: true, others: []},
  host: {api: 'api.heroku.com', git: 'git.heroku.com', warnings: []},
  cli: {name: 'heroku/11.10.0', plugin: 'heroku-keychain/1.0.0', how: 'provider', clientVersion: '13.2.0'},
}

export const healthy: Facts = {token: adas, account: {effective: 'ada@example.com', by: 'login.json'}, ...parts}

export const loggedOut: Facts = {
  ...parts,
  keychain: {name: 'secret-service', title: 'the keyring', state: 'answers', accounts: []},
  stores: {...parts.stores, by: 'order'},
  git: {host: 'git.heroku.com', state: 'not configured', kept: false, others: []},
}

export const netrc = '/home/ada/.netrc'
export const inNetrc: TokenFacts = {...adas, tier: 'netrc', source: 'netrc', place: netrc}
export const inKey: TokenFacts = {...adas, tier: 'HEROKU_API_KEY', source: 'HEROKU_API_KEY', place: 'HEROKU_API_KEY'}
