// How to get secret-tool on this distribution.
import {readFileSync} from 'node:fs'

// The package that has the program: its own one on Debian and openSUSE, beside the library elsewhere.
const COMMANDS: [ids: string[], command: string][] = [
  [['debian', 'ubuntu'], 'sudo apt install libsecret-tools'],
  [['fedora', 'rhel', 'centos'], 'sudo dnf install libsecret'],
  [['arch'], 'sudo pacman -S libsecret'],
  [['suse', 'opensuse'], 'sudo zypper install secret-tool'],
  [['alpine'], 'sudo apk add libsecret'],
]

/** What to look for, whatever the distribution. */
export const INSTALL_ANYWHERE = 'install it: libsecret-tools on Debian and Ubuntu, libsecret on Fedora and Arch'

/**
 * @param osRelease the text of os-release(5)
 * @returns a command to paste, or where there is none for this distribution what to look for
 */
export function installHint(osRelease: string): string {
  const valueOf = (key: string) =>
    new RegExp(`^${key}=(["']?)(.*)\\1$`, 'mu').exec(osRelease)?.[2]?.toLowerCase().split(' ') ?? []
  // What it is like is named from the nearest to the farthest.
  for (const id of [...valueOf('ID'), ...valueOf('ID_LIKE')]) {
    const known = COMMANDS.find(([ids]) => ids.some((each) => id === each || id.startsWith(`${each}-`)))
    if (known) return known[1]
  }

  return INSTALL_ANYWHERE
}

/** The text of os-release(5) here; empty where there is none. */
export function readOsRelease(): string {
  for (const path of ['/etc/os-release', '/usr/lib/os-release'])
    try {
      return readFileSync(path, 'utf8')
    } catch {
      // The next place, or none.
    }

  return ''
}
