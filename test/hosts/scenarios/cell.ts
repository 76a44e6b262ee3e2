// What every scenario needs: somebody who is logged in on one host, and what to look at.
import {expect} from 'chai'
import {access, mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {PluggedHost} from '../../support/plugged-host.js'
import type {Finished} from '../../support/sandbox.js'

/**
 * Something that a user does on a host.
 * @returns nothing if it is as promised; a short text for the table if the host cannot do it
 * @throws {Error} if it is not as promised
 */
export interface Scenario {
  /** The row of the table. */
  title: string
  run(host: PluggedHost): Promise<string | undefined>
}

export const ada = 'ada@example.com'
export const grace = 'grace@example.com'
export const LOGIN_JSON = '.local/share/heroku/login.json'

/** Makes an account current, its token in the keyring alone: byte for byte as a login does, and far sooner. */
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

/** The token that the Heroku of this test has issued last. */
export const issued = ({heroku}: PluggedHost) => heroku.tokens.at(-1)?.token ?? 'no token was issued'

export const isAda: Finished = {stdout: `${ada}\n`, stderr: '', exitCode: 0}

/** Whether the CLI reads the keychain by its own code. */
export const readsKeychain = ({host}: PluggedHost) => Number(host.version.split('.')[0]) >= 11

/**
 * How Heroku was told who somebody is, each time that it was. Left out is the report of which command was run, which CLI 9
 * cannot be kept from: it carries what `.netrc` holds, with this plugin and without.
 */
export const tokensSent = ({heroku}: PluggedHost) =>
  heroku.requests
    .filter(({path}) => path !== '/hamurai')
    .map(({authorization}) => authorization)
    .filter(({kind}) => kind !== 'none')

/** Whether the CLI has no such command. */
export const isUnknown = ({stderr}: Finished) => stderr.includes('is not a heroku command')

/** Gives an account a name, as `accounts:add` does. */
export async function nameAccount({sandbox}: PluggedHost, name: string, account: string): Promise<void> {
  const folder = join(sandbox.home, '.config', 'heroku', 'accounts')
  await mkdir(folder, {recursive: true})
  await writeFile(join(folder, name), `username: ${account}\n`)
}

/** Heroku's entry in `.netrc`. */
export const writeNetrc = ({heroku, sandbox}: PluggedHost, account: string, token: string) =>
  writeFile(join(sandbox.home, '.netrc'), `machine ${heroku.host}\n  login ${account}\n  password ${token}\n`, {
    mode: 0o600,
  })

/** Has `secret-tool` fail, and tell; what is given back says whether it was started since. */
export async function alarm(host: PluggedHost): Promise<() => Promise<boolean>> {
  const file = join(host.sandbox.root, `started-${host.heroku.host.replace(':', '-')}`)
  await host.secretTool(`touch '${file}'; exit 1`)
  return () =>
    access(file).then(
      () => true,
      () => false,
    )
}

/** What a command has said, however oclif and the terminal have wrapped it. */
export const saidBy = ({stderr}: Pick<Finished, 'stderr'>) => stderr.replaceAll(/\s+(?:›\s+)?/gu, ' ')

/** That Ada is logged in with this token, which is nowhere in plain text. */
export async function expectOnlyInKeyring(host: PluggedHost, token: string): Promise<void> {
  expect(await inKeyring(host)).to.deep.equal({[ada]: token})
  expect(await host.read(LOGIN_JSON)).to.equal(`{"account":"${ada}"}\n`)
  expect(await host.read('.netrc')).to.equal(undefined)
}
