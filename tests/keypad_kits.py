"""One handle for each keypad: press and release its keys, and let time pass. The contract suite holds them all to the same.

The matrix is wired on gpiozero's mock pins as it is in copper: a pressed key joins its row to its column, and nothing else. The
number pad is a real one made by the kernel where it lets us (uinput), else a pipe that carries what the kernel would write.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import evdev
from evdev import ecodes
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin

from kiosk.core.events import Event, Key, Pressed
from kiosk.keypad import KeyboardKeypad, ScriptedKeypad, TouchKeypad, Wiring
from kiosk.keypad.matrix import MatrixKeypad
from kiosk.keypad.number_pad import KEYS, NumberPad
from kiosk.keypad.wiring import CAPS

LOGICAL = [key for key in Key if key is not Key.CLEAR_ALL]
STUCK_MS = 2000
LOOK_MS = 5


@dataclass
class Kit:
    """A keypad under test. `ms` is its clock; `holds`: it knows how long a key is down."""

    events: list[Event] = field(default_factory=list)
    ms: int = 1000
    holds = True
    keypad: Any = None

    def down(self, key: Key) -> None:
        raise NotImplementedError

    def up(self, key: Key) -> None:
        raise NotImplementedError

    def wait(self, ms: int) -> None:
        """Let so much time pass, with the looks that fall into it."""
        until = self.ms + ms
        while self.ms < until:
            self.look()
            self.ms += LOOK_MS

    def begin(self) -> None:
        """What is to be there before the keypad starts."""

    def end(self) -> None:
        """Stop the keypad, and take away what `begin` brought."""
        self.keypad.stop()

    def look(self) -> None:
        """What the keypad's thread does each time."""

    def tap(self, key: Key) -> None:
        self.down(key)
        self.wait(60)
        self.up(key)
        self.wait(60)

    @property
    def pressed(self) -> list[Key]:
        """The keys that were told."""
        return [event.key for event in self.events if isinstance(event, Pressed)]


# --- the matrix ---


class CopperPin(MockPin):
    """A pin with a wire on it."""

    def _set_function(self, value: str) -> None:
        super()._set_function(value)
        self.factory.copper.settle()

    def _set_state(self, value: bool) -> None:
        super()._set_state(value)
        self.factory.copper.settle()


