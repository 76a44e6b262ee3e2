#!/usr/bin/env bash
# Runs the tests of git, the keyring, systemd-creds and the main job on Debian 13, whose git, libsecret, GNOME Keyring and systemd
# are newer than Debian 12's, in a separate root directory, which is kept for the next run. Needs root, Debian's debootstrap, and
# a build in dist/. Exits 2 if the root directory can't be set up. The last line is the count of all tests that ran.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD/.cache/debian13
tests=(
  test/unit/git
  test/integration/git
  test/integration/backends/git-forwarded.test.ts
  test/integration/backends/git-helper.test.ts
  test/integration/backends/secret-service.test.ts
  test/e2e/git.test.ts
  test/e2e/main-job.test.ts
)

cannot() {
  echo "Debian 13 cannot be set up here: $*" >&2
  exit 2
}

# The URL of the Debian archive that this machine's apt uses.
mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1
}

make_root() {
  [ ! -e "$root/complete" ] || return 0
  local from
  from=$(mirror) && [ -n "$from" ] || cannot 'apt has no Debian archive (run: apt-get update)'
  # An interrupted run leaves an incomplete root directory; its mounts ended with it.
  rm -rf --one-file-system "$root"
  mkdir -p "$root"
  debootstrap --variant=minbase --include=ca-certificates,systemd trixie "$root" "$from" >&2 || cannot 'debootstrap failed'
  # The directory can be created again at any time, so don't wait for the disk.
  echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
  touch "$root/complete"
}

# Bind-mounts a file or folder of this machine into the root directory.
show() {
  local source=$1 target=$root${2:-$1}
  if [ -d "$source" ]; then mkdir -p "$target"; else mkdir -p "$(dirname "$target")" && touch "$target"; fi
  mount --bind "$source" "$target"
}

# Runs a command in the root directory, as root.
inside() {
  chroot "$root" env -u TMPDIR HOME=/root PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# The same as an ordinary user, who can read the checkout at this path.
checkout=/opt/heroku-keychain
inside_as() {
  local user=$1
  shift
  inside setpriv --reuid="$user" --regid="$user" --clear-groups env HOME="/home/$user" "$@"
}

# Runs test files, and notes their count.
counts=
run_mocha() {
  local log
  log=$(mktemp)
  "$@" | tee "$log" || status=1
  counts+=$(tail -n 1 "$log")$'\n'
  rm "$log"
}

# Tests systemd-creds as an ordinary user: first without systemd's credential service, which then starts as its socket unit does it.
test_systemd_creds() {
  local user socket=/run/systemd/io.systemd.Credentials credentials=/tmp/credentials name
  for user in ada eve; do
    inside id "$user" >/dev/null 2>&1 || inside useradd --create-home "$user"
  done
  show "$PWD" "$checkout"
  inside_as ada test -r "$checkout/package.json" || cannot 'the tests of systemd-creds need a checkout that every user can read'
  local mocha=(inside_as ada bash -c 'cd "$1" && shift && exec env "$@"' mocha "$checkout" CREDENTIALS="$credentials"
    node_modules/.bin/mocha)

  mkdir -p "$root/run/systemd" "$root$credentials"
  rm -f "$root$socket"
  run_mocha "${mocha[@]}" test/debian13/systemd-creds-without-service.ts

  chroot "$root" systemd-socket-activate --accept --fdname=varlink -l "$socket" systemd-creds 2>/dev/null &
  service=$!
  trap 'kill "$service"' EXIT
  until [ -S "$root$socket" ]; do
    kill -0 "$service" || cannot 'systemd-socket-activate did not start'
    sleep 0.1
  done
  # It creates the socket for root alone.
  chmod 666 "$root$socket"
  name=heroku-cli-$(printf ada@example.com | sha256sum | cut -c 1-32)
  encrypt() {
    printf HRKU-other | inside_as "$1" systemd-creds encrypt --user --name="$name" - -
  }
  encrypt ada >"$root$credentials/other-machine.cred"
  # systemd discards the key that it made for another machine ID.
  tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
  run_mocha "${mocha[@]}" test/debian13/systemd-creds-without-key.ts
  encrypt eve >"$root$credentials/other-user.cred"
  run_mocha "${mocha[@]}" test/debian13/systemd-creds.ts
  trap - EXIT
  kill "$service"
  rm -f "$root$socket"
}

# In a mount namespace: mounts made here are invisible to other processes, and end with this one.
run_inside() {
  # Make the root directory a mount point; otherwise /proc/self/mountinfo doesn't distinguish it from its parent.
  mount --bind "$root" "$root"
  mount --rbind /dev "$root/dev"
  mount --rbind /proc "$root/proc"
  mount -t tmpfs tmpfs "$root/tmp"
  show "$PWD"
  show "$(readlink -f /etc/resolv.conf)" /etc/resolv.conf
  show /etc/hosts
  # This machine's Node and npm, and npm's configuration of the registry.
  show "$(readlink -f "$(command -v node)")" /usr/local/bin/node
  show "$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")" /usr/local/lib/node_modules/npm
  ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  local name path
  for name in cache userconfig globalconfig; do
    path=$(npm config get "$name")
    [ ! -e "$path" ] || show "$path"
    export "npm_config_$name=$path"
  done
  for path in "${NODE_EXTRA_CA_CERTS-}" "${SSL_CERT_FILE-}"; do
    [ ! -e "$path" ] || show "$path"
  done

  inside node --version >/dev/null || cannot 'the Node of this machine does not run there'
  (
    # apt may have a proxy that only it needs.
    eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
    export http_proxy
    inside bash "$PWD/scripts/setup.sh"
  ) || cannot 'the packages that the tests need could not be installed'
  echo "Debian $(cat "$root/etc/debian_version"), $(inside git --version)" >&2
  local status=0
  test_systemd_creds
  run_mocha inside bash -c 'cd "$1" && shift && exec node_modules/.bin/mocha "$@"' mocha "$PWD" "${tests[@]}"
  awk '
    {passed += $1; failed += $3; skipped += $5}
    END {printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped}' <<<"$counts"
  exit "$status"
}

if [ "${1-}" = --inside ]; then
  run_inside
else
  [ "$(id -u)" = 0 ] || cannot 'it needs root'
  unshare --mount true || cannot 'it needs a mount namespace of its own'
  make_root
  unshare --mount --propagation private bash "$0" --inside
fi
