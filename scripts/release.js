// Publishes what a tag names, with the provenance that a workflow of GitHub vouches for. `--dry-run` does all but that.
import {spawnSync} from 'node:child_process'
import {readFileSync, writeFileSync} from 'node:fs'

const {GITHUB_REF_NAME: tag, GITHUB_REPOSITORY: repository, GITHUB_SERVER_URL: server} = process.env
const rehearsal = process.argv.includes('--dry-run')
const manifest = JSON.parse(readFileSync('package.json', 'utf8'))

/** What is in the way of a release. */
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

// npm holds the provenance against this address. Until the project has one for good it is that of the workflow's
// repository, in the package alone.
if (server && repository && !manifest.repository) {
  const address = `${server}/${repository}`
  Object.assign(manifest, {
    repository: {type: 'git', url: `git+${address}.git`},
    bugs: {url: `${address}/issues`},
    homepage: `${address}#readme`,
  })
  writeFileSync('package.json', `${JSON.stringify(manifest, undefined, 2)}\n`)
}

// Its `prepack` builds.
const {status} = spawnSync('npm', ['publish', '--access', 'public', rehearsal ? '--dry-run' : '--provenance'], {
  stdio: 'inherit',
})
process.exitCode = status ?? 1
