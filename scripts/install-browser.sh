#!/usr/bin/env bash
# Installs what the tests of the report need, where it is missing: Chromium and its chromedriver, from the
# system's packages.
#
# Looks for them on PATH, as tests/browser/driver.rs does. Needs root or sudo only where one is missing.
# Exit codes: 0 both are there, 69 they could not be installed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
readonly browsers=(chromium chromium-browser google-chrome google-chrome-stable)
# shellcheck source=scripts/packages.sh
source "$here/packages.sh"

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

if ! ready; then
    apt_install chromium chromium-driver
    ready || give_up 'this system'\''s packages give no Chromium with a chromedriver that fits'
fi
