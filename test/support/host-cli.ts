// The real Heroku CLI, installed from npm, with our plugin.
import {createHash} from 'node:crypto'
import {cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile} from 'node:fs/promises'
import {readdirSync, statSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {lock} from 'proper-lockfile'
import {fileSpec, npm, npmEnv, REPOSITORY} from './npm.js'
import {openSandbox, type Sandbox} from './sandbox.js'

/** Time limit of an installation, in milliseconds; on a slow network it takes minutes. */
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
 * Installs a version of the Heroku CLI into `.cache/hosts`, unless it is there already. Concurrent calls wait.
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
    // The tests don't need the install scripts of the CLI's dependencies.
    await npm(['install', '--no-audit', '--no-fund', '--ignore-scripts', '--save-exact', `heroku@${version}`], root)
    await writeFile(complete, version)
  })
  return {version, bin, root}
}

/** Makes `heroku` start this host in the sandbox, without the host's update notices. */
export async function putOnPath(host: Host, sandbox: Sandbox): Promise<void> {
  const cache = join(sandbox.home, '.cache', 'heroku')
  await mkdir(cache, {recursive: true})
  await writeFile(join(cache, 'terms-of-service'), '')
  // Before version 11, no variable disables the query for the newest version at the registry.
  await writeFile(join(cache, 'version'), JSON.stringify({latest: host.version}))
  const link = join(sandbox.bin, 'heroku')
  await rm(link, {force: true})
  await symlink(host.bin, link)
}

let packed: Promise<string> | undefined

/**
 * Packs this package as for npm, once per process; builds it first if a source changed since the last build.
 * @returns the tarball's path in `.cache/packed/<hash of the tarball>`, which processes that run the same build share
 * @throws {Error} with the output of the build or of npm, if one fails
 */
export function packPlugin(): Promise<string> {
  packed ??= pack()
  return packed
}

const PACKED = join(CACHE, 'packed')

async function pack(): Promise<string> {
  await mkdir(PACKED, {recursive: true})
  return alone(join(CACHE, 'build'), async () => {
    // Another process may be running the build: don't replace it without need.
    if (isStale()) await npm(['run', 'build'])
    await removeOldTarballs()
    const folder = await mkdtemp(join(PACKED, 'new-'))
    const said = await npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder])
    const [{filename}] = JSON.parse(said) as [{filename: string}]
    // npm writes the same tarball for the same files.
    const hash = createHash('sha256').update(await readFile(join(folder, filename)))
    const home = join(PACKED, hash.digest('hex').slice(0, 16))
    await mkdir(home, {recursive: true})
    await rename(join(folder, filename), join(home, filename))
    await rm(folder, {recursive: true})
    return join(home, filename)
  })
}

const DAY_MS = 24 * 60 * 60 * 1000

/** Removes the tarballs that no process has packed for a day, with their installations. */
async function removeOldTarballs(): Promise<void> {
  for (const name of await readdir(PACKED)) {
    const folder = join(PACKED, name)
    const newest = Math.max(
      ...(await Promise.all((await readdir(folder)).map(async (each) => modifiedAt(folder, each)))),
    )
    if (Date.now() - newest > DAY_MS) await rm(folder, {recursive: true, force: true})
  }
}

const modifiedAt = async (...path: string[]) => (await stat(join(...path))).mtimeMs

/** Whether a file that the build reads is newer than the last file that it writes. */
function isStale(): boolean {
  const modified = (path: string) => statSync(join(REPOSITORY, path), {throwIfNoEntry: false})?.mtimeMs ?? 0
  const below = (folder: string) =>
    readdirSync(join(REPOSITORY, folder), {recursive: true, encoding: 'utf8'}).map((name) => join(folder, name))
  const read = ['package.json', 'tsconfig.json', 'tsconfig.build.json', ...below('src'), ...below('scripts')]
  const built = modified('oclif.manifest.json')
  return read.some((path) => modified(path) > built)
}

/**
 * Installs a packed plugin into the host as a user does. Dependencies come from the registry or from npm's cache.
 * @throws {Error} with the host's output, if that fails
 */
export async function installPlugin(host: Host, sandbox: Sandbox, tarball: string): Promise<void> {
  const {stdout, stderr, exitCode} = await sandbox.run(host.bin, ['plugins:install', fileSpec(tarball)], {
    env: await npmEnv(),
    timeoutMs: INSTALL_MS,
  })
  if (exitCode !== 0) throw new Error(`plugins:install in Heroku CLI ${host.version}:\n${stdout}\n${stderr}`)
}

/**
 * Installs a packed plugin into the host by copying the home folder of a sandbox in which {@link installPlugin} has
 * installed it: once for each tarball and CLI version, in `installed-<version>` beside the tarball. All paths that npm
 * writes are relative to the sandbox.
 * @throws {Error} as {@link installPlugin} does
 */
export async function copyPlugin(host: Host, sandbox: Sandbox, tarball: string): Promise<void> {
  const installed = join(dirname(tarball), `installed-${host.version}`)
  await alone(installed, async () => {
    if (await stat(installed).catch(() => undefined)) return
    const workshop = openSandbox()
    try {
      await putOnPath(host, workshop)
      await installPlugin(host, workshop, tarball)
      const part = `${installed}.part`
      await rm(part, {recursive: true, force: true})
      await cp(workshop.home, part, COPY)
      await rename(part, installed)
    } finally {
      await workshop.close()
    }
  })
  await cp(installed, sandbox.home, COPY)
}

const COPY = {recursive: true, verbatimSymlinks: true, preserveTimestamps: true}

/** Runs `action` under a lock between processes. */
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
