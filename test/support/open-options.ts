import type {OpenOptions} from '../../src/backends/resolve.js'
import {run} from '../../src/process/run.js'

/** Options for keychains that need nothing of this machine but their tool. */
export const openOptions = (more: Partial<OpenOptions> = {}): OpenOptions => ({
  run,
  timeoutMs: 5000,
  dataDir: '/nonexistent',
  endpoints: {api: 'api.heroku.com', git: 'git.heroku.com'},
  accounts: () => [],
  ...more,
})
