"""`python probe.py FOLDER`: what the kiosk does on the machine that runs this, as a line of JSON. Needs the kiosk, not its tests.

Imports all of it, reads the pictures FOLDER/*.png with both decoders, signs a request with FOLDER/key.pem, and draws a bill in
SDL's window (SDL_VIDEODRIVER=dummy), whose QR is read off the picture.
"""

from __future__ import annotations

import ctypes.util
import importlib
import json
import pkgutil
import platform
import sys
from pathlib import Path

import numpy as np

if "--no-ldconfig" in sys.argv:  # which is what find_library asks; it is a program, and no program runs beside an emulated one
    ctypes.util.find_library = {"zbar": "libzbar.so.0"}.get

import kiosk
from kiosk.camera.decode import read_symbols
from kiosk.camera.pictures import open_frame
from kiosk.camera.zxing import find_symbols
from kiosk.core.money import Money
from kiosk.core.screens import Network, ShowingQr, Signs, View
from kiosk.display.painter import Painter
from kiosk.display.window import Window
from kiosk.payment.wechat.crypto import MerchantKey
from kiosk.payment.wechat.signer import Signer

FROM_APT = ("evdev", "libcamera", "pygame", "systemd.daemon")
SIZE = (800, 480)
NOW = 1_790_000_000_000
BILL = View(
    ShowingQr(Money(1250, "HKD"), "weixin://wxpay/bizpayurl?pr=Qx9Example0zz", NOW + 175_000),
    Signs(Network.ONLINE, clock_known=True, unresolved=0),
)


def main() -> None:
    folder = Path(sys.argv[1])
    told = {"machine": platform.machine(), "python": platform.python_version(), "imported": _imported()}
    print(json.dumps(told | {"read": _read(folder), "signed": _signed(folder / "key.pem"), "drawn": _drawn()}))


def _imported() -> dict[str, str]:
    """Each module of the kiosk and those of apt's that it loads when it needs them; and what the import raised, if anything."""
    raised = {}
    names = [found.name for found in pkgutil.walk_packages(kiosk.__path__, "kiosk.") if not found.name.endswith("__main__")]
    for name in (*names, *FROM_APT):
        raised[name] = ""
        try:
            importlib.import_module(name)
        except ImportError as error:
            raised[name] = str(error)
    return raised


def _read(folder: Path) -> dict[str, list[list[str]]]:
    """Each picture's texts, by zxing-cpp and by zbar."""
    greys = {path.name: open_frame(path).grey for path in sorted(folder.glob("*.png"))}
    return {
        name: [sorted({symbol.text for symbol in read(grey)}) for read in (find_symbols, read_symbols)]
        for name, grey in greys.items()
    }


def _signed(key: Path) -> str:
    """A request's Authorization: by RSA with PKCS #1 v1.5, which signs the same bytes alike everywhere."""
    signer = Signer("1900009999", "AA01", MerchantKey(key.read_bytes()))
    return signer.authorization("POST", "/v3/pay", b'{"amount":1250}', timestamp=1_767_600_000, nonce="0123456789abcdef")


def _drawn() -> list[str]:
    """The texts of the QR codes on the screen."""
    painter, window = Painter(SIZE, "en", "zh_CN"), Window(SIZE, fullscreen=False)
    painter.paint(BILL, NOW)
    window.present(painter.canvas)
    pixels = np.frombuffer(painter.canvas.rgb(), np.uint8).reshape(SIZE[1], SIZE[0], 3)
    return [symbol.text for symbol in find_symbols(np.ascontiguousarray(pixels[:, :, 1]))]


if __name__ == "__main__":
    main()
