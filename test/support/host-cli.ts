// The real Heroku CLI, from npm, and our plugin in it.
import {mkdir, mkdtemp, readFile, rm, symlink, writeFile} from 'node:fs/promises'
import {readdirSync, rmSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {lock} from 'proper-lockfile'
import {npm, npmEnv, REPOSITORY} from './npm.js'
import type {Sandbox} from './sandbox.js'

/** How long an installation may take, in milliseconds; on a slow network it takes minutes. */
const INSTALL_MS = 300_000

const CACHE = join(REPOSITORY, '.cache')

export interface Host {
  readonly version: string
  /** The program `heroku`, by absolute path. */
  readonly bin: string
  /** The folder that holds its `node_modules`. */
  readonly root: string
}

/**
 * Installs a version of the Heroku CLI into `.cache/hosts`, unless it is there already. Two at once wait for each other.
 * @param version exact, such as `11.10.0`
 * @throws {Error} with npm's output, if it cannot be installed
 */
export async function installHost(version: string): Promise<Host> {
  const root = join(CACHE, 'hosts', version)
  const complete = join(root, 'complete')
  const bin = join(root, 'node_modules', '.bin', 'heroku')
  await mkdir(join(CACHE, 'hosts'), {recursive: true})

  await alone(root, async () => {
    if ((await readFile(complete, 'utf8').catch(() => '')) === version) return
    await rm(root, {recursive: true, force: true})
    await mkdir(root)
    await writeFile(join(root, 'package.json'), '{"private": true}\n')
    // None of the CLI's dependencies needs its scripts for what we do.
    await npm(['install', '--no-audit', '--no-fund', '--ignore-scripts', '--save-exact', `heroku@${version}`], root)
    await writeFile(complete, version)
  })
  return {version, bin, root}
}

/** Makes `heroku` mean this host for every program in the sandbox, past the notices that it gives. */
export async function putOnPath(host: Host, sandbox: Sandbox): Promise<void> {
  const cache = join(sandbox.home, '.cache', 'heroku')
  await mkdir(cache, {recursive: true})
  await writeFile(join(cache, 'terms-of-service'), '')
  // Before version 11 no variable keeps it from asking the registry what the newest version is.
  await writeFile(join(cache, 'version'), JSON.stringify({latest: host.version}))
  const link = join(sandbox.bin, 'heroku')
  await rm(link, {force: true})
  await symlink(host.bin, link)
}

let packed: Promise<string> | undefined

/**
 * Packs this package as for npm, once in a process; builds it before, if it has changed since it was built.
 * @returns the tarball's path; it is removed when the process ends
 * @throws {Error} with the output of the build or of npm, if one fails
 */
export function packPlugin(): Promise<string> {
  packed ??= pack()
  return packed
}

async function pack(): Promise<string> {
  await mkdir(CACHE, {recursive: true})
  const folder = await mkdtemp(join(CACHE, 'pack-'))
  process.once('exit', () => {
    rmSync(folder, {recursive: true, force: true})
  })
  return alone(join(CACHE, 'build'), async () => {
    // Another process may be running what is built: it is not to go away without need.
    if (isStale()) await npm(['run', 'build'])
    const said = await npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder])
    const [{filename}] = JSON.parse(said) as [{filename: string}]
    return join(folder, filename)
  })
}

/** Whether anything that the build reads is newer than the last that it writes. */
function isStale(): boolean {
  const modified = (path: string) => statSync(join(REPOSITORY, path), {throwIfNoEntry: false})?.mtimeMs ?? 0
  const below = (folder: string) =>
    readdirSync(join(REPOSITORY, folder), {recursive: true, encoding: 'utf8'}).map((name) => join(folder, name))
  const read = ['package.json', 'tsconfig.json', 'tsconfig.build.json', ...below('src'), ...below('scripts')]
  const built = modified('oclif.manifest.json')
  return read.some((path) => modified(path) > built)
}

/**
 * Installs a packed plugin into the host as a user does; its dependencies come from the registry, or from npm's cache.
 * @throws {Error} with the host's output, if that fails
 */
export async function installPlugin(host: Host, sandbox: Sandbox, tarball: string): Promise<void> {
  const {stdout, stderr, exitCode} = await sandbox.run(host.bin, ['plugins:install', `file:${tarball}`], {
    env: await npmEnv(),
    timeoutMs: INSTALL_MS,
  })
  if (exitCode !== 0) throw new Error(`plugins:install in Heroku CLI ${host.version}:\n${stdout}\n${stderr}`)
}

/** Does something that another process must not do at the same time. */
async function alone<T>(what: string, action: () => Promise<T>): Promise<T> {
  const release = await lock(what, {
    realpath: false,
    retries: {forever: true, minTimeout: 100, maxTimeout: 1000, maxRetryTime: INSTALL_MS},
  })
  try {
    return await action()
  } finally {
    await release()
  }
}
