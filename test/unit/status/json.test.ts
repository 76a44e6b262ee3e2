import {expect} from 'chai'
import {readFileSync} from 'node:fs'
import {buildReport} from '../../../src/status/checks.js'
import {healthy, NOW} from '../../support/example-facts.js'
import {STATES} from '../../support/example-states.js'

const doc = readFileSync(new URL('../../../docs/status-json.md', import.meta.url), 'utf8')

/** Every field of a value, as `a`, `a.b`, `a[].b`. */
function fieldsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => fieldsOf(each, `${path}[]`))
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([name, inner]) => fieldsOf(inner, path === '' ? name : `${path}.${name}`))
}

describe('the JSON of auth:status', () => {
  const reports = Object.values(STATES).map((facts) => buildReport(facts, 'heroku', NOW))

  it('equals the example in its documentation', () => {
    const [, example = ''] = /```json\n(.*?)```/su.exec(doc) ?? []
    expect(JSON.parse(example)).to.deep.equal(JSON.parse(JSON.stringify(buildReport(healthy, 'heroku', NOW))))
  })

  it('has only documented fields', () => {
    const rows = doc.split('\n').filter((line) => line.startsWith('| `'))
    const isNamed = (field: string) =>
      rows.some((row) => row.includes(`\`${field}\``)) ||
      // The row of an object describes its small fields.
      rows.some((row) => {
        const [, whole = '', part = ''] = /^(.*)\.([^.]+)$/u.exec(field) ?? []
        return row.startsWith(`| \`${whole}\``) && row.includes(`\`${part}\``)
      })
    const fields = new Set(reports.flatMap((report) => fieldsOf(report)).map((field) => field.replace(/\[\]$/u, '')))
    expect([...fields].filter((field) => !isNamed(field) && !isNamed(`${field}[]`))).to.deep.equal([])
    expect([...fields]).to.include.members([
      'version',
      'token.tier',
      'keychain.accounts[].current',
      'git.droppedBy.file',
    ])
  })

  it('has only documented values', () => {
    const values = reports.flatMap(({cli, git, keychain, plainText, stores, token, verdict}) => [
      verdict,
      git.state,
      keychain.state,
      cli.how,
      stores.by,
      ...stores.available.map(({name}) => name),
      ...plainText.map(({kind}) => kind),
      ...(token ? [token.tier, token.source, token.validity] : []),
    ])
    expect([...new Set(values)].filter((value) => !doc.includes(`\`${value}\``))).to.deep.equal([])
  })

  it('is unchanged after it is printed and parsed', () => {
    for (const report of reports) expect(JSON.parse(JSON.stringify(report))).to.deep.equal(report)
  })

  it('has a verdict of failure only if a check or the lookup failed', () => {
    for (const {checks, noToken, token, verdict} of reports) {
      const isWrong = checks.some(({level}) => level === 'error')
      const expected = token ? (isWrong ? 'trouble' : 'healthy') : noToken?.isTrouble ? 'trouble' : 'not logged in'
      expect(verdict).to.equal(expected)
    }
  })
})
