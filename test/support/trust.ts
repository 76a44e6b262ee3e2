import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {REPOSITORY} from './npm.js'

/** Writes an audit's figures to `.cache/trust/<name>.json`, for the common table. */
export function saveFigures(name: string, figures: object): void {
  const folder = join(REPOSITORY, '.cache', 'trust')
  mkdirSync(folder, {recursive: true})
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(figures, undefined, 2)}\n`)
}
