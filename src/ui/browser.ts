import {delimiter, isAbsolute} from 'node:path'
import {UserError} from '../errors.js'

/** All other characters: a URL does not need them, and a shell or PowerShell may interpret them. */
const UNSAFE = /[^\w\-.~:/?#@=&+%,[\]]/gu

/** A name or a path, without a quote, `$` or any other character that a shell interprets. */
const BROWSER_NAME = /^[\p{L}\p{N}_./\\:][\p{L}\p{N} _./\\:+()-]*$/u

/**
 * Opens a browser, and does not wait for it.
 * @param url an http(s) URL
 * @param browser the browser's name. Default: the user's default browser
 * @param onProblem called if no browser could be started
 * @throws {UserError} for another kind of URL, which could start any program, and for an invalid browser name
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
  const restore = dropRelativeFolders(process.env)
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

/** Percent-encodes every character that a shell between us and the browser could interpret. */
const safe = (url: string): string =>
  // The href of a URL is ASCII.
  new URL(url).href.replaceAll(UNSAFE, (each) => `%${(each.codePointAt(0) ?? 0).toString(16).toUpperCase()}`)

/**
 * Removes relative entries from PATH: an empty one means the current folder, and a repository may contain a `w3m`. Removes
 * what `open` takes for Windows' folder if it is relative; then `open` uses `C:\Windows`. It always uses the process's environment.
 * @returns a function that restores the variables
 */
function dropRelativeFolders(env: NodeJS.ProcessEnv): () => void {
  const before = ['PATH', 'SYSTEMROOT', 'windir'].map((name) => [name, env[name]] as const)
  env.PATH &&= env.PATH.split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .join(delimiter)
  for (const name of ['SYSTEMROOT', 'windir']) if (!isAbsolute(env[name] ?? '')) Reflect.deleteProperty(env, name)
  return () => {
    for (const [name, value] of before) if (value !== undefined) env[name] = value
  }
}
