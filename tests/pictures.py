"""Draws each picture of a screen that the documents show: `python -m tests.pictures` (or with some names, only those).

docs/screens/NAME.png is in English, docs/screens/zh/NAME.png in Chinese; 800x480, few colours, small files. What NAME shows is
the view of that name, of the set-up (`set-up-…`), of the customer's own screen (`customer_…`), or with keys on it (`touch`).
"""

from __future__ import annotations

import os
import re
import sys
import time
from functools import cache

from PIL import Image

from kiosk.display.customer import seen
from kiosk.display.customer_painter import CustomerPainter
from kiosk.display.painter import Painter
from tests import display_views, guide_views, past_views, set_up_views
from tests.display_views import NOW, camera_picture
from tests.test_floors import ROOT

FOLDER = ROOT / "docs/screens"
SIZE = (800, 480)
COLOURS = 48
LANGUAGES = {".": "en", "zh": "zh_CN"}
"""Of the folders below FOLDER: the language of the merchant whose screens they show."""
VIEWS = display_views.VIEWS | display_views.ALONE | display_views.TRAINING | past_views.VIEWS
VIEWS |= guide_views.VIEWS | {"shift_x": VIEWS["shift_x_0"]}
NAMED = re.compile(r"\bscreens/([\w/-]+)\.png")


def named() -> set[str]:
    """The pictures that README and docs show, as `idle` and `zh/idle`."""
    texts = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    return {name for text in texts for name in NAMED.findall(text.read_text("utf-8"))}


def draw(name: str, language: str) -> Image.Image:
    """The picture of this name; KeyError when there is no such view."""
    if (theirs := name.removeprefix("customer_")) != name:
        customer = CustomerPainter(SIZE, language, "zh_CN")
        customer.paint(seen(VIEWS[theirs], "Harbour Snacks"), NOW)
        return Image.frombytes("RGB", customer.canvas.size, customer.canvas.rgb())
    painter = _painter(language, keys=name == "touch")
    if (step := name.removeprefix("set-up-")) != name:
        steps = set_up_views.views(language)
        view = steps[step] if step in steps else steps[f"told_{step}"]
    else:
        view = VIEWS["keying" if name == "touch" else name]
    painter.paint(view, NOW)
    painter.paint_camera(*camera_picture(640, 480))  # drawn where the screen has a place for it
    return Image.frombytes("RGB", painter.canvas.size, painter.canvas.rgb())


@cache
def _painter(language: str, *, keys: bool) -> Painter:
    return Painter(SIZE, language, "zh_CN", keys=keys)


def write(names: set[str]) -> None:
    """Each as a file."""
    os.environ["TZ"] = "Asia/Hong_Kong"
    time.tzset()
    for name in sorted(names):
        path = FOLDER / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        picture = draw(path.stem, LANGUAGES[str(path.parent.relative_to(FOLDER))])
        picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    write(set(sys.argv[1:]) or named())
