"""Reading QR and Code 128 out of a grey picture: the one file that knows pyzbar. It judges nothing.

zbar is C and reads pixels a stranger holds up: this is imported by the scanner process and `kiosk decode`, never where keys are.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pyzbar import wrapper as zbar
from pyzbar.pyzbar import ZBarSymbol

from kiosk.camera.symbol import GS1_MARKS, Format, Point, Symbol, around

Grey = NDArray[np.uint8]
"""A picture of one byte a pixel, indexed [row, column], rows from the top."""

_FORMATS = {ZBarSymbol.QRCODE: Format.QR, ZBarSymbol.CODE128: Format.CODE128}
_Y800 = int.from_bytes(b"Y800", "little")
_MAX_SYMBOLS = 32  # a picture with more is no phone; the rest is not looked at
_MAX_DATA = 8192  # a QR holds at most 7,089 characters
_MAX_POINTS = 8192  # a pass for each row and column of a frame makes fewer
_GS1 = 1  # 1 << ZBAR_MOD_GS1 of zbar.h
_MARKS = {Format.CODE128: GS1_MARKS[0].encode(), Format.QR: GS1_MARKS[1].encode()}
_STDERR = 2
_local = threading.local()
_hushing = threading.Lock()

# pyzbar does not know it; without it a GS1 label of 18 digits looks like a payment code.
_modifiers = zbar.zbar_function("zbar_symbol_get_modifiers", ctypes.c_uint, ctypes.POINTER(zbar.zbar_symbol))


def read_symbols(grey: Grey) -> list[Symbol]:
    """Every QR and Code 128 that zbar reads in `grey` (2-D, uint8), in no order that means anything.

    zbar's functions are called without pyzbar's `decode`, for two reasons: that makes a new scanner for each picture, and it
    raises ValueError where zbar does not know a symbol's orientation, which would lose a picture that was read.
    """
    if not check(grey):
        return []
    height, width = grey.shape
    pixels = np.ascontiguousarray(grey)
    image = zbar.zbar_image_create()
    try:
        zbar.zbar_image_set_format(image, _Y800)
        zbar.zbar_image_set_size(image, width, height)
        # No clean-up function: numpy owns `pixels`, which outlives the image.
        zbar.zbar_image_set_data(image, ctypes.c_void_p(pixels.ctypes.data), pixels.nbytes, None)
        scanner = _scanner()
        with _hushed():
            scanned = zbar.zbar_scan_image(scanner, image)
        return _symbols(image) if scanned >= 0 else []
    finally:
        zbar.zbar_image_destroy(image)


def check(grey: Grey) -> bool:
    """Whether there is a pixel in the picture; ValueError when it is no grey one."""
    if grey.ndim != 2 or grey.dtype != np.uint8:  # noqa: PLR2004  rows, columns
        raise ValueError(f"a grey picture is 2-D and uint8, not {grey.ndim}-D {grey.dtype}")
    return grey.size > 0


def _symbols(image: object) -> list[Symbol]:
    found: list[Symbol] = []
    symbol = zbar.zbar_image_first_symbol(image)
    while symbol and len(found) < _MAX_SYMBOLS:
        form = _FORMATS.get(symbol.contents.type)
        length = zbar.zbar_symbol_get_data_length(symbol)
        if form is not None and 0 < length <= _MAX_DATA:
            data = ctypes.string_at(zbar.zbar_symbol_get_data(symbol), length)
            if data.isascii():  # the rest is zbar's guess of a charset, and wrong in one of ten
                mark = _MARKS[form] if _modifiers(symbol) & _GS1 else b""
                found.append(Symbol(form, mark + data, around(_points(symbol))))
        symbol = zbar.zbar_symbol_next(symbol)
    return found


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    """Nothing reaches standard error meanwhile.

    zbar's code128.c prints the code words of a barcode whose check sum surprises it: those of a payment code are its digits,
    and the scanner's standard error is the journal.
    """
    with _hushing, contextlib.ExitStack() as undo:
        with contextlib.suppress(OSError):  # standard error is closed: nothing can be said there
            kept = os.dup(_STDERR)
            undo.callback(os.close, kept)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            undo.callback(os.close, nowhere)
            os.dup2(nowhere, _STDERR)
            undo.callback(os.dup2, kept, _STDERR)
        yield


def _points(symbol: object) -> list[Point]:
    """Of a QR the four corners; of a barcode the end of each pass over it, which go there and back."""
    count = min(zbar.zbar_symbol_get_loc_size(symbol), _MAX_POINTS)
    return [(zbar.zbar_symbol_get_loc_x(symbol, i), zbar.zbar_symbol_get_loc_y(symbol, i)) for i in range(count)]


def _scanner() -> object:
    """One scanner for each thread, made once: zbar's is not for two, and making one costs as much as a small scan."""
    scanner = getattr(_local, "scanner", None)
    if scanner is None:
        scanner = zbar.zbar_image_scanner_create()
        if not scanner:
            raise MemoryError("zbar could not make a scanner")
        for kind in ZBarSymbol:
            if kind > ZBarSymbol.PARTIAL:
                zbar.zbar_image_scanner_set_config(scanner, kind, zbar.ZBarConfig.CFG_ENABLE, int(kind in _FORMATS))
        _local.scanner = scanner
    return scanner
