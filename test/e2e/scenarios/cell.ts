// Helpers for the scenarios: a logged-in user on a host, and checks.
import {expect} from 'chai'
import {access, mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {PluggedHost} from '../../support/plugged-host.js'
import type {Finished} from '../../support/sandbox.js'

/**
 * A user's action on a host.
 * @returns nothing if the promise is kept; a short text for the table if the host can't do this
 * @throws {Error} if the promise is not kept
 */
export interface Scenario {
  /** The table row's title. */
  title: string
  run(host: PluggedHost): Promise<string | undefined>
}

export const ada = 'ada@example.com'
export const grace = 'grace@example.com'
export const LOGIN_JSON = '.local/share/heroku/login.json'

/** Makes an account current with its token only in the keyring: the same files as after a login, but much faster. */
export async function loggedIn(host: PluggedHost, account = ada): Promise<string> {
  const {token} = host.heroku.issue({account})
  await host.keyring.store({label: 'Heroku CLI', attributes: {service: 'heroku-cli', account}, secret: token})
  await mkdir(host.dataDir, {recursive: true})
  await writeFile(join(host.dataDir, 'login.json'), `${JSON.stringify({account})}\n`, {mode: 0o600})
  return token
}

/** The tokens in the keyring, by account. */
export const inKeyring = async (host: PluggedHost) =>
  Object.fromEntries((await host.tokens()).map(({attributes, secret}) => [attributes.account ?? '', secret]))

/** The token that this test's Heroku issued last. */
export const issued = ({heroku}: PluggedHost) => heroku.tokens.at(-1)?.token ?? 'no token was issued'

export const isAda: Finished = {stdout: `${ada}\n`, stderr: '', exitCode: 0}

/** Whether the CLI's own code reads the keychain. */
export const readsKeychain = ({host}: PluggedHost) => Number(host.version.split('.')[0]) >= 11

/**
 * The credentials of all requests to Heroku. CLI 9's telemetry, which can't be switched off, is left out: it sends the
 * token in `.netrc`, with this plugin and without.
 */
export const tokensSent = ({heroku}: PluggedHost) =>
  heroku.requests
    .filter(({path}) => path !== '/hamurai')
    .map(({authorization}) => authorization)
    .filter(({kind}) => kind !== 'none')

/** Whether the CLI has no such command. */
export const isUnknown = ({stderr}: Finished) => stderr.includes('is not a heroku command')

/** Creates an alias for an account, as `accounts:add` does. */
export async function nameAccount({sandbox}: PluggedHost, name: string, account: string): Promise<void> {
  const folder = join(sandbox.home, '.config', 'heroku', 'accounts')
  await mkdir(folder, {recursive: true})
  await writeFile(join(folder, name), `username: ${account}\n`)
}

/** Writes a `.netrc` with only Heroku's entry. */
export const writeNetrc = ({heroku, sandbox}: PluggedHost, account: string, token: string) =>
  writeFile(join(sandbox.home, '.netrc'), `machine ${heroku.host}\n  login ${account}\n  password ${token}\n`, {
    mode: 0o600,
  })

/** Makes `secret-tool` fail; the returned function reports whether it was started since. */
export async function alarm(host: PluggedHost): Promise<() => Promise<boolean>> {
  const file = join(host.sandbox.root, `started-${host.heroku.host.replace(':', '-')}`)
  await host.secretTool(`touch '${file}'; exit 1`)
  return () =>
    access(file).then(
      () => true,
      () => false,
    )
}

/** A command's stderr on one line, without the line breaks of oclif and the terminal. */
export const saidBy = ({stderr}: Pick<Finished, 'stderr'>) => stderr.replaceAll(/\s+(?:›\s+)?/gu, ' ')

/** Asserts that Ada is logged in with this token, and that it is not in plain text. */
export async function expectOnlyInKeyring(host: PluggedHost, token: string): Promise<void> {
  expect(await inKeyring(host)).to.deep.equal({[ada]: token})
  expect(await host.read(LOGIN_JSON)).to.equal(`{"account":"${ada}"}\n`)
  expect(await host.read('.netrc')).to.equal(undefined)
}
