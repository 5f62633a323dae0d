"""Fingers on the keypad of a virtual machine, in there: `python3 vm_wire.py 1 2 B` presses these keys on the simulated pins.

The wire between rows and columns is copper.py. Standard library alone.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

CHIP = Path("/sys/kernel/config/gpio-sim/kiosk")
LINES = ("5", "6", "13", "19", "12", "16", "20", "21")  # README.md's pins: four rows, four columns
PRINT = "123A456B789C*0#D"
DOWN_S = UP_S = 0.6  # the copper is a process, and the processor is a program


class Wire:
    """The keypad's copper for as long as it is held."""

    def __init__(self) -> None:
        name = (CHIP / "bank0/chip_name").read_text("ascii").strip()
        pins = Path("/sys/devices/platform", (CHIP / "dev_name").read_text("ascii").strip(), name)
        words = [sys.executable, str(Path(__file__).with_name("copper.py")), str(pins), *LINES]
        self._copper = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._hears("ready")

    def press(self, key: str) -> None:
        """Down and up again."""
        row, column = divmod(PRINT.index(key), 4)
        for word, seconds in (("down", DOWN_S), ("up", UP_S)):
            assert self._copper.stdin is not None
            self._copper.stdin.write(f"{word} {row} {column}\n")
            self._copper.stdin.flush()
            self._hears("done")
            time.sleep(seconds)

    def close(self) -> None:
        self._copper.communicate("", 10)

    def _hears(self, word: str) -> None:
        assert self._copper.stdout is not None
        assert self._copper.stdout.readline() == f"{word}\n"


def make() -> None:
    """The chip, as a Pi's is called."""
    (CHIP / "bank0").mkdir(parents=True)
    for name, text in (("bank0/num_lines", "28"), ("bank0/label", "pinctrl-bcm2835"), ("live", "1")):
        (CHIP / name).write_text(text, "ascii")


if __name__ == "__main__":
    if not CHIP.exists():
        make()
    wire = Wire()
    for cap in sys.argv[1:]:
        wire.press(cap)
    wire.close()
