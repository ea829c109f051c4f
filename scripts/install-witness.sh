#!/usr/bin/env bash
# Installs the Python clients that the tests hear the wire with, into target/witness. Needs root or sudo only where
# there is no Python with pip.
#
# Exit codes: 0 they are there, 69 they could not be installed.
set -euo pipefail

readonly unavailable=69

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
readonly packages=$here/../target/witness

say() {
    printf 'install-witness: %s\n' "$*" >&2
}

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

as_root() {
    if [[ $(id -u) -eq 0 ]]; then
        "$@"
    else
        sudo "$@"
    fi
}

# A Python that has pip, or nothing. The first on PATH may lack it where the system's own has it.
python_with_pip() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -m pip --version >/dev/null 2>&1; then
            printf '%s\n' "$python"
            return
        fi
    done
}

install_pip() {
    if ! type -P apt-get >/dev/null; then
        give_up 'no apt-get here to install python3 and python3-pip with'
    fi
    if [[ $(id -u) -ne 0 ]] && ! type -P sudo >/dev/null; then
        give_up 'installing python3 and python3-pip needs root or sudo'
    fi
    local options=(-qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120)
    as_root apt-get "${options[@]}" update >&2 || give_up 'apt-get update failed'
    say 'installing python3 and python3-pip'
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get "${options[@]}" install -y --no-install-recommends python3 python3-pip >&2 ||
        give_up 'apt-get could not install python3 and python3-pip'
    hash -r
}

# Whether what is there is what is asked for.
if cmp --silent "$here/witness.txt" "$packages/installed.txt"; then
    say "clients of the witness: target/witness"
    exit 0
fi
python=$(python_with_pip)
if [[ -z $python ]]; then
    install_pip
    python=$(python_with_pip)
fi
rm -rf "$packages"
say 'downloading nats-py and redis'
PIP_ROOT_USER_ACTION=ignore "${python:-python3}" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    --requirement "$here/witness.txt" --target "$packages" >&2 || give_up 'pip could not install scripts/witness.txt'
# Last, so that it stands only beside all of them.
cp "$here/witness.txt" "$packages/installed.txt"
