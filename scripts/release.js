// Publishes a tag's version from a GitHub workflow, with provenance. `--dry-run` does everything but publish.
import {spawnSync} from 'node:child_process'
import {readFileSync, writeFileSync} from 'node:fs'

const {GITHUB_REF_NAME: tag, GITHUB_REPOSITORY: repository, GITHUB_SERVER_URL: server} = process.env
const rehearsal = process.argv.includes('--dry-run')
const manifest = JSON.parse(readFileSync('package.json', 'utf8'))

/** The reasons why a release isn't possible. */
function obstacle() {
  if (rehearsal) return undefined
  if (!server || !repository) return 'a release is made by the workflow, which knows the address of the repository'
  if (tag !== `v${manifest.version}`) return `the tag is ${tag}, and the version in package.json is ${manifest.version}`
  return undefined
}

const because = obstacle()
if (because) {
  console.error(`not released: ${because}`)
  process.exit(1)
}

// npm compares the provenance with this URL. Until the project has a permanent one, it is set to the workflow's
// repository, only in the published package.
if (server && repository && !manifest.repository) {
  const address = `${server}/${repository}`
  Object.assign(manifest, {
    repository: {type: 'git', url: `git+${address}.git`},
    bugs: {url: `${address}/issues`},
    homepage: `${address}#readme`,
  })
  writeFileSync('package.json', `${JSON.stringify(manifest, undefined, 2)}\n`)
}

// The `prepack` script builds.
const {status} = spawnSync('npm', ['publish', '--access', 'public', rehearsal ? '--dry-run' : '--provenance'], {
  stdio: 'inherit',
})
process.exitCode = status ?? 1
