"""The operators' PINs: a folder for each, beside the ledger. What is keyed is looked at here, in a thread of its own.

Knows pins.py and the events it tells. A digest costs a tenth of a second and 32 MiB on purpose, so nothing waits for one. What is
asked and what comes of it is logged by the operator's name, never by what was keyed.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import queue
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from kiosk.core.commands import CheckPin, KeepPin, PinAct
from kiosk.core.errors import KioskError
from kiosk.core.events import PinChecked, PinKept, PinsKnown
from kiosk.core.operators import LEAST_PIN, MOST_OPERATORS, NoPin
from kiosk.core.ports import Post
from kiosk.pins import Pin, PinRefused

_log = logging.getLogger(__name__)

FOLDER = "operators"
PLACES_MOST = 4 * MOST_OPERATORS  # names come and go; nobody fills the card with them
WAITING_MOST = 4
BEAT_S = 1.0


class OperatorPins:
    """The PINs in `folder`, of the operators of these names. Any thread may call."""

    def __init__(self, folder: Path, names: tuple[str, ...]) -> None:
        self.names = names
        self._folder = folder

    def of(self, name: str) -> Pin:
        """The operator's own. KioskError for a name that kiosk.toml does not have."""
        if name not in self.names:
            known = ", ".join(self.names)
            raise KioskError(f"operator {name[:40]!r} is not in [operators] of kiosk.toml: it has {known}")
        return Pin(self._place(name), least=LEAST_PIN)

    def keep(self, name: str, pin: str) -> None:
        """From now on this is the operator's PIN. PinRefused, KioskError or OSError when it cannot be."""
        self.of(name)
        self._keep(name, pin)

    def keep_new(self, name: str, pin: str) -> None:
        """The same, also of somebody whom kiosk.toml is about to name. KioskError when there are far too many already."""
        if not self._place(name).exists() and self._folder.exists() and sum(1 for _ in self._folder.iterdir()) >= PLACES_MOST:
            raise KioskError(f"{self._folder} holds PINs of {PLACES_MOST} names: remove those of nobody")
        self._keep(name, pin)

    def has(self, name: str) -> bool:
        """Whether there is one, whoever that is."""
        return Pin(self._place(name), least=LEAST_PIN).is_set

    def drop(self, name: str) -> None:
        """From now on there is none. OSError."""
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self._place(name))

    def _keep(self, name: str, pin: str) -> None:
        for folder in (self._folder, self._place(name)):
            folder.mkdir(mode=0o700, exist_ok=True)
        Pin(self._place(name), least=LEAST_PIN).set(pin)

    def known(self) -> frozenset[str]:
        """Who has one."""
        return frozenset(name for name in self.names if self.of(name).is_set)

    def _place(self, name: str) -> Path:
        """A name may hold anything that a file's name may not."""
        return self._folder / hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:16]


class PinKeeper:
    """The keyholder (ports.Keyholder)."""

    def __init__(self, pins: OperatorPins, post: Post) -> None:
        self._pins = pins
        self._post = post
        self._acts: queue.Queue[PinAct] = queue.Queue(WAITING_MOST)
        self._stopping = threading.Event()
        self._told: frozenset[str] | None = None

    def take(self, act: PinAct) -> None:
        with contextlib.suppress(queue.Full):  # one till asks one thing at a time
            self._acts.put_nowait(act)

    def run(self, beat: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            beat()
            self._tell()
            with contextlib.suppress(queue.Empty):
                self._do(self._acts.get(timeout=BEAT_S))

    def stop(self) -> None:
        self._stopping.set()

    def _tell(self) -> None:
        """Who has a PIN: a command may have given one meanwhile."""
        try:
            known = self._pins.known()
        except OSError:
            return  # their disk does not say: what was told stays so
        if known != self._told:
            self._told = known
            self._post(PinsKnown(tuple(sorted(known))))

    def _do(self, act: PinAct) -> None:
        name = act.operator
        match act:
            case CheckPin(ticket, _, pin):
                try:
                    tried = self._pins.of(name).try_(pin.reveal())
                except (OSError, KioskError) as error:  # a try that cannot be written down is none
                    _log.warning("a PIN could not be looked at", extra={"operator": name, "problem": str(error)})
                    self._post(PinChecked(ticket, right=False))
                    return
                _log.info("a PIN was keyed", extra={"operator": name, "right": tried.right})
                self._post(PinChecked(ticket, tried.right, round(tried.wait_s * 1000)))
            case KeepPin(ticket, _, pin):
                problem = self._keep(name, pin.reveal())
                self._tell()
                self._post(PinKept(ticket, problem))

    def _keep(self, name: str, pin: str) -> NoPin | None:
        try:
            self._pins.keep(name, pin)
        except PinRefused as refused:
            return NoPin(refused.reason)
        except (OSError, KioskError) as problem:
            _log.warning("a PIN could not be kept", extra={"operator": name, "problem": str(problem)})
            return NoPin.DISK
        _log.info("a PIN was set", extra={"operator": name})
        return None
