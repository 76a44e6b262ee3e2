# Sourced: puts a Node that we support on PATH, on a Debian or Ubuntu that may have none, as root. Run in the repository.

node_is_new_enough() {
  node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || (major == 20 && minor >= 19) ? 0 : 1)' 2>/dev/null
}

# Debian 12 and Ubuntu 24.04 have Node 18; npm has Node itself as a package.
if ! node_is_new_enough; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm ca-certificates
  case "$(uname -m)" in aarch64) arch=arm64 ;; *) arch=x64 ;; esac
  npm install --prefix .cache/node --no-audit --no-fund "node-linux-$arch@22" npm@10
  PATH="$PWD/.cache/node/node_modules/node-linux-$arch/bin:$PWD/.cache/node/node_modules/.bin:$PATH"
fi

echo "Node $(node --version)"
