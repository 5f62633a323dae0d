"""How long starts take, the last FIFTY of them: a small file beside the ledger, written once a start, read when somebody asks.

Of the first start after the machine's own, if that is a boot's and nobody's by hand: from the moment its kernel began. Of all:
from when the process began.
"Ready" is what systemd is told: the ledger open, the keys working, the window there. WeChat need not have been reached.
"""

from __future__ import annotations

import json
import logging
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from kiosk.written import put

FIFTY = 50
BOOT_MOST_MS = 600_000  # whoever starts a kiosk later than this does not measure a boot
_LARGEST = 64 * 1024
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Start:
    """`at`: wall clock, ms. `boot`: which run of the machine. `boot_ms`: since the kernel began, None but for the first."""

    at: int
    boot: str
    own_ms: int
    boot_ms: int | None = None


def file_of(ledger: Path) -> Path:
    """Where it lies."""
    return ledger.with_name("starts.json")


def now(wall_ms: int) -> Start:
    """The start that is over at this moment; `boot_ms` as if it were the first."""
    boot = _BOOT_ID.read_text("ascii").strip() if _BOOT_ID.exists() else ""
    up_ms = round(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000)
    return Start(wall_ms, boot, max(0, up_ms - _began_ms()), up_ms)


def note(path: Path, start: Start) -> None:
    """Add it, and forget those before the last FIFTY. A disk that does not take it is no reason for anything."""
    known = read(path)
    if any(other.boot == start.boot for other in known) or (start.boot_ms or 0) > BOOT_MOST_MS:
        start = Start(start.at, start.boot, start.own_ms)
    kept = [*known, start][-FIFTY:]
    try:
        put(path, json.dumps([asdict(each) for each in kept]).encode("ascii"), mode=0o600)
    except OSError as error:
        _log.warning("the start was not noted", extra={"problem": error.strerror})


def read(path: Path) -> list[Start]:
    """All that are known, oldest first; none of a file that is damaged."""
    try:
        with path.open("rb") as file:
            told = json.loads(file.read(_LARGEST))
        found = [Start(int(one["at"]), str(one["boot"]), int(one["own_ms"]), _whole(one["boot_ms"])) for one in told]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return []
    return found[-FIFTY:]


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _began_ms() -> int:
    """When this process began, ms since the kernel did: proc(5), /proc/pid/stat, the 22nd field."""
    try:
        fields = Path("/proc/self/stat").read_text("ascii", "replace").rpartition(")")[2].split()
        return int(fields[19]) * 1000 // os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return round(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000)
