import {expect} from 'chai'
import {writeFile} from 'node:fs/promises'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {join} from 'node:path'
import type {Fault} from '../support/loopback-heroku.js'
import {type PluggedHost, startPluggedHost} from '../support/plugged-host.js'
import {countTestsHere} from '../support/trust.js'

const ada = 'ada@example.com'

/** Responses of a captive portal, a gateway or a proxy in place of the API's. */
const PAGES: [string, Fault][] = [
  ['404 with a page', {status: 404, text: '<title>Not found</title>'}],
  ['401 with JSON that has no id', {status: 401, body: {error: 'unauthenticated'}}],
]

describe('heroku-keychain inside heroku@11.10.0, behind a proxy or portal that answers in place of the API', function () {
  this.timeout(60_000)
  countTestsHere('gateway/portal')
  let it11: PluggedHost

  before(async function () {
    this.timeout(600_000)
    it11 = await startPluggedHost('11.10.0')
  })
  after(() => it11.stop())
  beforeEach(() => it11.reset())

  const login = async (token = it11.heroku.issue().token) => {
    expect((await it11.run(['login', '--with-token'], {input: token})).exitCode).to.equal(0)
    return token
  }
  const inKeyring = async () => (await it11.tokens()).map(({attributes, secret}) => [attributes.account, secret])
  const inBetween = (fault: Fault) => {
    for (const path of ['/account', '/oauth/authorizations', '/oauth/authorizations/~', '/oauth/sessions/~'])
      it11.heroku.faults.set(path, fault)
  }
  /** oclif wraps lines. */
  const unwrapped = (text: string) => text.replaceAll(/\s+(?:›\s+)?/gu, ' ')

  for (const [what, fault] of PAGES) {
    it(`ends no login, and reports that the token could not be revoked: ${what}`, async () => {
      const token = await login()
      inBetween(fault)
      const {exitCode, stderr, stdout} = await it11.run(['logout'])
      expect({exitCode, stdout}).to.deep.equal({exitCode: 1, stdout: ''})
      expect(unwrapped(stderr))
        .to.include('the token could not be revoked, so it was left where it is')
        .and.to.include('heroku logout --local')
        .and.not.match(/done|Removed/u)
      expect(it11.heroku.revoked(token)).to.equal(false)
      expect(await inKeyring()).to.deep.equal([[ada, token]])

      it11.heroku.faults.clear()
      expect((await it11.run(['logout'])).exitCode).to.equal(0)
      expect(it11.heroku.revoked(token)).to.equal(true)
    })

    it(`calls no token invalid: ${what}`, async () => {
      const token = await login()
      inBetween(fault)
      const verified = await it11.run(['auth:token', '--verify'])
      expect(verified).to.include({exitCode: 1, stdout: ''})
      const status = await it11.run(['auth:status', '--json'])
      expect(JSON.parse(status.stdout)).to.have.nested.property('token.validity', 'unknown')
      const again = await it11.run(['login', '--with-token'], {input: token})
      expect(again).to.include({exitCode: 1, stdout: ''})
      const {host} = it11.heroku
      const entry = `machine ${host}\n  login ${ada}\n  password ${token}\n`
      await writeFile(join(it11.sandbox.home, '.netrc'), entry, {mode: 0o600})
      const migrated = await it11.run(['auth:migrate', '--prune'])
      expect(migrated).to.include({exitCode: 1, stdout: ''})
      expect(await it11.read('.netrc')).to.equal(entry)
      for (const {stderr} of [verified, again, migrated]) expect(unwrapped(stderr)).not.to.match(/not valid/u)
    })
  }

  it('does not send the token to a particleboard outside of the list of hosts', async () => {
    await login()
    const requests: (string | undefined)[] = []
    const server = createServer((request, response) => {
      requests.push(request.headers.authorization)
      response.end('{}')
    })
    const port = await new Promise((resolve) => {
      server.listen(0, '127.0.0.2', () => {
        resolve((server.address() as AddressInfo).port)
      })
    })
    try {
      const env = {HEROKU_PARTICLEBOARD_URL: `http://127.0.0.2:${String(port)}`}
      const {stderr, stdout} = await it11.run(['whoami'], {env})
      expect(stdout).to.equal(`${ada}\n`)
      expect(stderr).to.include("HEROKU_PARTICLEBOARD_URL is set to a host that is not Heroku's; it is ignored")
      expect(requests).to.deep.equal([])
    } finally {
      server.close()
    }
  })

  describe('logout', () => {
    beforeEach(() => {
      it11.heroku.redacted = true
    })

    it("revokes no authorization if several may be the token's, and reports it", async () => {
      const key = it11.heroku.issue({token: 'HRKU-ABCD-the-ci-key-wxyz'})
      const token = await login(it11.heroku.issue({token: 'HRKU-ABCD-ours-wxyz'}).token)
      const {exitCode, stderr, stdout} = await it11.run(['logout'])
      expect({exitCode, stdout}).to.deep.equal({exitCode: 1, stdout: ''})
      expect(unwrapped(stderr))
        .to.include('shows 2 authorizations that may be of this token, so none was revoked')
        .and.to.include('heroku authorizations:revoke ID')
        .and.to.include('heroku logout --local')
      expect([it11.heroku.revoked(token), key.revoked]).to.deep.equal([false, false])
      expect(await inKeyring()).to.deep.equal([[ada, token]])
      expect((await it11.run(['logout', '--local'])).exitCode).to.equal(0)
    })

    it('finds its authorization after 400 others', async () => {
      const others = Array.from({length: 400}, () => it11.heroku.issue())
      const token = await login()
      const {exitCode} = await it11.run(['logout'])
      expect(exitCode).to.equal(0)
      expect(it11.heroku.revoked(token)).to.equal(true)
      expect(others.some(({revoked}) => revoked)).to.equal(false)
    })
  })
})
