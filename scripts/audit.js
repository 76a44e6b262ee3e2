// Queries the registry for known vulnerabilities in our dependencies.
// Exits with 0 if there are none, with 1 on a finding, and with 2 without a usable answer.
import {spawnSync} from 'node:child_process'

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
const {error, stderr, stdout} = spawnSync(npm, ['audit', '--omit=dev', '--json'], {
  encoding: 'utf8',
  // Windows can start a .cmd only through the shell; the arguments contain no user input.
  shell: process.platform === 'win32',
})

/** npm's JSON output; if npm failed, an object with a message. */
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
