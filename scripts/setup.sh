#!/usr/bin/env bash
# Installs the packages that building and testing needs, if they are missing.
# usage: setup.sh [keyrings | debian13 | powershell]    also installs what those tests need
set -euo pipefail
cd "$(dirname "$0")/.."

# Each line: a check that exits 0 if the program is there, and its Debian package.
needed='
command -v secret-tool|libsecret-tools
command -v gnome-keyring-daemon|gnome-keyring
command -v dbus-daemon|dbus
/usr/bin/python3 -c "import dbus"|python3-dbus
/usr/bin/python3 -c "import gi"|python3-gi
command -v strace|strace
command -v gpg|gnupg
command -v pass|pass
command -v pinentry-curses|pinentry-curses
command -v openssl|openssl
command -v git|git
command -v curl|curl
command -v pgrep|procps
command -v jq|jq
test -e /etc/ssl/certs/ca-certificates.crt|ca-certificates
'
needed_for_keyrings='
command -v keepassxc|keepassxc
command -v kwalletd5|libkf5wallet-bin
dpkg-query --status libqca-qt5-2-plugins|libqca-qt5-2-plugins
command -v Xvfb|xvfb
/usr/bin/python3 -c "import Xlib"|python3-xlib
'
needed_for_debian13='
command -v debootstrap|debootstrap
'
case "${1-}" in
keyrings) needed+=$needed_for_keyrings ;;
debian13) needed+=$needed_for_debian13 ;;
esac

missing_packages() {
  while IFS='|' read -r check package; do
    [ -z "$check" ] || bash -c "$check" >/dev/null 2>&1 || echo "$package"
  done <<<"$needed"
}

if [ "$(uname)" = Linux ]; then
  mapfile -t packages < <(missing_packages)
  if [ "${#packages[@]}" -gt 0 ]; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
      echo "The tests need more than is installed here. On Debian or Ubuntu: sudo apt-get install ${packages[*]}" >&2
      exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >&2
    apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2
  fi
fi

# PowerShell 7: the one on PATH, or the .NET tool. It is installed only if it is missing: dotnet takes a second each time.
if [ "${1-}" = powershell ] && ! command -v pwsh >/dev/null && ! [ -x .cache/powershell/pwsh ]; then
  if ! command -v dotnet >/dev/null; then
    echo "There is no PowerShell 7 on PATH (pwsh), and no .NET SDK (dotnet) to install it with." >&2
    exit 1
  fi
  export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
  if ! dotnet tool install PowerShell --version 7.6.9 --tool-path .cache/powershell >&2; then
    echo "There is no PowerShell 7 on PATH (pwsh), and dotnet could not install it." >&2
    exit 1
  fi
fi

# npm writes the second file last.
if [ ! package-lock.json -ot node_modules/.package-lock.json ]; then
  npm ci --ignore-scripts --no-audit --no-fund >&2
fi
