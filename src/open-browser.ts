import {UserError} from './user-error.js'

/**
 * Opens a browser, and does not wait for what becomes of it.
 * @param url an http(s) URL
 * @param browser the name of the browser to use; the user's usual one if undefined
 * @param onProblem told if no browser could be started
 * @throws {UserError} for another kind of URL, which the system may give to any program
 */
export async function openBrowser(
  url: string,
  browser: string | undefined,
  onProblem: (problem: string) => void,
): Promise<void> {
  if (!URL.canParse(url) || !/^https?:$/u.test(new URL(url).protocol))
    throw new UserError('the page to log in at is not an http(s) URL, so it was not opened', 'heroku login -i')
  const {default: open} = await import('open')
  const failed = () => {
    onProblem('cannot open a browser; visit the address above')
  }
  try {
    const started = await open(url, browser === undefined ? {} : {app: {name: browser}})
    started.on('error', failed)
    started.on('close', (code) => {
      if (code !== 0 && code !== null) failed()
    })
  } catch {
    failed()
  }
}
