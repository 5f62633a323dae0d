"""Pictures of the customer's phone: the payment code as Code 128 and as QR, and the phone as a camera sees it.

Draws and reads symbols; knows nothing of money, orders or pages. The one file of the sandbox that knows zxing-cpp; of the two
libraries the kiosk's scanner reads with, the other is not the one that draws. A payment code is 18 digits (contract 5); here it
belongs to a made-up customer, and still no name of a file and no text of an error holds it.
"""

from __future__ import annotations

import io
from functools import cache

import zxingcpp
from PIL import Image, ImageChops, ImageDraw, ImageFilter

CAMERA_SIZE = (1280, 720)
_CASE = (740, 1040)

_QUIET = 10  # modules either side of a Code 128 (ISO/IEC 15417, 4.6.4: ten); a QR wants four
_QR_QUIET = 4
_BAR_HEIGHT = 40

_INK = (13, 27, 42)
_WALLET = (15, 76, 92)
_WALLET_LIGHT = (38, 110, 124)
_ACCENT = (244, 162, 97)


def barcode_svg(digits: str) -> str:
    """The digits as Code 128 in SVG, with its quiet zones; it may be stretched to any width and height."""
    bars = _symbol(digits, zxingcpp.BarcodeFormat.Code128)
    return _svg(bars.crop((0, 0, bars.width, 1)), _QUIET, 0, stretch=_BAR_HEIGHT)


def qr_svg(digits: str) -> str:
    """The same digits as a QR in SVG, with its quiet zone."""
    return _svg(_symbol(digits, zxingcpp.BarcodeFormat.QRCode), _QR_QUIET, _QR_QUIET, stretch=1)


def held_picture(digits: str) -> bytes:
    """A PNG of 1280x720: the phone with this payment code, held before the kiosk's camera, a little askew as hands are."""
    ink = Image.new("L", _CASE, 0)
    bars = _symbol(digits, zxingcpp.BarcodeFormat.Code128)
    bars = bars.crop((0, 0, bars.width, 1)).resize((bars.width * 4, 150), Image.Resampling.NEAREST)
    ink.paste(ImageChops.invert(bars), ((ink.width - bars.width) // 2, 170))
    square = _symbol(digits, zxingcpp.BarcodeFormat.QRCode)
    square = square.resize((square.width * 14, square.height * 14), Image.Resampling.NEAREST)
    ink.paste(ImageChops.invert(square), ((ink.width - square.width) // 2, 365))
    view = _phone_before_camera().copy()
    view.paste((0, 0, 0), _place(turned := _askew(ink)), turned)
    return _png(view)


def qr_texts(picture: bytes) -> list[str]:
    """The texts of all QR codes in a PNG; empty when there are none. Raises ValueError for what is no picture."""
    try:
        image = Image.open(io.BytesIO(picture)).convert("L")
    except OSError:
        raise ValueError(f"no picture in these {len(picture)} bytes") from None
    found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return [symbol.text for symbol in found]


def _symbol(digits: str, form: zxingcpp.BarcodeFormat) -> Image.Image:
    """One pixel a module, black 0 and white 255, without quiet zone."""
    options = {"ec_level": "M"} if form == zxingcpp.BarcodeFormat.QRCode else {}
    symbol = zxingcpp.create_barcode(digits, form, **options)
    return Image.fromarray(zxingcpp.write_barcode_to_image(symbol, add_quiet_zones=False))


def _svg(modules: Image.Image, quiet_x: int, quiet_y: int, *, stretch: int) -> str:
    """Each run of dark modules as one rectangle of a path; `stretch` makes rows that many units high."""
    path: list[str] = []
    for y in range(modules.height):
        row = [modules.getpixel((x, y)) == 0 for x in range(modules.width)] + [False]
        start = None
        for x, dark in enumerate(row):
            if dark and start is None:
                start = x
            elif not dark and start is not None:
                path.append(f"M{start + quiet_x} {(y + quiet_y) * stretch}h{x - start}v{stretch}h{start - x}z")
                start = None
    width, height = modules.width + 2 * quiet_x, (modules.height + 2 * quiet_y) * stretch
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" preserveAspectRatio="none" '
        f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{width}v{height}H0z"/><path d="{"".join(path)}"/></svg>'
    )


def _wallet_page() -> Image.Image:
    """The phone's screen around the two symbols: no words, so that no font is needed, and nobody's marks."""
    page = Image.new("RGB", (_CASE[0] - 40, _CASE[1] - 40), _WALLET)
    draw = ImageDraw.Draw(page)
    for y in range(page.height):
        share = y / page.height
        colour = tuple(round(top + (low - top) * share) for top, low in zip(_WALLET, _WALLET_LIGHT, strict=True))
        draw.line([(0, y), (page.width, y)], fill=colour)
    draw.ellipse((40, 44, 84, 88), fill=_ACCENT)
    draw.rounded_rectangle((100, 50, 250, 64), 7, fill=(226, 239, 240))
    draw.rounded_rectangle((100, 74, 200, 84), 5, fill=(140, 184, 190))
    draw.rounded_rectangle((24, 116, 676, 716), 28, fill="white")
    return page


def _counter() -> Image.Image:
    """What lies behind the phone: a plain grey, brighter where the lamp is."""
    lamp = ImageChops.invert(Image.radial_gradient("L")).resize(CAMERA_SIZE)
    return Image.merge("RGB", [lamp.point([base + value // 4 for value in range(256)]) for base in (112, 114, 118)])


@cache
def _phone_before_camera() -> Image.Image:
    """The phone in its case and its shadow on the counter, without a code; the case leaves the view above and below."""
    screen = _wallet_page()
    case = Image.new("RGBA", _CASE, (0, 0, 0, 0))
    ImageDraw.Draw(case).rounded_rectangle((0, 0, case.width - 1, case.height - 1), 76, fill=_INK)
    glass = Image.new("L", screen.size, 0)
    ImageDraw.Draw(glass).rounded_rectangle((0, 0, screen.width - 1, screen.height - 1), 58, fill=255)
    case.paste(screen, (20, 20), glass)
    case = _askew(case)
    view = _counter()
    left, top = _place(case)
    shadow = Image.new("L", view.size, 0)
    shadow.paste(case.getchannel("A").point([value // 2 for value in range(256)]), (left + 14, top + 18))
    view.paste((40, 42, 46), (0, 0), shadow.resize((320, 180)).filter(ImageFilter.GaussianBlur(5)).resize(view.size))
    view.paste(case, (left, top), case)
    return view


def _askew(picture: Image.Image) -> Image.Image:
    return picture.rotate(-2, Image.Resampling.BICUBIC, expand=True)


def _place(turned: Image.Image) -> tuple[int, int]:
    """Where the phone's upper left corner is in the camera's view."""
    return (CAMERA_SIZE[0] - turned.width) // 2, -60


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()
