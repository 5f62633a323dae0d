#!/usr/bin/env bash
# Proves the two commands on a machine that has nothing: builds a bare Debian root with only make, git and ca-certificates,
# clones the committed state of this repository into it, and times the first `make setup`, the second, and all tests in there.
#   deploy/check-clean-root.sh SUITE [MAKE ARGUMENTS...]      e.g.  trixie    or    bookworm test ARGS=tests/test_floors.py
# As root, with mmdebstrap; mirrors come from this machine's own apt configuration, pip's settings and certificates too.
# The root stays in $ROOTS (default /var/tmp/kiosk-roots) to be looked at; the next call makes it anew.
set -euo pipefail
cd "$(dirname "$0")/.."

SUITE=${1:?which Debian? bookworm or trixie}
shift
GOALS=("$@")
[ $# -gt 0 ] || GOALS=(test ALL=1)
ROOT=${ROOTS:-/var/tmp/kiosk-roots}/$SUITE

main() {
    [ "$(id -u)" = 0 ] || stop "chroot and mmdebstrap need root: sudo deploy/check-clean-root.sh $SUITE"
    command -v mmdebstrap >/dev/null || stop "mmdebstrap is missing: apt install mmdebstrap"
    if [ "${INSIDE-}" != yes ]; then
        # Mounts and processes of its own: nothing of them is left when this script ends, however it ends.
        INSIDE=yes exec unshare --mount --pid --fork --kill-child "$0" "$SUITE" "${GOALS[@]}"
    fi
    bare_root
    passed_through
    git clone -q --no-hardlinks . "$ROOT/root/kiosk"
    timed "first make setup" setup
    timed "second make setup" setup
    timed "make ${GOALS[*]}" "${GOALS[@]}"
}

bare_root() {
    local main security key=/usr/share/keyrings/debian-archive-keyring.gpg
    main=$(mirror Debian http://deb.debian.org/debian)
    security=$(mirror Debian-Security http://deb.debian.org/debian-security)
    rm -rf --one-file-system "$ROOT"
    mkdir -p "$(dirname "$ROOT")"
    say "building a bare $SUITE"
    mmdebstrap --quiet --variant=minbase --include=make,git,ca-certificates --aptopt='Acquire::Languages "none"' "$SUITE" "$ROOT" \
        "deb [signed-by=$key] $main $SUITE main" "deb [signed-by=$key] $main $SUITE-updates main" \
        "deb [signed-by=$key] $security $SUITE-security main"
}

mirror() { # LABEL ADDRESS: where apt here has that archive from; its own address where apt has no list of it (deploy/deb/archive.py)
    local found
    found=$(apt-get indextargets 'Created-By: Packages' "Label: $1" --format '$(REPO_URI)' | head -n 1)
    echo "${found:-$2}"
}

passed_through() { # kernel file systems, name service, pip's settings and the certificates that this network needs
    local file
    mount --bind "$ROOT" "$ROOT" # a root is a mount: `within` turns to it
    mount -t proc proc "$ROOT/proc"
    mount --rbind /dev "$ROOT/dev"
    mount -t tmpfs tmpfs "$ROOT/dev/shm"
    cp --dereference /etc/resolv.conf "$ROOT/etc/resolv.conf"
    echo "127.0.0.1 localhost $(uname -n)" >"$ROOT/etc/hosts" # an installer writes it, mmdebstrap does not
    mount --bind /etc/ssl/certs/ca-certificates.crt "$ROOT/etc/ssl/certs/ca-certificates.crt"
    for file in /etc/pip.conf /etc/xdg/pip/ "${HOME}/.config/pip/" "${HOME}/.pip/"; do
        [ -e "$file" ] && mkdir -p "$(dirname "$ROOT$file")" && cp -r "$file" "$ROOT${file%/}"
    done
    return 0
}

timed() {
    local start=$EPOCHREALTIME words=$1
    shift
    local status=0
    within make --no-print-directory -C /root/kiosk "$@" </dev/null || status=$?
    say "$words: exit $status after $(awk "BEGIN{printf \"%.2f\", $EPOCHREALTIME - $start}") s"
    [ $status = 0 ] || exit $status
}

within() { # COMMAND... with the bare root as its true root: in a chroot the kernel makes no user namespace
    env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "${PIP[@]}" unshare --mount sh -ec '
        cd "$1"; shift
        pivot_root . mnt
        umount -l /mnt
        exec "$@"' sh "$ROOT" "$@"
}

say() { printf '%s: %s\n' "$SUITE" "$*" >&2; }

stop() {
    say "$@"
    exit 1
}

mapfile -t PIP < <(env | grep -E '^(PIP_[A-Z_]+|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|https?_proxy|no_proxy)=' || true)
main
