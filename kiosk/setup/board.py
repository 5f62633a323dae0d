"""What this machine has, as far as can be seen without opening anything: a screen to touch, pins, a camera on its ribbon.

Nobody has said yet which parts there are. The keys are all tried at once (touch, keyboard, number pad, matrix) and the keypad
that led through the set-up is the one kiosk.toml names. The camera is one on the ribbon if the kernel has bound one, else the
first webcam. The scanner's process, which opens it, guesses alike.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SIZE = (800, 480)  # of a window; a screen of its own has its own size
_RIBBON = ("unicam", "rp1-cfe", "bm2835 mmal", "rkisp", "sun6i-csi")  # the names of video4linux devices behind a camera's ribbon
_ABS_MT_POSITION_X = 0x35  # linux/input-event-codes.h


@dataclass(frozen=True, slots=True)
class Board:
    """The parts by the names of their drivers. `frames`: of the folder camera, for the desk. `known`: see built.py."""

    screen: str = "pygame"
    size: tuple[int, int] = SIZE
    fullscreen: bool = True
    touch: bool = False
    pins: bool = False
    pads: bool = True  # number pads may be taken for the kiosk alone
    camera_driver: str = "v4l2"
    frames: Path | None = None
    keypad: str = "keyboard"
    remote: bool = False  # keys over the control socket count
    known: Mapping[str, Mapping[str, object]] = field(default_factory=dict)  # tables of kiosk.toml

    def display(self) -> dict[str, object]:
        """[display] of kiosk.toml."""
        return {"driver": self.screen, "size": list(self.size), "fullscreen": self.fullscreen}

    def keys(self) -> dict[str, object]:
        """[keypad] of kiosk.toml."""
        return {"driver": self.keypad, **({"remote": True} if self.remote else {})}

    def camera(self) -> dict[str, object]:
        """[camera] of kiosk.toml."""
        return {"driver": self.camera_driver, **({} if self.frames is None else {"folder": str(self.frames)})}


def guess(sys: Path = Path("/sys"), dev: Path = Path("/dev")) -> Board:
    """Look at this machine. With a desktop it is a window with the keyboard's keys; a number pad is left to the desktop."""
    desktop = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return Board(
        fullscreen=not desktop,
        touch=not desktop and _touch(sys),
        pins=not desktop and (dev / "gpiochip0").exists() and _is_pi(sys),
        pads=not desktop,
        camera_driver=camera_driver(sys),
    )


def camera_driver(sys: Path = Path("/sys")) -> str:
    """The driver for the camera there is; for a webcam that may come, when there is none."""
    names = (_text(name).lower() for name in sys.glob("class/video4linux/*/name"))
    return "picamera2" if any(name.startswith(_RIBBON) for name in names) else "v4l2"


def _touch(sys: Path) -> bool:
    """Whether some input device tells of fingers."""
    for abilities in sys.glob("class/input/event*/device/capabilities/abs"):
        words = _text(abilities).split()  # hex, 64 bits each, the highest first
        bits = sum(int(word, 16) << 64 * place for place, word in enumerate(reversed(words)))
        if bits >> _ABS_MT_POSITION_X & 1:
            return True
    return False


def _is_pi(sys: Path) -> bool:
    return _text(sys / "firmware/devicetree/base/model").startswith("Raspberry Pi")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip("\x00\n ")
    except OSError:
        return ""
