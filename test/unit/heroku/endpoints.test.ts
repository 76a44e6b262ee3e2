import {expect} from 'chai'
import fc from 'fast-check'
import {endpointsFrom, isAllowedHost, isForeignUrl} from '../../../src/heroku/endpoints.js'

const LOGIN = 'https://cli-auth.heroku.com'
const usual = {
  apiUrl: 'https://api.heroku.com',
  api: 'api.heroku.com',
  git: 'git.heroku.com',
  loginUrl: LOGIN,
  warnings: [],
}
const ignored = (variable: string) => `${variable} is set to a host that is not Heroku's; it is ignored`

/** The endpoints for a domain in HEROKU_HOST. */
const below = (domain: string) => ({
  ...usual,
  apiUrl: `https://api.${domain}`,
  api: `api.${domain}`,
  git: `git.${domain}`,
})
/** The endpoints for a URL in HEROKU_HOST. */
const at = (apiUrl: string, host: string) => ({...usual, apiUrl, api: host, git: host})

const foreign = [
  'evilheroku.com',
  'heroku.com.evil.com',
  'heroku.com-evil.com',
  'xheroku.com',
  'heroku.co',
  'heroku.comm',
  'com',
  'evil.com',
  'herokuapp.com',
  'herokussl.com',
  'heroku.com.',
  'heroku.com@evil.com',
  'heroku.com:80@evil.com',
  'ada@heroku.com',
  'ada:secret@heroku.com',
  'https://ada:secret@heroku.com',
  'https://heroku.com@evil.com',
  'https://heroku.com.evil.com',
  String.raw`evil.com\heroku.com`,
  'evil.com/heroku.com',
  'evil.com#heroku.com',
  'evil.com?heroku.com',
  'https://evil.com#.heroku.com',
  'heroku.com/path',
  'https://heroku.com/path',
  'https://heroku.com/?query',
  'https://heroku.com/#hash',
  'http://heroku.com',
  'http://api.heroku.com',
  'http://staging.herokudev.com:8080',
  'ftp://heroku.com',
  'file:///heroku.com',
  'javascript:heroku.com',
  'HTTPS://heroku.com',
  'heroku.com, evil.com',
  'heroku.com evil.com',
  ' ',
  '*',
  '.',
  ':',
  'heroku.com:99999',
  'hеroku.com', // a Cyrillic letter
  'localhost.evil.com',
  'mylocalhost',
  'evil.localhost',
  'localhost@evil.com',
  '127.0.0.1.evil.com',
  '127.0.0.2',
  '10.0.0.1',
  '0.0.0.0',
  '[::1]',
  'https://[::1]:5000',
  'http://127.0.0.1.evil.com',
  'http://localhost.evil.com',
  'http://localhost:5000/path',
  'http://user@localhost:5000',
]

