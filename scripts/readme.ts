// Writes the command reference, docs/commands.md, from the output of `--help` in the Heroku CLI.
//
// `oclif readme` does nearly the same, but needs 279 more packages, and names the program heroku-keychain instead of
// heroku. The layout is done by the same class.
import {CommandHelp, Config} from '@oclif/core'
import {writeFile} from 'node:fs/promises'
import {fileURLToPath} from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The command reference, from the manifest of the last build. */
export async function reference(): Promise<string> {
  const config = await Config.load({root, devPlugins: false, userPlugins: false})
  config.bin = 'heroku'
  const own = config.plugins.get('heroku-keychain')?.commands ?? []
  const commands = own.filter(({hidden}) => !hidden).sort((a, b) => a.id.localeCompare(b.id))

  const sections = commands.map((command) => {
    const [summary = '', ...more] = (command.description ?? '').split('\n')
    // Leave out the summary, which is already in the section's text.
    const shown = {...command, description: `\n${more.join('\n').trim()}`}
    const help = new CommandHelp(shown, config, {maxWidth: 100, stripAnsi: true}).generate()
    const text = help.trim().replace('DESCRIPTION\n\n', 'DESCRIPTION\n')
    return `## heroku ${command.id}\n\n${summary}\n\n\`\`\`text\n${text}\n\`\`\``
  })
  const parts = [
    '# Commands',
    '<!-- Written by `npm run readme`: change the commands themselves. -->',
    'As the Heroku CLI shows them with `--help`.',
    ...sections,
  ]
  return `${parts.join('\n\n')}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await writeFile(new URL('../docs/commands.md', import.meta.url), await reference())
