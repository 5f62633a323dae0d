"""What phones and labels show: drawn flat and sharp, 480 x 860 or as large as they are."""

from __future__ import annotations

import random

from PIL import Image

from tests.camera_pictures import barcode, linear, page, qr

_BLANK = 250


def payment_code(chance: random.Random) -> str:
    """18 digits that WeChat could have given."""
    return f"1{chance.randrange(6)}{chance.randrange(10**16):016}"


def alipay_code(chance: random.Random) -> str:
    """16 to 24 digits that begin 25 to 30, of which 18 are the most usual."""
    length = chance.choice([16, 18, 18, 18, 20, 24])
    return f"{chance.randint(25, 30)}{chance.randrange(10 ** (length - 2)):0{length - 2}}"


def wallet(chance: random.Random, digits: str) -> tuple[Image.Image, bool]:
    """A payment page, and whether there is a QR on it: mostly both codes, sometimes one; one in five in dark mode."""
    shows = chance.choices([(True, True), (True, False), (False, True)], [3, 1, 1])[0]
    return page(digits, with_qr=shows[0], with_barcode=shows[1], dark=chance.random() < 0.2), shows[0]


def foreign(chance: random.Random) -> tuple[str, Image.Image]:
    """A sheet that holds no payment code for this kiosk, and its kind."""
    number = chance.randrange(10**18)
    kinds = {
        "alipay": lambda: page(alipay_code(chance)),
        "link": lambda: _poster(qr(f"https://example.com/pay?code=1{number:018}&shop={number % 977}", 420)),
        "receive": lambda: _poster(qr(f"wxp://f2f0{number:018}AbCd", 420)),
        "profile": lambda: _poster(qr(f"https://u.wechat.com/{number:x}", 420)),
        "ean": lambda: _poster(linear("EAN13", f"{number:018}"[:12], 460, 200)),
        "case": lambda: _poster(linear("ITF14", f"{number:018}"[:13], 460, 200)),
        "parcel": lambda: _poster(barcode(f"{chance.choice('03456789')}{number % 10**17:017}", 460, 200)),
        "express": lambda: _poster(barcode(f"SF{number % 10**13:013}", 460, 200)),
        "batch": lambda: _poster(linear("Code128", f"(15)26{_day(chance)}(10){number % 10**8:08}", 460, 200, gs1=True)),
        "serial": lambda: _poster(linear("Code39", f"1{number % 10**9:09}", 460, 120)),
        "spaced": lambda: _poster(qr(" ".join(payment_code(chance)[i : i + 4] for i in range(0, 18, 4)), 420)),
        "short": lambda: page(payment_code(chance)[:17]),
        "long": lambda: page(payment_code(chance) + "0"),
    }
    kind = chance.choice(sorted(kinds))
    return kind, kinds[kind]()


def _day(chance: random.Random) -> str:
    return f"{chance.randint(1, 12):02}{chance.randint(1, 28):02}"


def _poster(code: Image.Image) -> Image.Image:
    sheet = Image.new("L", (480, 860), _BLANK)
    sheet.paste(code, ((480 - code.width) // 2, 200))
    return sheet