class Copper:
    """What a keypad without diodes does to the pins: joined pins have one level, and a pin that drives wins over pull-ups."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.closed: set[tuple[int, int]] = set()
        self.shorts = 0  # how often a high output met a low one
        self.factory = MockFactory(pin_class=CopperPin)
        self.factory.copper = self

    def settle(self) -> None:
        pins = {number: pin for number in (*self.wiring.rows, *self.wiring.columns) if (pin := self._pin(number)) is not None}
        left = set(pins)
        while left:
            joined = self._joined(left.pop())
            left -= joined
            driven = {bool(pins[n].state) for n in joined if n in pins and pins[n].function == "output"}
            self.shorts += driven == {True, False}
            for number in joined:
                if number in pins and pins[number].function == "input":
                    pins[number]._change_state(False not in driven)

    def _pin(self, number: int) -> Any:
        return next((pin for info, pin in self.factory.pins.items() if info.name == f"GPIO{number}"), None)

    def _joined(self, start: int) -> set[int]:
        found, fresh = {start}, [start]
        while fresh:
            here = fresh.pop()
            for row, column in self.closed:
                ends = {self.wiring.rows[row], self.wiring.columns[column]}
                if here in ends:
                    fresh += ends - found
                    found |= ends
        return found


class MatrixKit(Kit):
    def __init__(self, wiring: Wiring | None = None) -> None:
        super().__init__()
        self.wiring = wiring or Wiring()
        self.copper = Copper(self.wiring)
        self.keypad = MatrixKeypad(self.events.append, self.wiring, stuck_ms=STUCK_MS, now=lambda: self.ms, sleep=lambda _s: None)

    def begin(self) -> None:
        self._before, Device.pin_factory = Device.pin_factory, self.copper.factory

    def end(self) -> None:
        super().end()
        Device.pin_factory = self._before

    def down(self, key: Key) -> None:
        self.copper.closed.add(self.place(key))
        self.copper.settle()

    def up(self, key: Key) -> None:
        self.copper.closed.discard(self.place(key))
        self.copper.settle()

    def place(self, key: Key) -> tuple[int, int]:
        cap = next(cap for cap, meant in CAPS.items() if meant is key)
        return next((row, caps.index(cap)) for row, caps in enumerate(self.wiring.keys) if cap in caps)

    def look(self) -> None:
        self.keypad.look()


@contextlib.contextmanager
def mocked(copper: Copper) -> Iterator[None]:
    """The pins of gpiozero are those of this keypad."""
    before, Device.pin_factory = Device.pin_factory, copper.factory
    try:
        yield
    finally:
        Device.pin_factory = before


# --- the number pad ---

ALL_CODES = [ecodes.ecodes[name] for name in KEYS] + [ecodes.KEY_NUMLOCK, ecodes.KEY_KPDOT, ecodes.KEY_A]


@dataclass
class PipePad:
    """A plugged-in input device without a kernel: what it writes is what the kernel would."""

    path: str = "/dev/input/event3"
    name: str = "SIGMACHIP USB Keypad"
    codes: list[int] = field(default_factory=lambda: list(ALL_CODES))
    vendor: int = 0x1C4F
    held: set[int] = field(default_factory=set)
    grabbed_by: object = None
    plugged: bool = True
    forbidden: bool = False

    def __post_init__(self) -> None:
        self.fd, self._writing = os.pipe()
        os.set_blocking(self.fd, False)

    def write(self, kind: int, code: int, value: int, ms: int) -> None:
        """One struct input_event (linux/input.h)."""
        os.write(self._writing, struct.pack("@llHHi", ms // 1000, ms % 1000 * 1000, kind, code, value))

    def key(self, code: int, value: int, ms: int) -> None:
        self.held = self.held | {code} if value else self.held - {code}
        self.write(ecodes.EV_KEY, code, value, ms)
        self.write(ecodes.EV_SYN, ecodes.SYN_REPORT, 0, ms)

    def unplug(self) -> None:
        self.plugged = False
        os.close(self._writing)


class PipeDevice(evdev.InputDevice):
    """evdev's own device, but for the calls that only a kernel answers. Reading is evdev's, in C, over the pipe."""

    def __init__(self, pad: PipePad) -> None:
        if pad.forbidden:
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        self._pad = pad
        self.path, self.name = pad.path, pad.name
        self.info = evdev.device.DeviceInfo(3, pad.vendor, 2, 0x110)
        self.fd = os.dup(pad.fd)

    def capabilities(self, *_: Any, **__: Any) -> dict[int, list[int]]:
        return {ecodes.EV_KEY: self._pad.codes}

    def grab(self) -> None:
        if self._pad.grabbed_by is not None:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        self._pad.grabbed_by = self

    def active_keys(self, *_: Any) -> list[int]:
        return sorted(self._pad.held)

    def read(self) -> Iterator[Any]:
        if not self._pad.plugged:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        return super().read()

    def close(self) -> None:
        if self.fd is not None and self.fd > -1:
            os.close(self.fd)
            self.fd = -1
        if self._pad.grabbed_by is self:
            self._pad.grabbed_by = None


class Ports:
    """The USB ports of a machine without a kernel, in the shape of the library evdev."""

    def __init__(self, *pads: PipePad) -> None:
        self.pads = list(pads)
        self.opened: list[str] = []
        self.evdev = SimpleNamespace(
            ecodes=ecodes, InputDevice=self._open, list_devices=lambda: [pad.path for pad in self._there]
        )

    @property
    def _there(self) -> list[PipePad]:
        return [pad for pad in self.pads if pad.plugged]

    def _open(self, path: str) -> PipeDevice:
        pad = next((pad for pad in self._there if pad.path == path), None)
        if pad is None:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        self.opened.append(path)
        return PipeDevice(pad)


CODES = {key: ecodes.ecodes[name] for name, key in reversed(KEYS.items()) if "KP" in name or key is Key.CLEAR}


class PadKit(Kit):
    def __init__(self, device: str | None = None, **options: Any) -> None:
        super().__init__()
        self.pad = PipePad()
        self.ports = Ports(self.pad)
        self.keypad = NumberPad(
            self.events.append, device, stuck_ms=STUCK_MS, evdev=self.ports.evdev, now=lambda: self.ms, **options
        )

    def down(self, key: Key) -> None:
        self.pad.key(CODES[key], 1, self.ms)

    def up(self, key: Key) -> None:
        self.pad.key(CODES[key], 0, self.ms)

    def look(self) -> None:
        self.keypad.attend(0)


def uinput_works() -> bool:
    """Whether this kernel makes input devices for us, and shows them."""
    try:
        with contextlib.closing(evdev.UInput({ecodes.EV_KEY: ALL_CODES}, name="kiosk test")) as made:
            return made.device is not None
    except (OSError, evdev.UInputError):
        return False


class KernelPadKit(Kit):
    """A pad that the kernel made: real events, real time."""

    def __init__(self) -> None:
        super().__init__()
        self.name = f"kiosk test pad {os.getpid()}"
        self.plug()
        self.keypad = NumberPad(self.events.append, self.name, stuck_ms=STUCK_MS)

    def plug(self) -> None:
        self.made = evdev.UInput({ecodes.EV_KEY: ALL_CODES}, name=self.name)

    def unplug(self) -> None:
        self.made.close()

    def end(self) -> None:
        super().end()
        self.unplug()

    def down(self, key: Key) -> None:
        self._write(CODES[key], 1)

    def up(self, key: Key) -> None:
        self._write(CODES[key], 0)

    def _write(self, code: int, value: int) -> None:
        self.made.write(ecodes.EV_KEY, code, value)
        self.made.syn()

    def wait(self, ms: int) -> None:
        until = time.monotonic() + ms / 1000
        while time.monotonic() < until:
            self.keypad.attend(0.01)


# --- those without hardware of their own ---


class KeyboardKit(Kit):
    _NAMES = {key: str(key) for key in LOGICAL} | {
        Key.OK: "return",
        Key.CLEAR: "backspace",
        Key.SCAN: "f1",
        Key.QR: "f2",
        Key.CANCEL: "escape",
        Key.MENU: "f4",
    }

    def __init__(self) -> None:
        super().__init__()
        self.keypad = KeyboardKeypad(self.events.append, stuck_ms=STUCK_MS, now=lambda: self.ms)

    def down(self, key: Key) -> None:
        self.keypad.raw(self._NAMES[key], True)

    def up(self, key: Key) -> None:
        self.keypad.raw(self._NAMES[key], False)

    def look(self) -> None:
        self.keypad.look()


class TouchKit(Kit):
    """Each key has a finger of its own; where it lies is the display's to say, and tested there."""

    def __init__(self) -> None:
        super().__init__()
        self.keypad = TouchKeypad(self.events.append, stuck_ms=STUCK_MS, now=lambda: self.ms)

    def down(self, key: Key) -> None:
        self.keypad.finger(LOGICAL.index(key), key, True)

    def up(self, key: Key) -> None:
        self.keypad.finger(LOGICAL.index(key), key, False)

    def slide_off(self, key: Key) -> None:
        self.keypad.finger(LOGICAL.index(key), None, False)

    def look(self) -> None:
        self.keypad.look()


class ScriptedKit(Kit):
    holds = False

    def __init__(self) -> None:
        super().__init__()
        self.keypad = ScriptedKeypad(self.events.append)

    def down(self, key: Key) -> None:
        self.keypad.press(key)

    def up(self, key: Key) -> None:
        """A script knows presses only."""


KITS: dict[str, type[Kit]] = {
    "scripted": ScriptedKit,
    "keyboard": KeyboardKit,
    "touch": TouchKit,
    "matrix": MatrixKit,
    "evdev over a pipe": PadKit,
    "evdev over uinput": KernelPadKit,
}


@contextlib.contextmanager
def started(kit: Kit) -> Iterator[Kit]:
    """The kit with its keypad started, and one look taken."""
    kit.begin()
    try:
        kit.keypad.start()
        kit.look()
        yield kit
    finally:
        kit.end()
