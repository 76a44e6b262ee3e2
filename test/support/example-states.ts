// The facts of every state of `auth:status`; screens.txt has the screen of each.
import type {Facts, KeychainFacts, StoresFacts, TokenFacts} from '../../src/status/report.js'
import {adas, healthy, inKey, inNetrc, loggedOut, netrc} from './example-facts.js'

const {keychain, git, host, cli} = healthy
const keyring = {name: 'secret-service', title: 'the keyring', accounts: []} satisfies Partial<KeychainFacts>
const unlock = 'unlock it: log in to the desktop, or open it in Seahorse'
const locked: KeychainFacts = {...keyring, state: 'locked', because: 'the keyring is locked', hint: unlock}
const failing = (state: KeychainFacts['state'], because: string, hint?: string): Facts => ({
  ...loggedOut,
  noToken: {because, ...(hint === undefined ? {} : {hint}), isTrouble: true},
  keychain: {...keyring, state, because, ...(hint === undefined ? {} : {hint})},
})
const missing: KeychainFacts = {
  state: 'missing',
  because: 'secret-tool is not installed',
  hint: 'install it: libsecret-tools on Debian and Ubuntu, libsecret on Fedora and Arch',
  accounts: [],
}
// As on a machine where nothing but .netrc is set up.
const none: StoresFacts = {inUse: 'netrc', by: 'record', available: []}
const pass = {name: 'password-store', option: 'pass'} as const
const both: StoresFacts = {...healthy.stores, available: [...healthy.stores.available, pass]}
const inPass: Facts = {
  ...healthy,
  token: {...adas, source: 'password-store', place: 'pass'},
  keychain: {...keychain, name: 'password-store', title: 'pass'},
  stores: {...both, inUse: 'pass'},
}
const demanding = (stores: Partial<StoresFacts> = {}): StoresFacts => ({
  inUse: 'pass',
  by: 'HEROKU_CREDENTIAL_STORE',
  chosen: 'pass',
  available: [pass],
  ...stores,
})
const noBus: KeychainFacts = {
  ...keyring,
  state: 'unavailable',
  because: 'there is no D-Bus session, so no keyring',
  hint: 'run this in a desktop session, or set HEROKU_NETRC_WRITE=true to use ~/.netrc',
}
const unconfigured = loggedOut.git
const without = (name: 'account' | 'expiresAt', token: TokenFacts): TokenFacts => {
  const {[name]: left, ...others} = token
  return left === undefined ? token : others
}
const withToken = (token: Partial<TokenFacts>): Facts => ({...healthy, token: {...adas, ...token}})
const withGit = (changes: Partial<Facts['git']>): Facts => ({
  ...healthy,
  git: {...unconfigured, kept: true, ...changes},
})
const asksUs = {state: 'configured', by: 'heroku-keychain'} as const

