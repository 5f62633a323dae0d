"""What the other commands ask the running kiosk over its socket: orders, a report, a refund, its screen, a key.

A relay on the owner's server may hand on a notification this way, too: its original headers and body.

Called from the socket's threads. Everything about money is read and decided in the loop's thread.
"""

from __future__ import annotations

import base64
import queue
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial

from kiosk import __version__
from kiosk.books.answers import BooksAnswers
from kiosk.control.unix_socket import Answer, Request
from kiosk.core.commands import Reply
from kiosk.core.errors import KioskError, LedgerError
from kiosk.core.events import Event, Hold, RefundAsked, ShiftAsked
from kiosk.core.expiry import DAY
from kiosk.core.pause import HOLD_MOST
from kiosk.core.ports import Display, Ledger
from kiosk.core.refunds import REASON_FORM, is_reason
from kiosk.core.screens import View
from kiosk.core.shifts import Aim, Reading, report
from kiosk.core.state import Kiosk, is_calm, unresolved
from kiosk.keypad.scripted import ScriptedKeypad
from kiosk.loop.runtime import Runtime
from kiosk.notifications import Notifications
from kiosk.payment.ledger import SqliteLedger
from kiosk.payment.timings import Timings, newest
from kiosk.support.latency import SPEED_DAYS, latency

REPLY_MOST_S = 10.0
_HOLD_MOST_S = HOLD_MOST // 1000
_END_OF_TIME = 2**63  # SQLite's integers end there
_NUMBER = re.compile(r"[0-9A-Za-z_-]{1,32}", re.ASCII)
_NO_ANSWER = "the kiosk cannot use its ledger now, its screen says why; a refund may be queued all the same: see `kiosk orders`"


