import {expect} from 'chai'
import {readFileSync} from 'node:fs'
import {stripVTControlCharacters} from 'node:util'
import {buildReport} from '../../../src/status/checks.js'
import {screen, showsUnicode} from '../../../src/status/screen.js'
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

describe('the screen of auth:status', () => {
  const screens = readScreens()
  const plain = {colour: false, unicode: true}

  for (const [state, facts] of Object.entries(STATES))
    it(`equals the expected screen: ${state}`, () => {
      const report = buildReport(facts, 'heroku', NOW)
      expect([report.verdict, ...screen(report, plain)].join('\n')).to.equal(screens.get(state))
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
    const {checks} = buildReport({...healthy, token: {...adas, validity: 'invalid'}}, 'heroku', NOW)
    const lines = screen({checks}, {colour: true, unicode: true})
    expect(lines.slice(0, 4)).to.deep.equal([
      '\u001B[32m✓\u001B[39m token       HRKU-******** from the keyring, as no variable says otherwise',
      '\u001B[32m✓\u001B[39m account     ada@example.com',
      '\u001B[31m✗\u001B[39m validity    not valid: it has expired, or was revoked',
      '              \u001B[36m→ heroku login\u001B[39m',
    ])
    expect(lines.map(stripVTControlCharacters)).to.deep.equal(screen({checks}, plain))
  })

  it('replaces control characters in account names', () => {
    const account = 'a\u001B[2J\n\u202Eb@example.com'
    const keychain = {...healthy.keychain, accounts: [{account, current: true}]}
    const report = buildReport({...healthy, token: {...adas, account}, keychain}, 'heroku', NOW)
    expect(screen(report, plain).filter((line) => line.includes('@'))).to.deep.equal([
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
