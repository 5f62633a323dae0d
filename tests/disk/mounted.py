"""The forgetful disk as a folder of this machine: mounted, told what to do, unmounted, and mounted again over what is left."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0  # of a machine that is very busy


class Mounted:
    """One mount. `folder` is where the ledger may lie; `image` what the disk held before, and holds afterwards."""

    def __init__(self, image: Path, folder: Path) -> None:
        self.image, self.folder = image, folder
        command = [sys.executable, "-m", "tests.disk.served", str(image), str(folder)]
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  closed by `unmount`
        self._process = subprocess.Popen(
            command,
            cwd=HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            text=True,
            start_new_session=True,  # Ctrl-C is the harness's; see the end of `_orders` there
        )
        if "up" not in self._answer():
            raise OSError(self.unmount())

    def order(self, do: str, **given: Any) -> dict[str, Any]:
        """As tests.disk.served takes it; returns its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **given}) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        assert answer, self.unmount()
        return answer

    def unmount(self) -> str:
        """Let go of it, whoever has a file open still; returns what the file system had to say, usually nothing."""
        off = ["umount", "--lazy", str(self.folder)] if os.getuid() == 0 else ["fusermount3", "-u", "-z", str(self.folder)]
        if self.folder.is_mount() or self._process.poll() is None:
            subprocess.run(off, capture_output=True, check=False)
        try:
            self._process.wait(PATIENCE_S)
        finally:
            self._process.kill()
            for pipe in (self._process.stdin, self._process.stdout):
                assert pipe is not None
                with contextlib.suppress(OSError):
                    pipe.close()
            self._words.seek(0)
            words = self._words.read().decode()
            self._words.close()
        return words

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return json.loads(line) if line else {}


@contextlib.contextmanager
def mounted(image: Path, folder: Path) -> Iterator[Mounted]:
    """Mounted for as long as this lasts. Both folders are there already."""
    disk = Mounted(image, folder)
    try:
        yield disk
    finally:
        words = disk.unmount()
    assert not words, words


@contextlib.contextmanager
def places() -> Iterator[tuple[Path, Path]]:
    """Two empty folders, for a disk's image and for its mount."""
    top = Path(tempfile.mkdtemp(prefix="disk-"))
    image, folder = top / "image", top / "disk"
    image.mkdir()
    folder.mkdir()
    try:
        yield image, folder
    finally:
        shutil.rmtree(image)
        folder.rmdir()  # never into a mount
        top.rmdir()


@functools.cache
def why_not() -> str | None:
    """Why no such disk can be had here, in words; None: it can. In CI whatever can be installed is installed, or this raises."""
    absent = [] if importlib.util.find_spec("mfusepy") else ["mfusepy"]
    absent += [] if shutil.which("fusermount3") else ["fuse3"]
    if absent:
        reason = f"{', '.join(absent)} not installed: deploy/setup.sh tests"
        if "CI" in os.environ:
            raise OSError(reason)
        return reason
    if not Path("/dev/fuse").exists():
        return "this machine has no /dev/fuse: modprobe fuse, or give the container the device"
    try:
        with places() as (image, folder), mounted(image, folder):
            return None
    except OSError as error:
        return f"mounting is not permitted here: {str(error).strip().partition(chr(10))[0]}"
