"""Which font file holds which characters, and where it lies. Knows files and languages; opens none, draws nothing.

Two families cover all languages, both packages of Debian and so of Raspberry Pi OS:
fonts-noto-cjk (Latin, Cyrillic, Chinese, kana, Hangul; one collection, a face for each language, as the same code point has other
strokes in Beijing, Taipei and Tokyo) and fonts-tlwg-loma-ttf (Thai).
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path

from kiosk.core.errors import DriverError


@dataclass(frozen=True, slots=True)
class Family:
    """A family in two weights: file names, where they usually lie, what fontconfig calls it, the package that brings it."""

    regular: str
    bold: str
    folders: tuple[str, ...]
    name: str
    package: str


class Script(Enum):
    """Which family a run of characters is set in."""

    WIDE = Family(
        "NotoSansCJK-Regular.ttc",
        "NotoSansCJK-Bold.ttc",
        ("/usr/share/fonts/opentype/noto", "/usr/share/fonts/noto-cjk", "/usr/local/share/fonts"),
        "Noto Sans CJK SC",
        "fonts-noto-cjk",
    )
    THAI = Family(
        "Loma.ttf",
        "Loma-Bold.ttf",
        ("/usr/share/fonts/truetype/tlwg", "/usr/share/fonts/tlwg", "/usr/local/share/fonts"),
        "Loma",
        "fonts-tlwg-loma-ttf",
    )


FACE_OF = {"ja": 0, "ko": 1, "zh_CN": 2, "zh_TW": 3} | dict.fromkeys(("en", "th", "fr", "de", "es", "ru"), 1)
"""Index of the face within the collection: 0 JP, 1 KR, 2 SC, 3 TC (fonts-noto-cjk). Latin and Cyrillic take the Korean face: its
quotation marks are narrow, those of the others as wide as a Chinese character."""


@lru_cache(maxsize=4096)
def runs(text: str) -> tuple[tuple[Script, str], ...]:
    """The text in pieces of one family each, in order."""
    found: list[tuple[Script, str]] = []
    for char in text:
        script = Script.THAI if "\u0e00" <= char <= "\u0e7f" else Script.WIDE
        if found and (found[-1][0] is script or char == " "):
            found[-1] = (found[-1][0], found[-1][1] + char)
        else:
            found.append((script, char))
    return tuple(found)


@cache
def path_of(script: Script, *, bold: bool) -> str:
    """The font file, or DriverError naming the package to install."""
    family = script.value
    file = family.bold if bold else family.regular
    for folder in family.folders:
        if (path := Path(folder, file)).is_file():
            return str(path)
    if (found := _ask_fontconfig(family.name, file)) is not None:
        return found
    raise DriverError(f"display: the font {file} is not on this machine; install it with: sudo apt install {family.package}")


def pieces(text: str, language: str, bold: bool) -> list[tuple[str, int, str]]:  # noqa: FBT001  as the printer calls it
    """The text in pieces of one font each: its file, the face within, the piece. DriverError as `path_of`."""
    return [(path_of(script, bold=bold), FACE_OF[language] if script is Script.WIDE else 0, run) for script, run in runs(text)]


def check(*languages: str) -> None:
    """Raise DriverError unless every font that these languages need is there."""
    scripts = [Script.WIDE, *([Script.THAI] if "th" in languages else [])]
    for script in scripts:
        for bold in (False, True):
            path_of(script, bold=bold)


def _ask_fontconfig(name: str, file: str) -> str | None:
    command = shutil.which("fc-match")
    if command is None:
        return None
    try:
        answer = subprocess.run(  # noqa: S603  a fixed command, fixed words
            [command, "-a", "-f", "%{file}\n", name], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return next((line for line in answer.stdout.splitlines() if Path(line).name == file), None)
