// What --json prints where a command fails.
import {expect} from 'chai'
import {type Machine, startOwnProgram, startPluggedHost} from '../support/plugged-host.js'

for (const inHost of [false, true])
  describe(inHost ? 'an error with --json inside heroku@11.10.0' : 'an error with --json', function () {
    this.timeout(60_000)
    let machine: Machine

    before(async function () {
      this.timeout(600_000)
      machine = await (inHost ? startPluggedHost('11.10.0') : startOwnProgram())
    })
    after(() => machine.stop())
    beforeEach(() => machine.reset())

    const fails = async (args: string[], env: Record<string, string> = {}) => {
      const {exitCode, stderr, stdout} = await machine.run([...args, '--json'], {env})
      expect(stderr).to.equal('')
      return {exitCode, ...(JSON.parse(stdout) as object)}
    }

    it('is JSON on stdout, and nothing on stderr, with the exit status', async () => {
      expect(await fails(['auth:token'])).to.deep.equal({
        exitCode: 100,
        error: {message: 'not logged in', hint: 'heroku login', oclif: {exit: 100}},
      })
      for (const [command, verb] of [
        ['auth:logout', 'log out'],
        ['auth:migrate', 'migrate'],
      ] as const)
        expect(await fails([command], {HEROKU_API_KEY: 'HRKU-ci'})).to.deep.equal({
          exitCode: 1,
          error: {
            message: `cannot ${verb} while HEROKU_API_KEY is set: it is used instead`,
            hint: 'unset HEROKU_API_KEY first',
            oclif: {exit: 1},
          },
        })
    })

    it('is JSON for a wrong flag, too', async () => {
      const ended = await machine.run(['auth:token', '--json', '--nonsense'])
      expect(ended.exitCode).to.equal(2)
      expect(JSON.parse(ended.stdout)).to.have.nested.property('error.oclif.exit', 2)
    })
  })
