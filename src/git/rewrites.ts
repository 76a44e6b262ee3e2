// Lines that have git use another address than the one of a remote: `url.<base>.insteadOf`, and `pushInsteadOf` for pushes
// alone. Over ssh git asks no credential helper, and Heroku takes no ssh.
import type {Line} from './helper-chain.js'

export const REWRITES = String.raw`^url\..*\.(push)?insteadof$`

/** The line that turns https addresses of the git host into ssh, if there is one. */
export function sshRewrite(lines: readonly Line[], gitHost: string): Line | undefined {
  const address = `https://${gitHost}/`
  const [fetching, pushing] = ['insteadof', 'pushinsteadof'].map((name) =>
    lines.filter(({key, value}) => key.endsWith(`.${name}`) && value !== '' && concerns(value, address)),
  )
  // The longest wins; one for a push wins over any other.
  const winning = [fetching, pushing].flatMap((some = []) => [
    ...some.filter(({value}) => value.length > address.length),
    ...some
      .filter(({value}) => value.length <= address.length)
      .toSorted((a, b) => b.value.length - a.value.length)
      .slice(0, 1),
  ])
  return winning.find(({key}) => isSsh(baseOf(key)))
}

/** Whether a line is for every address of the host, or for some of them. */
const concerns = (value: string, address: string) => address.startsWith(value) || value.startsWith(address)

const baseOf = (key: string) => key.slice('url.'.length, key.lastIndexOf('.'))

/** `ssh://…`, or `user@host:path`, as git-clone(1) has it. */
const isSsh = (base: string) => /^(?:git\+)?ssh(?:\+git)?:\/\/|^[^/:]+:(?!\/\/)/iu.test(base)
