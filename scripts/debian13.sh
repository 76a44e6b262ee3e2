#!/usr/bin/env bash
# Runs the tests of git, the keyring and the main job on Debian 13, whose git, libsecret and GNOME Keyring are newer
# than Debian 12's, in a separate root directory, which is kept for the next run. Needs root, Debian's debootstrap, and
# a build in dist/. Exits 2 if the root directory can't be set up.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD/.cache/debian13
tests=(
  test/unit/git
  test/integration/git
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
  debootstrap --variant=minbase --include=ca-certificates trixie "$root" "$from" >&2 || cannot 'debootstrap failed'
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

  inside() {
    chroot "$root" env -u TMPDIR HOME=/root PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
  }
  inside node --version >/dev/null || cannot 'the Node of this machine does not run there'
  (
    # apt may have a proxy that only it needs.
    eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
    export http_proxy
    inside bash "$PWD/scripts/setup.sh"
  ) || cannot 'the packages that the tests need could not be installed'
  echo "Debian $(cat "$root/etc/debian_version"), $(inside git --version)" >&2
  inside bash -c 'cd "$1" && shift && exec node_modules/.bin/mocha "$@"' mocha "$PWD" "${tests[@]}"
}

if [ "${1-}" = --inside ]; then
  run_inside
else
  [ "$(id -u)" = 0 ] || cannot 'it needs root'
  unshare --mount true || cannot 'it needs a mount namespace of its own'
  make_root
  unshare --mount --propagation private bash "$0" --inside
fi
