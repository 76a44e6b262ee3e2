import {delimiter, isAbsolute} from 'node:path'
import {UserError} from '../errors.js'

/** Neither a URL needs more than these, nor does a shell or PowerShell see more than a word in them. */
const UNSAFE = /[^\w\-.~:/?#@=&+%,[\]]/gu

/** A name or a path: no quote, no `$`, and nothing else that would make it a script. */
const BROWSER_NAME = /^[\p{L}\p{N}_./\\:][\p{L}\p{N} _./\\:+()-]*$/u

/**
 * Opens a browser, and does not wait for what becomes of it.
 * @param url an http(s) URL
 * @param browser the name of the browser to use; the user's usual one if undefined
 * @param onProblem told if no browser could be started
 * @throws {UserError} for another kind of URL, which the system may give to any program, and for what is no name
 */
export async function openBrowser(
  url: string,
  browser: string | undefined,
  onProblem: (problem: string) => void,
): Promise<void> {
  if (!URL.canParse(url) || !/^https?:$/u.test(new URL(url).protocol))
    throw new UserError('the page to log in at is not an http(s) URL, so it was not opened', 'heroku login -i')
  if (browser !== undefined && !BROWSER_NAME.test(browser))
    throw new UserError('--browser takes the name of a browser, such as firefox', 'heroku login --browser firefox')
  const {default: open} = await import('open')
  const failed = () => {
    onProblem('cannot open a browser; visit the address above')
  }
  const restore = leaveOutCurrentFolder(process.env)
  try {
    const started = await open(safe(url), browser === undefined ? {} : {app: {name: browser}})
    started.on('error', failed)
    started.on('close', (code) => {
      if (code !== 0 && code !== null) failed()
    })
  } catch {
    failed()
  } finally {
    restore()
  }
}

/** The URL with everything percent-encoded that a shell between us and the browser may understand. */
const safe = (url: string): string =>
  // A parsed URL is ASCII.
  new URL(url).href.replaceAll(UNSAFE, (each) => `%${(each.codePointAt(0) ?? 0).toString(16).toUpperCase()}`)

/**
 * Takes what is not absolute out of PATH: an empty entry is the current folder, and a repository may have a `w3m` in it.
 * `open` takes no other environment than the process's.
 * @returns a function that puts PATH back
 */
function leaveOutCurrentFolder(env: NodeJS.ProcessEnv): () => void {
  const {PATH} = env
  if (PATH === undefined) return () => undefined
  env.PATH = PATH.split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .join(delimiter)
  return () => {
    env.PATH = PATH
  }
}
