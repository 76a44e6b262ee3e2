// The helper finds the data folder where oclif does: compared with the installed oclif. Needs `npm run build`.
import {expect} from 'chai'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {dataDirOf, sharedFolder} from '../../../src/git/data-dir.js'
import {openSandbox, type Sandbox} from '../../support/sandbox.js'

const OCLIF = import.meta.resolve('@oclif/core')
const OURS = new URL('../../../dist/git/data-dir.js', import.meta.url)

/** Prints the data folders that oclif and our code find in each environment, on `platform`. */
const PROGRAM = `
import {Config} from ${JSON.stringify(OCLIF)}
import {dataDirOf} from ${JSON.stringify(OURS)}
const [root, platform, ...environments] = process.argv.slice(2)
Object.defineProperty(process, 'platform', {value: platform})
const [theirs, ours] = [[], []]
for (const each of environments) {
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, JSON.parse(each))
  theirs.push((await Config.load({root})).dataDir)
  ours.push(dataDirOf(process.env))
}
console.log(JSON.stringify({theirs, ours}))
`

describe('dataDirOf', () => {
  let sandbox: Sandbox
  before(() => {
    sandbox = openSandbox()
  })
  after(() => sandbox.close())

  const variables = {
    HEROKU_DATA_DIR: [undefined, '', '/data', 'relative'],
    XDG_DATA_HOME: [undefined, '', '/xdg'],
    LOCALAPPDATA: [undefined, '', '/local'],
    HOME: [undefined, '', '/home/ada'],
    HOMEDRIVE: [undefined, '/drive'],
    HOMEPATH: [undefined, '/path'],
    USERPROFILE: [undefined, '/profile'],
  }

  /** Every combination. */
  let environments: NodeJS.ProcessEnv[] = [{}]
  for (const [name, values] of Object.entries(variables))
    environments = environments.flatMap((env) =>
      values.map((value) => (value === undefined ? env : {...env, [name]: value})),
    )

  for (const platform of ['linux', 'darwin', 'win32'] as const)
    it(`returns oclif's data folder in every environment (${platform})`, async function () {
      this.timeout(60_000)
      await writeFile(
        join(sandbox.home, 'package.json'),
        JSON.stringify({name: 'heroku', version: '1.0.0', oclif: {bin: 'heroku', dirname: 'heroku'}}),
      )
      await writeFile(join(sandbox.home, 'ask.mjs'), PROGRAM)
      const args = environments.map((env) => JSON.stringify(env))
      const {stderr, stdout} = await sandbox.run('node', ['ask.mjs', sandbox.home, platform, ...args])
      expect(stdout, stderr).not.to.equal('')
      const {ours, theirs} = JSON.parse(stdout) as Record<'ours' | 'theirs', string[]>
      expect(theirs).to.have.length(environments.length)
      expect(ours).to.deep.equal(theirs)
    })

  it('returns sharedFolder by default, which ignores the variables of oclif', () => {
    for (const [env, platform] of [
      [{HOME: '/home/ada'}, 'linux'],
      [{HOME: '/Users/ada'}, 'darwin'],
      [{USERPROFILE: '/profile', LOCALAPPDATA: '/profile/AppData/Local'}, 'win32'],
    ] as const) {
      const shared = dataDirOf(env, platform)
      expect(sharedFolder(env, platform)).to.equal(shared)
      for (const name of ['HEROKU_DATA_DIR', 'XDG_DATA_HOME', 'LOCALAPPDATA'])
        expect(sharedFolder({...env, [name]: '/elsewhere'}, platform)).to.equal(shared)
    }
  })
})
