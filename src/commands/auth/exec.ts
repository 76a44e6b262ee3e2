import {BaseCommand} from '../../base-command.js'
import {UserError} from '../../errors.js'
import {endBySignal, runInForeground} from '../../process/foreground.js'
import {printable} from '../../ui/printable.js'
import {describeExpiry, expiresSoon} from '../../ui/expiry.js'
import {assertLives} from '../../ui/token-life.js'
import {tokenFlags, tokenOf} from './token.js'

/** The exit statuses of env(1) and of shells, for a command that did not run. */
const EXIT = {notFound: 127, notStarted: 126, usage: 2} as const

const REASONS: Record<string, string> = {
  ENOENT: 'not found',
  EACCES: 'permission denied',
  EINVAL: 'it is not a program',
  E2BIG: 'its arguments and environment are too long',
}

export default class AuthExec extends BaseCommand {
  static override summary = 'run a command with the API token'

  static override description =
    "Everything after -- is the command, with its own flags; no shell reads it. The command, and what it starts, can read the token; it is in no file and no argument, and not in your shell's environment. Where HEROKU_API_KEY is set already, it is passed on as it is, unless --account selects an account. Exits as the command does; with 127 if it is not found, 126 if it cannot be started, 100 if you are not logged in."

  static override examples = [
    '<%= config.bin %> <%= command.id %> -- terraform apply',
    {
      description: 'with the token of one of several accounts',
      command: '<%= config.bin %> <%= command.id %> --account ada@example.com -- terraform apply',
    },
    {
      description: 'send a request; the token is not in an argument of curl, which other users can see',
      command: `<%= config.bin %> <%= command.id %> -- bash -c 'curl -H @<(printf "Authorization: Bearer %s\\n" "$HEROKU_API_KEY") https://api.heroku.com/account'`,
    },
  ]

  static override usage = '<%= command.id %> [--account ACCOUNT] [--min-ttl DURATION] -- COMMAND [ARGUMENT...]'

  static override flags = tokenFlags

  async run(): Promise<void> {
    // Not oclif's parsed list, which has one -- too many where there are two.
    const end = this.argv.indexOf('--')
    const [command = '', ...args] = end === -1 ? [] : this.argv.slice(end + 1)
    if (command === '') throw this.usageError(end === -1)
    const {flags} = await this.parse(AuthExec, this.argv.slice(0, end))
    const found = await tokenOf(this.stores, flags.account)
    const {expiresAt, token} = found
    if (flags['min-ttl']) assertLives(found, flags['min-ttl'])
    if (expiresAt !== undefined && expiresSoon(found))
      this.notify(`${describeExpiry(expiresAt)}; to renew it: heroku login`)

    const ended = await runInForeground(command, args, {...process.env, HEROKU_API_KEY: token})
    switch (ended.status) {
      case 'exited':
        // Not exit(), which throws: the host would report that error.
        process.exitCode = ended.code
        return
      case 'killed':
        endBySignal(ended.signal)
        return
      case 'not-started':
        throw notStarted(command, ended.code, this.config.bin, this.config.windows)
    }
  }

  private usageError(noDashes: boolean): UserError {
    const {bin} = this.config
    return new UserError(
      noDashes ? 'there is no -- before the command to run' : 'there is no command after --',
      `${bin} auth:exec [--account ACCOUNT] [--min-ttl DURATION] -- COMMAND [ARGUMENT...]`,
      EXIT.usage,
    )
  }
}

/**
 * @param command as the user wrote it
 * @param code the system's, such as `ENOENT`
 * @param bin the name of this CLI
 */
export function notStarted(command: string, code: string, bin: string, windows: boolean): UserError {
  const exit = code === 'ENOENT' ? EXIT.notFound : EXIT.notStarted
  return new UserError(`cannot run ${printable(command)}: ${REASONS[code] ?? code}`, hintFor(code, bin, windows), exit)
}

function hintFor(code: string, bin: string, windows: boolean): string | undefined {
  // Only cmd runs such scripts, and reads their arguments in its own way: the user must ask for it.
  if (windows && (code === 'ENOENT' || code === 'EINVAL'))
    return `for a script such as npm.cmd: ${bin} auth:exec -- cmd /c npm ...`
  return code === 'EACCES' ? 'if it is a script: chmod +x' : undefined
}
