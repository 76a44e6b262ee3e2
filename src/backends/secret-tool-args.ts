import {SERVICE} from './backend.js'

/** What says which item of the keyring is meant. `--` because an account may begin with a dash. */
export const attributes = (account: string) => ['--', 'service', SERVICE, 'account', account]

/** What secret-tool is told to give the token of an account: by the backend, and by whoever asks ahead of it. */
export const lookupArgs = (account: string) => ['lookup', ...attributes(account)]
