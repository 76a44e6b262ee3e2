import {expect} from 'chai'
import {installHint} from '../../../src/backends/install-hint.js'

const APT = 'sudo apt install libsecret-tools'
const DNF = 'sudo dnf install libsecret'
const ANYWHERE = 'install it: libsecret-tools on Debian and Ubuntu, libsecret on Fedora and Arch'

describe('the hint to install secret-tool', () => {
  // /etc/os-release of these systems.
  const systems: [string, string, string][] = [
    ['Debian', 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n', APT],
    ['Ubuntu', 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', APT],
    ['Linux Mint', 'ID=linuxmint\nID_LIKE="ubuntu debian"\n', APT],
    ['Pop!_OS', 'ID=pop\nID_LIKE="ubuntu debian"', APT],
    ['Fedora', 'ID=fedora\nVERSION_ID=41\nPLATFORM_ID="platform:f41"\n', DNF],
    ['RHEL', 'ID="rhel"\nID_LIKE="fedora"\n', DNF],
    ['Rocky', 'ID="rocky"\nID_LIKE="rhel centos fedora"\n', DNF],
    ['Arch', 'ID=arch\n', 'sudo pacman -S libsecret'],
    ['Manjaro', "ID='manjaro'\nID_LIKE='arch'\n", 'sudo pacman -S libsecret'],
    ['openSUSE', 'ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n', 'sudo zypper install secret-tool'],
    ['SLES', 'ID="sles"\nID_LIKE="suse"\n', 'sudo zypper install secret-tool'],
    ['Alpine', 'ID=alpine\n', 'sudo apk add libsecret'],
    ['NixOS', 'ID=nixos\nID_LIKE=""\n', ANYWHERE],
    ['a system without a name', '', ANYWHERE],
    ['one that only sounds like it', 'VARIANT_ID=debian\nNAME=fedora\nID=archaic\n', ANYWHERE],
  ]
  for (const [name, osRelease, hint] of systems)
    it(`is ${hint} on ${name}`, () => {
      expect(installHint(osRelease)).to.equal(hint)
    })
})
