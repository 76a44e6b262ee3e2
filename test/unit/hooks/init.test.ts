import type {Hook, Interfaces} from '@oclif/core'
import {expect} from 'chai'
import init from '../../../src/hooks/init.js'
import {freshUser} from '../../support/user.js'

const GIT_HOOK = './dist/hooks/init/configure-git-credential-manager'

describe('the init hook', () => {
  const user = freshUser()

  /** Runs our hook in a host with a hook that configures git; returns the hooks that are left. */
  async function hooksLeft(changes: PropertyDescriptorMap = {}): Promise<string[]> {
    const hooks = ['./dist/hooks/init/version', GIT_HOOK].map((target) => ({target}))
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
    // Before a command that does not change git's configuration: this is the developer's home.
    await (init as (options: unknown) => Promise<void>)({config, id: 'auth:status'} satisfies {
      config: unknown
      id: Parameters<Hook.Init>[0]['id']
    })
    return hooks.map(({target}) => target)
  }

  it("removes the host's hook that configures git from this process", async () => {
    expect(await hooksLeft()).to.deep.equal(['./dist/hooks/init/version'])
  })

  const broken: Record<string, keyof Interfaces.Config> = {
    'the data folder is unknown': 'dataDir',
    'the cache folder is unknown': 'cacheDir',
  }
  for (const [what, property] of Object.entries(broken))
    it(`keeps the host's hook that configures git if ${what}, since ours cannot work`, async () => {
      const get = () => {
        throw new Error('no such folder')
      }
      expect(await hooksLeft({[property]: {get}})).to.include(GIT_HOOK)
    })
})
