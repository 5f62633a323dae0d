"""Every key of a keypad, in a virtual machine: pressed on the kernel's devices, and told by the kiosk's own driver.

`python vm_keys.py matrix` on the simulated pins, `pad` on a number pad of uinput's. Prints a JSON object: what was pressed, what
was told.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable

import evdev
from evdev import ecodes
from vm_wire import PRINT, Wire

from kiosk.core.events import Event, Key, Pressed
from kiosk.keypad import Wiring
from kiosk.keypad.matrix import MatrixKeypad
from kiosk.keypad.number_pad import KEYS, NumberPad
from kiosk.keypad.wiring import CAPS

STUCK_MS = 60_000
PATIENCE_S = 10.0  # the processor is a program, and others want it, too
UP_S = 0.5
NAME = "lab's number pad"


def matrix(told: list[Event]) -> list[str]:
    keypad = MatrixKeypad(told.append, Wiring(settle_ms=20), stuck_ms=STUCK_MS)
    wire = Wire()
    _watched(keypad)
    for cap in PRINT:
        _until_told(told, lambda word, cap=cap: wire.say(word, cap))
    keypad.stop()
    wire.close()
    return [CAPS[cap].name for cap in PRINT]


def pad(told: list[Event]) -> list[str]:
    names = [name for name in KEYS if name.startswith("KEY_KP") or name == "KEY_BACKSPACE"]
    codes = {ecodes.ecodes[name]: KEYS[name] for name in names}
    device = evdev.UInput({ecodes.EV_KEY: list(codes)}, name=NAME)
    time.sleep(UP_S)
    keypad = NumberPad(told.append, NAME, stuck_ms=STUCK_MS)
    _watched(keypad)

    def move(word: str, code: int) -> None:
        device.write(ecodes.EV_KEY, code, int(word == "down"))
        device.syn()

    for code in codes:
        _until_told(told, lambda word, code=code: move(word, code))
    keypad.stop()
    device.close()
    return [key.name for key in codes.values()]


def _until_told(told: list[Event], move: Callable[[str], None]) -> None:
    """As people do: down until something happens, then up."""
    before, end = len(told), time.monotonic() + PATIENCE_S
    move("down")
    while len(told) == before and time.monotonic() < end:
        time.sleep(0.01)
    move("up")
    time.sleep(UP_S)


def _watched(keypad: MatrixKeypad | NumberPad) -> None:
    keypad.start()
    threading.Thread(target=keypad.run, args=(lambda: None,), daemon=True).start()
    time.sleep(UP_S)


if __name__ == "__main__":
    events: list[Event] = []
    pressed = {"matrix": matrix, "pad": pad}[sys.argv[1]](events)
    keys = [event.key for event in events if isinstance(event, Pressed)]
    print(json.dumps({"pressed": pressed, "told": [key.name for key in keys if key is not Key.CLEAR_ALL]}))
