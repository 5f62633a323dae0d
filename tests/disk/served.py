"""`python -m tests.disk.served IMAGE MOUNTPOINT`: the disk of tests.disk.model as a file system, until it is unmounted.

The one user of mfusepy. Begins with what lies in the folder IMAGE, and at its end puts there what is held. Takes orders on its
input and answers each on its output, a JSON object a line; the first line it says is "up". Everything a process does to the disk
is counted, whatever the kernel may remember is switched off, and one operation, or all from one on, can be told to fail.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

os.environ["FUSE_LIBRARY_NAME"] = "fuse3"  # where both are installed mfusepy would take the older one

import mfusepy

from tests.disk.model import SECTOR, Disk, File, Size, Write

ROOM = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Trouble:
    """What befalls the `at`-th operation from now, or of its kind from now. `stays`: and all after it.

    `cut`: the power goes, with that seed; at once, or `later` by so many operations of any kind.
    """

    at: int = 0
    only: str = ""  # "sync", or "sync kiosk.db"
    error: int = errno.EIO
    stays: bool = False
    cut: int | None = None
    later: int = 0


class Served(mfusepy.Operations):
    """The disk behind the kernel's calls. One call at a time, orders included."""

    use_ns = True

    def __init__(self, image: Path) -> None:
        self.image = image
        self.disk = Disk.of(image)
        self._alone = threading.Lock()
        self.log: list[str] = []  # every operation since the last order that set it to nothing
        self.trouble = Trouble()
        self._counted = self._met = 0  # operations of the kind that matters; which of all it was that met the trouble
        self.dark = False  # the power is cut
        self._open: dict[int, File] = {}
        self._next = 1

    def order(self, do: str, **given: Any) -> dict[str, Any]:
        """What the harness wants; every answer tells how many operations there were."""
        with self._alone:
            answer: dict[str, Any] = {"operations": len(self.log)}
            match do:
                case "trouble":
                    self._begin(Trouble(**given))
                case "empty":
                    self.disk = Disk()
                    self._begin(Trouble())
                case "cut" if not self.dark:
                    self._cut(given["seed"])
                case "power":
                    self.dark, self.trouble = False, Trouble()
                case "log":
                    answer["log"] = self.log
                case "look":
                    pass
            return answer | {"dark": self.dark}

    def init_with_config(self, _: Any, config: Any) -> None:
        """Nothing between a process and this disk: no page cache, no remembered names or attributes, no hidden files."""
        config.direct_io = config.hard_remove = 1
        config.entry_timeout = config.attr_timeout = config.negative_timeout = 0.0
        threading.Thread(target=self._orders, daemon=True).start()

    def destroy(self, path: str) -> None:
        """Unmounted in peace, the disk gets everything; in the dark it has what it has."""
        del path
        if not self.dark:
            for file in self.disk.seen.values():
                file.sync()
            self.disk.sync_folder()
        self.disk.save(self.image)

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        if path == "/":
            return {"st_mode": stat.S_IFDIR | 0o700, "st_nlink": 2, "st_uid": os.getuid(), "st_gid": os.getgid()}
        with self._operation("stat", path):
            file = self._open[fh] if fh else self.disk.find(path[1:])
            now = time.time_ns()
            times = {"st_atime": now, "st_mtime": now, "st_ctime": now}
            who = {"st_uid": os.getuid(), "st_gid": os.getgid()}
            size = {"st_size": len(file.seen), "st_blocks": -(-len(file.seen) // SECTOR)}
            return {"st_mode": file.mode, "st_nlink": 1, **size, **who, **times}

    def statfs(self, path: str) -> dict[str, int]:
        """Room enough: a disk without any is tested elsewhere, on a real one."""
        del path
        return dict.fromkeys(("f_bsize", "f_frsize"), 4096) | dict.fromkeys(("f_blocks", "f_bfree", "f_bavail"), ROOM // 4096)

    def readdir(self, path: str, _: int) -> list[str]:
        with self._operation("list", path):
            return [".", "..", *self.disk.seen]

    def mknod(self, path: str, mode: int, _: int) -> int:
        with self._operation("create", path):
            self.disk.create(path[1:], mode)
        return 0

    def create(self, path: str, mode: int) -> int:  # type: ignore[override]
        with self._operation("create", path):
            return self._opened(self.disk.create(path[1:], stat.S_IFREG | mode))

    def open(self, path: str, flags: int) -> int:
        with self._operation("open", path):
            file = self.disk.find(path[1:])
            if flags & os.O_TRUNC:
                file.change(Size(0))
            return self._opened(file)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        with self._operation("read", path):
            return bytes(self._open[fh].seen[offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        file = self._open[fh]

        def half() -> None:  # of a write that fails, some may have been done
            file.change(Write(offset, data[: len(data) // 2 // SECTOR * SECTOR]))

        with self._operation("write", path, half):
            file.change(Write(offset, data))
        return len(data)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        with self._operation("truncate", path):
            (self._open[fh] if fh else self.disk.find(path[1:])).change(Size(length))
        return 0

    def fsync(self, path: str, _: int, fh: int) -> int:
        file = self._open[fh]
        with self._operation("sync", path, file.sync_in_vain):
            file.sync()
        return 0

    def fsyncdir(self, path: str, _datasync: int, _fh: int) -> int:
        with self._operation("sync folder", path):
            self.disk.sync_folder()
        return 0

    def unlink(self, path: str) -> int:
        with self._operation("unlink", path):
            self.disk.unlink(path[1:])
        return 0

    def rename(self, old: str, new: str) -> int:
        with self._operation("rename", old):
            self.disk.rename(old[1:], new[1:])
        return 0

    def chmod(self, path: str, mode: int) -> int:
        with self._operation("chmod", path):
            self.disk.find(path[1:]).mode = mode
        return 0

    def utimens(self, path: str, _: tuple[int, int] | None = None) -> int:
        """Times are not kept: every file is of now."""
        with self._operation("times", path):
            return 0

    def flush(self, path: str, _: int) -> int:
        with self._operation("close", path):
            return 0

    def release(self, _: str, fh: int) -> int:
        with self._alone:
            self._open.pop(fh, None)
        return 0

    def _orders(self) -> None:
        print(json.dumps({"up": os.getpid()}), flush=True)  # the kernel has greeted: it is mounted
        for line in sys.stdin:
            print(json.dumps(self.order(**json.loads(line))), flush=True)
        os.kill(os.getpid(), signal.SIGTERM)  # the harness is gone; libfuse unmounts

    def _opened(self, file: File) -> int:
        self._next += 1
        self._open[self._next] = file
        return self._next

    @contextmanager
    def _operation(self, kind: str, path: str | None, failing: Any = lambda: None) -> Iterator[None]:
        """One more; it may be the one that fails, and then `failing` is what it does."""
        with self._alone:
            if self.dark:
                raise OSError(errno.EIO, "the power is cut")
            operation = f"{kind} {path[1:] if path else ''}".strip()  # a file that was removed while it is open has no path
            self.log.append(operation)
            trouble = self.trouble
            counts = trouble.only in {"", kind, operation}
            self._counted += counts
            met = counts and self._counted == trouble.at
            if met:
                self._met = len(self.log)
            if trouble.cut is not None and self._met and len(self.log) >= self._met + trouble.later:
                self._cut(trouble.cut)
                raise OSError(errno.EIO, "the power is cut")
            if met or (trouble.stays and self._met):
                failing()
                raise OSError(trouble.error, f"{operation} was to fail")
            yield

    def _begin(self, trouble: Trouble) -> None:
        self.log, self._counted, self._met, self.trouble = [], 0, 0, trouble

    def _cut(self, seed: int) -> None:
        self.disk.cut(Random(seed))
        self.dark = True


def main() -> None:
    image, mountpoint = map(Path, sys.argv[1:])
    mfusepy.FUSE(Served(image), str(mountpoint), foreground=True, nothreads=True, fsname="forgetful")


if __name__ == "__main__":
    main()
