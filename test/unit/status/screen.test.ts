import {expect} from 'chai'
import {readFileSync} from 'node:fs'
import {stripVTControlCharacters} from 'node:util'
import {buildReport} from '../../../src/status/checks.js'
import {screen, showsUnicode} from '../../../src/status/screen.js'
import type {Facts} from '../../../src/status/report.js'
import {adas, healthy, NOW} from '../../support/example-facts.js'
import {STATES} from '../../support/example-states.js'

/** The screens by state: `== state: verdict`, followed by the lines. */
function readScreens(): Map<string, string> {
  const text = readFileSync(new URL('./screens.txt', import.meta.url), 'utf8')
  return new Map(
    text
      .split(/^== /mu)
      .slice(1)
      .map((part) => {
        const end = part.lastIndexOf(': ', part.indexOf('\n'))
        return [part.slice(0, end), part.slice(end + 2).trimEnd()]
      }),
  )
}

/** Their difference is seen only with --verbose. */
const VERBOSE = ['Heroku CLI 10', 'the plugin by itself']

describe('the screen of auth:status', () => {
  const screens = readScreens()
  const plain = {colour: false, unicode: true, home: '/home/ada'}

  for (const [state, facts] of Object.entries(STATES))
    it(`equals the expected screen: ${state}`, () => {
      const report = buildReport(facts, 'heroku', NOW)
      expect([report.verdict, ...screen(report, plain, VERBOSE.includes(state))].join('\n')).to.equal(
        screens.get(state),
      )
    })

  it('has an expected screen for each state, and no other', () => {
    expect([...screens.keys()].sort()).to.deep.equal(Object.keys(STATES).sort())
  })

  it('is plain ASCII if the locale does not use UTF-8', () => {
    for (const facts of Object.values(STATES)) {
      const lines = screen(buildReport(facts, 'heroku', NOW), {colour: false, unicode: false})
      // eslint-disable-next-line no-control-regex -- all of ASCII is meant
      expect(lines.join('')).to.match(/^[\u0000-\u007F]*$/u)
    }
  })

  it('colours only marks and hints', () => {
    const report = buildReport({...healthy, token: {...adas, validity: 'invalid'}}, 'heroku', NOW)
    const lines = screen(report, {colour: true, unicode: true})
    expect(lines.slice(1, 5)).to.deep.equal([
      '\u001B[32m✓\u001B[39m token       HRKU-******** from the keyring, as no variable says otherwise',
      '\u001B[32m✓\u001B[39m account     ada@example.com',
      '\u001B[31m✗\u001B[39m validity    not valid: it has expired, or was revoked',
      '              \u001B[36m→ heroku login\u001B[39m',
    ])
    expect(lines.map(stripVTControlCharacters)).to.deep.equal(screen(report, plain))
  })

  it('shows the hosts and versions only if asked, or if something is wrong with them', () => {
    const details = (facts: Facts, verbose?: boolean) =>
      screen(buildReport(facts, 'heroku', NOW), plain, verbose).filter((line) => /^. (?:host|heroku) /u.test(line))
    expect(details(healthy)).to.deep.equal([])
    expect(details(healthy, true)).to.have.length(2)
    const warnings = ["HEROKU_HOST is set to a host that is not Heroku's; it is ignored"]
    expect(details({...healthy, host: {...healthy.host, warnings}})).to.deep.equal([
      `! host        ${warnings[0] ?? ''}`,
    ])
  })

  it('fits into 80 columns and into 40, but for commands and long words', () => {
    for (const columns of [80, 40])
      for (const facts of Object.values(STATES)) {
        const lines = screen(buildReport(facts, 'heroku', NOW), {...plain, columns}).slice(1)
        const tooLong = lines.filter((line) => line.length > columns && !line.includes('→') && /^.{14}.* /u.test(line))
        expect(tooLong).to.deep.equal([])
      }
    const facts = {
      ...healthy,
      account: {...healthy.account, by: 'git config', file: '/home/ada/work.gitconfig'} as const,
    }
    expect(screen(buildReport(facts, 'heroku', NOW), {...plain, columns: 40}).slice(2, 6)).to.deep.equal([
      '              keyring, as no variable',
      '              says otherwise',
      '✓ account     ada@example.com, selected',
      '              by git config',
    ])
  })

  it('replaces control characters in account names', () => {
    const account = 'a\u001B[2J\n\u202Eb@example.com'
    const keychain = {...healthy.keychain, accounts: [{account, current: true}]}
    const report = buildReport({...healthy, token: {...adas, account}, keychain}, 'heroku', NOW)
    expect(screen(report, plain).filter((line) => line.includes('@'))).to.deep.equal([
      'Logged in as a\uFFFD[2J\uFFFD\uFFFDb@example.com (keyring)',
      '✓ account     a\uFFFD[2J\uFFFD\uFFFDb@example.com',
      '              * a\uFFFD[2J\uFFFD\uFFFDb@example.com',
    ])
  })

  for (const [env, shows] of [
    [{LANG: 'en_US.UTF-8'}, true],
    [{LC_CTYPE: 'C.utf8', LANG: 'C'}, true],
    [{LC_ALL: 'C', LANG: 'en_US.UTF-8'}, false],
    [{LC_ALL: '', LANG: 'en_US.UTF-8'}, true],
    [{LANG: 'de_DE.ISO-8859-1'}, false],
    [{WT_SESSION: 'a-terminal'}, true],
    [{}, false],
  ] as const)
    it(`shows ${shows ? 'Unicode' : 'only ASCII'} with ${JSON.stringify(env)}`, () => {
      expect(showsUnicode(env)).to.equal(shows)
    })
})
