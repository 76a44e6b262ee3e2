import type {Hook, Interfaces} from '@oclif/core'
import {expect} from 'chai'
import init from '../../src/hooks/init.js'
import {freshUser} from '../support/user.js'

const THE_CLIS = './dist/hooks/init/configure-git-credential-manager'

describe('the init hook', () => {
  const user = freshUser()

  /** Runs it in a host CLI with a hook of its own for git; returns the hooks that are left to the host. */
  async function hooksLeft(changes: PropertyDescriptorMap = {}): Promise<string[]> {
    const hooks = ['./dist/hooks/init/version', THE_CLIS].map((target) => ({target}))
    const config = {
      name: 'heroku',
      dataDir: user.dataDir,
      cacheDir: user.home,
      plugins: new Map([
        ['heroku', {name: 'heroku', commands: [], findCommand: () => Promise.resolve(), hooks: {init: hooks}}],
      ]),
      findCommand: () => undefined,
    }
    Object.defineProperties(config, changes)
    // Before a command that leaves git alone: this is the developer's own home.
    await (init as (options: unknown) => Promise<void>)({config, id: 'auth:status'} satisfies {
      config: unknown
      id: Parameters<Hook.Init>[0]['id']
    })
    return hooks.map(({target}) => target)
  }

  it("takes the host's own hook for git out of the process", async () => {
    expect(await hooksLeft()).to.deep.equal(['./dist/hooks/init/version'])
  })

  const broken: Record<string, keyof Interfaces.Config> = {
    'the data folder cannot be told': 'dataDir',
    'the cache folder cannot be told': 'cacheDir',
  }
  for (const [what, property] of Object.entries(broken))
    it(`leaves the host's own hook for git where ${what}, since ours cannot work`, async () => {
      const get = () => {
        throw new Error('no such folder')
      }
      expect(await hooksLeft({[property]: {get}})).to.include(THE_CLIS)
    })
})
