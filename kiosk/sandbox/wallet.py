"""The customer's phone of the bench page: which code it shows, whether it is before the camera, what its owner is asked.

Sees the bank through its customer side only. Nothing runs by itself: `look` does what is due (a code older than a minute,
a payment that came through) each time the page asks, so a phone that nobody looks at stands still. The digits leave this
file as drawings alone.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.core.money import Money, in_words
from kiosk.sandbox.bank import Bank
from kiosk.sandbox.phone import barcode_svg, held_picture, qr_svg
from kiosk.sandbox.records import Bill, Refusal

RENEW_AFTER_S = 58  # a code is worth a minute to the bank; the phone changes it before, so that none dies on its way
PICTURE = "phone.png"
_HIDDEN = ".phone.tmp"  # while it is written: no name of a picture, so the folder camera does not read half of one


@dataclass(frozen=True, slots=True)
class _Known:
    """What the phone last knew of an order: enough to notice what its owner would be told."""

    state: str
    returned: bool  # money came back, by reversal or refund


class Wallet:
    """One phone, however many windows show it. `frames` is the folder camera's folder, None when a real camera looks.

    `now` counts seconds. Every method may raise Refusal, in the words of the phone, and OSError when `frames` cannot be
    written.
    """

    def __init__(self, bank: Bank, frames: Path | None, now: Callable[[], float] = time.monotonic) -> None:
        self._bank = bank
        self._frames = frames
        self._now = now
        self._lock = threading.RLock()
        self._known = {order["out_trade_no"]: _known(order) for order in bank.orders()}
        self._news: dict[str, Any] | None = None
        self._held = False
        self._pictured: int | None = None  # version of the code in the picture
        self._version = 0
        self._new_code()
        if frames is not None:
            (frames / PICTURE).unlink(missing_ok=True)  # of a bench that was not stopped properly

    def look(self) -> dict[str, Any]:
        """All that the page shows of the phone, after doing what is due. The code itself is not in it."""
        with self._lock:
            orders = self._bank.orders()
            self._notice(orders)
            if self._age() >= RENEW_AFTER_S:
                self._new_code()
            waiting = self._bank.waiting()
            page = "bill" if waiting else "result" if self._news else "code"
            self._held = self._held and self._news is None  # once it is paid, the hand goes back
            self._picture(shown=page == "code")
            kinds = {order["out_trade_no"]: order["trade_type"] for order in orders}
            return {
                "page": page,
                "version": self._version,
                "left_s": max(0, round(RENEW_AFTER_S - self._age())),
                "life_s": RENEW_AFTER_S,
                "held": self._held,
                "seen": self._pictured is not None,
                "can_hold": self._frames is not None,
                "balance": amount(self._bank.balance(), "CNY"),
                "bill": _bill(waiting[0], kinds.get(waiting[0].out_trade_no, "NATIVE")) if waiting else None,
                "result": None if waiting else self._news,
                "password": self._bank.password,
            }

    def barcode(self) -> str:
        """The code now shown, as Code 128 in SVG."""
        with self._lock:
            return barcode_svg(self._digits)

    def qr(self) -> str:
        """The code now shown, as a QR in SVG."""
        with self._lock:
            return qr_svg(self._digits)

    def renew(self) -> None:
        """Show a new code at once."""
        with self._lock:
            self._new_code()
            self._picture(shown=self._pictured is not None)

    def hold(self, held: bool) -> None:  # noqa: FBT001  the one thing it is about
        """Before the camera, or away from it."""
        if held and self._frames is None:
            raise Refusal("This bench has no folder camera: hold a real phone to the kiosk's camera.")
        with self._lock:
            self._held = held
            if held:
                self._news = None
            self.look()

    def scan(self, code_url: str) -> None:
        """Read a kiosk's QR; then the phone shows the bill."""
        with self._lock:
            self._bank.scan(code_url)
            self._news = None
            self._held = False

    def pay(self, out_trade_no: str, password: str | None) -> None:
        """Agree to the bill that is shown; `password` where a Quick Pay order asks for it."""
        self._bank.approve(out_trade_no, password)

    def decline(self, out_trade_no: str) -> None:
        """Say no: a Quick Pay order has failed by that."""
        self._bank.decline(out_trade_no)

    def dismiss(self, out_trade_no: str) -> None:
        """Close the question without an answer."""
        self._bank.dismiss(out_trade_no)

    def done(self) -> None:
        """Leave the result page."""
        with self._lock:
            self._news = None

    def _new_code(self) -> None:
        self._digits = self._bank.new_code()
        self._made_at = self._now()
        self._version += 1

    def _age(self) -> float:
        return self._now() - self._made_at

    def _notice(self, orders: list[dict[str, Any]]) -> None:
        """Compare with what was known: a code that was used is replaced, money that moved is news."""
        for order in orders:
            before, after = self._known.get(order["out_trade_no"]), _known(order)
            self._known[order["out_trade_no"]] = after
            if before is None and order["trade_type"] == "MICROPAY":
                self._new_code()
            if before == after:
                continue
            if after.returned and not (before and before.returned):
                self._news = _news("returned", order, self._bank.merchant.name)
            elif after.state == "SUCCESS" and not (before and before.state == "SUCCESS"):
                self._news = _news("paid", order, self._bank.merchant.name)
            elif after.state == "PAYERROR":
                self._news = _news("failed", order, self._bank.merchant.name)

    def _picture(self, *, shown: bool) -> None:
        """Let the folder camera see what the phone shows: the code now valid, or nothing."""
        wanted = self._version if self._held and shown else None
        if self._frames is None or wanted == self._pictured:
            return
        if wanted is None:
            (self._frames / PICTURE).unlink(missing_ok=True)
        else:
            self._frames.mkdir(parents=True, exist_ok=True)
            (self._frames / _HIDDEN).write_bytes(held_picture(self._digits))
            os.replace(self._frames / _HIDDEN, self._frames / PICTURE)  # noqa: PTH105  one word for one system call
        self._pictured = wanted


def amount(units: int, currency: str) -> dict[str, Any]:
    """An amount for the page: smallest units, currency, and as people write it in both languages."""
    money = Money(abs(units), currency)
    sign = "-" if units < 0 else ""
    return {"amount": units, "currency": currency, "en": sign + in_words(money, "en"), "zh": sign + in_words(money, "zh_CN")}


def _known(order: dict[str, Any]) -> _Known:
    refunded = any(refund["status"] == "SUCCESS" for refund in order["refunds"])
    return _Known(order["trade_state"], bool(order["reversals"]) or refunded)


def _bill(bill: Bill, kind: str) -> dict[str, Any]:
    return {
        "out_trade_no": bill.out_trade_no,
        "asks_password": kind == "MICROPAY",
        "shop": bill.shop,
        "what": bill.description,
        "total": amount(bill.total, bill.currency),
        "payer": amount(bill.payer_total, bill.payer_currency),
    }


def _news(kind: str, order: dict[str, Any], shop: str) -> dict[str, Any]:
    total, payer = amount(order["total"], order["currency"]), amount(order["payer_total"], "CNY")
    return {"kind": kind, "out_trade_no": order["out_trade_no"], "shop": shop, "total": total, "payer": payer}
