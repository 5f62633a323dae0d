"""The kiosk's door for the owner's page: a socket of its own, where the page's user may ask a few things and set PINs.

What may be asked there is the list below and no more. Not among it: `refund` (money leaves by it: it wants somebody at the
kiosk's own prompt), `key`, `screen` (the customer's QR) and `notification`. Whoever took over the page's process could read the
sales, and set a PIN with which somebody who stands at the kiosk gives money back; and nothing else.

That it is the page's user is the file system's word: /run/kiosk belongs to the group kiosk-owner, and the socket is closed to
others. The kernel's word on who asks is worth less here, as in the kiosk's own user namespace (PrivateUsers=) it calls every
other user nobody.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import queue
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path

from kiosk.control.unix_socket import Answer, ControlServer, Request
from kiosk.core.events import PageTold
from kiosk.operators.door import VERBS as PINS

USER = "kiosk-owner"
MODE = 0o660
READ = frozenset({"orders", "report", "bundle", "rows", "shift", "books"})
AT_SET_UP = frozenset({"state", "page", "merchant"})  # before there is anything to sell with
_DOCTOR_MOST_S = 90.0
_DOCTOR_FRESH_S = 20.0
_LAST_MS = 253_402_300_800_000  # the end of the year 9999
_LONGEST = {"url": 100, "fingerprint": 64, "code": 8}


class OwnerDoor:
    """`handle` is called from the socket's threads. `answer`: the kiosk's own answers; `tell`: takes what the page tells.

    `pins`: answers about operators' PINs.
    """

    def __init__(
        self,
        config: Path,
        answer: Callable[[Request], Answer],
        tell: Callable[[PageTold], None],
        pins: Callable[[Request], Answer],
    ) -> None:
        self._config = config
        self._answer = answer
        self._tell = tell
        self._pins = pins
        self._life = secrets.token_hex(4)
        self._examining = threading.Lock()
        self._examined: tuple[float, Answer] | None = None

    def handle(self, request: Request) -> Answer:
        """What may be asked here. A refusal in words has the key "problem"."""
        doing = request.get("do")
        if doing == "state":  # `life`: another one after each start, so that whoever asked for a restart can tell
            return {**self._answer(request), "life": self._life}
        if doing in READ:
            return self._answer(request)
        if doing in PINS:
            return self._pins(request)
        if doing == "doctor":
            return self._doctor()
        if doing == "page":
            return self._page(request)
        return _refused(request)

    def _page(self, request: Request) -> Answer:
        told = {key: request.get(key) for key in _LONGEST}
        if not all(isinstance(text, str) and text.isprintable() and len(text) <= _LONGEST[key] for key, text in told.items()):
            return {"problem": "page wants url, fingerprint and code, as texts"}
        ends_at = request.get("ends_at")
        if ends_at is not None and (type(ends_at) is not int or not 0 < ends_at < _LAST_MS):
            return {"problem": "page wants ends_at in ms, or none"}
        try:
            self._tell(PageTold(str(told["url"]), str(told["fingerprint"]), str(told["code"]), ends_at))
        except queue.Full:
            return {"problem": "the kiosk is busy"}
        return {"ok": True}

    def _doctor(self) -> Answer:
        """`kiosk doctor` in a process of its own, which takes nothing from the loop; one at a time."""
        with self._examining:
            if self._examined is None or time.monotonic() - self._examined[0] > _DOCTOR_FRESH_S:
                self._examined = (time.monotonic(), self._examine())
            return self._examined[1]

    def _examine(self) -> Answer:
        command = [sys.executable, "-m", "kiosk", "--config", str(self._config), "doctor", "--json"]
        try:
            done = subprocess.run(command, capture_output=True, timeout=_DOCTOR_MOST_S, check=False)  # noqa: S603  our own
            checks = json.loads(done.stdout)
        except (OSError, subprocess.TimeoutExpired, ValueError):
            return {"problem": "the doctor did not come to an end. Run it at the prompt: kiosk doctor"}
        return {"ok": True, "checks": checks}


def door(path: Path, handle: Callable[[Request], Answer]) -> ControlServer:
    """The socket. While the kiosk is being set up, `handle` is only(AT_SET_UP, ...) of what that answers."""
    allowed = speakers()
    return ControlServer(path, handle, lambda: allowed, MODE)


def only(verbs: Collection[str], answer: Callable[[Request], Answer]) -> Callable[[Request], Answer]:
    """What `answer` says to these, and no to all others."""
    return lambda request: answer(request) if request.get("do") in verbs else _refused(request)


def _refused(request: Request) -> Answer:
    return {"problem": f"do = {str(request.get('do'))[:40]!r} is not asked at this door"}


def speakers() -> set[int]:
    """Who is answered besides root: this user, the page's, and in a user namespace of ours whoever got through the door."""
    allowed = {os.geteuid()}
    with contextlib.suppress(KeyError):  # a desk, where the page runs as the same user
        allowed.add(pwd.getpwnam(USER).pw_uid)
    if Path("/proc/self/uid_map").read_bytes().split() != [b"0", b"0", b"4294967295"]:
        allowed.add(int(Path("/proc/sys/kernel/overflowuid").read_bytes()))
    return allowed
