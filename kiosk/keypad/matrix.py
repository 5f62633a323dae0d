"""A matrix keypad on the GPIO pins: the one file that knows gpiozero (and by it lgpio, which drives the pins of a Pi).

Rows are driven low, columns are read with their pull-ups on. The levels are looked at, again and again: an edge that is lost
is lost, a level is there at the next look. A row that is not asked is an input, since two keys of one column would otherwise
join a high output to a low one. Waits and translates; what counts as a press is debounce.py's and presses.py's.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.core.errors import DriverError
from kiosk.core.events import Key
from kiosk.core.ports import Post
from kiosk.keypad.debounce import Debouncer, Place
from kiosk.keypad.presses import DEBOUNCE_MS, STUCK_MS, Presses
from kiosk.keypad.telling import steady_ms, tell
from kiosk.keypad.wiring import CAPS, Wiring, check_wiring

IDLE_S = 0.010  # between two glances while no key is down
BUSY_S = 0.004  # between two looks while one is: several fit into the time a contact bounces


class MatrixKeypad:
    """Keys of a matrix. `now`: monotonic ms; `sleep` lets a row settle."""

    def __init__(
        self,
        post: Post,
        wiring: Wiring,
        *,
        debounce_ms: int = DEBOUNCE_MS,
        stuck_ms: int = STUCK_MS,
        now: Callable[[], int] = steady_ms,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._post = post
        self._wiring = wiring
        self._debounce_ms = debounce_ms
        self._now = now
        self._sleep = sleep
        self._pins = _Pins()
        self._debouncer: Debouncer | None = None
        self._presses = Presses(stuck_ms)
        self._stopping = threading.Event()

    def start(self) -> None:
        """Take the pins. DriverError names the pin, what the system said, and what to do."""
        check_wiring(self._wiring)
        self._pins.take(self._wiring)

    def run(self, beat: Callable[[], None]) -> None:
        """Watch until `stop`."""
        while not self._stopping.is_set():
            beat()
            busy = self.look()
            self._stopping.wait(BUSY_S if busy else IDLE_S)

    def stop(self) -> None:
        """Look no more, and give the pins back once the look under way is over."""
        self._stopping.set()
        self._pins.give_back()

    def look(self) -> bool:
        """One look at all keys, and what follows from it. Returns whether the next one should come soon."""
        closed = self._pins.closed(self._settle)
        if closed is None:  # stopped meanwhile
            return False
        at = self._now()
        if self._debouncer is None:
            self._debouncer = Debouncer(closed, self._debounce_ms)
            for place in closed:
                self._presses.found(self._name(place), self._key(place), at)
        change = self._debouncer.look(closed, at)
        for place in change.up:
            self._presses.up(self._name(place), at)
        for place in change.down:
            tell(self._post, self._presses.down(self._name(place), self._key(place), at))
        for place in change.together:
            self._presses.found(self._name(place), self._key(place), at)
        tell(self._post, self._presses.pass_time(at))
        return not self._debouncer.settled

    def seen(self) -> tuple[str, ...]:
        """The names of the keys that are down at this moment, for `kiosk doctor`; between `start` and `stop`."""
        return tuple(map(self._name, sorted(self._pins.closed(self._settle) or ())))

    def _settle(self) -> None:
        self._sleep(self._wiring.settle_ms / 1000)

    def _key(self, place: Place) -> Key:
        return CAPS[self._wiring.keys[place[0]][place[1]]]

    def _name(self, place: Place) -> str:
        row, column = place
        return f'key "{self._wiring.keys[row][column]}" (GPIO {self._wiring.rows[row]} and {self._wiring.columns[column]})'


class _Pins:
    """The pins of rows and columns while they are ours. Looked at by one thread; any may give them back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: list[Any] = []
        self._columns: list[Any] = []
        self._factory: Any = None
        self._factory_is_ours = False

    def take(self, wiring: Wiring) -> None:
        library, self._factory, self._factory_is_ours, errors = _library()
        try:
            for pins, devices in ((wiring.columns, self._columns), (wiring.rows, self._rows)):
                for pin in pins:
                    # InputDevice, not Button: those listen for edges, of which each look makes some
                    devices.append(library.InputDevice(pin, pull_up=True, pin_factory=self._factory))
            for row in self._rows:
                row.pin.output_with_state(0)
        except errors as error:
            self.give_back()
            raise DriverError(
                f"[keypad] GPIO {pin} cannot be used ({error}): see with `gpioinfo` what holds it, and choose another pin; the "
                "kiosk's user has to be in the group gpio"
            ) from None

    def closed(self, settle: Callable[[], None]) -> frozenset[Place] | None:
        """The places seen closed; None when the pins are not ours. All rows are low between two looks.

        So one glance at the columns is enough as long as no key is down, which is nearly always.
        """
        with self._lock:
            if not self._rows:
                return None
            if not any(column.is_active for column in self._columns):
                return frozenset()
            for row in self._rows:
                row.pin.input_with_pull("up")
            places: set[Place] = set()
            for r, row in enumerate(self._rows):
                row.pin.output_with_state(0)
                settle()
                places.update((r, c) for c, column in enumerate(self._columns) if column.is_active)
                row.pin.input_with_pull("up")
            for row in self._rows:
                row.pin.output_with_state(0)
            return frozenset(places)

    def give_back(self) -> None:
        """As inputs; nothing is driven any more."""
        with self._lock:
            for device in (*self._rows, *self._columns):
                device.close()
            self._rows.clear()
            self._columns.clear()
            if self._factory is not None and self._factory_is_ours:
                self._factory.close()
            self._factory = None


