import {expect} from 'chai'
import {ignoreForeignParticleboard} from '../../src/host/particleboard-url.js'

describe('HEROKU_PARTICLEBOARD_URL', () => {
  const guarded = (value: string | undefined) => {
    const env: NodeJS.ProcessEnv = value === undefined ? {} : {HEROKU_PARTICLEBOARD_URL: value}
    const write = process.stderr.write.bind(process.stderr)
    const said: unknown[] = []
    process.stderr.write = (text: unknown) => said.push(text) > 0
    try {
      ignoreForeignParticleboard('heroku', env)
    } finally {
      process.stderr.write = write
    }
    return {env, said}
  }

  for (const value of ['https://evil.com', 'http://particleboard.heroku.com', 'https://heroku.com.evil.com', 'evil'])
    it(`is ignored, and that is said, where it is ${value}`, () => {
      expect(guarded(value)).to.deep.equal({
        env: {},
        said: ["heroku: HEROKU_PARTICLEBOARD_URL is set to a host that is not Heroku's; it is ignored\n"],
      })
    })

  for (const value of ['https://particleboard.heroku.com', 'http://127.0.0.1:5000'])
    it(`is left alone, and nothing is said, where it is ${value}`, () => {
      expect(guarded(value)).to.deep.equal({env: {HEROKU_PARTICLEBOARD_URL: value}, said: []})
    })

  it('costs nothing where it is not set', () => {
    expect(guarded(undefined)).to.deep.equal({env: {}, said: []})
  })
})
