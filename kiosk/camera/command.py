"""What the production scanner makes of image files: behind `kiosk decode`.

Prints nothing itself, and gives no payment code away but with --any.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kiosk.camera.eye import study
from kiosk.camera.folder import image_files
from kiosk.camera.frame import Frame
from kiosk.camera.pictures import PictureError, open_frame
from kiosk.camera.sightings import Believed, Sightings, weigh
from kiosk.core.scanning import ScanHint

_WORDS = {
    ScanHint.TWO_CODES: "two different payment codes in one picture: neither is believed",
    ScanHint.ALIPAY: "an Alipay code, not a WeChat payment code",
    ScanHint.WECHAT_RECEIVE: "a WeChat link for receiving money or a profile, not a payment code",
    ScanHint.LINK: "a link, not a payment code",
    ScanHint.PRODUCT: "a product's or a parcel's code, not a payment code",
    ScanHint.OTHER: "a code, but not a WeChat payment code (18 ASCII digits beginning 10 to 15, and nothing else)",
}


def decode_paths(paths: Sequence[Path], *, any_symbols: bool) -> Iterator[dict[str, Any]]:
    """One value for each file, folders and those in them in name order; `any_symbols` is --any.

    Keys: `file`, `payment_code`, `digits_sha256` (hex, or None), `reason` (None when believed), `ms` (reading, without opening
    the file); with --any `file`, `symbols` (a list of `format`, `text`), and `reason` when the file could not be opened.
    """
    for path in paths:
        yield from _decode(path, any_symbols=any_symbols)


def _decode(path: Path, *, any_symbols: bool) -> Iterator[dict[str, Any]]:
    try:
        if path.is_dir():
            for inner in _pictures_below(path):
                yield _decode_file(inner, any_symbols=any_symbols)
            return
    except OSError as error:
        yield _unread(path, f"the folder cannot be read ({error.strerror})", any_symbols=any_symbols)
        return
    yield _decode_file(path, any_symbols=any_symbols)


def _pictures_below(folder: Path) -> list[Path]:
    inner = [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]
    return sorted([*image_files(folder), *(picture for child in inner for picture in _pictures_below(child))])


def _decode_file(path: Path, *, any_symbols: bool) -> dict[str, Any]:
    try:
        frame = open_frame(path)
    except PictureError as error:
        return _unread(path, str(error), any_symbols=any_symbols)
    return _symbols(path, frame) if any_symbols else _verdict(path, frame)


def _unread(path: Path, reason: str, *, any_symbols: bool) -> dict[str, Any]:
    if any_symbols:
        return {"file": str(path), "symbols": [], "reason": reason}
    return {"file": str(path), "payment_code": False, "digits_sha256": None, "reason": reason, "ms": 0.0}


def _symbols(path: Path, frame: Frame) -> dict[str, Any]:
    found = dict.fromkeys((symbol.format.value, symbol.printed) for symbols in study(frame.grey) for symbol in symbols)
    return {"file": str(path), "symbols": [{"format": form, "text": text} for form, text in found]}


def _verdict(path: Path, frame: Frame) -> dict[str, Any]:
    """Looks until the code is believed, or in every way there is."""
    began = time.perf_counter()
    sightings, hints, code = Sightings(), set[ScanHint](), None
    for at, symbols in enumerate(study(frame.grey)):
        hint, _ = weigh(symbols)
        if hint is not None:
            hints.add(hint)
        verdict = sightings.judge(symbols, at / 10)
        if isinstance(verdict, Believed):
            code = verdict.code
            break
    spent = round((time.perf_counter() - began) * 1000, 1)
    return {
        "file": str(path),
        "payment_code": code is not None,
        "digits_sha256": None if code is None else code.digest(),
        "reason": None if code is not None else _why(hints, read_once=sightings.waiting),
        "ms": spent,
    }


def _why(hints: set[ScanHint], *, read_once: bool) -> str:
    if read_once and ScanHint.TWO_CODES not in hints:
        return "a barcode that a second look did not confirm"
    first = next((hint for hint in ScanHint if hint in hints), None)  # the surest of them
    return "no QR and no Code 128 found" if first is None else _WORDS[first]
