#!/usr/bin/env bash
# Installs what the tests of the report need, where it is missing: Chromium and its chromedriver, from the
# system's packages.
#
# Looks for them on PATH, as tests/browser/driver.rs does. Needs root or sudo only where one is missing.
# Exit codes: 0 both are there, 69 they could not be installed.
set -euo pipefail

readonly unavailable=69
readonly browsers=(chromium chromium-browser google-chrome google-chrome-stable)

say() {
    printf 'install-browser: %s\n' "$*" >&2
}

# Says how to go on without this script, and gives up.
give_up() {
    say "$1"
    cat >&2 <<TEXT

Install by hand, so that both are on PATH and of the same major version:
  Chromium, as one of: ${browsers[*]}
  chromedriver
Debian has the packages chromium and chromium-driver. Only \`make test\` and \`make pictures\` need them.
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

# The first browser on PATH, or nothing.
browser() {
    local name
    for name in "${browsers[@]}"; do
        if type -P "$name"; then
            return
        fi
    done
}

# The version that a program prints, or nothing: a package of Ubuntu puts a script in the browser's place that
# only says to install a snap.
version_of() {
    "$1" --version 2>/dev/null | grep -oE '[0-9]+(\.[0-9]+){3}' | head -n 1 || true
}

# Whether nothing has to be installed.
ready() {
    local chromium driver chromium_version driver_version
    chromium=$(browser)
    driver=$(type -P chromedriver || true)
    if [[ -z $chromium || -z $driver ]]; then
        return 1
    fi
    chromium_version=$(version_of "$chromium")
    driver_version=$(version_of "$driver")
    if [[ -z $chromium_version || -z $driver_version ]]; then
        say "${chromium} or ${driver} does not run"
        return 1
    fi
    if [[ ${chromium_version%%.*} != "${driver_version%%.*}" ]]; then
        say "$chromium is $chromium_version, $driver is $driver_version: they do not fit"
        return 1
    fi
    say "Chromium $chromium_version: $chromium"
    say "chromedriver $driver_version: $driver"
}

install() {
    if ! type -P apt-get >/dev/null; then
        give_up 'no apt-get here to install chromium and chromium-driver with'
    fi
    if [[ $(id -u) -ne 0 ]] && ! type -P sudo >/dev/null; then
        give_up 'installing chromium and chromium-driver needs root or sudo'
    fi
    local options=(-qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120)
    as_root apt-get "${options[@]}" update >&2 || give_up 'apt-get update failed'
    say 'installing chromium and chromium-driver'
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get "${options[@]}" install -y --no-install-recommends chromium chromium-driver >&2 ||
        give_up 'apt-get could not install chromium and chromium-driver'
    hash -r
}

if ! ready; then
    install
    ready || give_up 'this system'\''s packages give no Chromium with a chromedriver that fits'
fi