def _library() -> tuple[Any, Any, bool, tuple[type[Exception], ...]]:
    """gpiozero, its pin factory, whether that was made for us, and what both raise.

    A factory set by the program or named by GPIOZERO_PIN_FACTORY (gpiozero's manual, "Changing the pin factory") is used as it
    is; otherwise lgpio's, and no other in its place.
    """
    try:
        import gpiozero  # noqa: PLC0415  only this driver needs it
    except ImportError as error:
        raise DriverError(
            f'[keypad] driver = "matrix" needs gpiozero, which cannot be imported ({error}): sudo apt install python3-gpiozero '
            "python3-lgpio, in a venv with system site packages"
        ) from None
    errors: tuple[type[Exception], ...] = (gpiozero.GPIOZeroError, OSError)
    try:
        if gpiozero.Device.pin_factory is None and "GPIOZERO_PIN_FACTORY" in os.environ:
            gpiozero.Device.ensure_pin_factory()
        if gpiozero.Device.pin_factory is not None:
            return gpiozero, gpiozero.Device.pin_factory, False, errors
    except errors as error:
        name = os.environ["GPIOZERO_PIN_FACTORY"]
        raise DriverError(f"GPIOZERO_PIN_FACTORY={name} cannot be used ({error}): take it out of the environment") from None
    return _lgpio(gpiozero, errors)


def _lgpio(gpiozero: Any, errors: tuple[type[Exception], ...]) -> tuple[Any, Any, bool, tuple[type[Exception], ...]]:  # noqa: ANN401  no types
    try:
        from gpiozero.pins import lgpio as pins  # noqa: PLC0415  as above
    except ImportError as error:
        raise DriverError(
            f"[keypad] gpiozero needs lgpio, which cannot be imported ({error}): sudo apt install python3-lgpio, in a venv with "
            "system site packages"
        ) from None
    except OSError as error:  # lgpio makes a pipe of its own where the process stands
        raise DriverError(
            f"[keypad] lgpio cannot make its pipe in {Path.cwd()} ({error}): start the kiosk in a folder it can write to, as "
            "WorkingDirectory= of kiosk.service does"
        ) from None
    errors = (*errors, pins.lgpio.error)
    try:
        return gpiozero, pins.LGPIOFactory(), True, errors
    except errors as error:
        raise DriverError(
            f'[keypad] driver = "matrix" cannot open the GPIO pins ({error}): it needs a Raspberry Pi, and the kiosk\'s user in '
            'the group gpio; elsewhere set [keypad] driver = "keyboard"'
        ) from None
