# What the installing scripts share; sourced, not run. They define `give_up MESSAGE`, which says how to go on by hand.

# The exit code of what could not be installed.
readonly unavailable=69
package_lists_are_fresh=no

say() {
    printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2
}

as_root() {
    if [[ $(id -u) -eq 0 ]]; then
        "$@"
    else
        sudo "$@"
    fi
}

# apt_install PACKAGE...
apt_install() {
    if ! type -P apt-get >/dev/null; then
        give_up "no apt-get here to install $* with"
    fi
    if [[ $(id -u) -ne 0 ]] && ! type -P sudo >/dev/null; then
        give_up "installing $* needs root or sudo"
    fi
    local options=(-qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120)
    if [[ $package_lists_are_fresh == no ]]; then
        as_root apt-get "${options[@]}" update >&2 || give_up 'apt-get update failed'
        package_lists_are_fresh=yes
    fi
    say "installing $*"
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get "${options[@]}" install -y --no-install-recommends "$@" >&2 || give_up "apt-get could not install $*"
    hash -r
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

# Sets `python` to one that has pip, installed where there is none.
find_python() {
    python=$(python_with_pip)
    if [[ -z $python ]]; then
        apt_install python3 python3-pip
        python=$(python_with_pip)
    fi
    python=${python:-python3}
}
