"""A kiosk for the tests of the bench page: keys in, a picture of a screen out, orders straight to the bank's desk."""

from __future__ import annotations

import base64
import io
import threading
from pathlib import Path
from typing import Any

import qrcode
from PIL import Image, ImageDraw, ImageFont
from pyzbar import pyzbar

from kiosk.core.secret import is_payment_code
from kiosk.sandbox.bank import Bank
from kiosk.sandbox.desk import Desk
from kiosk.sandbox.records import Fault, Kind, State, Wanted


class DeskKiosk:
    """`control` has the shape of the kiosk's control socket. It has no memory of sales: the desk does all."""

    def __init__(self, bank: Bank, frames: Path | None = None) -> None:
        self.desk, self.frames = Desk(bank), frames
        self.running = True
        self.lock = threading.Lock()  # the page's questions come from several threads
        self.keys: list[str] = []
        self.units, self.orders, self.screen, self.code_url = 0, 0, "Idle", ""

    def control(self, question: dict[str, Any]) -> dict[str, Any]:
        """One question, one answer."""
        if not self.running:
            raise ConnectionRefusedError("nobody listens at kiosk.sock")
        with self.lock:
            self._tick()
            match question:
                case {"do": "screen"}:
                    return {"ok": True, "png": base64.b64encode(self.picture()).decode()}
                case {"do": "state"}:
                    return {"ok": True, "screen": self.screen}
                case {"do": "key", "key": key}:
                    self.keys.append(key)
                    self._press(key)
                    return {"ok": True}
        return {"ok": False, "problem": f"{question} is not understood"}

    def picture(self) -> bytes:
        """800x480, a line of words and, while one is shown, the QR."""
        image = Image.new("RGB", (800, 480), "#10202b")
        draw = ImageDraw.Draw(image)
        draw.text((40, 36), self.screen, "#9fd3dd", ImageFont.load_default(34))
        draw.text((40, 190), f"HK${self.units / 100:.2f}", "white", ImageFont.load_default(80))
        if self.code_url:
            square = qrcode.QRCode(box_size=8, border=4)
            square.add_data(self.code_url)
            image.paste(square.make_image().get_image().convert("RGB"), (430, 60))
        out = io.BytesIO()
        image.save(out, "PNG", compress_level=1)
        return out.getvalue()

    def _press(self, key: str) -> None:
        if key.isdigit():
            self.units = self.units * 10 + int(key)
            self.screen = "Keying"
        elif key in ("CANCEL", "CLEAR_ALL"):
            self.units, self.code_url, self.screen = 0, "", "Idle"
        elif key == "CLEAR":
            self.units //= 10
        elif key == "QR":
            self.code_url, self.screen = self.desk.place(self._wanted(Kind.NATIVE)), "ShowingQr"
        elif key in ("OK", "SCAN"):
            self.screen = "Scanning"

    def _tick(self) -> None:
        """See what the camera sees and what became of the order."""
        if self.screen == "Scanning" and self.frames is not None:
            for file in sorted(self.frames.glob("*.png")):
                for symbol in pyzbar.decode(Image.open(file)):
                    if is_payment_code(symbol.data.decode()):
                        self._charge(symbol.data.decode())
                        return
        if self.screen in ("Password", "ShowingQr"):
            state = self.desk.find(f"K07-{self.orders:04}").state
            if state is State.SUCCESS:
                self.screen, self.code_url = "PaidScreen", ""

    def _charge(self, code: str) -> None:
        try:
            order = self.desk.charge(self._wanted(Kind.MICROPAY), code)
        except Fault:
            self.screen = "DeclinedScreen"
            return
        self.screen = "PaidScreen" if order.state is State.SUCCESS else "Password"

    def _wanted(self, kind: Kind) -> Wanted:
        self.orders += 1
        return Wanted(kind, f"K07-{self.orders:04}", "Harbour Snacks, counter 7", self.units, "HKD", f"body {self.orders}")
