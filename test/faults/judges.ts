// Judges an operation by the contents of the stores afterwards.
import {runCommand, type Said} from './commands.js'
import {WRONG_TOKEN} from './programs.js'
import type {World} from './world.js'

export const isDone = ({exitCode}: Said) => exitCode === 0

/** Judges a login: lookup finds the new token, or still the old one. */
export function judgeLogin(issuedHere: boolean, hadOld: boolean) {
  return async (world: World, said: Said): Promise<string[]> => {
    const {found} = await world.find()
    const wanted = issuedHere ? world.heroku.tokens.at(-1)?.token : world.fresh
    if (isDone(said)) return found?.token === wanted ? [] : ['it said that it was done, and the token is not found']
    const lost: string[] = []
    if (hadOld && found?.token !== world.old && (found?.token !== wanted || world.heroku.revoked(found?.token ?? '')))
      lost.push('it failed, and the token from before is not found any more')
    const issued = issuedHere ? world.heroku.tokens.slice(2) : []
    // We can't revoke a token if its response never reached us.
    if (
      issued.some(({revoked}) => !revoked) &&
      found?.token !== wanted &&
      !/could not be revoked|answer|reach|sent no token/u.test(said.stderr)
    )
      lost.push('it failed, and the token that was issued stays valid in silence')
    return lost
  }
}

export async function judgeLogout(world: World, said: Said): Promise<string[]> {
  const token = await world.inKeychain()
  const netrc = world.read('.netrc') ?? ''
  const onlyNetrc = world.env.HEROKU_NETRC_WRITE === 'true'
  const left = [
    ...(token === world.old && !onlyNetrc ? ['the keyring'] : []),
    ...(netrc.includes(world.old) ? ['.netrc'] : []),
  ]
  if (isDone(said)) {
    const lies = left.map((place) => `it said that it was done, and the token is in ${place}`)
    if (
      !world.heroku.revoked(world.old) &&
      !/stays valid|was not revoked/u.test(said.stderr) &&
      !said.stderr.includes('not logged in')
    )
      lies.push('it said that it was done, and the token is valid')
    if (said.stderr.includes('not logged in')) lies.push('it said that nobody was logged in')
    if (!/Removed the token .* from \S/u.test(said.stdout)) lies.push('it does not say what it removed')
    return lies
  }

  const lost = left.length > 0 || world.heroku.revoked(world.old) ? [] : ['it failed, and the valid token is nowhere']
  const again = await runCommand(world, 'logout', [], world.run, '')
  if (!isDone(again)) lost.push(`a second logout failed: ${again.stderr}`)
  const after = await world.inKeychain()
  if (world.read('.netrc')?.includes(world.old) || (after === world.old && !onlyNetrc))
    lost.push('a second logout left it')
  return lost
}

/** A keychain that returns another token, or a part of it, is indistinguishable from one whose item was changed. */
export const isWhatItSaid = ({old}: World, token: string) =>
  token !== '' && (old.startsWith(token) || token === WRONG_TOKEN)

export async function judgeToken(world: World, said: Said): Promise<string[]> {
  const printed = isDone(said) ? isWhatItSaid(world, said.stdout.trimEnd()) : said.stdout === ''
  return [...(printed ? [] : [`it printed ${said.stdout}`]), ...(await unchanged(world))]
}

/** Judges a read: it must change nothing, so lookup still finds the token. */
export async function unchanged(world: World): Promise<string[]> {
  const token = await world.inKeychain()
  const {found} = await world.find()
  return [
    ...(token === world.old ? [] : ['the keyring does not hold the token any more']),
    ...(found?.token === world.old ? [] : ['the token is not found any more']),
    ...(world.read('.netrc')?.includes(world.old) ? [] : ['.netrc does not hold the token any more']),
  ]
}
