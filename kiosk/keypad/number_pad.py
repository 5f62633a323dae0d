"""A USB number pad, read straight from the kernel: the one file that knows python-evdev.

The pad is grabbed, so that nothing else sees its keys, and no other keyboard is listened to: whoever plugs one in types into
the void. Pulled out, it is looked for until it is back. Which events are presses is debounce.py's and presses.py's to say.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.core.errors import DriverError
from kiosk.core.events import Health, Key, Part
from kiosk.core.ports import Post
from kiosk.keypad.debounce import Chatter
from kiosk.keypad.presses import DEBOUNCE_MS, STUCK_MS, Presses
from kiosk.keypad.telling import steady_ms, tell

_log = logging.getLogger(__name__)

FIND_AGAIN_S = 0.5
IDLE_S = 0.25  # the longest sleep: a heart that beats
HELD_S = 0.05  # while a key is down: CLEAR held is a matter of time

_DIGITS = {f"KEY_KP{digit}": Key(digit) for digit in "0123456789"} | {"KEY_KPENTER": Key.OK}
# The same keys while the pad's own Num Lock is off: a digit stays a digit.
_UNLOCKED = dict(
    zip(
        ("INSERT", "END", "DOWN", "PAGEDOWN", "LEFT", "CLEAR", "RIGHT", "HOME", "UP", "PAGEUP"),
        map(Key, "0123456789"),
        strict=True,
    )
)
KEYS: dict[str, Key] = {
    **_DIGITS,
    **{f"KEY_{digit}": Key(digit) for digit in "0123456789"},
    **{f"KEY_{name}": key for name, key in _UNLOCKED.items()},
    "KEY_ENTER": Key.OK,
    "KEY_BACKSPACE": Key.CLEAR,
    "KEY_KPPLUS": Key.SCAN,
    "KEY_KPMINUS": Key.QR,
    "KEY_KPASTERISK": Key.CANCEL,
    "KEY_KPSLASH": Key.MENU,
}
"""What the kernel calls the keys of a number pad (linux/input-event-codes.h), and what each is here. All others are ignored."""


@dataclass(frozen=True, slots=True)
class _Identity:
    """What stays the same when a pad is pulled out and put back."""

    name: str
    vendor: int
    product: int


@dataclass(frozen=True, slots=True)
class Plugged:
    """A pad that is there: its name, and the path by which it is found again."""

    name: str
    path: str


class NumberPad:
    """The keys of one USB number pad.

    `device`: its path (better one below /dev/input/by-id) or its name; None is the only one there is, and once found none but
    it. `evdev` stands for the library, `now` is monotonic ms.
    """

    def __init__(
        self,
        post: Post,
        device: str | None = None,
        *,
        debounce_ms: int = DEBOUNCE_MS,
        stuck_ms: int = STUCK_MS,
        evdev: Any = None,  # noqa: ANN401  it brings no types
        now: Callable[[], int] = steady_ms,
    ) -> None:
        self._post = post
        self._device = device
        self._now = now
        self._evdev = evdev
        self._keys: dict[int, tuple[str, Key]] = {}
        self._pad: Any = None
        self._identity: _Identity | None = None
        self._chatter = Chatter(debounce_ms)
        self._presses = Presses(stuck_ms)
        self._told: str | None = None
        self._behind = False  # the kernel dropped events: the rest of this report means nothing
        self._stopping = threading.Event()
        self._wake, self._woken = socket.socketpair()

    def start(self) -> None:
        """Find the pad and take it. One that is not plugged in is told of, and waited for; DriverError without the library."""
        self._load()
        self.find()

    def run(self, beat: Callable[[], None]) -> None:
        """Pass keys on until `stop`."""
        try:
            while not self._stopping.is_set():
                beat()
                if self._pad is None:
                    self._wait([], FIND_AGAIN_S)
                    if not self._stopping.is_set():
                        self.find()
                else:
                    self.attend(IDLE_S if self._presses.quiet else HELD_S)
        finally:
            self._let_go()

    def stop(self) -> None:
        """No more keys; the pad is anybody's again when `run` has returned."""
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._wake.send(b"!")

    def find(self) -> None:
        """Look for the pad once, and take it."""
        found = self._look_for()
        if isinstance(found, str):
            self._mark(found)
            return
        try:
            found.grab()
            held = found.active_keys()
        except OSError as error:
            found.close()
            self._mark(f"the number pad {found.name} cannot be taken ({error.strerror}): see whether another program holds it")
            return
        self._pad, self._identity, self._behind = found, _identity(found), False
        _log.info("number pad", extra={"device": found.name, "path": found.path})
        self._find_held(held)
        self._mark(None)

    def attend(self, wait_s: float) -> None:
        """Wait for keys, at most so long, and pass on what they mean."""
        if self._pad.fd in self._wait([self._pad.fd], wait_s) and not self._stopping.is_set():
            try:
                for event in self._pad.read():
                    self._take(event)
            except BlockingIOError:
                pass
            except OSError as error:
                self._lost(error)
                return
        tell(self._post, self._presses.pass_time(self._now()))

    def look(self) -> Plugged:
        """The pad that would be taken. DriverError when there is none, in words."""
        self._load()
        found = self._look_for()
        if isinstance(found, str):
            raise DriverError(found)
        with contextlib.closing(found):
            return Plugged(found.name, _by_id(found.path))

    def _load(self) -> None:
        if self._evdev is None:
            try:
                import evdev  # noqa: PLC0415  only this driver needs it
            except ImportError as error:
                raise DriverError(
                    f'[keypad] driver = "evdev" needs python-evdev, which cannot be imported ({error}): sudo apt install '
                    "python3-evdev, in a venv with system site packages"
                ) from None
            self._evdev = evdev
        codes = self._evdev.ecodes.ecodes
        self._keys = {codes[name]: (name, key) for name, key in KEYS.items()}

    def _look_for(self) -> Any:  # noqa: ANN401  a device, or in words why there is none
        paths, problem = self._paths()
        found = []
        for path in paths:
            try:
                device = self._evdev.InputDevice(path)
            except OSError as error:  # pulled out at this moment, or not ours to open
                problem = f"{path} cannot be opened ({error.strerror}): the kiosk's user has to be in the group input"
                continue
            if self._is_meant(device):
                found.append(device)
            else:
                device.close()
        if len(found) == 1:
            return found[0]
        for device in found:
            device.close()
        if found:
            names = " and ".join(f"{device.name} ({_by_id(device.path)})" for device in found)
            return f"there are several number pads: {names}. Write [keypad] device = the path of the one that is meant"
        return problem

    def _paths(self) -> tuple[Sequence[str], str]:
        """Where to look, and what to say when nothing is found there."""
        if self._device is not None and self._device.startswith("/"):
            missing = f"{self._device} is no number pad that is plugged in: plug it in, or correct [keypad] device"
            return ([self._device] if os.path.exists(self._device) else []), missing  # noqa: PTH110  a device, not a file of ours
        paths = sorted(self._evdev.list_devices())
        which = f"called {self._device!r} " if self._device else ""
        problem = f"no number pad {which}is plugged in: plug it in"
        if not paths and any(Path("/dev/input").glob("event*")):  # evdev lists only what this user may open
            problem = "no input device may be opened: the kiosk's user has to be in the group input"
        return paths, problem

    def _is_meant(self, device: Any) -> bool:  # noqa: ANN401  it brings no types
        codes = self._evdev.ecodes
        has = set(device.capabilities().get(codes.EV_KEY, ()))
        if not {codes.ecodes[name] for name in _DIGITS} <= has:  # one half of a pad with a volume knob, say
            return False
        if self._device is not None:
            return self._device.startswith("/") or device.name == self._device
        return self._identity in (None, _identity(device))

    def _take(self, event: Any) -> None:  # noqa: ANN401  it brings no types
        codes = self._evdev.ecodes
        if event.type == codes.EV_SYN:
            if event.code == codes.SYN_DROPPED:
                self._behind = True
            elif event.code == codes.SYN_REPORT and self._behind:
                self._behind = False
                self._catch_up()
        elif event.type == codes.EV_KEY and not self._behind and event.code in self._keys:
            self._key(event)

    def _key(self, event: Any) -> None:  # noqa: ANN401  it brings no types
        name, key = self._keys[event.code]
        # The kernel's own time of the event: read late, a press and its end would look like one moment.
        happened, at = event.sec * 1000 + event.usec // 1000, self._now()
        if event.value == 0:
            self._chatter.up(name, happened)
            self._presses.up(name, at)
        elif event.value == 1:
            if self._chatter.bounced(name, happened):
                self._presses.found(name, key, at)
            else:
                tell(self._post, self._presses.down(name, key, at))

    def _catch_up(self) -> None:
        """The kernel's queue ran over. What is up now is up; what went down meanwhile was not seen, and is no press."""
        held = self._pad.active_keys()
        for name in self._presses.down_now - {self._keys[code][0] for code in held if code in self._keys}:
            self._presses.up(name, self._now())
        self._find_held(held)
        _log.warning("the number pad's keys came faster than they were read")

    def _find_held(self, held: Sequence[int]) -> None:
        for code in held:
            if code in self._keys:
                self._presses.found(*self._keys[code], self._now())

    def _lost(self, error: OSError) -> None:
        name = self._pad.name
        self._let_go()
        self._presses.forget()
        self._mark(f"the number pad {name} was pulled out ({error.strerror}): plug it in again")

    def _let_go(self) -> None:
        if self._pad is not None:
            self._pad.close()  # which ends the grab
            self._pad = None

    def _mark(self, problem: str | None) -> None:
        """Report what is wrong with the pad itself, when that has changed."""
        if problem != self._told:
            self._told = problem
            if problem is not None:
                _log.warning("number pad", extra={"problem": problem})
            self._post(Health(Part.KEYPAD, problem))

    def _wait(self, handles: list[int], wait_s: float) -> list[int]:
        return select.select([*handles, self._woken.fileno()], [], [], wait_s)[0]


def _identity(device: Any) -> _Identity:  # noqa: ANN401  it brings no types
    return _Identity(device.name, device.info.vendor, device.info.product)


def _by_id(path: str) -> str:
    """The name below /dev/input/by-id that stays when other things are plugged in; the path itself where there is none."""
    links = (link for link in Path("/dev/input/by-id").glob("*") if os.path.realpath(link) == os.path.realpath(path))
    return str(next(links, path))
