// A CLI command that needs a login where no user can be prompted: cron, CI, an editor's task.
import {expect} from 'chai'
import {HOST_VERSIONS} from '../support/host-versions.js'
import {type PluggedHost, startPluggedHost} from '../support/plugged-host.js'
import {keys} from '../support/terminal.js'

/** As the shell connects stdin. */
const STDIN = {'/dev/null': '</dev/null', 'a pipe': '', 'a closed descriptor': '<&-'}
const HINT = 'pipe a token to heroku login --with-token, or set HEROKU_API_KEY'

for (const version of HOST_VERSIONS.filter((version) => version !== '9.5.1'))
  describe(`heroku-keychain inside heroku@${version}, without a terminal`, function () {
    this.timeout(60_000)
    let it11: PluggedHost

    before(async function () {
      this.timeout(600_000)
      it11 = await startPluggedHost(version)
    })
    after(() => it11.stop())
    beforeEach(() => it11.reset())

    const run = (args: string[], stdin = STDIN['/dev/null']) =>
      it11.sandbox.run('/bin/sh', ['-c', `heroku "$@" ${stdin}`, 'sh', ...args], {
        // Keep text on one line, however long.
        env: {...it11.env, COLUMNS: '500'},
      })
    /** oclif's output without its indentation. */
    const unindented = (stderr: string) => stderr.replaceAll(/^ {4}/gmu, '')
    const loginRequests = () => it11.heroku.requests.filter(({path}) => path.startsWith('/auth'))

    for (const [what, stdin] of Object.entries(STDIN))
      it(`lists the ways to log in if no account is logged in and stdin is ${what}`, async () => {
        const {exitCode, stderr, stdout} = await run(['apps'], stdin)
        expect({exitCode, stdout, stderr: unindented(stderr)}).to.deep.equal({
          exitCode: 100,
          stdout: '',
          stderr: `Error: not logged in\nTry this: ${HINT}\n`,
        })
        expect(loginRequests()).to.deep.equal([])
      })

    it('does so for a command with its own client, and for one with --json', async () => {
      for (const args of [
        ['webhooks', '-a', 'an-app'],
        ['apps', '--json'],
      ]) {
        const {exitCode, stderr, stdout} = await run(args)
        expect({exitCode, stdout}, args.join(' ')).to.deep.equal({exitCode: 100, stdout: ''})
        expect(unindented(stderr)).to.equal(`Error: not logged in\nTry this: ${HINT}\n`)
      }
    })

    for (const [where, env] of Object.entries({'the keychain': {}, '.netrc': {HEROKU_NETRC_WRITE: 'true'}}))
      it(`reports that Heroku refused a token in ${where} that is no longer valid, and keeps it`, async () => {
        const issued = it11.heroku.issue()
        await it11.run(['login', '--with-token'], {input: issued.token, env})
        issued.revoked = true
        const {exitCode, stderr, stdout} = await run(['apps'])
        expect({exitCode, stdout, stderr: unindented(stderr)}).to.deep.equal({
          exitCode: 1,
          stdout: '',
          stderr: `Error: the token was refused (401): it may have expired, or been revoked\nTry this: ${HINT}\n`,
        })
        expect((await it11.run(['auth:token'])).stdout).to.equal(`${issued.token}\n`)
        expect(loginRequests()).to.deep.equal([])
      })

    it('runs a command with a token, and one that needs none', async () => {
      const {token} = it11.heroku.issue()
      await it11.run(['login', '--with-token'], {input: token})
      expect((await run(['whoami'])).stdout).to.equal('ada@example.com\n')
      await it11.run(['logout'])
      expect((await run(['version'])).exitCode).to.equal(0)
    })

    it("does not change the CLI's own login in a terminal", async () => {
      const {exitCode, screen} = await it11.inTerminal(
        ['apps'],
        [{expect: 'Press any key to open up the browser to login', raw: true, send: keys.ctrlC}],
      )
      expect(screen).not.to.include('not logged in').and.not.to.include('HEROKU_API_KEY')
      expect(exitCode).not.to.equal(100)
    })
  })
