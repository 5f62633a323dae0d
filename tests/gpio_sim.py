"""A keypad on the kernel's own simulated pins (gpio-sim, Documentation/admin-guide/gpio/gpio-sim.rst), driven by the real lgpio.

For a machine whose kernel has it, and root: `modprobe gpio-sim`, configfs mounted, lgpio in the venv. A child process is the
copper: it looks at the rows and pulls the columns. It is slower than copper, so the keypad's clock goes slower here, too.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from gpiozero import Device

from kiosk.core.events import Key
from kiosk.keypad import Wiring
from kiosk.keypad.matrix import MatrixKeypad
from tests.keypad_kits import KITS, STUCK_MS, Kit, MatrixKit

CONFIG = Path("/sys/kernel/config/gpio-sim")
COPPER = Path(__file__).with_name("copper.py")
SLOWER = 50
RASPBERRY_PI_3B = 0xA22082  # any revision: gpiozero wants one


def gpio_sim_works() -> bool:
    """Whether this kernel simulates pins for us, and lgpio is here to drive them."""
    return os.access(CONFIG, os.W_OK) and importlib.util.find_spec("lgpio") is not None


class SimKit(Kit):
    def __init__(self) -> None:
        super().__init__()
        self.wiring = Wiring(settle_ms=20)
        self.keypad = MatrixKeypad(
            self.events.append,
            self.wiring,
            debounce_ms=2,  # of 50 times as many: three looks in a row, however often the slow copper is behind
            stuck_ms=STUCK_MS,
            now=lambda: time.monotonic_ns() // 1_000_000 // SLOWER,
        )
        self.place = MatrixKit.place.__get__(self)  # the same layout

    def begin(self) -> None:
        self.chip = CONFIG / f"kiosk{os.getpid()}"
        (self.chip / "bank0").mkdir(parents=True)
        (self.chip / "bank0/num_lines").write_text("28", "ascii")
        (self.chip / "live").write_text("1", "ascii")
        name = (self.chip / "bank0/chip_name").read_text("ascii").strip()
        pins = Path("/sys/devices/platform", (self.chip / "dev_name").read_text("ascii").strip(), name)
        numbers = map(str, (*self.wiring.rows, *self.wiring.columns))
        self.copper: Any = subprocess.Popen(
            [sys.executable, COPPER, str(pins), *numbers], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.copper.stdout.readline() == "ready\n"
        Device.pin_factory = _factory(int(name.removeprefix("gpiochip")))

    def end(self) -> None:
        self.keypad.stop()
        Device.pin_factory.close()
        Device.pin_factory = None
        self.copper.stdin.close()
        self.copper.wait(10)
        (self.chip / "live").write_text("0", "ascii")
        (self.chip / "bank0").rmdir()
        self.chip.rmdir()

    def down(self, key: Key) -> None:
        self._say("down", key)

    def up(self, key: Key) -> None:
        self._say("up", key)

    def _say(self, word: str, key: Key) -> None:
        self.copper.stdin.write("{} {} {}\n".format(word, *self.place(key)))
        self.copper.stdin.flush()
        self.copper.stdout.readline()

    def wait(self, ms: int) -> None:
        until = time.monotonic() + ms * SLOWER / 1000
        while time.monotonic() < until:
            self.keypad.look()
            time.sleep(0.004)

    def look(self) -> None:
        self.keypad.look()


def _factory(chip: int) -> Any:
    from gpiozero.pins.lgpio import LGPIOFactory  # noqa: PLC0415  only where lgpio is

    class SimFactory(LGPIOFactory):  # type: ignore[misc]
        def _get_revision(self) -> int:
            return RASPBERRY_PI_3B

    return SimFactory(chip=chip)


if gpio_sim_works():
    KITS["matrix over gpio-sim"] = SimKit
