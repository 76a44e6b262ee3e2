import {expect} from 'chai'
import fc from 'fast-check'
import {formatAnswer, isFor, parseRequest} from '../../../src/git/protocol.js'

const plain = {authtype: false, username: undefined}
const modern = {authtype: true, username: undefined}

describe("git's credential helper protocol", () => {
  it('stops at an empty line, accepts CRLF, and splits at the first equals sign', () => {
    const input = 'capability[]=authtype\r\nprotocol=https\r\nhost=a=b\r\nnonsense\r\n=x\r\n\r\nhost=later\r\n'
    expect(parseRequest(input)).to.deep.equal({
      protocol: 'https',
      host: 'a=b',
      username: undefined,
      authtype: true,
    })
  })

  it('parses any input', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary', maxLength: 300}), (input) => Boolean(parseRequest(input))),
      {numRuns: 1000},
    )
  })

  it('uses the last protocol and host of a request', () => {
    const line = fc.string({unit: 'binary', maxLength: 20}).map((text) => text.replaceAll(/[\r\n]/gu, ' '))
    const noise = fc.array(
      fc
        .tuple(line, line)
        .map((pair) => pair.join('='))
        .filter((each) => !/^(?:protocol|host)=|^$/u.test(each)),
      {maxLength: 5},
    )
    const host = fc.oneof(fc.constantFrom('git.heroku.com', 'git.heroku.com:443', 'GIT.HEROKU.COM'), line)
    const protocol = fc.oneof(fc.constant('https'), line)
    const end = fc.constantFrom('\n', '\r\n')
    fc.assert(
      fc.property(fc.tuple(noise, protocol, noise, host, noise, end), ([first, protocol, then, host, last, end]) => {
        const input = [...first, `protocol=${protocol}`, ...then, `host=${host}`, ...last, ''].join(end)
        const ours = protocol === 'https' && ['git.heroku.com', 'git.heroku.com:443'].includes(host.toLowerCase())
        expect(isFor('git.heroku.com', parseRequest(input))).to.equal(ours)
      }),
      {numRuns: 5000},
    )
  })

  it('accepts only https and one host, in any case and with the default port', () => {
    const asked = (protocol: string, host: string) => isFor('git.heroku.com', {protocol, host})
    expect(asked('https', 'GIT.heroku.com:443')).to.equal(true)
    for (const [protocol, host] of [
      ['http', 'git.heroku.com'],
      ['https', 'git.heroku.com:8443'],
      ['https', 'git.heroku.com.evil.example'],
      ['https', 'evil-git.heroku.com'],
      ['https', ''],
    ] as const)
      expect(asked(protocol, host), `${protocol} ${host}`).to.equal(false)
    expect(isFor('git.heroku.com', {protocol: undefined, host: undefined})).to.equal(false)
  })

  for (const [capabilities, offered] of [
    [[], false],
    [['authtype'], true],
    [['state', 'authtype'], true],
    [['authtype', 'state'], true],
    [['authtype', ''], false],
    [['authtype', '', 'authtype'], true],
    [['Authtype'], false],
    [['authtype2'], false],
  ] as const)
    it(`${offered ? 'uses' : 'does not use'} authtype with ${JSON.stringify(capabilities)}`, () => {
      const input = `${capabilities.map((each) => `capability[]=${each}\n`).join('')}protocol=https\n\n`
      expect(parseRequest(input).authtype).to.equal(offered)
    })

  it('answers with a user name and a password', () => {
    expect(formatAnswer('HRKU-1', plain)).to.equal('username=heroku\npassword=HRKU-1\n')
  })

  it('answers with an ephemeral credential and no password if git supports authtype', () => {
    expect(formatAnswer('HRKU-1', modern)).to.equal(
      `capability[]=authtype\nauthtype=Basic\ncredential=${btoa('heroku:HRKU-1')}\nephemeral=1\n`,
    )
    const long = `HRKU-${'x'.repeat(200)}`
    expect(formatAnswer(long, modern)).to.include(`\ncredential=${btoa(`heroku:${long}`)}\n`)
  })

  it("repeats the request's username, unless it has a colon", () => {
    for (const [asked, answered] of [
      ['ada@example.com', 'ada@example.com'],
      ['a=b', 'a=b'],
      ['', 'heroku'],
      ['ada:x', 'heroku'],
    ] as const) {
      expect(formatAnswer('HRKU-1', {...plain, username: asked})).to.equal(`username=${answered}\npassword=HRKU-1\n`)
      expect(formatAnswer('HRKU-1', {...modern, username: asked})).to.include(
        `\ncredential=${btoa(`${answered}:HRKU-1`)}\n`,
      )
    }
  })

  it('tells git until when the token is valid, in whole seconds, if that is known', () => {
    const expiry = 'password_expiry_utc=1893456000\n'
    for (const request of [plain, modern]) {
      const answer = formatAnswer('HRKU-1', request)
      expect(formatAnswer('HRKU-1', request, '2030-01-01T00:00:00.999Z')).to.equal(answer + expiry)
      for (const unknown of ['', 'soon', '99999-99-99'])
        expect(formatAnswer('HRKU-1', request, unknown)).to.equal(answer)
    }
  })

  it('gives an empty answer for a token that would add lines', () => {
    for (const token of ['HRKU\nquit=1', 'HRKU\r', 'HRKU\0'])
      for (const request of [plain, modern]) expect(formatAnswer(token, request)).to.equal('')
  })
})
