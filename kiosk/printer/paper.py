"""A printer without paper: each slip becomes a picture in a folder. For the desk, for tests, and to see what would come out.

A file `trouble` in that folder makes it unwell: its text is one of PrinterTrouble, as `paper`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from kiosk.core.slips import PrinterTrouble
from kiosk.printer.device import Unwell
from kiosk.printer.layout import House, Piece
from kiosk.printer.raster import png, render

KEPT = 100  # slips; the oldest go
_NAME = re.compile(r"slip-[0-9]{6,}\.png")


class PaperPrinter:
    """A Device. Slips are slip-000001.png and so on, `dots` wide."""

    def __init__(self, folder: Path, dots: int, house: House) -> None:
        self._folder = folder
        self._dots = dots
        self._house = house

    def look(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            words = (self._folder / "trouble").read_text("utf-8").strip()
        except FileNotFoundError:
            return
        except OSError as error:
            remedy = "look at [printer] folder"
            raise Unwell(PrinterTrouble.AWAY, f"the folder {self._folder} cannot be used ({error.strerror}): {remedy}") from None
        known = [trouble for trouble in PrinterTrouble if trouble == words]
        trouble = known[0] if known else PrinterTrouble.FAULT
        raise Unwell(trouble, f"the file {self._folder / 'trouble'} says {trouble}: remove it")

    def put(self, pieces: Sequence[Piece]) -> None:
        self.look()
        try:
            slips = self.slips()
            number = int(slips[-1].stem.removeprefix("slip-")) + 1 if slips else 1
            new = self._folder / ".slip.png"
            new.write_bytes(png(render(pieces, self._house, self._dots)))
            new.replace(self._folder / f"slip-{number:06}.png")
            for old in slips[: max(0, len(slips) + 1 - KEPT)]:
                old.unlink()
        except OSError as error:
            raise Unwell(PrinterTrouble.FAULT, f"{self._folder} takes no slip ({error.strerror}): make room there") from None

    def slips(self) -> list[Path]:
        """What was printed, oldest first."""
        return sorted(path for path in self._folder.iterdir() if _NAME.fullmatch(path.name))

    def close(self) -> None:
        """Nothing is held."""
