/** Whether a `.netrc` is gpg's: then it is no plain text, and git does not read it. */
export const isEncrypted = (path: string) => path.endsWith('.gpg')
