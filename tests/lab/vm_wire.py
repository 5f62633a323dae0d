"""A finger on the keypad of a virtual machine, in there; the copper behind the keys is copper.py. Standard library alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHIP = Path("/sys/kernel/config/gpio-sim/kiosk")
LINES = ("5", "6", "13", "19", "12", "16", "20", "21")  # README.md's pins: four rows, four columns
PRINT = "123A456B789C*0#D"


class Wire:
    """The keypad's copper for as long as it is held: a process that is always busy."""

    def __init__(self) -> None:
        name = (CHIP / "bank0/chip_name").read_text("ascii").strip()
        pins = Path("/sys/devices/platform", (CHIP / "dev_name").read_text("ascii").strip(), name)
        words = [sys.executable, str(Path(__file__).with_name("copper.py")), str(pins), *LINES]
        self._copper = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._hears("ready")

    def say(self, word: str, cap: str) -> None:
        """`down` or `up`, and what is printed on the key."""
        row, column = divmod(PRINT.index(cap), 4)
        assert self._copper.stdin is not None
        self._copper.stdin.write(f"{word} {row} {column}\n")
        self._copper.stdin.flush()
        self._hears("done")

    def close(self) -> None:
        self._copper.communicate("", 10)

    def _hears(self, word: str) -> None:
        assert self._copper.stdout is not None
        assert self._copper.stdout.readline() == f"{word}\n"


def make() -> None:
    """The chip, called as a Pi's is."""
    (CHIP / "bank0").mkdir(parents=True)
    for name, text in (("bank0/num_lines", "28"), ("bank0/label", "pinctrl-bcm2835"), ("live", "1")):
        (CHIP / name).write_text(text, "ascii")


if __name__ == "__main__":
    make()