class Answers:
    """`answer` is the control socket's handler. `keys` None: keys over the socket are off. `problems`: in words, by part.

    `bundle(whole)` makes a support bundle's tar.
    """

    def __init__(  # noqa: PLR0913, PLR0917  one socket is the way to many parts
        self,
        runtime: Runtime,
        display: Callable[[], Display | None],
        view: Callable[[], View],
        keys: ScriptedKeypad | None,
        notifications: Notifications,
        problems: Callable[[], Mapping[str, str | None]] = dict,
        well: Callable[[], list[str]] = list,
        bundle: Callable[[bool], bytes] | None = None,
        keep_pin: Callable[[str, str], None] | None = None,
        books: BooksAnswers | None = None,
    ) -> None:
        self._runtime = runtime
        self._display = display
        self._view = view
        self._keys = keys
        self._notifications = notifications
        self._problems = problems
        self._well = well
        self._bundle = bundle
        self._keep_pin = keep_pin
        self._books = books

    def answer(self, request: Request) -> Answer:
        """What the other commands ask over the control socket. A refusal in words has the key "problem"."""
        doing = request.get("do")
        handler: Callable[[Request], Answer] | None = {
            "screen": self._answer_screen,
            "key": self._answer_key,
            "state": self._answer_state,
            "orders": self._answer_orders,
            "report": self._answer_report,
            "refund": self._answer_refund,
            "notification": self._answer_notification,
            "quiet": self._answer_quiet,
            "hold": self._answer_hold,
            "health": self._answer_health,
            "bundle": self._answer_bundle,
            "latencies": self._answer_latencies,
            "rows": self._answer_rows,
            "shift": self._answer_shift,
            "shift_open": self._answer_shift_open,
            "shift_close": self._answer_shift_close,
            "set_pin": self._answer_set_pin,
            **self._about_books(),
        }.get(str(doing))
        if handler is None:
            return {"problem": f"do = {doing!r} is not known to this kiosk"}
        try:
            return handler(request)
        except (TimeoutError, queue.Full):
            return {"problem": _NO_ANSWER}

    def _about_books(self) -> dict[str, Callable[[Request], Answer]]:
        if self._books is None:
            return {}
        return {
            "reconcile": self._books.begin,
            "reconciling": self._books.look,
            "books": self._books.books,
            "seen": self._books.seen,
        }

    def _answer_screen(self, _: Request) -> Answer:
        display = self._display()
        if display is None:
            return {"problem": "the display is not open yet"}
        return {"ok": True, "png": base64.b64encode(display.snapshot()).decode("ascii")}

    def _answer_key(self, request: Request) -> Answer:
        if self._keys is None:
            return {"problem": "keys over the socket are off: write [keypad] remote = true"}
        try:
            self._keys.press(str(request.get("key")))
        except ValueError as problem:
            return {"problem": str(problem)}
        return {"ok": True}

    def _answer_state(self, _: Request) -> Answer:
        view = self._view()
        signs = view.signs
        return {
            "ok": True,
            "screen": type(view.screen).__name__,
            "network": str(signs.network),
            "clock_known": signs.clock_known,
            "unresolved": signs.unresolved,
            "camera": None,
            **self._problems(),
            "attention": signs.attention,
            **({"training": True} if view.training else {}),
        }

    def _answer_orders(self, request: Request) -> Answer:
        start, end = request.get("start"), request.get("end")
        include_open = request.get("include_open") is True
        if _beyond(start) or _beyond(end):
            return {"problem": "orders wants start and end in milliseconds"}

        def read(ledger: Ledger, _: Kiosk) -> Answer:
            assert isinstance(ledger, SqliteLedger)
            return {"ok": True, **orders(ledger, start, end, include_open=include_open)}

        return self._runtime.ask(read)

    def _answer_report(self, request: Request) -> Answer:
        start, end = request.get("start"), request.get("end")

        def read(ledger: Ledger, _: Kiosk) -> Answer:
            assert isinstance(ledger, SqliteLedger)
            if not isinstance(start, int) or not isinstance(end, int) or _beyond(start) or _beyond(end):
                return {"problem": "report wants start and end in milliseconds"}
            return {"ok": True, "totals": [asdict(total) for total in ledger.totals(start, end)]}

        return self._runtime.ask(read)

    def _answer_refund(self, request: Request) -> Answer:
        number, amount, reason = request.get("out_trade_no"), request.get("amount"), request.get("reason")
        if not isinstance(number, str) or not (amount is None or type(amount) is int):
            return {"problem": "refund wants out_trade_no and amount, an int of the smallest unit or nothing"}
        if not (reason is None or (isinstance(reason, str) and is_reason(reason))):
            return {"problem": REASON_FORM}
        token = secrets.token_hex(8)

        def read(ledger: Ledger, _: Kiosk) -> RefundAsked | str:
            return refund_asked(ledger, number, amount, token, reason)

        asked = self._runtime.ask(read)
        if isinstance(asked, str):
            return {"problem": asked}
        answered = self._reply(token, asked)
        if answered.problem is not None:
            return {"problem": answered.problem}
        return {"ok": True, "out_refund_no": answered.result}

    def _answer_rows(self, request: Request) -> Answer:
        """One piece of an export."""
        from kiosk.exports.told import piece  # noqa: PLC0415  asked for now and then; the first screen comes first

        def read(ledger: Ledger, _: Kiosk) -> Answer:
            assert isinstance(ledger, SqliteLedger)
            return piece(ledger, request)

        return self._runtime.ask(read)

    def _answer_shift(self, request: Request) -> Answer:
        """A shift's report as shift_desk.as_json has it; `z` null: of the newest."""
        from kiosk.control.shift_desk import as_json  # noqa: PLC0415  as above

        z = request.get("z")
        if not (z is None or (type(z) is int and not _beyond(z))):
            return {"problem": "shift wants z, the number of a Z report, or null"}

        def read(ledger: Ledger, kiosk: Kiosk) -> Answer:
            figures = ledger.shift_figures(z)
            if figures is None:
                return {"problem": "there is no such shift" if z is not None else "there has been no shift yet"}
            return {"ok": True, "shift": as_json(report(figures, unresolved(kiosk)))}

        return self._runtime.ask(read)

    def _answer_shift_open(self, request: Request) -> Answer:
        """Begin the next shift. `by`: the operator's name, or null."""
        by = _name(request.get("by"))
        token = secrets.token_hex(8)
        return self._of_shift(token, ShiftAsked(token, None, by))

    def _answer_shift_close(self, request: Request) -> Answer:
        """Close the open shift, over the unresolved ones that `hand_over` names, and no others."""
        over = request.get("hand_over")
        if not isinstance(over, list) or not all(isinstance(one, str) for one in over):
            return {"problem": "shift_close wants hand_over, a list of numbers"}
        token = secrets.token_hex(8)
        wanted = Reading(Aim.CLOSE, hand_over=frozenset(over), by=_name(request.get("by")), token=token)
        return self._of_shift(token, ShiftAsked(token, wanted))

    def _of_shift(self, token: str, asked: ShiftAsked) -> Answer:
        answered = self._reply(token, asked)
        return {"ok": True, "z": answered.result} if answered.problem is None else {"problem": answered.problem}

    def _answer_set_pin(self, request: Request) -> Answer:
        """An operator's PIN. Who may speak here may read all that the kiosk has, so no PIN is asked for."""
        name, pin = request.get("operator"), request.get("pin")
        if self._keep_pin is None or not isinstance(name, str) or not isinstance(pin, str):
            return {"problem": "set_pin wants operator and pin, two texts"}
        try:
            self._keep_pin(name, pin)
        except (KioskError, OSError) as problem:
            return {"problem": str(problem)}
        return {"ok": True}

    def _answer_quiet(self, _: Request) -> Answer:
        """Whether the kiosk may be stopped, and for how long that has been so. `now`: its own clock, Unix ms."""

        def read(_: Ledger, kiosk: Kiosk) -> Answer:
            now = self._runtime.now()
            since = None if kiosk.calm_since is None else max(0, now - kiosk.calm_since) // 1000
            return {"quiet": is_calm(kiosk), "since_s": since, "now": now, "clock_known": kiosk.clock_known}

        return {"ok": True, **self._runtime.ask(read)}

    def _answer_hold(self, request: Request) -> Answer:
        """Begin no sale for so long, unless one is under way; 0: sell on."""
        for_s = request.get("for_s")
        if type(for_s) is not int or not 0 <= for_s <= _HOLD_MOST_S:
            return {"problem": f"hold wants for_s, whole seconds up to {_HOLD_MOST_S}"}
        token = secrets.token_hex(8)
        answered = self._reply(token, Hold(self._runtime.now() + for_s * 1000, token))
        return {"ok": True} if answered.problem is None else {"problem": answered.problem}

    def _answer_health(self, _: Request) -> Answer:
        """What works, of all that an update must not break. Whoever is answered by the loop has its ledger open."""
        trial = self._runtime.ask(lambda _, kiosk: kiosk.settings.trial)
        return {"ok": True, "version": __version__, "trial": trial, "well": ["ledger", *self._well()]}

    def _reply(self, token: str, asking: Event) -> Reply:
        reply = self._runtime.expect_reply(token)
        self._runtime.post(asking)
        return reply.result(REPLY_MOST_S)

    def _answer_latencies(self, _request: Request) -> Answer:
        """`scan_to_paid`: count, p50_ms, p95_ms of the last 30 days, null when nothing was sold by scan."""
        since = self._runtime.now() - SPEED_DAYS * DAY

        def read(before: int, ledger: Ledger, _: Kiosk) -> Timings:
            assert isinstance(ledger, SqliteLedger)
            return ledger.scan_to_paid(since, before)

        found = latency(newest(lambda before: self._runtime.ask(partial(read, before))).straight)
        return {"ok": True, "scan_to_paid": None if found is None else found.as_json()}

    def _answer_bundle(self, request: Request) -> Answer:
        """A support bundle's tar in Base64, after everything was looked at: half a minute. `whole`: with the steward's part."""
        if self._bundle is None:
            return {"problem": "this kiosk makes no support bundle"}
        return {"ok": True, "tar": base64.b64encode(self._bundle(request.get("whole") is True)).decode("ascii")}

    def _answer_notification(self, request: Request) -> Answer:
        """`status`, `code` and `message` are for WeChat, as the listener would answer."""
        headers, sealed = request.get("headers"), request.get("body_base64")
        if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
            return {"problem": "notification wants headers, an object of texts as they came"}
        try:
            body = base64.b64decode(sealed if isinstance(sealed, str) else "?", validate=True)
        except ValueError:
            return {"problem": "notification wants body_base64, the bytes of the body as they came, in base64"}
        receipt = self._notifications.take(headers, body)
        told: Answer = {"status": receipt.status, "code": receipt.code, "message": receipt.message}
        return {"ok": True, **told} if receipt.code == "SUCCESS" else {"problem": receipt.message, **told}


