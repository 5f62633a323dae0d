"""A USB stick that is plugged in: found, mounted for a moment, and let go. Root's work; what is on it stick.py reads.

Nothing mounts sticks by itself on an appliance. Only a partition of a disk that came by USB is looked at, read-only unless
something is to be left there, and mounted so that nothing on it is a device, a program or somebody's rights.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from kiosk.steward.client import Steward
from kiosk.steward.stick import FOLDER, take
from kiosk.steward.words import ReadStick, Stick, checked

OPTIONS = "nosuid,nodev,noexec,nosymfollow"
KINDS = "vfat,exfat,ext4,ntfs3"  # what sticks are sold and written with
MOUNT_S, UNMOUNT_S = 20.0, 20.0
UNIT = "kiosk-sticks.service"
UNIT_S, SETTLE_S = 15.0, 5.0
APPEAR_S, LOOK_S = 8.0, 0.1  # a stick that gets its driver only now is looked at by the kernel for a second or two
STORAGE = "08"  # the class of an interface of USB: sticks and disks


class Ended(Protocol):
    """How a program ended."""

    @property
    def well(self) -> bool:
        """Whether it did what was asked."""


Run = Callable[[Sequence[str], bytes, float], Ended]
"""run(words, stdin, within_s)"""


def read_stick(steward: Steward, scratch: Path, run: Run, request: str | None) -> Stick | None:
    """The verb: what a stick brings is kept by `steward`, and the request left there; None when there is none."""
    checked(ReadStick(request))
    with plugged(scratch, run, write=request is not None, folder=FOLDER) as folder:
        return None if folder is None else take(steward, folder, request)


@contextmanager
def let_in(run: Run, sys: Path = Path("/sys")) -> Iterator[None]:
    """On a machine where a stick gets no driver (docs/image.md): one that is plugged in does, while this lasts."""
    run(["systemctl", "start", UNIT], b"", UNIT_S)
    try:
        end = time.monotonic() + APPEAR_S
        waited = False
        while _has_storage(sys) and not partitions(sys) and time.monotonic() < end:
            waited = True
            time.sleep(LOOK_S)
        if waited:
            run(["udevadm", "settle", f"--timeout={SETTLE_S:.0f}"], b"", UNIT_S)  # its partitions come after the disk
        yield
    finally:
        run(["systemctl", "stop", UNIT], b"", UNIT_S)


@contextmanager
def plugged(
    scratch: Path, run: Run, *, write: bool, folder: str | None = None, sys: Path = Path("/sys")
) -> Iterator[Path | None]:
    """The first stick that can be mounted, or the `folder` of the first that has it, as long as this lasts; None: no stick.

    `scratch`: a folder of root's own, in memory, where a mount point can be made.
    """
    point = scratch / "stick"
    point.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        for device in partitions(sys):
            mode = "rw" if write else "ro"
            words = ["mount", "--types", KINDS, "--options", f"{mode},{OPTIONS}", f"/dev/{device}", str(point)]
            if not run(words, b"", MOUNT_S).well:
                continue
            try:
                found = point / (folder or ".")
                if found.is_dir() and not found.is_symlink():
                    yield found
                    return
            finally:
                run(["umount", str(point)], b"", UNMOUNT_S)
        yield None
    finally:
        with suppress(OSError):  # what could not be let go stays till the next start: it is in memory
            point.rmdir()


def partitions(sys: Path = Path("/sys")) -> list[str]:
    """The names of what can be mounted of disks that came by USB: their partitions, or the disk itself when it has none."""
    found: list[str] = []
    for disk in sorted((sys / "class/block").glob("sd*")):
        real = disk.resolve()
        if (real / "partition").exists() or not any(part.startswith("usb") for part in real.parts):
            continue
        parts = sorted(part.parent.name for part in real.glob("*/partition"))
        found += parts or [disk.name]
    return found


def _has_storage(sys: Path) -> bool:
    """Whether there is a stick or a disk on USB, with a driver or without."""
    for interface in sys.glob("bus/usb/devices/*/bInterfaceClass"):
        with suppress(OSError):  # pulled out meanwhile
            if interface.read_text("ascii").strip() == STORAGE:
                return True
    return False
