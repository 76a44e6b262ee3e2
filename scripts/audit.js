// Asks the registry whether anything is known against what we depend on.
// Exits with 0 if nothing is; with 1 on a finding; and with 2 if there was no answer to go by, which is not the same as 0.
import {spawnSync} from 'node:child_process'

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
const {error, stderr, stdout} = spawnSync(npm, ['audit', '--omit=dev', '--json'], {
  encoding: 'utf8',
  // Windows starts a .cmd by its shell alone; there is nothing of a user's in these words.
  shell: process.platform === 'win32',
})

/** What npm says in JSON; on a failure of its own, other JSON. */
const report = () => {
  try {
    return JSON.parse(stdout)
  } catch {
    return {message: error?.message ?? (stderr.trim() || 'npm said nothing')}
  }
}

const {message, metadata, vulnerabilities} = report()
const total = metadata?.vulnerabilities?.total
const asked = metadata?.dependencies?.prod

if (!Number.isInteger(total) || !(asked > 0)) {
  console.error(`NOT AUDITED: ${message ?? 'npm gave no report'}`)
  process.exitCode = 2
} else if (total > 0) {
  for (const {name, range, severity} of Object.values(vulnerabilities)) console.error(`${severity}: ${name} ${range}`)
  console.error(`${total} of ${asked} production dependencies have known vulnerabilities: npm audit --omit=dev`)
  process.exitCode = 1
} else {
  console.log(`nothing is known against ${asked} production dependencies`)
}
