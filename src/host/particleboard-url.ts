import {isForeignUrl} from '../heroku/endpoints.js'

/**
 * Ignores HEROKU_PARTICLEBOARD_URL if it names a host that is not Heroku's: the client sends the token to any host there, with
 * `GET /account` and `GET /teams` (`@heroku-cli/command` 13.2.0, particleboard-client.js).
 */
export function ignoreForeignParticleboard(bin: string, env: NodeJS.ProcessEnv = process.env): void {
  if (!isForeignUrl(env.HEROKU_PARTICLEBOARD_URL)) return
  delete env.HEROKU_PARTICLEBOARD_URL
  process.stderr.write(`${bin}: HEROKU_PARTICLEBOARD_URL is set to a host that is not Heroku's; it is ignored\n`)
}
