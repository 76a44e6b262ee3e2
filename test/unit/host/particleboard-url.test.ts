import {expect} from 'chai'
import {ignoreForeignParticleboard} from '../../../src/host/particleboard-url.js'

describe('HEROKU_PARTICLEBOARD_URL', () => {
  const guarded = (value: string | undefined) => {
    const env: NodeJS.ProcessEnv = value === undefined ? {} : {HEROKU_PARTICLEBOARD_URL: value}
    const write = process.stderr.write.bind(process.stderr)
    const printed: unknown[] = []
    process.stderr.write = (text: unknown) => printed.push(text) > 0
    try {
      ignoreForeignParticleboard('heroku', env)
    } finally {
      process.stderr.write = write
    }
    return {env, printed}
  }

  for (const value of ['https://evil.com', 'http://particleboard.heroku.com', 'https://heroku.com.evil.com', 'evil'])
    it(`is ignored, with a notice, if it is ${value}`, () => {
      expect(guarded(value)).to.deep.equal({
        env: {},
        printed: ["heroku: HEROKU_PARTICLEBOARD_URL is set to a host that is not Heroku's; it is ignored\n"],
      })
    })

  for (const value of ['https://particleboard.heroku.com', 'http://127.0.0.1:5000'])
    it(`is kept, without a notice, if it is ${value}`, () => {
      expect(guarded(value)).to.deep.equal({env: {HEROKU_PARTICLEBOARD_URL: value}, printed: []})
    })

  it('has no effect if it is not set', () => {
    expect(guarded(undefined)).to.deep.equal({env: {}, printed: []})
  })
})
