#!/usr/bin/env bash
# Makes a kiosk of a Raspberry Pi (or any Debian 12 or 13): builds the package for what this machine is, and lets apt install it.
#   sudo deploy/install.sh               says what it will change, asks at a terminal, and does it
#   deploy/install.sh --dry-run          only says it
#   sudo deploy/install.sh --uninstall   takes the program away; the ledger, the settings and the keys stay
# Safe to call again: a newer version takes the place of the old one, but not in the middle of a sale.
set -euo pipefail
cd "$(dirname "$0")/.."

# On a Pi these come from Raspberry Pi OS; the package works without them and has no camera or pins then.
PI=(python3-picamera2 python3-lgpio python3-gpiozero)
BUILD=(git python3-pip python3-babel) # Babel compiles the words
# What a version before the package put into places that go before the package's.
BEFORE=(/etc/systemd/system/kiosk.service /etc/systemd/system/kiosk-scanner.service /etc/systemd/system/kiosk-scanner.socket
    /etc/systemd/system.conf.d/kiosk.conf /usr/local/bin/kiosk)

# The tests name others.
ROOT=${ROOT:-}
BOARD_FILE=${BOARD_FILE:-/proc/device-tree/model}
SYSTEM_PYTHON=${SYSTEM_PYTHON:-/usr/bin/python3}
NOTES=$ROOT/var/lib/kiosk-install # which target this machine started before

main() {
    local doing=install dry=false word
    for word in "$@"; do
        case "$word" in
        --dry-run) dry=true ;;
        --uninstall) doing=uninstall ;;
        *) stop "deploy/install.sh knows --dry-run and --uninstall, and not $word." ;;
        esac
    done
    [ $dry = true ] || [ "$(id -u)" = 0 ] || stop "Only root may install: sudo deploy/install.sh. To see what it would do: deploy/install.sh --dry-run"
    what_is_here
    "plan_$doing"
    [ $dry = false ] || { say "Nothing was changed."; exit 0; }
    agreed
    "$doing"
}

what_is_here() {
    local name
    command -v apt-get >/dev/null || stop "This system has no apt-get: only Debian 12 and 13 and Raspberry Pi OS are supported."
    SUITE=$(. "$ROOT/etc/os-release" && echo "${VERSION_CODENAME-}")
    name=$(. "$ROOT/etc/os-release" && echo "$PRETTY_NAME")
    case $SUITE in
    bookworm | trixie) ;;
    *) stop "Only Debian 12 (bookworm) and 13 (trixie) and the Raspberry Pi OS of that age are supported, and this is $name." ;;
    esac
    ARCH=$(dpkg --print-architecture)
    case $ARCH in
    arm64 | amd64) ;;
    *) stop "Only 64-bit systems are supported, and this is $ARCH: on a Pi 3 or newer, write the 64-bit Raspberry Pi OS to the card." ;;
    esac
    grep -qsa 'Raspberry Pi' "$BOARD_FILE" || PI=()
    HERE=$(dpkg-query -W -f '${db:Status-Status} ${Version}' kiosk 2>/dev/null) || HERE=
    HERE=$(sed -n 's/^installed //p' <<<"$HERE")
    VERSION=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' kiosk/__init__.py)
    TARGET=$(systemctl get-default)
    DESKTOP=false
    [ "$TARGET" != graphical.target ] || [ ! -L "$ROOT/etc/systemd/system/display-manager.service" ] || DESKTOP=true
    for name in "${!BEFORE[@]}"; do
        [ -e "$ROOT${BEFORE[name]}" ] || unset "BEFORE[name]"
    done
}

plan_install() {
    say "This is $(. "$ROOT/etc/os-release" && echo "$PRETTY_NAME"), $ARCH${HERE:+, with kiosk $HERE}. To be done:"
    say "1. apt fetches what builds the package, if it is not here: ${BUILD[*]}"
    say "2. The package kiosk $VERSION is built in a temporary folder; what Debian lacks comes from PyPI, as deploy/deb/locks/$SUITE-$ARCH.json says."
    say "3. apt installs it with what it depends on${PI:+, and ${PI[*]}}: the user kiosk; units that start at each boot;" \
        "/usr/lib/kiosk, /usr/bin/kiosk; folders /etc/kiosk, /var/lib/kiosk-releases; a rule for the screen's lamp; the board's watchdog."
    [ ${#BEFORE[@]} = 0 ] || say "4. What an earlier version put there by hand is removed: ${BEFORE[*]}"
    [ $DESKTOP = false ] || say "5. The desktop no longer starts at boot: the screen is the kiosk's (systemctl set-default multi-user.target)."
    say "No ledger, no settings and no keys are touched."
}

install() {
    local missing=() again=() name
    for name in "${BUILD[@]}"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
    done
    [ ${#missing[@]} = 0 ] || { apt update && apt install "${missing[@]}"; } || stop "apt could not install ${missing[*]}: its own words are above."
    folder=$(mktemp -d) # not local: the trap is read when this function is over
    trap 'rm -rf "$folder"' EXIT
    chmod 755 "$folder" # apt reads it as a user of its own
    "$SYSTEM_PYTHON" -m deploy.deb --suite "$SUITE" --arch "$ARCH" --into "$folder" || stop "The package could not be built: the words are above."
    for name in "${BEFORE[@]}"; do rm -f "$ROOT$name"; done
    # Of a version that is here already apt takes no other content: this clone may be a newer one.
    [ -z "$HERE" ] || dpkg-deb --ctrl-tarfile "$folder"/kiosk_*.deb | tar -xO ./md5sums |
        cmp -s - "$ROOT/var/lib/dpkg/info/kiosk.md5sums" || again=(--reinstall)
    if ! apt install "${again[@]}" "$folder"/kiosk_*.deb "${PI[@]}"; then # the lists were old, or there were none
        apt update || stop "apt could not fetch its package lists: its own words are above. Is the network there?"
        apt install "${again[@]}" "$folder"/kiosk_*.deb "${PI[@]}" || stop "apt could not install the package: its own words are above."
    fi
    if [ $DESKTOP = true ]; then
        mkdir -p "$NOTES"
        echo "$TARGET" >"$NOTES/target"
        systemctl set-default multi-user.target
    fi
    say "Done. It starts at each boot, or now: sudo systemctl start kiosk. What is missing yet says: sudo kiosk doctor"
}

plan_uninstall() {
    if [ -z "$HERE" ]; then
        say "There is no package kiosk here: nothing is to be done."
        exit 0
    fi
    say "To be done: apt removes kiosk $HERE when no sale is in front; the ledger, the settings and the keys stay." \
        "(To delete these, too: sudo apt purge kiosk, which asks.)"
    [ ! -e "$NOTES/target" ] || say "This machine will start $(cat "$NOTES/target") again."
}

uninstall() {
    apt remove kiosk || stop "apt could not remove the package: its own words are above."
    if [ -e "$NOTES/target" ]; then
        systemctl set-default "$(cat "$NOTES/target")"
        rm -r "$NOTES"
    fi
    say "Done. The shop's ledger is in /var/lib/kiosk, its settings in /etc/kiosk, its sealed keys in /etc/credstore.encrypted."
}

agreed() { # a person at a terminal is asked
    local answer
    [ -t 0 ] || return 0
    read -r -p "install: Go on? [y/N] " answer
    case $answer in y | Y | yes) ;; *) stop "Nothing was changed." ;; esac
}

apt() { # a Pi's first boot is busy with its own updates: wait for the lock rather than fail
    env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

say() { printf 'install: %s\n' "$*" >&2; }

stop() {
    say "$@"
    exit 1
}

main "$@"
