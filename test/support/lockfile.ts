// The packages that are installed with ours, as package-lock.json lists them.
import {readdirSync, readFileSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {REPOSITORY} from './npm.js'

export interface Locked {
  /** Where it is installed: `node_modules/a`, or `node_modules/a/node_modules/b`. */
  readonly path: string
  readonly version: string
  readonly engines?: {node?: string}
  /** npm sets it for a `preinstall`, `install`, `postinstall` or `prepare` of a git dependency, and for a `binding.gyp`. */
  readonly hasInstallScript?: boolean
  readonly os?: string[]
  readonly cpu?: string[]
  readonly dev?: boolean
  readonly devOptional?: boolean
}

/** The production tree, without our own package. */
export function productionTree(): Locked[] {
  const {packages} = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Omit<Locked, 'path'>>
  }
  return Object.entries(packages)
    .filter(([path, {dev, devOptional}]) => path !== '' && dev !== true && devOptional !== true)
    .map(([path, locked]) => ({...locked, path}))
}

/** An installed package's files, by absolute path, without those of packages nested in it. */
export function filesOf({path}: Locked): string[] {
  const root = join(REPOSITORY, path)
  return readdirSync(root, {recursive: true, encoding: 'utf8'})
    .filter((name) => !/^node_modules(?:[/\\]|$)/u.test(name))
    .map((name) => join(root, name))
    .filter((file) => statSync(file).isFile())
}
