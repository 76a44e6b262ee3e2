// Writes oclif.manifest.json, with which the host knows our commands without loading them.
import {Plugin} from '@oclif/core'
import {writeFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const plugin = new Plugin({root, ignoreManifest: true, errorOnManifestCreate: true})
await plugin.load()
const {manifest} = plugin
for (const command of Object.values(manifest.commands)) {
  // The host's completion uses no summary, only a description's first line, which help also uses as the summary.
  command.description = [command.summary, command.description].filter(Boolean).join('\n\n')
  delete command.summary
}
writeFileSync(new URL('../oclif.manifest.json', import.meta.url), `${JSON.stringify(manifest)}\n`)
