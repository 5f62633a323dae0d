"""Reading QR and Code 128 out of a grey picture with zxing-cpp: the one file of the camera that knows it. It judges nothing.

It is C++ and reads pixels a stranger holds up: imported by the scanner process and `kiosk decode`, never where keys are.
"""

from __future__ import annotations

import zxingcpp
from zxingcpp import BarcodeFormat, Binarizer, TextMode

from kiosk.camera.decode import Grey, check
from kiosk.camera.symbol import GS1_MARKS, Corners, Format, Symbol, around

# QRCode would be Micro QR and rMQR as well.
_WANTED = zxingcpp.BarcodeFormats([BarcodeFormat.QRCodeModel2, BarcodeFormat.Code128])
_FORMATS = {BarcodeFormat.QRCode: Format.QR, BarcodeFormat.QRCodeModel2: Format.QR, BarcodeFormat.Code128: Format.CODE128}


def find_symbols(
    grey: Grey, *, rotated: bool = False, inverted: bool = True, smaller: bool = False, level: bool = False
) -> list[Symbol]:
    """Every QR and Code 128 that zxing-cpp reads in `grey` (2-D, uint8), in no order that means anything.

    `rotated` looks for a barcode on its side as well (a QR is found at any angle), `inverted` for light on dark, `smaller` in
    the picture at a half and less, too; `level` takes one threshold for a whole row, not one for each neighbourhood.
    ValueError when the picture is not grey.
    """
    if not check(grey):
        return []
    found = zxingcpp.read_barcodes(
        grey,
        formats=_WANTED,
        try_rotate=rotated,
        try_downscale=smaller,
        try_invert=inverted,
        binarizer=Binarizer.GlobalHistogram if level else Binarizer.LocalAverage,
        text_mode=TextMode.Plain,  # the others put brackets and names of control characters into the text
    )
    return [Symbol(_FORMATS[one.format], _data(one), _corners(one)) for one in found if one.format in _FORMATS]


def _data(one: zxingcpp.Barcode) -> bytes:
    """The bytes as they stand in the code, when they are ASCII; else its text, for which the charset was told or guessed."""
    raw = one.bytes if one.bytes.isascii() else one.text.encode("utf-8", "replace")
    mark = one.symbology_identifier
    return mark.encode() + raw if mark in GS1_MARKS else raw


def _corners(one: zxingcpp.Barcode) -> Corners:
    place = one.position
    points = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
    return around([(point.x, point.y) for point in points])
