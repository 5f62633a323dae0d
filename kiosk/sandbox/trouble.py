"""The switches that make the stand-in behave badly, with what a panel needs to show them. Knows no order and no socket."""

from __future__ import annotations

import threading
from dataclasses import Field, dataclass, field, fields
from typing import Any

DECLINES = (
    "NOT_ENOUGH", "AUTH_CODE_EXPIRE", "AUTH_CODE_ERROR", "AUTH_CODE_INVALID", "NOT_SUPORT_CARD", "TRADE_ERROR", "RULE_LIMIT",
    "ACCOUNT_ERROR", "BUYER_MISMATCH", "NO_AUTH", "PAYERROR",
)  # fmt: skip
_ORDERS = ("charge", "place", "query", "reverse", "close", "refund", "refund_query")
CALLS = ("orders", "sale", "any", *_ORDERS, "certificates", "statement")


def _flag(group: str, title: str, explanation: str, default: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002  as dataclasses.field
    return field(default=default, metadata={"kind": "flag", "group": group, "title": title, "explanation": explanation})


def _count(group: str, title: str, explanation: str, default: int = 0) -> Any:  # noqa: ANN401  as dataclasses.field
    text = f"{explanation} So many times; -1: every time."
    return field(default=default, metadata={"kind": "count", "group": group, "title": title, "explanation": text})


def _number(group: str, title: str, explanation: str, default: int = 0, most: int = 10**9) -> Any:  # noqa: ANN401  as field
    meta = {"kind": "number", "group": group, "title": title, "explanation": explanation, "most": most}
    return field(default=default, metadata=meta)


def _choice(group: str, title: str, explanation: str, *choices: str) -> Any:  # noqa: ANN401  as dataclasses.field
    """The first of the choices is the default."""
    meta = {"kind": "choice", "group": group, "title": title, "explanation": explanation, "choices": choices}
    return field(default=choices[0], metadata=meta)


_WHO, _NET, _SRV, _SIG = "Customer", "Connection", "Server errors", "Signatures"
_BODY, _END, _NOTE, _BILL, _TIME = "Answers", "Reverse, close, refund", "Notifications", "Statement", "Clock and keys"


@dataclass(slots=True)
class Trouble:
    """Every switch; at its default the stand-in behaves well. `take` uses up a count, `set` and `reset` change switches."""

    # contract 14: USERPAYING, late success, declines
    password: str = _choice(_WHO, "Password", "When the phone asks for the password.", "above", "never", "always", "next")
    password_above_fen: int = _number(_WHO, "Password above", "With 'above': from this many CNY fen on.", 100_000)
    userpaying_shape: str = _choice(
        _WHO, "Shape of USERPAYING", "1: 202 and an error body; 2: 202 and an order; 3: 200 and an order.", "1", "2", "3"
    )
    late_success_s: int = _number(
        _WHO, "Late success", "An order that waits for its customer is paid by itself after so many seconds. 0: never.", 0, 86400
    )
    decline: str = _choice(_WHO, "Decline the next charge", "The next charge is refused with this, then off.", "none", *DECLINES)
    pay_error: str = _choice(
        _WHO, "Charge answers 500", "Charges are answered with this code.", "none", "SYSTEM_ERROR", "BANK_ERROR"
    )
    pay_error_when: str = _choice(
        _WHO,
        "... and in truth",
        "after: the money is taken. before: the order is known, not paid. nothing: no order is made. "
        "late: paid after 'late success' seconds, or 10.",
        "after",
        "before",
        "nothing",
        "late",
    )
    unknown_codes: str = _choice(
        _WHO, "Codes not of this phone", "A well-formed payment code that this stand-in did not show.", "accept", "refuse"
    )

    strikes: str = _choice(
        _NET,
        "Which requests",
        "What connection, server and signature troubles strike. orders: all about an order. sale: those that begin one.",
        *CALLS,
    )
    offline: str = _choice(
        _NET, "Offline", "refuse: nothing listens. silent: connections are taken, nothing is answered.", "no", "refuse", "silent"
    )
    drop_before: int = _count(_NET, "Drop before processing", "The connection is reset; nothing was done.")
    drop_after: int = _count(_NET, "Lose the answer", "All is done, then the connection is reset.")
    silent_after: int = _count(_NET, "Swallow the answer", "All is done, then nothing comes.")
    slow_ms: int = _number(_NET, "Slow", "Milliseconds until an answer begins.", 0, 120_000)
    drip_ms: int = _number(_NET, "Slow drip", "Milliseconds between any two bytes of an answer.", 0, 10_000)

    error_before: int = _count(_SRV, "5xx before processing", "Nothing was done.")
    error_after: int = _count(_SRV, "5xx after processing", "All was done.")
    error_status: str = _choice(
        _SRV, "Which 5xx", "500 with SYSTEM_ERROR; 502 and 503 as a gateway: no JSON.", "500", "502", "503"
    )
    rate_limited: int = _count(_SRV, "429", "FREQUENCY_LIMITED; nothing was done.")

    unsigned_2xx: int = _count(_SIG, "Unsigned success", "2xx without signature headers.")
    unsigned_4xx: int = _count(_SIG, "Unsigned refusal", "4xx without signature headers.")
    signtest: int = _count(_SIG, "Signature probe", "Success with a WECHATPAY/SIGNTEST/ signature.")
    stale_timestamp: int = _count(_SIG, "Stale time stamp", "Signed well, an hour ago.")
    unknown_serial: int = _count(_SIG, "Unknown serial", "Signed with a key nobody was given.")
    tampered: int = _count(_SIG, "Tampered body", "One byte is changed after signing.")

    wrong_amount: bool = _flag(_BODY, "Wrong amount", "Orders in answers say one unit more.")
    wrong_mchid: bool = _flag(_BODY, "Wrong merchant", "Orders in answers name another merchant.")
    wrong_number: bool = _flag(_BODY, "Wrong order number", "Orders in answers name another out_trade_no.")
    number_id: bool = _flag(_BODY, "id as a number", "`id` is a JSON number instead of text.")
    transaction_id_name: bool = _flag(_BODY, "transaction_id", "`transaction_id` instead of `id`.")
    unknown_fields: bool = _flag(_BODY, "New fields", "Answers carry fields nobody has heard of.")

    reverse_early: str = _choice(_END, "Reverse before 15 s", "What a reversal that comes too soon gets.", "refuse", "accept")
    reverse_paying: int = _count(_END, "Reverse: being paid", "A reversal of a waiting order is answered 'being paid'.")
    reverse_paying_code: str = _choice(
        _END, "... with the code", "400 USERPAYING or 500 SYSTEM_ERROR.", "USERPAYING", "SYSTEM_ERROR"
    )
    reverse_refused: int = _count(_END, "Reverse: ORDER_PAID", "A reversal of a paid order is refused: use refund.")
    reversed_shows: str = _choice(
        _END, "A reversed payment shows", "trade_state after reversing a paid order.", "REVOKED", "REFUND"
    )
    close_five_minutes: bool = _flag(_END, "Close: 5 minute rule", "Closing earlier is refused.", default=True)
    close_closed: str = _choice(_END, "Close again", "What closing a closed order gets.", "ORDER_CLOSED", "204")
    refund_not_enough: int = _count(_END, "Refund: NOT_ENOUGH", "The merchant's pool is too small.")
    refund_processing: int = _number(_END, "Refund: PROCESSING", "So many queries say PROCESSING before the end.", 0, 1000)
    refund_ends: str = _choice(_END, "Refund ends", "What becomes of refunds.", "SUCCESS", "ABNORMAL", "CLOSED")

    notify_off: bool = _flag(_NOTE, "None", "No notification is sent.")
    notify_duplicate: bool = _flag(_NOTE, "Twice", "Each is delivered twice, at once.")
    notify_reorder: bool = _flag(_NOTE, "Newest first", "Those that wait are delivered in the wrong order.")
    notify_signtest: bool = _flag(_NOTE, "Probe first", "The first delivery has a SIGNTEST signature.")
    notify_stale: bool = _flag(_NOTE, "Stale", "Signed an hour ago.")
    notify_unknown_serial: bool = _flag(_NOTE, "Unknown serial", "Signed with a key nobody was given.")
    notify_tampered: bool = _flag(_NOTE, "Tampered", "Well signed, but the ciphertext does not decrypt.")
    notify_wrong_amount: bool = _flag(_NOTE, "Wrong amount", "Decrypts to one unit more.")
    notify_transaction_id: bool = _flag(_NOTE, "transaction_id", "The plaintext says transaction_id instead of id.")

    statement_bom: bool = _flag(_BILL, "Byte order mark", "The file begins with a BOM.", default=True)
    statement_gzip: str = _choice(_BILL, "gzip", "When the file is compressed.", "asked", "never", "always")
    statement_summary: bool = _flag(_BILL, "Summary", "Two lines of totals at the end.", default=True)
    statement_is: str = _choice(
        _BILL, "It is", "creating: STATEMENT_CREATING. none: NO_STATEMENT_EXIST.", "ready", "creating", "none"
    )
    statement_wrong: str = _choice(
        _BILL, "Wrong", "sha1: the header names another file. signature: signed by nobody. cut: the file lacks its end.",
        "no", "sha1", "signature", "cut",
    )  # fmt: skip
    statement_after_ten: bool = _flag(_BILL, "10 o'clock rule", "A day's file is ready at 10:00 Beijing time of the next day.")

    rotation: str = _choice(
        _TIME,
        "Platform certificate",
        "announced: the next one is listed, and used 24 h later by the bank's clock. switched: used now.",
        "current",
        "announced",
        "switched",
    )
    no_certificates: bool = _flag(_TIME, "No certificates", "The list is refused, as for merchants in public-key mode.")
    clock_scale: int = _number(_TIME, "Bank's clock runs", "So many times faster (1: true).", 1, 100_000)
    clock_ahead_s: int = _number(_TIME, "Bank's clock ahead", "Seconds. Signatures keep the true time.", 0)

    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @classmethod
    def catalog(cls) -> list[dict[str, Any]]:
        """Each switch as a panel shows it: name, group, title, explanation, kind, default, and choices or most."""
        return [{"name": each.name, "default": each.default, **each.metadata} for each in _switches(cls)]

    def values(self) -> dict[str, Any]:
        """All switches as they are."""
        return {each.name: getattr(self, each.name) for each in _switches(type(self))}

    def set(self, name: str, value: object) -> None:
        """Change a switch; text as a form sends it is understood. Raises ValueError naming switch, value and what fits."""
        known = {each.name: each for each in _switches(type(self))}
        if name not in known:
            raise ValueError(f"no switch is called {name!r}; there are {', '.join(known)}")
        with self._lock:
            setattr(self, name, _read(known[name], value))

    def reset(self) -> None:
        """All switches to their defaults."""
        with self._lock:
            for each in _switches(type(self)):
                setattr(self, each.name, each.default)

    def take(self, name: str) -> bool:
        """Whether this count strikes now; uses up one of it."""
        with self._lock:
            left: int = getattr(self, name)
            if left > 0:
                setattr(self, name, left - 1)
            return left != 0

    def strike(self, name: str, call: str) -> bool:
        """`take`, for the requests that `strikes` selects only."""
        return self.strikes_at(call) and self.take(name)

    def strikes_at(self, call: str) -> bool:
        """Whether `strikes` selects this request. Unless told so, not the list of certificates that kiosks fetch."""
        groups = {"orders": _ORDERS, "sale": ("charge", "place")}
        return self.strikes in {"any", call} or call in groups.get(self.strikes, ())

    def use_up(self, name: str, after: str) -> str:
        """The choice as it is; from now on it is `after`."""
        with self._lock:
            value: str = getattr(self, name)
            setattr(self, name, after)
            return value


def _switches(cls: type[Trouble]) -> list[Field[Any]]:
    return [each for each in fields(cls) if each.metadata]


def _read(switch: Field[Any], value: object) -> object:
    kind = switch.metadata["kind"]
    if kind == "choice":
        if value in switch.metadata["choices"]:
            return value
        raise ValueError(f"{switch.name} cannot be {value!r}; it is one of {', '.join(switch.metadata['choices'])}")
    if kind == "flag":
        if isinstance(value, bool):
            return value
        if str(value).lower() in {"true", "false", "1", "0", "on", "off"}:
            return str(value).lower() in {"true", "1", "on"}
        raise ValueError(f"{switch.name} cannot be {value!r}; it is true or false")
    least, most = (-1, 10**6) if kind == "count" else (0, switch.metadata["most"])
    if switch.name == "clock_scale":
        least = 1
    try:
        number = int(str(value))
    except ValueError:
        number = least - 1
    if not least <= number <= most or isinstance(value, bool):
        raise ValueError(f"{switch.name} cannot be {value!r}; it is a whole number from {least} to {most}")
    return number
