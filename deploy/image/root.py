"""What the image's root holds: Debian, the package, and files/ over it. What no person at a counter may reach is switched off."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from deploy.deb.archive import NOT_IN_DEBIAN, sources
from deploy.deb.lock import Lock

FILES = Path(__file__).parent / "files"
SYSTEM = (
    "systemd-sysv",
    "systemd-timesyncd",
    "systemd-zram-generator",
    "udev",
    "dbus",
    "initramfs-tools",
    "busybox",
    "zstd",
    "e2fsprogs",
    "kmod",
    "ca-certificates",
    "tzdata",
    "network-manager",
    "wpasupplicant",
    "dnsmasq-base",  # who hands out addresses in the kiosk's own Wi-Fi
    "wireless-regdb",
    "rfkill",
    "iproute2",
    "espeak-ng",
)
REPART = {"bookworm": "systemd", "trixie": "systemd-repart"}
KERNELS = {"amd64": "linux-image-amd64", "arm64": "linux-image-arm64"}
PI = ("linux-image-rpi-v8", "linux-image-rpi-2712", "raspi-firmware", "firmware-brcm80211", "bluez-firmware")
PI_SOURCE = "deb [signed-by={key}] {archive} {suite} main"
"""Raspberry Pi's own archive, and its key, which any Raspberry Pi OS has."""
PI_ARCHIVE = "https://archive.raspberrypi.com/debian"
PI_KEY = "/usr/share/keyrings/raspberrypi-archive-keyring.pgp"

MASKED = (
    "getty@.service",
    "autovt@.service",
    "serial-getty@.service",
    "console-getty.service",
    "container-getty@.service",
    "debug-shell.service",
    "getty.target",
    "ctrl-alt-del.target",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "man-db.timer",
    "NetworkManager-wait-online.service",
    "systemd-networkd-wait-online.service",
    "systemd-firstboot.service",
    "systemd-machine-id-commit.service",
    "systemd-update-done.service",
)
FOLDERS = "data etc/kiosk etc/credstore.encrypted var/lib/kiosk var/lib/kiosk-owner var/lib/kiosk-releases var/log/journal"
COMMAND_LINE = (
    "root=PARTLABEL=kiosk-root ro quiet loglevel=3 panic=10 fsck.mode=skip fsck.repair=yes systemd.getty_auto=no "
    "systemd.show_status=no systemd.gpt_auto=no rd.systemd.show_status=no vt.global_cursor_default=0 consoleblank=0"
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """`pi`: with the Pi's own firmware and kernel, or for any machine that starts by UEFI."""

    lock: Lock
    pi: bool

    @property
    def packages(self) -> list[str]:
        """All that apt is asked for."""
        kernel = PI if self.pi else (KERNELS[self.lock.arch], "systemd-boot-efi")
        of_pi = sorted(NOT_IN_DEBIAN) if self.pi else []
        return list(dict.fromkeys([*SYSTEM, REPART[self.lock.suite], *kernel, *of_pi, *self.lock.packages]))

    @property
    def sources(self) -> list[str]:
        """Lines of sources.list."""
        lines = sources(self.lock.suite)
        if not self.pi:
            return lines
        archive, key = os.environ.get("PI_ARCHIVE", PI_ARCHIVE), os.environ.get("PI_KEY", PI_KEY)
        own = PI_SOURCE.format(key=key, archive=archive, suite=self.lock.suite)
        return [*(f"{line} non-free-firmware" for line in lines), own]


def mmdebstrap(recipe: Recipe, package: Path, place: Path) -> list[str]:
    """The command that makes the root in the folder `place`."""
    hooks = [
        f"upload {package} /kiosk.deb",
        'chroot "$1" env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install /kiosk.deb',
        'rm "$1/kiosk.deb"',
        f"sync-in {FILES} /",
        f'cd {FILES} && find . -mindepth 1 -print0 | (cd "$1" && xargs -0 chown -h root:root)',  # not the builder's
        f'cd "$1" && mkdir -p {FOLDERS}',
        f'chroot "$1" systemctl --quiet mask {" ".join(MASKED)}',
        'chroot "$1" systemctl --quiet enable kiosk-console.service NetworkManager.service systemd-timesyncd.service',
        'chroot "$1" passwd --quiet --lock root',
        'echo kiosk >"$1/etc/hostname" && printf "127.0.0.1 localhost kiosk\\n::1 localhost\\n" >"$1/etc/hosts"',
        'ln -sf ../run/NetworkManager/resolv.conf "$1/etc/resolv.conf"',
        'chroot "$1" update-initramfs -u -k all',
        'rm -rf "$1/var/lib/apt/lists" "$1/var/cache/apt" "$1/var/log" && mkdir -p "$1/var/log/journal"',
        ': >"$1/etc/machine-id" && rm -f "$1/var/lib/dbus/machine-id" "$1/var/lib/systemd/random-seed"',
    ]
    return [
        "mmdebstrap",
        "--quiet",
        "--variant=minbase",
        f"--architectures={recipe.lock.arch}",
        f"--include={','.join(recipe.packages)}",
        '--aptopt=Acquire::Languages "none"',
        '--aptopt=APT::Install-Recommends "false"',
        "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*",
        *(f"--customize-hook={hook}" for hook in hooks),
        recipe.lock.suite,
        str(place),
        *recipe.sources,
    ]
