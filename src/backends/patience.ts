// How long a keychain operation may take.

const WITHOUT_PROMPT_MS = 5000
// The first powershell.exe after a start of Windows took 8 to 25 s on hosted runners.
const WITHOUT_PROMPT_ON_WINDOWS_MS = 20_000
/** The timeout of a keychain operation where the keychain may show a prompt, in milliseconds. */
export const WITH_PROMPT_MS = 60_000

/**
 * The timeout of a keychain operation, in milliseconds: a minute where the keychain may prompt the user, else 5 s, and 20 s on
 * Windows. On Linux, a keyring prompts only in a window, so a terminal does not count.
 * @param terminal whether stderr is a terminal
 */
export function patience(env: NodeJS.ProcessEnv, platform: NodeJS.Platform, terminal: boolean): number {
  const onTerminal = terminal && (platform === 'darwin' || platform === 'win32')
  if (onTerminal || hasDisplay(env, platform)) return WITH_PROMPT_MS
  return platform === 'win32' ? WITHOUT_PROMPT_ON_WINDOWS_MS : WITHOUT_PROMPT_MS
}

/** The timeout of gpg, in milliseconds: its pinentry also prompts on a terminal. */
export function gpgPatience(env: NodeJS.ProcessEnv, platform: NodeJS.Platform, terminal: boolean): number {
  return terminal || hasDisplay(env, platform) ? WITH_PROMPT_MS : WITHOUT_PROMPT_MS
}

/** Whether a window can be shown to the user. */
export function hasDisplay(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): boolean {
  if (platform === 'darwin' || platform === 'win32') return !env.SSH_CONNECTION && !env.CI
  return Boolean(env.DISPLAY) || Boolean(env.WAYLAND_DISPLAY)
}
