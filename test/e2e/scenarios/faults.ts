// Failures that a user may encounter.
import {expect} from 'chai'
import {join} from 'node:path'
import {THIRD_PARTY} from '../../support/third-party.js'
import {endsWithin} from '../../support/tool-time.js'
import {traced} from '../../support/trace.js'
import {
  ada,
  expectOnlyInKeyring,
  grace,
  inKeyring,
  isAda,
  loggedIn,
  nameAccount,
  isUnknown,
  saidBy,
  type Scenario,
  tokensSent,
  writeNetrc,
} from './cell.js'

const locked: Scenario = {
  title: 'a locked keyring: every command says so, asks for no login, and keeps the login',
  async run(host) {
    const token = await loggedIn(host)
    await host.keyring.lock()
    for (const command of ['whoami', THIRD_PARTY]) {
      const failed = await host.run([command])
      expect(failed.exitCode, command).not.to.equal(0)
      expect(failed.stdout).to.equal('')
      expect(saidBy(failed)).to.include('the keyring is locked').and.to.include('unlock it')
    }

    // In a terminal it would prompt, and never end.
    const apps = await host.inTerminal(['apps'], [])
    expect(apps.exitCode).not.to.equal(0)
    expect(saidBy({stderr: apps.screen}))
      .to.include('the keyring is locked')
      .and.not.to.include('Press any key')
    expect(tokensSent(host)).to.deep.equal([])

    // The current account's name is no secret. Up to 11.5 this command only knows api.heroku.com; it sends no request.
    await nameAccount(host, 'a', ada)
    const current = await host.run(['accounts:current'], {env: {HEROKU_HOST: undefined}})
    if (!isUnknown(current)) expect(current.stdout).to.include('Current account is a')

    await host.keyring.unlock()
    await expectOnlyInKeyring(host, token)
    expect(await host.run(['whoami'])).to.deep.equal(isAda)
    return undefined
  },
}

const hanging: Scenario = {
  title: 'a keyring that never answers: told after 2 s, ended after 5, with no process left',
  async run(host) {
    const token = await loggedIn(host)
    const pause = `sleep 1000.${host.heroku.host.split(':')[1] ?? ''}`
    await host.secretTool(`${pause} & ${pause}`)
    // The limit is 5 s; the rest is the host's start.
    const failed = await endsWithin(15_000, host.run(['whoami']))
    expect(failed.exitCode).not.to.equal(0)
    expect(failed.stderr).to.include('waiting for the keyring (5 s at most)')
    expect(saidBy(failed)).to.include('the keyring did not answer within 5 s')
    expect((await host.sandbox.run('pgrep', ['-f', pause])).stdout).to.equal('')
    await expectOnlyInKeyring(host, token)
    return undefined
  },
}

const failingOnce: Scenario = {
  title: 'a keyring that fails once, and is well again: the login survives',
  async run(host) {
    const token = await loggedIn(host)
    for (const args of [['whoami'], [THIRD_PARTY]]) {
      await host.secretTool("echo 'secret-tool: Cannot spawn a message bus' >&2; exit 1")
      const failed = await host.run(args)
      expect(failed.exitCode).not.to.equal(0)
      expect(failed.stdout).to.equal('')
      expect(failed.stderr).not.to.include('not logged in')
      await host.secretTool('exec "$REAL" "$@"')
      expect(await host.run(args)).to.deep.equal(isAda)
    }

    await expectOnlyInKeyring(host, token)
    return undefined
  },
}

const someoneElse: Scenario = {
  title: "a locked keyring, and another account's token in .netrc: no account is used",
  async run(host) {
    await loggedIn(host)
    await writeNetrc(host, grace, host.heroku.issue({account: grace}).token)
    const before = await host.read('.netrc')
    await host.keyring.lock()
    for (const command of ['whoami', THIRD_PARTY]) {
      const refused = await host.run([command])
      expect(refused.exitCode).not.to.equal(0)
      expect(refused.stdout).to.equal('')
      expect(saidBy(refused)).to.include(ada).and.to.include(grace).and.to.include('HEROKU_NETRC_WRITE=true')
    }

    expect(tokensSent(host)).to.deep.equal([])
    expect(await host.read('.netrc')).to.equal(before)
    return undefined
  },
}

const metacharacters: Scenario = {
  title: 'account names with shell metacharacters: taken to the letter, nothing is executed',
  async run(host) {
    for (const account of ['a$(touch PWNED)@x.com', '-a "b\'; touch PWNED; `touch PWNED` #"$HOME\\c@x.com']) {
      const {token} = host.heroku.issue({account})
      expect((await host.run(['login', '--with-token'], {input: token})).exitCode).to.equal(0)
      expect(await inKeyring(host)).to.deep.equal({[account]: token})
      for (const command of ['whoami', THIRD_PARTY])
        expect(await host.run([command])).to.deep.equal({stdout: `${account}\n`, stderr: '', exitCode: 0})
      expect((await host.run(['logout'])).exitCode).to.equal(0)
      expect(await inKeyring(host)).to.deep.equal({})
    }

    expect((await host.sandbox.run('find', [host.sandbox.root, '-name', 'PWNED*'])).stdout).to.equal('')
    return undefined
  },
}

const secret: Scenario = {
  title: 'the token is in no argument and no environment of any process',
  async run(host) {
    const token = await loggedIn(host)
    for (const command of ['whoami', THIRD_PARTY]) {
      const {executed, ...ended} = await traced(host.sandbox, join(host.sandbox.bin, 'heroku'), [command], {
        env: host.env,
      })
      expect(ended).to.deep.equal(isAda)
      const words = executed.flatMap(({argv, env}) => [...argv, ...env])
      expect(words.some((word) => word.includes('secret-tool'))).to.equal(true)
      expect(words.filter((word) => word.includes(token))).to.deep.equal([])
    }

    return undefined
  },
}

export const faults = [locked, hanging, failingOnce, someoneElse, metacharacters, secret]
