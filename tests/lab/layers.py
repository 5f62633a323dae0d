"""A Debian root to be written to, over kept ones that are not: an overlay, and a shell in it while it is not booted. As root."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

SHELL_S = 30.0


class Layers:
    """`root` is the folder to write to; what is written lies in `folder`/upper."""

    def __init__(self, kept: Sequence[Path], folder: Path) -> None:
        """`kept`: from the uppermost down."""
        self.root = folder / "root"
        self._folder = folder
        for name in ("root", "upper", "work"):
            (folder / name).mkdir()
        below = ":".join(map(str, kept))
        do(
            "mount",
            "-t",
            "overlay",
            "overlay",
            "-o",
            f"lowerdir={below},upperdir={folder}/upper,workdir={folder}/work",
            self.root,
        )

    def close(self) -> None:
        """What was written stays in `folder`/upper."""
        do("umount", self.root)
        shutil.rmtree(self._folder / "work")
        self.root.rmdir()

    def do(self, command: str, *options: str, stdin: bytes = b"", timeout_s: float = SHELL_S, log: IO[str] | None = None) -> None:
        """Run a shell command in the root; `options` are systemd-nspawn's. AssertionError with its last words when it fails."""
        words = ["systemd-nspawn", "-q", "--register=no", "--keep-unit", "--pipe", "-D", str(self.root), *options]
        done = subprocess.run(
            [*words, "/bin/sh", "-ec", command],
            input=stdin,
            stdout=log or subprocess.PIPE,
            stderr=log or subprocess.PIPE,
            timeout=timeout_s,
            check=False,
        )
        assert done.returncode == 0, (done.stderr or b"see the log").decode()


def do(*words: str | Path) -> None:
    """A command of this machine. AssertionError with its words when it fails."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, words))}: {done.stderr}"
