"""What is happening to the money of one order, in words: the truth, what became of the last answer, what the kiosk believes.

The stand-in knows the truth, which no kiosk does: beside the kiosk's screen it shows whether what people read there is right.
Knows the bank's rows and the kiosk's states by name; no HTTP and no page.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kiosk.core.money import Money, in_words
from kiosk.sandbox.records import Kind, OrderRow, State

_REMEMBERED = 200

CALLS = {
    "charge": "charge",
    "place": "request for a QR",
    "query": "question",
    "reverse": "reversal",
    "close": "closing",
    "refund": "refund",
    "refund_query": "question about the refund",
}
"""The calls about one order, in the words of a sentence."""

_FATES = {
    "answered": "The {call} was answered.",
    "drop_before": "The {call} was lost on its way to WeChat.",
    "drop_after": "The answer to the {call} was lost on its way.",
    "silent_after": "The answer to the {call} never comes.",
    "error_before": "The {call} ran into a server error before anything was done.",
    "error_after": "The {call} was done, but a server error was answered.",
    "rate_limited": "The {call} was turned away: too many requests.",
    "unsigned_2xx": "The answer to the {call} carries no signature: it proves nothing.",
    "unsigned_4xx": "The answer to the {call} carries no signature: it proves nothing.",
    "signtest": "The answer to the {call} carries a false signature, as a test: it proves nothing.",
    "stale_timestamp": "The answer to the {call} was signed an hour ago: it proves nothing.",
    "unknown_serial": "The answer to the {call} was signed with an unknown key: it proves nothing.",
    "tampered": "The answer to the {call} was changed on its way: it proves nothing.",
    "drip_ms": "The answer to the {call} comes byte by byte.",
    "slow_ms": "The answer to the {call} is slow.",
    "server_error": "The {call} was answered by a server error: {code}.",
    "refused": "The {call} was refused: {code}.",
}
"""By the switch of trouble that struck."""

_WELL = frozenset({"answered", "refused"})

_STANDING = {
    "wrong_amount": "Answers name another amount.",
    "wrong_mchid": "Answers name another merchant.",
    "wrong_number": "Answers name another order.",
}

BELIEFS = {
    "SENT": "The kiosk does not know yet. It asks again.",
    "PAYING": "The kiosk waits for the customer.",
    "REVERSING": "The kiosk undoes the order until WeChat agrees.",
    "CLOSING": "The kiosk closes the order as soon as WeChat allows it.",
    "REFUNDING": "The kiosk gives the money back.",
    "PAID": "The kiosk says: paid.",
    "DECLINED": "The kiosk says: not paid.",
    "CLOSED": "The kiosk says: cancelled.",
    "REVERSED": "The kiosk says: cancelled.",
    "REFUNDED": "The kiosk says: refunded.",
    "VOID": "The kiosk says: never charged.",
    "ATTENTION": "The kiosk wants a person to look, and hands nothing over.",
}
_OPEN = frozenset({"SENT", "PAYING", "REVERSING", "CLOSING", "REFUNDING"})


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of the newest request about an order."""

    call: str
    what: str  # a key of _FATES
    at: int
    code: str = ""


class Fates:
    """The newest fate of each order's requests, after the newest that was trouble. Any thread may call anything."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: OrderedDict[str, tuple[Fate, ...]] = OrderedDict()

    def note(self, out_trade_no: str, fate: Fate) -> None:
        """Keep what has just become of a request. The same request may be noted again, as it meets more."""
        with self._lock:
            before = [each for each in self._of.get(out_trade_no, ()) if each.what not in _WELL and each.at != fate.at]
            self._of[out_trade_no] = (*before[-1:], fate)
            self._of.move_to_end(out_trade_no)
            while len(self._of) > _REMEMBERED:
                self._of.popitem(last=False)

    def of(self, out_trade_no: str) -> tuple[Fate, ...]:
        """The last trouble and the newest, oldest first; empty when no request of this order came near the stand-in."""
        with self._lock:
            return self._of.get(out_trade_no, ())

    @property
    def newest(self) -> str | None:
        """The order that was asked about last."""
        with self._lock:
            return next(reversed(self._of), None)


def tell(
    order: OrderRow | None, fates: tuple[Fate, ...], belief: dict[str, Any] | None, *, offline: str, standing: list[str]
) -> dict[str, str]:
    """Three sentences and whether they fit: `wechat`, `wire`, `kiosk`, and `mood` (agree, open or differ).

    `belief` is the kiosk's own line of the order as over its socket, None when no kiosk can be asked. `standing` are the
    switches that falsify answers.
    """
    state = None if belief is None else str(belief["state"])
    return {
        "wechat": "WeChat has heard of no such order. Nothing was taken." if order is None else _truth(order),
        "wire": _wire(fates, offline, standing),
        "kiosk": "No kiosk to ask." if state is None else BELIEFS.get(state, f"The kiosk says: {state}."),
        "mood": _mood(order, state),
    }


def _truth(order: OrderRow) -> str:
    total = in_words(Money(order.total, order.currency), "en")
    taken = f"WeChat took {total} at {_clock(order.success_time)}"
    native = order.kind is Kind.NATIVE
    if order.reversals:
        return f"{taken}, and gave it back."
    refunds = {refund.status for refund in order.refunds}
    if refunds:
        back = in_words(Money(order.refunded, order.currency), "en")
        verb = "is giving back" if "PROCESSING" in refunds else "gave back"
        return f"{taken}, and could not give it back." if refunds <= {"ABNORMAL", "CLOSED"} else f"{taken}, and {verb} {back}."
    match order.state:
        case State.SUCCESS | State.REFUND:
            return f"{taken}."
        case State.USERPAYING:
            return "WeChat waits for the customer to confirm. Nothing was taken yet."
        case State.NOTPAY:
            return f"WeChat has {'made the QR' if native else 'the order'}. Nothing was taken yet."
        case State.REVOKED:
            return "WeChat has reversed the order. Nothing was taken."
        case State.CLOSED:
            return "WeChat has closed the order. Nothing was taken."
        case State.PAYERROR:
            return "WeChat has refused the payment. Nothing was taken."


def _wire(fates: tuple[Fate, ...], offline: str, standing: list[str]) -> str:
    if offline != "no":
        return "Offline: nothing gets through." if offline == "refuse" else "Offline: requests leave, and nothing comes back."
    false = [_STANDING[name] for name in standing if name in _STANDING]
    if false:
        return " ".join(false)
    if not fates:
        return "No request has come through yet."
    return " ".join(f"{_clock(each.at)} {_FATES[each.what].format(call=CALLS[each.call], code=each.code)}" for each in fates)


def _mood(order: OrderRow | None, state: str | None) -> str:
    """Whether money and belief agree: a paid sale has its money with the shop, every other end has none of it."""
    if state is None or state in _OPEN:
        return "open"
    kept = 0 if order is None else order.debits * order.total - order.reversals * order.total - order.refunded
    if state == "ATTENTION":
        return "differ"
    return "agree" if (kept > 0) == (state == "PAID") else "differ"


def _clock(at: int | None) -> str:
    return "?" if at is None else f"{datetime.fromtimestamp(at / 1000).astimezone():%H:%M:%S}"
