#!/usr/bin/env bash
# In a WSL, as root: runs the contract of all keychains on the password vault of the Windows user.
set -euo pipefail
cd "$(dirname "$0")/.."

# A copy, since the drive of Windows is slow, and a node_modules on it is that of Windows.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git -c safe.directory='*' ls-files -z | tar --null --files-from=- --create | tar --extract --directory="$copy"
cd "$copy"

source scripts/node.sh
npm ci --ignore-scripts
HEROKU_CREDENTIAL_STORE=windows npm run test:real
