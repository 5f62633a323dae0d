"""Other programs, asked in words of our own: never a shell, a limit on the time, what is secret goes in by stdin."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MISSING = 127
LATE = 124


@dataclass(frozen=True, slots=True)
class Done:
    """How it ended. `code` MISSING: there is no such program; LATE: it was ended after its time."""

    code: int
    out: bytes = b""
    err: bytes = b""

    @property
    def well(self) -> bool:
        """Whether it did what was asked."""
        return self.code == 0

    @property
    def words(self) -> str:
        """What it has to say of a failure, on one line."""
        return " ".join((self.err or self.out).decode(errors="replace").split())[:300]


Run = Callable[[Sequence[str], bytes, float], Done]
"""run(words, stdin, within_s)"""


def run(words: Sequence[str], stdin: bytes = b"", within_s: float = 15.0) -> Done:
    """Run it to its end."""
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/"}
    try:
        done = subprocess.run(  # noqa: S603  a list of words, each of them ours or checked
            list(words), input=stdin, capture_output=True, check=False, timeout=within_s, env=env
        )
    except (FileNotFoundError, PermissionError):
        return Done(MISSING, err=f"{words[0]} is not installed".encode())
    except subprocess.TimeoutExpired:
        return Done(LATE, err=f"{words[0]} did not end within {within_s:.0f} s".encode())
    return Done(done.returncode, done.stdout, done.stderr)
