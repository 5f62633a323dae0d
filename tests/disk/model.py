"""What a disk holds and what a power cut leaves of it: one folder of files, in memory. Knows no FUSE and no ledger.

Two views: what processes see, and what is held for good. Between them lies what was not synced, in the order it was done. A sync
of a file takes the file's own changes over, a sync of the folder its names; neither takes the other's, as POSIX allows. A power
cut treats each change that is left by itself: kept, lost, torn by sectors, or only its size came. So later ones may stay where
earlier ones are gone, as in a drive that writes in the order it likes.
"""

from __future__ import annotations

import errno
import itertools
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

SECTOR = 512
STYLES = ("lost", "kept", "each", "each", "torn")  # of a cut; "each": every change has a fate of its own


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes put at an offset."""

    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Size:
    """The file made so long."""

    size: int


@dataclass(slots=True)
class File:
    """One file, whatever it is called, and be it nameless by now."""

    mode: int = 0o100600
    seen: bytearray = field(default_factory=bytearray)
    held: bytearray = field(default_factory=bytearray)
    unsynced: list[Write | Size] = field(default_factory=list)

    def change(self, change: Write | Size) -> None:
        """Processes see it at once."""
        _apply(self.seen, change)
        self.unsynced.append(change)

    def sync(self) -> None:
        """Held from now on."""
        for change in self.unsynced:
            _apply(self.held, change)
        self.unsynced.clear()

    def sync_in_vain(self) -> None:
        """The sync that fails: half has arrived, and the rest is called clean all the same, so that no later sync brings it.

        Linux does so: processes go on seeing what the disk will never have ("fsyncgate").
        """
        half = len(self.unsynced) // 2
        for change in self.unsynced[:half]:
            _apply(self.held, change)
        self.unsynced.clear()

    def left(self, chance: Random, style: str) -> bytes:
        """What a power cut leaves of it."""
        left = bytearray(self.held)
        for change in self.unsynced:
            fate = chance.choice(("kept", "lost", "torn", "size")) if style == "each" else style
            match change, fate:
                case _, "kept":
                    _apply(left, change)
                case Size(), "torn" if chance.random() < 0.5:
                    _apply(left, change)
                case Write(offset, data), "torn":
                    _tear(left, offset, data, chance)
                case Write(offset, data), "size":
                    _extend(left, offset + len(data))
        return bytes(left)


Names = dict[str, File]


class Disk:
    """The folder. Raises OSError as the kernel would."""

    def __init__(self) -> None:
        self.seen: Names = {}
        self.held: Names = {}
        self.unsynced: list[dict[str, File | None]] = []  # each: names that change together; None: away with it

    @classmethod
    def of(cls, folder: Path) -> Disk:
        """What lies in `folder`, all of it held."""
        disk = cls()
        for path in folder.iterdir():
            content = path.read_bytes()
            file = File(path.stat().st_mode, bytearray(content), bytearray(content))
            disk.seen[path.name] = disk.held[path.name] = file
        return disk

    def save(self, folder: Path) -> None:
        """Into `folder`, which has no other file afterwards: what is held."""
        for path in folder.iterdir():
            path.unlink()
        for name, file in self.held.items():
            (folder / name).write_bytes(file.held)
            (folder / name).chmod(file.mode & 0o777)

    def find(self, name: str) -> File:
        """The file of this name."""
        if name not in self.seen:
            raise FileNotFoundError(errno.ENOENT, name)
        return self.seen[name]

    def create(self, name: str, mode: int) -> File:
        """A new file; a name that is there stays what it is."""
        if name not in self.seen:
            self._rename({name: File(mode)})
        return self.seen[name]

    def unlink(self, name: str) -> None:
        """Its name is gone; who has it open keeps it."""
        self.find(name)
        self._rename({name: None})

    def rename(self, old: str, new: str) -> None:
        """Both names change at once, or neither."""
        self._rename({old: None, new: self.find(old)})

    def sync_folder(self) -> None:
        """Every name is held from now on; what is in the files is another matter."""
        for change in self.unsynced:
            _point(self.held, change)
        self.unsynced.clear()

    def cut(self, chance: Random) -> None:
        """The power goes and comes: what processes see now is what was left."""
        style = chance.choice(STYLES)
        for change in self.unsynced:
            if style == "kept" or (style != "lost" and chance.random() < 0.5):
                _point(self.held, change)
        self.unsynced.clear()
        left = {id(file): file.left(chance, style) for file in self.held.values()}
        for file in self.held.values():
            file.held = bytearray(left[id(file)])
            file.seen = bytearray(file.held)
            file.unsynced = []
        self.seen = dict(self.held)

    def _rename(self, change: dict[str, File | None]) -> None:
        _point(self.seen, change)
        self.unsynced.append(change)


def _point(names: Names, change: dict[str, File | None]) -> None:
    for name, file in change.items():
        if file is None:
            names.pop(name, None)
        else:
            names[name] = file


def _apply(content: bytearray, change: Write | Size) -> None:
    match change:
        case Write(offset, data):
            _extend(content, offset)
            content[offset : offset + len(data)] = data
        case Size(size):
            del content[size:]
            _extend(content, size)


def _extend(content: bytearray, size: int) -> None:
    content.extend(bytes(max(0, size - len(content))))


def _tear(content: bytearray, offset: int, data: bytes, chance: Random) -> None:
    """Each sector by itself comes or does not."""
    end = offset + len(data)
    edges = [offset, *range(offset - offset % SECTOR + SECTOR, end, SECTOR), end]
    for start, stop in itertools.pairwise(edges):
        if chance.random() < 0.5:
            _apply(content, Write(start, data[start - offset : stop - offset]))
