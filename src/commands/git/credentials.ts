import {BaseCommand} from '../../base-command.js'
import {answer} from '../../git/protocol.js'
import {readStdin} from '../../ui/prompts.js'

export default class GitCredentials extends BaseCommand {
  static override summary = 'answer git as its credential helper'

  static override description = 'git runs this by itself, where the launcher that a login gives it is gone.'

  static override examples = [
    'printf "protocol=https\\nhost=git.heroku.com\\n" | <%= config.bin %> <%= command.id %> get',
  ]

  static override hidden = true

  // Helpers must ignore operations that they do not know (gitcredentials(7)).
  static override strict = false

  async run(): Promise<void> {
    const {argv} = await this.parse(GitCredentials)
    const operation = typeof argv[0] === 'string' ? argv[0] : undefined
    const {env, endpoints} = this.stores.context
    const {stderr, stdout} = await answer(operation, operation === 'get' ? await readStdin() : '', {
      env,
      endpoints,
      open: (endpoints) => this.storesAt(endpoints),
    })
    process.stderr.write(stderr)
    process.stdout.write(stdout)
  }
}
