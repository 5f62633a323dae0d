"""`kiosk export`: asks the running kiosk piece by piece, or opens the ledger when none runs, and writes the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from kiosk import ledgers
from kiosk.config import Config
from kiosk.control.unix_socket import ControlFailed, ControlUnavailable, ask
from kiosk.core.carried import Days
from kiosk.core.errors import KioskError
from kiosk.exports.packed import exports_of, name_of, packed
from kiosk.exports.rows import Shop
from kiosk.exports.source import ALL, Ask, Export, pieces
from kiosk.exports.told import piece
from kiosk.payment.disk import takes_no_writes

_PIECE_S = 30.0


def write(config: Config, wanted: Export, out: BinaryIO) -> None:
    """The file of these days into `out`. KioskError when there is none."""
    shop = Shop(config.merchant.time_zone, config.merchant.day_starts)
    with asking(config) as put:
        if wanted.kind == ALL:
            exports = exports_of(Days(wanted.first, wanted.last), shifts=config.shifts is not None)
            out.writelines(packed(exports, shop, config.posting, put))
        else:
            out.writelines(pieces(wanted, shop, config.posting, put))


def write_file(config: Config, wanted: Export, path: Path) -> Path:
    """Into `path`, or into it under the file's own name when it is a folder; the whole file or none. Returns where."""
    days = Days(wanted.first, wanted.last)
    name = name_of(config.merchant.kiosk_id, days) if wanted.kind == ALL else wanted.name
    target = path / name if path.is_dir() else path
    scratch = target.with_name(f".{target.name}.new")
    try:
        with scratch.open("wb") as out:
            write(config, wanted, out)
            out.flush()
            os.fsync(out.fileno())
        scratch.replace(target)
    except OSError as error:
        raise KioskError(f"{target} cannot be written ({error.strerror}). Name another place.") from None
    finally:
        scratch.unlink(missing_ok=True)
    return target


@contextmanager
def asking(config: Config) -> Iterator[Ask]:
    """Who is asked: the kiosk that runs, or the ledger itself."""
    if not takes_no_writes(config.ledger.path):
        try:
            ask(config.control.socket, {"do": "state"})
        except ControlUnavailable:
            pass
        else:
            yield lambda request: _running(config, request)
            return
    with ledgers.to_ask(config) as ledger:
        yield lambda request: _told(piece(ledger, request))


def _running(config: Config, request: dict[str, object]) -> dict[str, Any]:
    return _told(ask(config.control.socket, request, _PIECE_S))


def _told(answer: dict[str, Any]) -> dict[str, Any]:
    if "problem" in answer:
        raise KioskError(f"The kiosk says: {answer['problem']}")
    if "rows" not in answer:
        raise ControlFailed("The running kiosk does not know exports: it is of another version. Restart it.")
    return answer
