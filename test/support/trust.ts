// The audits' figures, from which `npm run trust` prints one table.
import {mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {REPOSITORY} from './npm.js'

export const FIGURES = join(REPOSITORY, '.cache', 'trust')

/** The figures of most audits. */
export interface Figures {
  tried: number
  lost: number
  ms: number
}

/**
 * Writes an audit's figures atomically: another process may be reading them.
 * @param name `audit`, or `audit/part` for each part that a separate worker may run
 */
export function saveFigures(name: string, figures: object): void {
  const file = join(FIGURES, `${name}.json`)
  mkdirSync(dirname(file), {recursive: true})
  writeFileSync(`${file}.new`, `${JSON.stringify(figures, undefined, 2)}\n`)
  renameSync(`${file}.new`, file)
}

/** Reads the figures that {@link saveFigures} has written under a name; undefined if there are none. */
export function readFigures(name: string, folder = FIGURES): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** The names of an audit's written parts, as `audit/part`. */
export function partsOf(audit: string, folder = FIGURES): string[] {
  try {
    const names = readdirSync(join(folder, audit))
    return names.filter((name) => name.endsWith('.json')).map((name) => `${audit}/${name.slice(0, -'.json'.length)}`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Creates figures in which the enclosing `describe`'s tests count; they are written after it. */
export function auditHere(name: string): Figures {
  const figures: Figures = {tried: 0, lost: 0, ms: 0}
  let started = 0
  before(() => {
    started = performance.now()
  })
  after(() => {
    saveFigures(name, {...figures, ms: performance.now() - started})
  })
  return figures
}

/** Counts each test of the enclosing `describe` as one case, lost if the test fails. */
export function countTestsHere(name: string): void {
  const figures = auditHere(name)
  afterEach(function () {
    figures.tried += 1
    if (this.currentTest?.state !== 'passed') figures.lost += 1
  })
}
