// How to install secret-tool on this distribution.
import {readFileSync} from 'node:fs'

// Debian and openSUSE have a package for the program; elsewhere it comes with the library.
const COMMANDS: [ids: string[], command: string][] = [
  [['debian', 'ubuntu'], 'sudo apt install libsecret-tools'],
  [['fedora', 'rhel', 'centos'], 'sudo dnf install libsecret'],
  [['arch'], 'sudo pacman -S libsecret'],
  [['suse', 'opensuse'], 'sudo zypper install secret-tool'],
  [['alpine'], 'sudo apk add libsecret'],
]

/** The hint for an unknown distribution. */
export const INSTALL_ANYWHERE = 'install it: libsecret-tools on Debian and Ubuntu, libsecret on Fedora and Arch'

/**
 * @param osRelease the text of os-release(5)
 * @returns a command to paste, or the packages' names for an unknown distribution
 */
export function installHint(osRelease: string): string {
  const valueOf = (key: string) =>
    new RegExp(`^${key}=(["']?)(.*)\\1$`, 'mu').exec(osRelease)?.[2]?.toLowerCase().split(' ') ?? []
  // ID_LIKE lists the closest distribution first (os-release(5)).
  for (const id of [...valueOf('ID'), ...valueOf('ID_LIKE')]) {
    const known = COMMANDS.find(([ids]) => ids.some((each) => id === each || id.startsWith(`${each}-`)))
    if (known) return known[1]
  }

  return INSTALL_ANYWHERE
}

/** This system's os-release(5); empty if there is none. */
export function readOsRelease(): string {
  for (const path of ['/etc/os-release', '/usr/lib/os-release'])
    try {
      return readFileSync(path, 'utf8')
    } catch {
      // Try the next path.
    }

  return ''
}
