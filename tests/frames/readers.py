"""Readers to hold against each other on the same frames: three libraries as they come, two in a row, and the kiosk's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import zxingcpp
from pyzbar import pyzbar

from kiosk.camera.eye import Eye, study

try:
    import cv2
except ImportError:  # it stays out of the product: pip install opencv-python-headless
    cv2 = None
else:
    cv2.setNumThreads(1)

Reader = Callable[[np.ndarray], set[str]]

_ZXING = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCodeModel2, zxingcpp.BarcodeFormat.Code128])
_ZBAR = [pyzbar.ZBarSymbol.QRCODE, pyzbar.ZBarSymbol.CODE128]


def same(text: str) -> str:
    """As texts are compared: line ends and outer blanks differ between truths."""
    return text.replace("\r\n", "\n").strip()


def by_pyzbar(grey: np.ndarray) -> set[str]:
    try:
        return {same(found.data.decode("utf-8", "replace")) for found in pyzbar.decode(grey, symbols=_ZBAR)}
    except ValueError:  # an orientation that pyzbar does not know
        return set()


def by_zxing(grey: np.ndarray) -> set[str]:
    return {same(found.text) for found in zxingcpp.read_barcodes(grey, formats=_ZXING, text_mode=zxingcpp.TextMode.Plain)}


def by_pair(grey: np.ndarray) -> set[str]:
    return by_zxing(grey) or by_pyzbar(grey)


def by_opencv(grey: np.ndarray) -> set[str]:
    try:
        _, texts, _, _ = cv2.QRCodeDetector().detectAndDecodeMulti(grey)
    except (cv2.error, UnicodeDecodeError):  # a text that is not UTF-8
        return set()
    return {same(text) for text in texts if text}


def by_live(grey: np.ndarray) -> set[str]:
    """The kiosk's first look at a frame it sees alone."""
    return {same(symbol.printed) for symbol in Eye().see(grey)}


def by_study(grey: np.ndarray) -> set[str]:
    """The kiosk's reading of a still picture: all its looks, one after the other."""
    return {same(symbol.printed) for symbols in study(grey) for symbol in symbols}


PEERS: dict[str, Reader] = {"pyzbar": by_pyzbar, "zxing-cpp": by_zxing, "zxing-cpp, then pyzbar": by_pair}
if cv2 is not None:
    PEERS["OpenCV"] = by_opencv
KIOSK: dict[str, Reader] = {"kiosk, one live frame": by_live, "kiosk, still picture": by_study}
EVERYONE = {**PEERS, **KIOSK}
