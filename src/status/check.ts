import {defined} from '../defined.js'

/** One thing that was looked at, for a person. */
export interface Check {
  subject: 'token' | 'account' | 'validity' | 'shadows' | 'keychain' | 'plain text' | 'git' | 'host' | 'heroku'
  /** 'error' alone is what makes the exit status 1. */
  level: 'ok' | 'warning' | 'error'
  message: string
  /** What to do about it. */
  hint?: string
  /** What belongs below the message, such as the accounts in the keychain. */
  more?: string[]
}

export const check = (subject: Check['subject'], level: Check['level'], message: string, hint?: string): Check => ({
  subject,
  level,
  message,
  ...defined({hint}),
})

/** Whose something is, if that is known. */
export const of = (account: string | undefined) => (account === undefined ? '' : ` of ${account}`)
