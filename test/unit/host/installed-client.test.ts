import {expect} from 'chai'
import {mkdirSync, symlinkSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {findClient, findNetrcParsers} from '../../../src/host/installed-client.js'
import {freshFolder} from '../../support/fresh-folder.js'

const CLIENT = join('node_modules', '@heroku-cli', 'command')
const SETTER = 'export function setCredentialManagerProvider(p) {}\n'

describe("the copy of the Heroku CLI's client that a plugin uses", () => {
  const {path: at, write} = freshFolder()
  const addPackage = (folder: string, version = '1.0.0', dependencies: Record<string, string> = {}) => {
    write(join(folder, 'package.json'), JSON.stringify({name: folder, version, dependencies, exports: './main.js'}))
  }
  const plugin = () => at('plugin')
  const moduleIn = (client: string) => join(client, 'lib', 'credential-manager.js')

  it('is undefined if there is none', () => {
    addPackage('plugin')
    expect(findClient(plugin())).to.equal(undefined)
    expect(findNetrcParsers(plugin())).to.deep.equal([])
  })

  it("is the plugin's own, else the CLI's", () => {
    addPackage('plugin')
    addPackage(CLIENT, '13.2.0')
    expect(findClient(plugin())).to.deep.include({providerModule: moduleIn(at(CLIENT)), version: '13.2.0'})
    addPackage(join('plugin', CLIENT), '11.8.0')
    expect(findClient(plugin())).to.deep.include({
      providerModule: moduleIn(join(plugin(), CLIENT)),
      version: '11.8.0',
    })
  })

  it('is named by its real path, as in node, if it is a link', () => {
    addPackage('plugin')
    addPackage('elsewhere', '13.2.0')
    mkdirSync(at(dirname(CLIENT)), {recursive: true})
    symlinkSync(at('elsewhere'), at(CLIENT))
    expect(findClient(plugin())?.providerModule).to.equal(moduleIn(at('elsewhere')))
  })

  describe('has the adapter', () => {
    const adapter = () => findClient(at(''))?.adapter

    it('provider, if it accepts a credential provider', () => {
      addPackage(CLIENT, '12.4.2')
      write(join(CLIENT, 'lib', 'credential-manager.js'), SETTER)
      expect(adapter()).to.equal('provider')
    })

    it('netrc, if it reads .netrc with netrc-parser', () => {
      addPackage(CLIENT, '11.8.0', {'netrc-parser': '^3.1.6'})
      expect(adapter()).to.equal('netrc')
    })

    it('unknown, if it is of an unknown kind', () => {
      addPackage(CLIENT, '99.0.0')
      expect(adapter()).to.equal('unknown')
      write(join(CLIENT, 'lib', 'credential-manager.js'), 'export function setProvider(p) {}\n')
      expect(adapter()).to.equal('unknown')
    })
  })

  describe('comes with copies of netrc-parser', () => {
    const PARSER = join('node_modules', 'netrc-parser')

    it('of the plugin and of its client, each once', () => {
      const needs = {'netrc-parser': '^3.1.6'}
      addPackage('plugin', '1.0.0', needs)
      addPackage(join('plugin', CLIENT), '11.8.0', needs)
      addPackage(PARSER)
      expect(findNetrcParsers(plugin())).to.deep.equal([at(PARSER)])
      addPackage(join('plugin', CLIENT, PARSER))
      expect(findNetrcParsers(plugin())).to.deep.equal([at(PARSER), join(plugin(), CLIENT, PARSER)])
    })

    it('of the client of plugins that are older than oclif', () => {
      addPackage('plugin', '1.0.0', {'heroku-cli-util': '^8.0.0'})
      addPackage(join('node_modules', 'heroku-cli-util'), '8.0.0', {'netrc-parser': '^3.1.6'})
      addPackage(PARSER)
      expect(findNetrcParsers(plugin())).to.deep.equal([at(PARSER)])
    })

    it('but not with one that neither depends on', () => {
      addPackage('plugin')
      addPackage(PARSER)
      expect(findNetrcParsers(plugin())).to.deep.equal([])
    })
  })
})
