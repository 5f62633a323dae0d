"""What the log is told of calls to WeChat: a line for each, but not for each second in which nobody answers. Never a body.

A silence is told when it begins, then after a minute, ten minutes and each hour, with how many calls it has cost since the line
before, and when it is over. A charge and the placing of an order are told in any case: there people wait.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable

from kiosk.core.model import Answer, Call, Unknown
from kiosk.payment.wechat.exchange import NoReply, Reply
from kiosk.payment.wechat.messages import Outgoing

_log = logging.getLogger(__name__)

APART_S = (60.0, 600.0, 3600.0)  # between two lines of one silence; the last one from then on
WHYS_MOST = 8  # different reasons of one silence that are each told when they first come up
_ALWAYS = (Call.CHARGE, Call.PLACE)
_REQUEST_ID = re.compile(r"[0-9A-Za-z_-]{1,80}", re.ASCII)


class Report:
    """Tells the log. Any thread may call."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._since: float | None = None  # of the silence
        self._next = 0.0  # when it is told again
        self._lines = 0
        self._untold = 0  # calls that no line stands for
        self._cost = 0  # all of its calls
        self._whys: set[str] = set()

    def call(self, outgoing: Outgoing, reply: Reply | NoReply, answer: Answer, took_s: float) -> None:
        """How a call ended. Request-ID is what WeChat's support asks for (contract 1.2)."""
        request_id = "" if isinstance(reply, NoReply) else reply.headers.get("Request-ID", "")
        fields: dict[str, object] = {
            "call": outgoing.name,
            "status": None if isinstance(reply, NoReply) else reply.status,
            "outcome": type(answer.outcome).__name__.lower(),
            "ms": round(took_s * 1000),
            "Request-ID": request_id if _REQUEST_ID.fullmatch(request_id) else "",
        }
        if isinstance(answer.outcome, Unknown):
            fields |= {"why": answer.outcome.why.value, "code": answer.outcome.detail}
        with self._lock:
            if answer.reached:
                self._over()
            else:
                untold = self._silent(f"{fields.get('why')} {fields.get('code')}", always=outgoing.name in _ALWAYS)
                if untold is None:
                    return
                fields |= untold
        _log.info("WeChat Pay answered" if isinstance(reply, Reply) else "WeChat Pay did not answer", extra=fields)

    def _silent(self, why: str, *, always: bool) -> dict[str, object] | None:
        """What else to tell of a call that came to nothing; None: nothing at all now."""
        now = self._now()
        if self._since is None:
            self._since, self._next, self._lines, self._untold, self._cost = now, now, 0, 0, 0
            self._whys.clear()
        self._untold += 1
        self._cost += 1
        new = why not in self._whys and len(self._whys) < WHYS_MOST
        due = now >= self._next
        if not (due or new or always):
            return None
        if due:
            self._next = now + APART_S[min(self._lines, len(APART_S) - 1)]
            self._lines += 1
        if new:
            self._whys.add(why)
        untold, self._untold = self._untold, 0
        return {"silent_s": round(now - self._since), "calls": untold}

    def _over(self) -> None:
        if self._since is not None:
            lasted_s, self._since = round(self._now() - self._since), None
            _log.info("WeChat Pay answers again", extra={"silent_s": lasted_s, "calls": self._cost})
