"""A USB stick that is plugged in: found, mounted for a moment, and let go. Root's work; what is on it stick.py reads.

Nothing mounts sticks by itself on an appliance. Only a partition of a disk that came by USB is looked at, read-only unless
something is to be left there, and mounted so that nothing on it is a device, a program or somebody's rights.
"""

from __future__ import annotations

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
    with plugged(scratch, run, write=request is not None) as folder:
        return None if folder is None else take(steward, folder, request)


@contextmanager
def plugged(scratch: Path, run: Run, *, write: bool, sys: Path = Path("/sys")) -> Iterator[Path | None]:
    """The folder FOLDER of the first stick that has one, as long as this lasts; None when there is none.

    `scratch`: a folder of root's own, in memory, where a mount point can be made.
    """
    point = scratch / "stick"
    point.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        for device in partitions(sys):
            mode = "rw,sync" if write else "ro"
            words = ["mount", "--types", KINDS, "--options", f"{mode},{OPTIONS}", f"/dev/{device}", str(point)]
            if not run(words, b"", MOUNT_S).well:
                continue
            try:
                folder = point / FOLDER
                if folder.is_dir() and not folder.is_symlink():
                    yield folder
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
