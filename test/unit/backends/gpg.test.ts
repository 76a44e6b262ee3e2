import {expect} from 'chai'
import {refusalIn} from '../../../src/backends/gpg.js'

const ENC_TO = '[GNUPG:] ENC_TO C3840F1F5A057E3A 18 0\n'
const CONSIDERED = '[GNUPG:] KEY_CONSIDERED 5E2A65081D8A742297A6203C7D27DC1EADE4CF14 0\n'
const PROMPTED = '[GNUPG:] PINENTRY_LAUNCHED 27084 curses 1.2.1 /dev/pts/1 xterm - ? 0/0 -\n'
const failed = (reason: string) => `[GNUPG:] DECRYPTION_FAILED\ngpg: decryption failed: ${reason}\n`
const failedForAKey = (reason: string) => `gpg: public key decryption failed: ${reason}\n`

// As GnuPG 2.2.40 and 2.4.7 print them.
const outputs: [title: string, stderr: string, reason: ReturnType<typeof refusalIn>][] = [
  ['2.2: no prompt', ENC_TO + CONSIDERED + failed('No secret key'), 'locked'],
  ['2.2: no secret key', ENC_TO + failed('No secret key'), 'no-key'],
  ['2.2: a dismissed prompt', ENC_TO + CONSIDERED + PROMPTED + failed('No secret key'), 'denied'],
  ['2.4: no prompt', ENC_TO + CONSIDERED + failedForAKey('No pinentry') + failed('No pinentry'), 'locked'],
  [
    '2.4: no secret key, and another one here',
    ENC_TO + CONSIDERED + failedForAKey('No secret key') + failed('No secret key'),
    'no-key',
  ],
  [
    '2.4: no prompt for one key, and no secret key for another',
    ENC_TO + CONSIDERED + failedForAKey('No secret key') + failedForAKey('No pinentry') + failed('No secret key'),
    'locked',
  ],
  [
    '2.4: a dismissed prompt',
    ENC_TO + CONSIDERED + PROMPTED + failedForAKey('Operation cancelled') + failed('Operation cancelled'),
    'denied',
  ],
  ['2.2 and 2.4: no message', 'gpg: no valid OpenPGP data found.\n[GNUPG:] NODATA 1\n', undefined],
]

describe('why gpg has not decrypted a message', () => {
  for (const [title, stderr, reason] of outputs)
    it(`is ${reason ?? 'not known'} for GnuPG ${title}`, () => {
      expect(refusalIn(stderr)).to.equal(reason)
    })
})