export const STATES: Record<string, Facts> = {
  'logged in through the keychain': healthy,
  'one of three accounts is current': {
    ...healthy,
    keychain: {
      ...keychain,
      accounts: ['ada', 'grace', 'work'].map((name) => ({account: `${name}@example.com`, current: name === 'grace'})),
    },
    token: {...adas, account: 'grace@example.com'},
  },
  'an account selected by git config': {
    ...withToken({account: 'work@example.com'}),
    account: {
      effective: 'work@example.com',
      by: 'git config',
      file: '/home/ada/work.gitconfig',
      otherwise: 'ada@example.com',
    },
  },
  'the current account selected by HEROKU_ACCOUNT': {
    ...healthy,
    account: {effective: 'ada@example.com', by: 'HEROKU_ACCOUNT', otherwise: 'ada@example.com'},
  },
  'a selected account that is not logged in': {
    ...loggedOut,
    noToken: {
      because: 'not logged in as work@example.com (selected by HEROKU_ACCOUNT)',
      hint: 'heroku login',
      isTrouble: false,
    },
    account: {effective: 'work@example.com', by: 'HEROKU_ACCOUNT', otherwise: 'ada@example.com'},
  },
  'HEROKU_API_KEY over HEROKU_ACCOUNT': {
    ...healthy,
    token: without('expiresAt', {...inKey, account: 'ci@example.com'}),
    account: {by: 'HEROKU_API_KEY', otherwise: 'work@example.com', overrides: 'HEROKU_ACCOUNT'},
  },
  'not logged in': loggedOut,
  'several accounts, none of them current': {
    ...loggedOut,
    noToken: {because: 'the keyring holds several accounts, and none of them is current', isTrouble: false},
    keychain: {
      ...keychain,
      state: 'answers',
      accounts: ['ada', 'grace'].map((name) => ({account: `${name}@example.com`, current: false})),
    },
  },

  'HEROKU_API_KEY over a keychain and a .netrc': {
    ...healthy,
    token: without('expiresAt', {...inKey, account: 'ci@example.com'}),
    keychain: {...keychain, state: 'answers'},
    shadowed: [
      {source: 'secret-service', place: 'the keyring', account: 'ada@example.com'},
      {source: 'netrc', place: netrc, account: 'grace@example.com', same: false},
    ],
    plainText: [{kind: 'netrc', place: netrc, account: 'grace@example.com', same: false}],
    git: {...git, netrc: {place: netrc, account: 'grace@example.com', same: false}},
  },
  'HEROKU_API_KEY alone, without a keychain, offline': {
    ...healthy,
    token: without('account', without('expiresAt', {...inKey, validity: 'not checked'})),
    keychain: missing,
    stores: none,
  },
  'HEROKU_API_KEY beside a keychain that fails': {...healthy, token: inKey, keychain: locked},
  'HEROKU_API_KEY that is not valid': {
    ...healthy,
    token: without('account', without('expiresAt', {...inKey, validity: 'invalid'})),
    keychain: missing,
    stores: none,
  },
  HEROKU_NETRC_WRITE: {
    ...healthy,
    token: {...inNetrc, tier: 'HEROKU_NETRC_WRITE'},
    keychain: {...keyring, state: 'not used'},
    git: {...unconfigured, netrc: {place: netrc, account: 'ada@example.com', same: true}},
  },
  'HEROKU_NETRC_WRITE with nothing in .netrc': {...loggedOut, keychain: {...keyring, state: 'not used'}},

  'no keychain, so .netrc': {
    ...healthy,
    token: inNetrc,
    keychain: missing,
    stores: none,
    git: {...unconfigured, netrc: {place: netrc, account: 'ada@example.com', same: true}},
  },
  'no keychain, so .netrc.gpg': {
    ...healthy,
    token: {...inNetrc, place: `${netrc}.gpg`},
    keychain: missing,
    stores: none,
  },
  'a keychain that holds nothing, so .netrc': {
    ...healthy,
    token: without('expiresAt', inNetrc),
    keychain: {...keyring, state: 'answers'},
    git: {...unconfigured, netrc: {place: netrc, account: 'ada@example.com', same: true}},
  },
  'a keychain of others, so .netrc': {
    ...healthy,
    token: inNetrc,
    keychain: {...keychain, state: 'answers', accounts: [{account: 'grace@example.com', current: false}]},
  },
  'a keychain that did not take the last login': {
    ...healthy,
    token: inNetrc,
    keychain: {...keychain, state: 'answers'},
    shadowed: [{source: 'secret-service', place: 'the keyring', account: 'ada@example.com'}],
  },
  'a locked keychain, so .netrc': {...healthy, token: inNetrc, keychain: locked},

  'a store that the last login chose': inPass,
  'a store that HEROKU_CREDENTIAL_STORE chooses': {
    ...inPass,
    stores: demanding({available: both.available}),
  },
  'a store that HEROKU_CREDENTIAL_STORE chooses, and that is not set up': {
    ...loggedOut,
    noToken: {because: 'pass is not set up', hint: 'pass init YOUR-GPG-ID', isTrouble: true},
    keychain: {state: 'missing', because: 'pass is not set up', hint: 'pass init YOUR-GPG-ID', accounts: []},
    stores: demanding({available: []}),
  },
  'a store that HEROKU_CREDENTIAL_STORE chooses, and a token in another one': {
    ...loggedOut,
    keychain: {name: 'password-store', title: 'pass', state: 'answers', accounts: []},
    stores: demanding({saved: 'keyring', available: both.available}),
  },
  'a store that HEROKU_CREDENTIAL_STORE chooses, and a token in .netrc': {
    ...healthy,
    token: inNetrc,
    keychain: {...keychain, name: 'password-store', title: 'pass', state: 'answers', accounts: []},
    stores: demanding(),
    git: {...unconfigured, netrc: {place: netrc, account: 'ada@example.com', same: true}},
  },
  'a helper that HEROKU_CREDENTIAL_STORE chooses, and a token in .netrc': {
    ...healthy,
    token: inNetrc,
    keychain: {
      ...keychain,
      name: 'git-helper',
      title: "git's credential helper 'cache --timeout 28800'",
      state: 'answers',
      accounts: [],
    },
    stores: demanding({inUse: 'helper:cache --timeout 28800', chosen: 'helper:cache --timeout 28800', available: []}),
  },
  'a store that HEROKU_CREDENTIAL_STORE chooses, and a leftover in .netrc': {
    ...inPass,
    stores: demanding(),
    shadowed: [{source: 'netrc', place: netrc, account: 'ada@example.com', same: true}],
    plainText: [{kind: 'netrc', place: netrc, account: 'ada@example.com', same: true}],
  },
  'HEROKU_CREDENTIAL_STORE against HEROKU_NETRC_WRITE': {
    ...healthy,
    token: {...inNetrc, tier: 'HEROKU_NETRC_WRITE'},
    keychain: {...keyring, state: 'not used'},
    stores: demanding({inUse: 'netrc', by: 'HEROKU_NETRC_WRITE'}),
  },
  'HEROKU_CREDENTIAL_STORE that names no store': {...healthy, stores: {...healthy.stores, chosen: 'vault'}},
  'HEROKU_CREDENTIAL_STORE that asks for .netrc': {
    ...healthy,
    token: inNetrc,
    keychain: {...keyring, state: 'answers'},
    stores: {...healthy.stores, inUse: 'netrc', chosen: 'netrc'},
  },
  'no session bus, so .netrc, although pass is set up': {
    ...healthy,
    token: inNetrc,
    keychain: noBus,
    stores: {inUse: 'netrc', by: 'record', available: [pass]},
  },
  'no session bus and no login, and pass is set up': {
    ...failing('unavailable', noBus.because ?? '', noBus.hint),
    stores: {inUse: 'keyring', by: 'order', available: [pass]},
  },
  "a dev container that asks git's helpers": {
    ...withToken({source: 'git-forwarded', place: "git's own credential helpers"}),
    keychain: {
      name: 'git-forwarded',
      title: "git's own credential helpers",
      state: 'unlocked',
      accounts: [],
    },
    stores: {inUse: 'git', by: 'HEROKU_CREDENTIAL_STORE', chosen: 'git', available: []},
    git: {...unconfigured},
  },
  'a dev container of a machine without a login': {
    ...loggedOut,
    keychain: {name: 'git-forwarded', title: "git's own credential helpers", state: 'answers', accounts: []},
    stores: {inUse: 'git', by: 'HEROKU_CREDENTIAL_STORE', chosen: 'git', available: []},
  },

  'a locked keychain': {
    ...loggedOut,
    noToken: {because: 'the keyring is locked', hint: unlock, isTrouble: true},
    keychain: locked,
    git: {...git},
  },
  'a keychain that was never unlocked': failing(
    'locked',
    'the keyring is locked, and was not unlocked since it was started',
    unlock,
  ),
  'no session bus': failing('unavailable', noBus.because ?? '', noBus.hint),
  'no keyring in the session': failing(
    'unavailable',
    'no keyring is running in this session',
    'start or install one (GNOME Keyring, KWallet or KeePassXC)',
  ),
  'a keychain that does not answer': failing('timed-out', 'the keyring did not answer within 5 s'),
  'a prompt that was dismissed': failing('denied', 'the keyring prompt was dismissed', 'try again and answer it'),
  'a macOS keychain that is locked': {
    ...failing('locked', 'the macOS keychain is locked', 'security unlock-keychain'),
    keychain: {
      name: 'macos-keychain',
      title: 'the macOS keychain',
      state: 'locked',
      because: 'the macOS keychain is locked',
      hint: 'security unlock-keychain',
      accounts: [],
    },
  },
  'logged in on Windows': {
    ...healthy,
    token: {...adas, source: 'windows-vault', place: 'the Windows password vault'},
    keychain: {...keychain, name: 'windows-vault', title: 'the Windows password vault'},
  },

  'a token that is not valid': withToken({validity: 'invalid'}),
  'an API that cannot be reached': withToken({
    validity: 'unknown',
    because: 'cannot reach api.heroku.com: getaddrinfo ENOTFOUND api.heroku.com (ENOTFOUND)',
    hint: 'check the network, and HTTPS_PROXY if you need a proxy',
  }),
  offline: withToken({validity: 'not checked'}),
  'offline, with a token that has expired': withToken({validity: 'not checked', expiresAt: '2029-12-31T23:00:00.000Z'}),
  'a token that expires soon': withToken({expiresAt: '2030-01-01T05:30:00.000Z'}),
  'a token in its last three days': withToken({expiresAt: '2030-01-03T23:59:59.000Z'}),
  'a token of eight hours in its last hour': withToken({
    expiresAt: '2030-01-01T00:30:00.000Z',
    recordedAt: '2029-12-31T16:30:00.000Z',
  }),
  'a token of eight hours in its last half hour': withToken({
    expiresAt: '2030-01-01T00:29:59.000Z',
    recordedAt: '2029-12-31T16:29:59.000Z',
  }),
  'a token filed under another account': withToken({account: 'lovelace@example.com', filedUnder: 'ada@example.com'}),

  'leftovers in plain text': {
    ...healthy,
    shadowed: [{source: 'netrc', place: netrc, account: 'ada@example.com', same: true}],
    plainText: [
      {kind: 'netrc', place: netrc, account: 'ada@example.com', same: true},
      {kind: 'alias', place: '/home/ada/.config/heroku/accounts/home'},
      {kind: 'alias', place: '/home/ada/.config/heroku/accounts/work'},
    ],
    git: {...git, netrc: {place: netrc, account: 'ada@example.com', same: true}},
  },
  'a keyring without a password': {
    ...healthy,
    plainText: [{kind: 'keyring', place: '/home/ada/.local/share/keyrings/login.keyring'}],
  },
  'a .netrc that cannot be read': {
    ...healthy,
    plainText: [
      {kind: 'unreadable', place: netrc, because: `could not read ${netrc} (EACCES)`, hint: 'ls -la /home/ada'},
    ],
  },
  'a .netrc that is needed and cannot be read': {
    ...loggedOut,
    noToken: {because: `could not read ${netrc} (EACCES)`, hint: 'ls -la /home/ada', isTrouble: true},
    plainText: [
      {kind: 'unreadable', place: netrc, because: `could not read ${netrc} (EACCES)`, hint: 'ls -la /home/ada'},
    ],
  },

  'git shadowed by .netrc': {
    ...withGit({...asksUs, netrc: {place: netrc, account: 'grace@example.com', same: false}}),
    plainText: [{kind: 'netrc', place: netrc, account: 'grace@example.com', same: false}],
  },
  'git asks the Heroku CLI': withGit({state: 'configured', by: 'heroku'}),
  'git asks the Heroku CLI, since our launcher is gone': withGit({
    state: 'configured',
    by: 'heroku',
    because: '/home/ada/.local/share/heroku/git-credential-helper is missing',
  }),
  "git asks the Heroku CLI, since our launcher's folder is another user's": withGit({
    state: 'configured',
    by: 'heroku',
    kept: false,
    because:
      'could not write /home/ada/.local/share/heroku/git-credential-helper (EACCES); try this: sudo chown -R 1000:1000 /home/ada/.local',
  }),
  'git over ssh': withGit({
    ...asksUs,
    rewrittenBy: {key: 'url.git@heroku.com:.insteadof', scope: 'global', file: '/home/ada/.gitconfig'},
  }),
  'git not configured yet': withGit({state: 'not configured'}),
  'git never configured': withGit({state: 'not configured', kept: false}),
  'git opted out': withGit({state: 'opted out'}),
  'git with a read-only configuration': withGit({
    state: 'not configured',
    because: "git's global configuration is read-only (/home/ada/.gitconfig)",
  }),
  'git with a configuration that it cannot read': withGit({
    state: 'failed',
    because: 'git cannot read its configuration (exit 128)',
  }),
  'no git': withGit({state: 'not installed', because: 'git is not installed'}),
  'git with our helper dropped in this repository': withGit({
    state: 'dropped',
    droppedBy: {key: 'credential.helper', scope: 'local', file: '.git/config'},
    others: [{helper: 'store', key: 'credential.helper', scope: 'local', file: '.git/config'}],
  }),
  'git with another helper in this repository': withGit({
    ...asksUs,
    others: [{helper: 'store', key: 'credential.helper', scope: 'local', file: '.git/config'}],
  }),
  'git with a helper of the environment': withGit({
    ...asksUs,
    others: [{helper: 'a shell command', key: 'credential.helper', scope: 'command', file: 'the environment'}],
  }),

  'a host that is not Heroku’s': {
    ...healthy,
    host: {...host, warnings: ["HEROKU_HOST is set to a host that is not Heroku's; it is ignored"]},
  },
  'Heroku CLI 10': {...healthy, cli: {...cli, name: 'heroku/10.17.0', how: 'netrc', clientVersion: '11.8.0'}},
  'a Heroku CLI of the future': {
    ...healthy,
    cli: {...cli, name: 'heroku/20.0.0', how: 'unknown', clientVersion: '20.1.0'},
  },
  'the plugin by itself': {...healthy, cli: {name: 'heroku-keychain/1.0.0', how: 'nothing'}},
}
