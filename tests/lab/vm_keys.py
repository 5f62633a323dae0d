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
from vm_wire import DOWN_S, PRINT, Wire

from kiosk.core.events import Event, Pressed
from kiosk.keypad import Wiring
from kiosk.keypad.matrix import MatrixKeypad
from kiosk.keypad.number_pad import KEYS, NumberPad
from kiosk.keypad.wiring import CAPS

STUCK_MS = 5000
NAME = "lab's number pad"


def matrix(told: Callable[[Event], None]) -> list[str]:
    keypad = MatrixKeypad(told, Wiring(settle_ms=20), stuck_ms=STUCK_MS)
    wire = Wire()
    _watched(keypad)
    for cap in PRINT:
        wire.press(cap)
    keypad.stop()
    wire.close()
    return [CAPS[cap].name for cap in PRINT]


def pad(told: Callable[[Event], None]) -> list[str]:
    names = [name for name in KEYS if name.startswith("KEY_KP") or name == "KEY_BACKSPACE"]
    codes = {ecodes.ecodes[name]: KEYS[name] for name in names}
    device = evdev.UInput({ecodes.EV_KEY: list(codes)}, name=NAME)
    time.sleep(DOWN_S)
    keypad = NumberPad(told, NAME, stuck_ms=STUCK_MS)
    _watched(keypad)
    for code in codes:
        for value in (1, 0):
            device.write(ecodes.EV_KEY, code, value)
            device.syn()
            time.sleep(DOWN_S / 3)
    keypad.stop()
    device.close()
    return [key.name for key in codes.values()]


def _watched(keypad: MatrixKeypad | NumberPad) -> None:
    keypad.start()
    threading.Thread(target=keypad.run, args=(lambda: None,), daemon=True).start()
    time.sleep(DOWN_S)


if __name__ == "__main__":
    events: list[Event] = []
    pressed = {"matrix": matrix, "pad": pad}[sys.argv[1]](events.append)
    print(json.dumps({"pressed": pressed, "told": [event.key.name for event in events if isinstance(event, Pressed)]}))
