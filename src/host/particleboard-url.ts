import {isForeignUrl} from '../heroku/endpoints.js'

/**
 * Ignores HEROKU_PARTICLEBOARD_URL if it names a host that no token may go to: the CLI's client sends the token there
 * with `GET /account` and `GET /teams`, whatever the host is (`@heroku-cli/command` 13.2.0, particleboard-client.js).
 */
export function ignoreForeignParticleboard(bin: string, env: NodeJS.ProcessEnv = process.env): void {
  if (!isForeignUrl(env.HEROKU_PARTICLEBOARD_URL)) return
  delete env.HEROKU_PARTICLEBOARD_URL
  process.stderr.write(`${bin}: HEROKU_PARTICLEBOARD_URL is set to a host that is not Heroku's; it is ignored\n`)
}
