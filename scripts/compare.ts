// Reproduces the claims of docs/comparison.md about the Heroku CLI's own credential manager: runs the same steps on a real Heroku
// CLI without and with this plugin. `npm run bench` measures speed.
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {ada, inKeyring, LOGIN_JSON, loggedIn, saidBy} from '../test/e2e/scenarios/cell.js'
import {shapes} from '../test/fixtures/netrc/shapes.js'
import {installPlugin} from '../test/support/host-cli.js'
import {type PluggedHost, startPluggedHost} from '../test/support/plugged-host.js'
import type {Finished} from '../test/support/sandbox.js'
import {packThirdParty, THIRD_PARTY} from '../test/support/third-party.js'

const PATIENCE_MS = 20_000

interface Row {
  what: string
  version: string
  see: (host: PluggedHost) => Promise<string>
}

/** A command's result, on one line. */
const summary = (ended: Finished) =>
  `exit ${ended.exitCode}: ${`${ended.stdout} ${saidBy(ended)}`.replaceAll(/\s+/gu, ' ').trim() || 'not a word'}`

const isLoggedIn = async (host: PluggedHost) =>
  (await host.run(['whoami'])).stdout === `${ada}\n` ? 'logged in' : 'not logged in'

const failing = (verb: string) =>
  `[ "$1" = ${verb} ] && { echo 'secret-tool: Cannot create an item in a locked collection' >&2; exit 1; }\nexec "$REAL" "$@"`

const rows: Row[] = [
  {
    what: 'the token is in the keyring; whoami',
    version: '10.17.0',
    async see(host) {
      await loggedIn(host)
      return summary(await host.run(['whoami']))
    },
  },
  {
    what: 'the token is in the keyring; a command of a plugin that reads .netrc',
    version: '11.10.0',
    async see(host) {
      await installPlugin(host.host, host.sandbox, await packThirdParty(host.sandbox.root))
      await loggedIn(host)
      return summary(await host.run([THIRD_PARTY]))
    },
  },
  {
    what: 'the keyring is locked; whoami, and again once it is unlocked',
    version: '11.10.0',
    async see(host) {
      await loggedIn(host)
      await host.keyring.lock()
      const locked = await host.run(['whoami'])
      const kept = (await host.read(LOGIN_JSON)) === undefined ? 'the login is forgotten' : 'the login is kept'
      await host.keyring.unlock()
      return `${summary(locked)}; ${kept}; unlocked: ${await isLoggedIn(host)}`
    },
  },
  {
    what: 'secret-tool hangs; whoami',
    version: '11.10.0',
    async see(host) {
      await loggedIn(host)
      await host.secretTool('exec sleep 1000')
      const started = performance.now()
      const seconds = () => ((performance.now() - started) / 1000).toFixed(1)
      return host.run(['whoami'], {timeoutMs: PATIENCE_MS}).then(
        (ended) => `after ${seconds()} s: ${summary(ended)}`,
        () => `still waiting after ${seconds()} s`,
      )
    },
  },
  {
    what: 'the keyring refuses the token; login',
    version: '11.10.0',
    async see(host) {
      await host.secretTool(failing('store'))
      const {exitCode, screen} = await host.inTerminal(['login'], [{expect: 'Press any key', raw: true, send: ' '}])
      const inNetrc = (await host.read('.netrc'))?.includes('HRKU-') ? 'the token is in .netrc' : 'no token in .netrc'
      const said = screen.includes('in plain text') ? 'and it is said' : 'and not a word of it'
      return `exit ${exitCode}; ${inNetrc}, ${said}`
    },
  },
  {
    what: 'the keyring does not let the token go; logout',
    version: '11.10.0',
    async see(host) {
      await loggedIn(host)
      await host.secretTool(failing('clear'))
      const ended = await host.run(['logout'])
      const left = Object.keys(await inKeyring(host)).length > 0 ? 'the token is in the keyring' : 'the token is gone'
      return `${summary(ended)}; ${left}`
    },
  },
  {
    what: 'HEROKU_NETRC_WRITE=true; logout, with awkward files',
    version: '11.10.0',
    async see(host) {
      const file = join(host.sandbox.home, '.netrc')
      const here = (text: string) => text.replaceAll('api.heroku.com', host.heroku.host)
      let damaged = 0
      for (const {text, without} of Object.values(shapes)) {
        await writeFile(file, here(text), {encoding: 'latin1', mode: 0o600})
        await host.run(['logout'], {env: {HEROKU_NETRC_WRITE: 'true'}})
        const after = Buffer.from((await host.read('.netrc')) ?? '').toString()
        if (!keeps(after, Buffer.from(here(without), 'latin1').toString())) damaged += 1
      }

      return `other people's words are lost in ${damaged} of ${Object.keys(shapes).length} files`
    },
  },
]

/** Whether `text` contains all words of `wanted` in order, regardless of white space. */
function keeps(text: string, wanted: string): boolean {
  const words = text.split(/\s+/u)
  let from = 0
  return wanted
    .trim()
    .split(/\s+/u)
    .every((word) => {
      from = words.indexOf(word, from) + 1
      return from > 0
    })
}

/** The results of each row for this version, without or with the plugin. */
async function see(version: string, plugged: boolean): Promise<Map<Row, string>> {
  const host = await startPluggedHost(version, plugged ? 'installed' : 'absent')
  try {
    const seen = new Map<Row, string>()
    for (const row of rows.filter((row) => row.version === version)) {
      await host.reset()
      seen.set(row, await row.see(host))
    }

    return seen
  } finally {
    await host.stop()
  }
}

for (const version of new Set(rows.map((row) => row.version))) {
  const [alone, plugged] = [await see(version, false), await see(version, true)]
  for (const [row, seen] of alone)
    process.stdout.write(`${version}: ${row.what}\n    alone        ${seen}\n    with plugin  ${plugged.get(row)}\n`)
}