def orders(ledger: SqliteLedger, start: object, end: object, *, include_open: bool) -> dict[str, object]:
    """The lines of `kiosk orders`: between two times (ms), or of the last day when the caller knows no times yet."""
    if isinstance(start, int) and isinstance(end, int):
        return {"orders": [asdict(line) for line in ledger.lines(start, end, include_open=include_open)]}
    return {"last_opened_at": ledger.last_opened_at()}


def refund_asked(ledger: Ledger, number: str, amount: int | None, token: str, reason: str | None = None) -> RefundAsked | str:
    """The event that asks for a refund, with the rows as committed; or in words why there is nothing to ask for."""
    order = ledger.order(number) if _NUMBER.fullmatch(number) else None  # SQLite takes no lone surrogates, which JSON does
    if order is None:
        return f"out_trade_no {number[:40]!r} is not in this kiosk's ledger: `kiosk orders --day DAY` lists them"
    sale = ledger.sale(order.sale_id)
    if sale is None:
        raise LedgerError(f"order {number} is of no sale: restore the ledger from a backup")
    return RefundAsked(order, sale, ledger.refunds_of(number), amount, token, reason)


def _name(by: object) -> str | None:
    """An operator's name as the ledger takes it."""
    return by[:100] if isinstance(by, str) and by and by.isprintable() else None


def _beyond(time: object) -> bool:
    """Whether this is a number that the ledger cannot even look for."""
    return isinstance(time, int) and not 0 <= time < _END_OF_TIME
