import {expect} from 'chai'
import {mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {describeService} from '../../src/host/serve.js'
import {installHost} from '../support/host-cli.js'

const SEAM = 'export function setCredentialManagerProvider(provider) {}\n'

describe("how the CLI's own commands get their token", () => {
  let root: string
  beforeEach(() => (root = realpathSync(mkdtempSync(join(tmpdir(), 'keychain-host-')))))
  afterEach(() => {
    rmSync(root, {recursive: true, force: true})
  })

  const write = (path: string, content: string) => {
    const file = join(root, 'node_modules/@heroku-cli/command', path)
    mkdirSync(dirname(file), {recursive: true})
    writeFileSync(file, content)
  }
  const client = (version: string, seam?: string) => {
    write('package.json', JSON.stringify({name: '@heroku-cli/command', version, exports: {}}))
    if (seam !== undefined) write('lib/credential-manager.js', seam)
  }

  for (const [version, seam, how] of [
    ['11.8.0', undefined, 'netrc'],
    ['12.3.9', undefined, 'netrc'],
    ['12.4.0', SEAM, 'provider'],
    ['13.2.0', SEAM, 'provider'],
    ['12.4.0', undefined, 'unknown'],
    ['14.0.0', 'export function getAuth() {}\n', 'unknown'],
  ] as const)
    it(`is '${how}' for a client ${version} ${seam === SEAM ? 'with' : 'without'} the seam`, async () => {
      client(version, seam)
      expect(await describeService({root})).to.deep.equal({how, clientVersion: version})
    })

  it("is 'nothing' without a client, or with one that does not say what it is", async () => {
    expect(await describeService({root})).to.deep.equal({how: 'nothing'})
    write('package.json', '{"name":')
    expect(await describeService({root})).to.deep.equal({how: 'nothing'})
  })

  for (const [version, how, clientVersion] of [
    ['10.17.0', 'netrc', '11.8.0'],
    ['11.3.0', 'provider', '12.4.2'],
    ['11.10.0', 'provider', '13.2.0'],
  ] as const)
    it(`is '${how}' in heroku@${version}`, async function () {
      this.timeout(600_000)
      const host = await installHost(version)
      expect(await describeService({root: join(host.root, 'node_modules/heroku')})).to.deep.equal({how, clientVersion})
    })
})
