// docs/commands.md is generated from the commands.
import {expect} from 'chai'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {reference} from '../scripts/readme.js'
import {packPlugin} from './support/host-cli.js'
import {REPOSITORY} from './support/npm.js'

describe('docs/commands.md', function () {
  this.timeout(120_000)
  // Builds and writes the manifest.
  before(() => packPlugin())

  it('is what `npm run readme` writes', async () => {
    expect(readFileSync(join(REPOSITORY, 'docs', 'commands.md'), 'utf8')).to.equal(await reference())
  })

  it('has all commands that are not hidden, with their names in the Heroku CLI', () => {
    const {commands} = JSON.parse(readFileSync(join(REPOSITORY, 'oclif.manifest.json'), 'utf8')) as {
      commands: Record<string, {hidden: boolean}>
    }
    const visible = Object.keys(commands).filter((id) => commands[id]?.hidden !== true)
    const doc = readFileSync(join(REPOSITORY, 'docs', 'commands.md'), 'utf8')
    expect([...doc.matchAll(/^## heroku (.+)$/gmu)].map(([, id]) => id).sort()).to.deep.equal(visible.sort())
    expect(doc).not.to.include('heroku-keychain auth')
  })
})
