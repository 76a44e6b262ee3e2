import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {REPOSITORY} from './npm.js'

/** Leaves an audit's figures in `.cache/trust`, as `<name>.json`, for one table of them all. */
export function saveFigures(name: string, figures: object): void {
  const folder = join(REPOSITORY, '.cache', 'trust')
  mkdirSync(folder, {recursive: true})
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(figures, undefined, 2)}\n`)
}
