"""Pictures for the camera's tests: a phone's payment page, foreign codes, and how a camera sees them."""

from __future__ import annotations

import random

import numpy as np
import qrcode
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

CODE = "134567890123456789"
OTHER_CODE = "109876543210987654"


def qr(text: str, side: int = 300) -> Image.Image:
    """A QR code with its quiet zone."""
    maker = qrcode.QRCode(border=4, error_correction=qrcode.constants.ERROR_CORRECT_M)
    maker.add_data(text)
    return maker.make_image().get_image().convert("L").resize((side, side), Image.Resampling.NEAREST)


def barcode(text: str, width: int = 420, height: int = 110) -> Image.Image:
    """A Code 128 with its quiet zones."""
    return linear("Code128", text, width, height)


def linear(form: str, text: str, width: int, height: int, **options: object) -> Image.Image:
    """A linear code of any kind with its quiet zones."""
    made = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, form), **options)
    line = np.array(zxingcpp.write_barcode_to_image(made, scale=1, add_quiet_zones=True))
    bars = Image.fromarray(line[line.shape[0] // 2][None, :])
    # By way of a large one: a module that is now two and now three pixels wide would be no phone's.
    return bars.resize((bars.width * 16, 1), Image.Resampling.NEAREST).resize((width, height), Image.Resampling.BOX)


def page(digits: str = CODE, *, with_qr: bool = True, with_barcode: bool = True, dark: bool = False) -> Image.Image:
    """The payment page on a phone, 480 x 860: the barcode above, the QR below."""
    sheet = Image.new("L", (480, 860), 250)
    if with_barcode:
        sheet.paste(barcode(digits), (30, 120))
    if with_qr:
        sheet.paste(qr(digits), (90, 300))
    draw = ImageDraw.Draw(sheet)
    for row in range(5):
        draw.rectangle((40, 660 + 36 * row, 130 + 57 * row % 260, 676 + 36 * row), fill=120)
    return sheet.point(lambda value: 255 - value) if dark else sheet


def scene(*sheets: Image.Image, size: tuple[int, int] = (1280, 720), background: int = 90) -> Image.Image:
    """Sheets side by side before the camera, upright and sharp."""
    frame = Image.new("L", size, background)
    share = size[0] // max(1, len(sheets))
    for place, sheet in enumerate(sheets):
        scale = min(share * 0.9 / sheet.width, size[1] * 0.94 / sheet.height)
        small = sheet.resize((int(sheet.width * scale), int(sheet.height * scale)), Image.Resampling.BOX)
        frame.paste(small, (place * share + (share - small.width) // 2, (size[1] - small.height) // 2))
    return frame


def held(sheet: Image.Image, trouble: float, seed: int, size: tuple[int, int] = (1280, 720)) -> Image.Image:
    """A sheet held by a hand: turned, tilted, blurred, noisy, glaring; `trouble` 0 is easy and 1 is hard."""
    chance = random.Random(seed)
    width, height = size
    tall = height * (0.98 - 0.45 * trouble * chance.random())
    wide = tall * sheet.width / sheet.height
    left, top = (width - wide) * chance.uniform(0.2, 0.8), (height - tall) * chance.random()
    sway = 0.10 * trouble
    corners = [
        (left + x * wide + chance.uniform(-sway, sway) * wide, top + y * tall + chance.uniform(-sway, sway) * tall)
        for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))
    ]
    source = [(0, 0), (sheet.width, 0), (sheet.width, sheet.height), (0, sheet.height)]
    rows, wanted = [], []
    for (x, y), (u, v) in zip(corners, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        wanted += [u, v]
    view = np.linalg.solve(np.array(rows), np.array(wanted))
    smooth = sheet.resize((sheet.width // 2 * 2, sheet.height), Image.Resampling.BOX)
    phone = smooth.transform(size, Image.Transform.PERSPECTIVE, list(view), Image.Resampling.BICUBIC, fillcolor=80)
    phone = phone.filter(ImageFilter.GaussianBlur(0.4 + 1.8 * trouble * chance.random()))
    dots = np.asarray(phone, dtype=np.float32)
    noise = np.random.default_rng(seed).normal(0, 3 + 22 * trouble * chance.random(), dots.shape)
    gain, lift = 1 - 0.6 * trouble * chance.random(), 30 * trouble * chance.random()
    y, x = np.mgrid[0:height, 0:width]
    glare = 200 * trouble * np.exp(-(((x - chance.uniform(0, width)) / 160) ** 2 + ((y - chance.uniform(0, height)) / 120) ** 2))
    return Image.fromarray(np.clip(dots * gain + lift + glare + noise, 0, 255).astype(np.uint8))
