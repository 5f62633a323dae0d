"""All exports of some days in one ZIP: what leaves on a stick, made piece by piece. Knows no stick.

Of postings there are those that fit how the shop counts: by Z report where shifts are kept, else by sale. Both would book the
same money twice.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from kiosk.config.posting import PostingConfig
from kiosk.core.carried import Days
from kiosk.core.errors import KioskError
from kiosk.exports.rows import Shop
from kiosk.exports.source import Ask, Export, pieces

WAIT_S = 30.0
_PIECE = 64 * 1024
_LESS_URGENT = 10  # nice(2): who sells meanwhile comes first


def exports_of(days: Days, *, shifts: bool) -> tuple[Export, ...]:
    """Every file of it. `shifts`: they are kept."""
    kinds = ("sales", "refunds", "shifts") if shifts else ("sales", "refunds")
    files = [Export(kind, form, days.first, days.last) for kind in kinds for form in ("csv", "json")]
    return *files, Export("shifts" if shifts else "sales", "posting", days.first, days.last)


def name_of(kiosk_id: str, days: Days) -> str:
    """The file's: of several kiosks on one stick each has its own."""
    return f"exports-{kiosk_id}-{days.first}-{days.last}.zip"


def packed(wanted: tuple[Export, ...], shop: Shop, accounts: PostingConfig, ask: Ask) -> Iterator[bytes]:
    """The ZIP, piece by piece; no more of it is held than a piece. KioskError when the kiosk goes away meanwhile."""
    out = _Pieces()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for export in wanted:
            with archive.open(export.name, "w", force_zip64=True) as file:
                for piece in pieces(export, shop, accounts, ask):
                    file.write(piece)
                    yield from out.taken(_PIECE)
    yield from out.taken(1)


def elsewhere(config: Path, days: Days) -> Iterator[bytes]:
    """The same made by a process of its own (`kiosk export all`), which takes no more of this one than the rows it asks for.

    KioskError when it comes to no good end; then what came so far is no file.
    """
    command = [sys.executable, "-m", "kiosk", "--config", str(config), "export", "all"]
    command += ["--first", str(days.first), "--last", str(days.last)]
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)  # noqa: S603  our own
    except OSError as error:
        raise KioskError(f"No export could be begun: {error.strerror}.") from None
    with suppress(ProcessLookupError):
        os.setpriority(os.PRIO_PROCESS, child.pid, _LESS_URGENT)
    assert child.stdout is not None
    try:
        while piece := child.stdout.read(_PIECE):
            yield piece
        code = child.wait(WAIT_S)
    except subprocess.TimeoutExpired:
        raise KioskError("The export did not come to an end.") from None
    finally:
        child.kill()  # nobody takes any more of it
        child.stdout.close()
        child.wait()
    if code != 0:
        raise KioskError("No export was made: the log says why.")


class _Pieces:
    """What a ZIP is written into, which goes on at once: it cannot be read or gone back in."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes, /) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is held open."""

    def taken(self, least: int) -> Iterator[bytes]:
        """What was written, once it is so many bytes."""
        if len(self._held) >= least:
            yield bytes(self._held)
            self._held.clear()
