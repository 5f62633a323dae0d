"""A PIN, the owner's or an operator's, and how long a wrong one keeps the door shut. Knows files and a clock that counts.

A try counts as failed on disk before it is looked at, so that pulling the plug is no way to a free one. A wait is counted by
the time since boot, never by the wall clock, which a stranger's time server may set. Across a boot nobody knows how much of it
has passed, so it begins anew: a reboot shortens nothing, and adds at most one wait.

Who guesses must not shut the owner out for ever: the longest wait is a quarter of an hour, and a browser that has been logged in
before is counted by itself (device cookies, OWASP), so that a stranger's guesses are not held against it.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import math
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from kiosk.core.errors import KioskError
from kiosk.written import put

LEAST_DIGITS, MOST_DIGITS = 6, 12  # of one that opens a page to the whole network
FREE_TRIES = 3
FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 900.0
DEVICES = 8
_SCRYPT = {"n": 1 << 15, "r": 8, "p": 1}  # RFC 7914: 32 MiB, and a tenth of a second on a Pi 4
_SCRYPT_MAXMEM = 64 * 1024 * 1024
_STRANGERS = "strangers"


class PinRefused(KioskError):
    """What is to become the PIN is none. `reason`: `form`, `easy`."""

    def __init__(self, reason: str, least: int = LEAST_DIGITS) -> None:
        self.reason = reason
        super().__init__(f"The PIN has {least} to {MOST_DIGITS} digits, not all the same and not in a row.")


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a try. `right`: the PIN is right. `wait_s`: how long the next one has to wait; 0: not at all."""

    right: bool
    wait_s: float


def wait_after(failures: int) -> float:
    """Seconds to wait after so many wrong ones in a row: none after the first three, then 2, 4, 8, to a quarter of an hour."""
    if failures <= FREE_TRIES:
        return 0.0
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(failures - FREE_TRIES - 1, 20))


def typed(text: str) -> str:
    """What was typed as a PIN: blanks between its digits are nothing, nor is the line's end."""
    return "".join(text.split())


def weakness(pin: str, least: int = LEAST_DIGITS) -> str | None:
    """Why this cannot be the PIN: `form` or `easy`; None when it can."""
    if not (pin.isascii() and pin.isdigit() and least <= len(pin) <= MOST_DIGITS):
        return "form"
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    return "easy" if len(steps) == 1 and steps <= {0, 1, 9} else None


def boot_id() -> str:
    """The kernel's name for this boot; one by chance where it tells none, so that nothing of an earlier life is believed."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return secrets.token_hex(8)


def since_boot() -> float:
    """Seconds since boot, sleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class _Door:
    """Wrong ones in a row, until when (of _State's boot) the next has to wait, and how long that wait is as a whole."""

    failures: int
    until: float
    wait: float


@dataclass(slots=True)
class _State:
    """What tries.json holds. `doors`: by device, or of all strangers; `devices`: digests of device cookies, newest last."""

    boot: str
    doors: dict[str, _Door] = field(default_factory=dict)
    devices: list[str] = field(default_factory=list)

    def door(self, device: str | None) -> str:
        """By what a try is counted: the device's own, when it is one of ours, else that of all strangers."""
        digest = _digest(device) if device else ""
        return digest if any(hmac.compare_digest(digest, known) for known in self.devices) else _STRANGERS

    def left(self, door: str, now: float) -> float:
        """How long it has to wait."""
        return max(0.0, self.doors[door].until - now) if door in self.doors else 0.0


