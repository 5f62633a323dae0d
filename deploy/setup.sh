#!/usr/bin/env bash
# Makes a bare Debian 12 or 13, or a Raspberry Pi OS of that age, ready to work in: the apt packages that are missing, then .venv.
#   deploy/setup.sh          what the kiosk and its Python tools need
#   deploy/setup.sh tests    and a virtual screen and a browser, for `make test` and `make bench`
#   deploy/setup.sh lab      and what boots other machines, for `make lab`
# Safe to call again. The Makefile calls it only when pyproject.toml or this file is newer than the stamp it leaves in .venv.
# PYTHON names another interpreter than python3 (3.11 or newer); on a Pi it is always the system's own.
set -euo pipefail
cd "$(dirname "$0")/.."

# No desktop package drags these in, so each is named. A reason stands where the name does not tell.
RUN=(python3 python3-venv libzbar0 libusb-1.0-0 espeak-ng) # pyzbar loads libzbar0, pyusb libusb; espeak-ng says the amount
BUILD=(python3-dev gcc libc6-dev pkg-config libsystemd-dev) # systemd-python has no wheel; pip compiles it
FONTS=(fonts-noto-cjk fonts-tlwg-loma-ttf) # kiosk/display/fonts.py knows their files
TESTS=(xvfb xdotool strace iproute2 fuse3 systemd) # iproute2: its ip; fuse3: a disk that forgets what was not synced; systemd: its systemd-analyze
BROWSER=(chromium chromium-driver) # the bench page's tests
LAB=(mmdebstrap systemd-container iproute2 qemu-system-x86 e2fsprogs qemu-user-static)
LAB+=(fdisk mtools dosfstools ovmf) # the image: its disk, and the firmware that starts it
# On a Pi these come from apt: PyPI's pygame cannot draw without a desktop, and libcamera and lgpio have no wheels there.
PI=(python3-picamera2 python3-lgpio python3-gpiozero python3-evdev python3-pygame python3-systemd)
PI+=(libgbm1 libegl1 libgles2 libgl1-mesa-dri) # what SDL draws with where no desktop is; it asks for them when it runs

# The tests name others.
BOARD_FILE=${BOARD_FILE:-/proc/device-tree/model}
SYSTEM_PYTHON=${SYSTEM_PYTHON:-/usr/bin/python3}

main() {
    local want=("${RUN[@]}" "${FONTS[@]}") site=false python=${PYTHON:-python3}
    if grep -qsa 'Raspberry Pi' "$BOARD_FILE"; then
        want+=("${PI[@]}") site=true python=$SYSTEM_PYTHON
        BROWSER=() # the bench page is a matter of the desk, not of the appliance
    else
        want+=("${BUILD[@]}")
    fi
    [ "${1-}" != tests ] || want+=("${TESTS[@]}" "${BROWSER[@]}")
    [ "${1-}" != lab ] || want+=("${LAB[@]}")
    apt_packages "${want[@]}"
    venv "$python" "$site"
    touch .venv/.ready
    [ -z "${1-}" ] || touch ".venv/.ready-for-$1"
}

apt_packages() { # those of the named packages that are missing, or words on what to do
    if ! command -v apt-get >/dev/null; then
        say "This system has no apt-get: only Debian 12 and 13 and Raspberry Pi OS are supported. Going on with what is here;" \
            "what Debian calls $* must be present under your system's own names."
        return
    fi
    local missing=() name here
    # A package may be here under a new name that provides the old one: libzbar0 is libzbar0t64 since Debian 13.
    here=$(dpkg-query -W -f '${db:Status-Status} ${Package} ${Provides}\n' | sed -n 's/^installed//p' | tr ' ,' '\n\n')
    for name in "$@"; do
        grep -qx "$name" <<<"$here" || missing+=("$name")
    done
    if [ "${missing[*]}" = espeak-ng ]; then # tones are enough to sell with
        (install_packages espeak-ng) || say "Going on without espeak-ng: amounts are not spoken, and tones tell what happened."
    elif [ ${#missing[@]} -gt 0 ]; then
        install_packages "${missing[@]}"
    fi
}

install_packages() { # all of those named, or words on what to do
    local missing=("$@") unknown=() name as_root=()
    if [ "$(id -u)" != 0 ]; then
        as_root=(sudo)
        [ -t 0 ] || as_root=(sudo -n) # nobody is there to type a password
        "${as_root[@]}" true 2>/dev/null || stop "Packages are missing, only root can install them, and sudo does not let you. As root:" \
            "apt-get install --no-install-recommends ${missing[*]}; then the same make again."
    fi
    # A Pi's first boot is busy with its own updates: wait for the lock rather than fail.
    as_root+=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
    say "Installing with apt: ${missing[*]}"
    local fresh=false
    if ! apt-cache show "${missing[@]}" >/dev/null 2>&1; then # bare images come without package lists
        "${as_root[@]}" update </dev/null || stop "apt could not fetch its package lists: its own words are above. Is the network there?"
        fresh=true
    fi
    for name in "${missing[@]}"; do
        apt-cache show "$name" >/dev/null 2>&1 || unknown+=("$name")
    done
    [ ${#unknown[@]} = 0 ] || stop "apt does not know ${unknown[*]}: only Debian 12 and 13 and (on a Pi) Raspberry Pi OS are supported," \
        "and this is $(. /etc/os-release && echo "$PRETTY_NAME"). Is a part of the archive missing in /etc/apt?"
    local install=(install --no-install-recommends "${missing[@]}")
    "${as_root[@]}" "${install[@]}" </dev/null && return
    [ $fresh = false ] || stop "apt could not install these packages: its own words are above."
    "${as_root[@]}" update </dev/null # the lists were old and named files that are gone
    "${as_root[@]}" "${install[@]}" </dev/null || stop "apt could not install these packages: its own words are above."
}

venv() { # $1 the interpreter, $2 whether the system's packages are seen
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || stop "The kiosk needs Python 3.11 or newer, and $1 is" \
        "$("$1" -V 2>&1 || echo missing). Debian 12 and 13 have it; elsewhere: make setup PYTHON=/path/to/python3.11"
    if ! .venv/bin/python -c '' 2>/dev/null || ! grep -qx "include-system-site-packages = $2" .venv/pyvenv.cfg; then
        say "Making .venv with $("$1" -V)"
        rm -rf .venv
        if [ "$2" = true ]; then "$1" -m venv --system-site-packages .venv; else "$1" -m venv .venv; fi
    fi
    local key
    key="$(cat pyproject.toml deploy/setup.sh | sha256sum) $(pwd)" # a moved folder has scripts that point to where it was
    if [ "$key" != "$(cat .venv/.installed 2>/dev/null)" ]; then
        say "Installing the Python packages that pyproject.toml names (a minute or two)"
        .venv/bin/python -m pip install --disable-pip-version-check --quiet --editable '.[dev]' </dev/null ||
            stop "pip could not install them: its own words are above. Is the network there? The same make again goes on from here."
        echo "$key" >.venv/.installed
    fi
}

say() { printf 'setup: %s\n' "$*" >&2; }

stop() {
    say "$@"
    exit 1
}

main "$@"
