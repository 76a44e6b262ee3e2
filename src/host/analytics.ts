/**
 * Whether it is the CLI's analytics that look: CLI 9 and 10 do so after every command, `heroku version` too, to send the
 * token along. They get what they find in the file; a keychain is not asked for them.
 */
export const isForAnalytics = () => /[\\/]lib[\\/]analytics\.js:/u.test(new Error('who looks').stack ?? '')