class Pin:
    """The PIN in `folder`, of `least` digits. Any thread may call; one try at a time is looked at."""

    def __init__(
        self, folder: Path, *, least: int = LEAST_DIGITS, now: Callable[[], float] = since_boot, boot: str | None = None
    ) -> None:
        self._least = least
        self._pin, self._tries = folder / "pin.json", folder / "tries.json"
        self._now = now
        self._boot = boot or boot_id()
        self._lock = threading.Lock()

    @property
    def is_set(self) -> bool:
        """Whether there is one."""
        return self._pin.exists()

    def set(self, pin: str) -> None:
        """From now on this is the PIN, and nobody has to wait. PinRefused when it cannot be one; OSError."""
        reason = weakness(pin, self._least)
        if reason is not None:
            raise PinRefused(reason, self._least)
        salt = secrets.token_bytes(16)
        kept = {**_SCRYPT, "salt": salt.hex(), "hash": _scrypt(pin, salt, _SCRYPT).hex()}
        with self._lock:
            _write_json(self._pin, kept)
            self._write(_State(self._boot, devices=self._read().devices))

    def wait_s(self, device: str | None = None) -> float:
        """How long whoever holds this device cookie (None: a stranger) has to wait for the next try."""
        with self._lock:
            state = self._read()
            return state.left(state.door(device), self._now())

    def try_(self, pin: str, device: str | None = None) -> Tried:
        """Look at a PIN. Whoever has to wait is not listened to. OSError when the try cannot be written down: then it is none."""
        with self._lock:
            state = self._read()
            door = state.door(device)
            left = state.left(door, self._now())
            if left > 0:
                return Tried(right=False, wait_s=left)
            failures = state.doors[door].failures + 1 if door in state.doors else 1
            wait = wait_after(failures)
            state.doors[door] = _Door(failures, self._now() + wait, wait)
            self._write(state)
            if not self._matches(pin):
                return Tried(right=False, wait_s=wait)
            del state.doors[door]
            self._write(state)
            return Tried(right=True, wait_s=0.0)

    def remember_device(self) -> str:
        """A new device cookie, for a browser that has just logged in. The oldest ones are forgotten. OSError."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            state = self._read()
            state.devices = [*state.devices, _digest(token)][-DEVICES:]
            state.doors = {name: door for name, door in state.doors.items() if name in (_STRANGERS, *state.devices)}
            self._write(state)
        return token

    def knows(self, device: str | None) -> bool:
        """Whether this device cookie is one of ours."""
        with self._lock:
            return self._read().door(device) != _STRANGERS

    def forget_devices(self) -> None:
        """All device cookies are worth nothing from now on. OSError."""
        with self._lock:
            state = self._read()
            state.devices = []
            self._write(state)

    def _matches(self, pin: str) -> bool:
        try:
            kept = _read_json(self._pin)
            if kept is None:
                return False
            cost = {name: int(kept[name]) for name in _SCRYPT}
            return hmac.compare_digest(_scrypt(pin[:64], bytes.fromhex(kept["salt"]), cost), bytes.fromhex(kept["hash"]))
        except (KeyError, TypeError, ValueError):
            return False

    def _read(self) -> _State:
        """The tries so far; of another boot: every wait begins anew now. What cannot be read counts as the longest wait."""
        try:
            raw = _read_json(self._tries)
            if raw is None:
                return _State(self._boot)
            state = _state_from(raw)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            state = _State("?", {_STRANGERS: _Door(FREE_TRIES + 1, 0.0, LONGEST_WAIT_S)})
        if state.boot == self._boot:
            return state
        now = self._now()
        doors = {name: replace(door, until=now + min(door.wait, LONGEST_WAIT_S)) for name, door in state.doors.items()}
        state = _State(self._boot, doors, state.devices)
        with contextlib.suppress(OSError):  # a disk that takes no writes: then no try is looked at either
            self._write(state)
        return state

    def _write(self, state: _State) -> None:
        _write_json(self._tries, asdict(state))


def _state_from(raw: dict[str, Any]) -> _State:
    doors = {str(name): _Door(int(d["failures"]), float(d["until"]), float(d["wait"])) for name, d in raw["doors"].items()}
    if not all(math.isfinite(door.until) and math.isfinite(door.wait) for door in doors.values()):
        raise ValueError("a time that is none")
    return _State(str(raw["boot"]), doors, [str(device) for device in raw["devices"]][-DEVICES:])


def _write_json(path: Path, value: dict[str, Any]) -> None:
    """There as a whole or not at all, whatever the plug does, and only its user may open it. May raise OSError."""
    put(path, json.dumps(value, indent=1).encode() + b"\n", mode=0o600)


def _read_json(path: Path) -> dict[str, Any] | None:
    """The object in the file; None when there is no file. ValueError when it holds something else."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    value = json.loads(content)
    if not isinstance(value, dict):
        raise ValueError(f"{path} holds no object")  # noqa: TRY004  its content is wrong, not its type
    return value


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _scrypt(pin: str, salt: bytes, cost: dict[str, int]) -> bytes:
    return hashlib.scrypt(
        pin.encode("utf-8", "replace"), salt=salt, n=cost["n"], r=cost["r"], p=cost["p"], maxmem=_SCRYPT_MAXMEM, dklen=32
    )