describe('the endpoints from the environment', () => {
  it("are Heroku's if no variable is set, or all are empty", () => {
    expect(endpointsFrom({})).to.deep.equal(usual)
    expect(endpointsFrom({HEROKU_HOST: '', HEROKU_GIT_HOST: '', HEROKU_LOGIN_HOST: ''})).to.deep.equal(usual)
  })

  describe('by HEROKU_HOST', () => {
    const domains: [string, ReturnType<typeof below>][] = [
      ['heroku.com', usual],
      ['herokai.com', below('herokai.com')],
      ['herokuspace.com', below('herokuspace.com')],
      ['herokudev.com', below('herokudev.com')],
      ['staging.herokudev.com', below('staging.herokudev.com')],
      ['a.b-c.herokai.com', below('a.b-c.herokai.com')],
      ['heroku.com:8443', below('heroku.com:8443')],
      ['Heroku.COM', usual],
      ['heroku.com/', usual],
      ['heroku.com:443', usual],
      ['localhost', below('localhost')],
      ['localhost:5000', below('localhost:5000')],
      ['https://heroku.com', at('https://heroku.com', 'heroku.com')],
      ['https://api.staging.herokudev.com', at('https://api.staging.herokudev.com', 'api.staging.herokudev.com')],
      ['https://heroku.com:8443/', at('https://heroku.com:8443', 'heroku.com:8443')],
      ['http://localhost', at('http://localhost', 'localhost')],
      ['http://localhost:5000', at('http://localhost:5000', 'localhost:5000')],
      ['http://127.0.0.1:5000', at('http://127.0.0.1:5000', '127.0.0.1:5000')],
      ['https://127.0.0.1', at('https://127.0.0.1', '127.0.0.1')],
      // An IP address has no subdomains.
      ['127.0.0.1', at('https://127.0.0.1', '127.0.0.1')],
      ['127.0.0.1:5000', at('https://127.0.0.1:5000', '127.0.0.1:5000')],
    ]
    for (const [value, hosts] of domains)
      it(`${value} are ${hosts.apiUrl} and ${hosts.git}`, () => {
        expect(endpointsFrom({HEROKU_HOST: value})).to.deep.equal(hosts)
      })

    for (const value of foreign)
      it(`${JSON.stringify(value)} are the default, with a warning that does not repeat it`, () => {
        expect(endpointsFrom({HEROKU_HOST: value})).to.deep.equal({...usual, warnings: [ignored('HEROKU_HOST')]})
      })
  })

  describe('by HEROKU_GIT_HOST', () => {
    for (const [value, git] of [
      ['git.herokai.com', 'git.herokai.com'],
      ['heroku.com', 'heroku.com'],
      ['https://git.staging.herokudev.com', 'git.staging.herokudev.com'],
      ['localhost:5000', 'localhost:5000'],
      ['http://127.0.0.1:5000', '127.0.0.1:5000'],
    ] as const)
      it(`${value} have ${git} for git, and no other change`, () => {
        expect(endpointsFrom({HEROKU_GIT_HOST: value})).to.deep.equal({...usual, git})
      })

    for (const value of foreign)
      it(`${JSON.stringify(value)} are the default, with a warning`, () => {
        expect(endpointsFrom({HEROKU_GIT_HOST: value})).to.deep.equal({
          ...usual,
          warnings: [ignored('HEROKU_GIT_HOST')],
        })
      })
  })

  it('are ignored separately', () => {
    expect(endpointsFrom({HEROKU_HOST: 'evil.com', HEROKU_GIT_HOST: 'git.herokai.com'})).to.deep.equal({
      ...usual,
      git: 'git.herokai.com',
      warnings: [ignored('HEROKU_HOST')],
    })
    expect(endpointsFrom({HEROKU_HOST: 'herokai.com', HEROKU_GIT_HOST: 'evil.com'})).to.deep.equal({
      ...below('herokai.com'),
      warnings: [ignored('HEROKU_GIT_HOST')],
    })
    expect(endpointsFrom({HEROKU_HOST: 'evil.com', HEROKU_GIT_HOST: 'evil.com'}).warnings).to.deep.equal([
      ignored('HEROKU_HOST'),
      ignored('HEROKU_GIT_HOST'),
    ])
  })

  it('have the login host of HEROKU_LOGIN_HOST, without slashes at the end', () => {
    expect(endpointsFrom({HEROKU_LOGIN_HOST: 'http://127.0.0.1:5000//'})).to.deep.equal({
      ...usual,
      loginUrl: 'http://127.0.0.1:5000',
    })
  })

  it('are the only ones that a file may name', () => {
    for (const HEROKU_HOST of [
      '',
      'herokai.com',
      'localhost',
      'localhost:5000',
      '127.0.0.1:5000',
      'https://a.herokudev.com',
    ])
      for (const HEROKU_GIT_HOST of ['', 'git.herokudev.com', 'localhost:5001', '127.0.0.1']) {
        const {api, git} = endpointsFrom({HEROKU_HOST, HEROKU_GIT_HOST})
        expect([isAllowedHost(api), isAllowedHost(git)], `${api} ${git}`).to.deep.equal([true, true])
      }
    for (const name of [...foreign, '', 'https://heroku.com', 'x.localhost', 'api.127.0.0.1', 'api.git.localhost'])
      expect(isAllowedHost(name), name).to.equal(false)
  })

  for (const value of ['https://login.herokudev.com', 'https://login.herokudev.com/', 'login.herokudev.com'])
    it(`have the login host of HEROKU_LOGIN_HOST=${value}`, () => {
      expect(endpointsFrom({HEROKU_LOGIN_HOST: value})).to.deep.equal({
        ...usual,
        loginUrl: 'https://login.herokudev.com',
      })
    })

  for (const value of [
    ...['https://evil.com', 'evil.com', 'https://heroku.com.evil.com', 'https://cli-auth.heroku.com@evil.com'],
    ...[
      'http://cli-auth.heroku.com',
      'https://cli-auth.heroku.com/a',
      'https://cli-auth.heroku.com?a',
      'http://127.0.0.2',
    ],
    ...['ftp://cli-auth.heroku.com', 'https://', '//', '$(calc)'],
  ])
    it(`ignore the login host HEROKU_LOGIN_HOST=${value}`, () => {
      expect(endpointsFrom({HEROKU_LOGIN_HOST: value})).to.deep.equal({
        ...usual,
        warnings: [ignored('HEROKU_LOGIN_HOST')],
      })
    })

  it('have the particleboard only at an allowed host that was named', () => {
    for (const value of ['https://particleboard.heroku.com', 'https://pb.herokudev.com/', 'http://127.0.0.1:5000'])
      expect(isForeignUrl(value), value).to.equal(false)
    for (const value of ['', undefined]) expect(isForeignUrl(value)).to.equal(false)
    for (const value of ['https://evil.com', 'http://particleboard.heroku.com', 'https://heroku.com@evil.com', 'x y'])
      expect(isForeignUrl(value), value).to.equal(true)
  })

  it('are allowed hosts with valid URLs, for any variables', () => {
    const listed = /^(?:[^/@?#\\:]*\.)?(?:heroku|herokai|herokuspace|herokudev)\.com(?::\d+)?$/u
    const loopback = /^(?:(?:api\.|git\.)?localhost|127\.0\.0\.1)(?::\d+)?$/u
    const piece = fc.oneof(
      fc.constantFrom('heroku.com', 'herokai.com', 'localhost', '127.0.0.1', 'evil.com', 'https://', 'http://', 'api'),
      fc.constantFrom('.', '@', ':', '/', '\\', '#', '?', '%2e', '%40', '\t', '\n', '。', '443', '80'),
      fc.string({maxLength: 3, unit: 'binary'}),
    )
    const host = fc.array(piece, {maxLength: 5}).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(host, host, (HEROKU_HOST, HEROKU_GIT_HOST) => {
        const {api, apiUrl, git} = endpointsFrom({HEROKU_HOST, HEROKU_GIT_HOST})
        for (const each of [api, git]) expect(listed.test(each) || loopback.test(each), each).to.equal(true)
        const url = new URL(apiUrl)
        expect(url.host).to.equal(api)
        expect(url.origin).to.equal(apiUrl)
        expect(url.protocol === 'https:' || loopback.test(api), apiUrl).to.equal(true)
      }),
      {numRuns: 3000},
    )
  })
})
