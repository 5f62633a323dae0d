"""What merchant and customer do in a sale: an opening key, what each screen makes them do, and the trouble on the line.

A sale is driven by what the kiosk shows, as people are; each screen moves them once. Knows no kill and no book.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.crash.counter import LOOK_S, Counter, Kiosk

ENDS = ("PaidScreen", "DeclinedScreen", "CancelledScreen", "AttentionScreen", "Unresolved")
PASSWORD = "123456"
SCAN_S = 2.0


@dataclass(frozen=True)
class Sale:
    """`key` opens it after the amount; `moves` maps a screen to what people then do; `trouble` are switches of the bench page."""

    key: str
    moves: Mapping[str, tuple[str, ...]]
    trouble: Mapping[str, object] = field(default_factory=dict)
    lasts_s: float = 5.0  # people's patience, in true seconds
    scale: int = 10  # how fast time passes at the counter


_QUICK = {"Scanning": ("hold",)}
_ASKED = {**_QUICK, "Password": ("pay",)}
_PASSWORD = {"password": "next"}
SALES = {
    "quick": Sale("OK", _QUICK),
    "quick, answer lost": Sale("OK", _QUICK, {"strikes": "charge", "drop_after": 1}),
    "quick, answer swallowed": Sale("SCAN", _QUICK, {"strikes": "charge", "silent_after": 1}),
    "quick, request lost": Sale("OK", _QUICK, {"strikes": "charge", "drop_before": 1}, lasts_s=5.0),
    "quick, slow": Sale("OK", _QUICK, {"strikes": "charge", "slow_ms": 700}),
    "quick, slow and cancelled": Sale("OK", {**_QUICK, "Charging": ("CANCEL",)}, {"strikes": "charge", "slow_ms": 500}),
    "quick, unsigned": Sale("OK", _QUICK, {"strikes": "charge", "unsigned_2xx": 1}),
    "quick, 502": Sale("OK", _QUICK, {"strikes": "charge", "error_after": 1, "error_status": "502"}),
    "quick, SYSTEM_ERROR, paid": Sale("OK", _QUICK, {"pay_error": "SYSTEM_ERROR", "pay_error_when": "after"}),
    "quick, BANK_ERROR, unpaid": Sale("OK", _QUICK, {"pay_error": "BANK_ERROR", "pay_error_when": "before"}, lasts_s=6.5),
    "quick, SYSTEM_ERROR, no order": Sale("OK", _QUICK, {"pay_error": "SYSTEM_ERROR", "pay_error_when": "nothing"}, lasts_s=5.0),
    "quick, paid late": Sale("OK", _QUICK, {"pay_error": "SYSTEM_ERROR", "pay_error_when": "late"}),
    "quick, all answers lost for a while": Sale("OK", _QUICK, {"drop_after": 4}),
    "quick, no money": Sale("OK", {**_QUICK, "DeclinedScreen": ("SCAN", "calm", "hold")}, {"decline": "NOT_ENOUGH"}),
    "quick, PAYERROR": Sale("OK", _QUICK, {"decline": "PAYERROR"}),
    "password": Sale("OK", _ASKED, _PASSWORD),
    "password, wrong first": Sale("OK", {**_QUICK, "Password": ("wrong", "pay")}, _PASSWORD),
    "password, paid late": Sale("OK", _QUICK, {**_PASSWORD, "late_success_s": 20}, lasts_s=4.0),
    "password, declined": Sale("OK", {**_QUICK, "Password": ("decline",)}, _PASSWORD),
    "password, left alone": Sale("OK", _QUICK, _PASSWORD, lasts_s=6.5),
    "password, cancelled": Sale("OK", {**_QUICK, "Password": ("CANCEL",)}, _PASSWORD),
    "password, cancelled and paid": Sale("OK", {**_QUICK, "Password": ("CANCEL", "pay")}, _PASSWORD),
    "password, reversal refused": Sale(
        "OK", {**_QUICK, "Password": ("CANCEL", "pay")}, {**_PASSWORD, "reverse_refused": 1}, lasts_s=4.0
    ),
    "password, to QR": Sale("OK", {**_QUICK, "Password": ("QR",), "ShowingQr": ("scan", "approve")}, _PASSWORD),
    "password, offline": Sale("OK", {**_QUICK, "Password": ("offline", "pay", "pause", "online")}, _PASSWORD),
    "scanning, cancelled": Sale("OK", {"Scanning": ("CANCEL",)}),
    "scanning, to QR": Sale("SCAN", {"Scanning": ("QR",), "ShowingQr": ("scan", "approve")}),
    "native": Sale("QR", {"ShowingQr": ("scan", "approve")}),
    "native, dismissed first": Sale("QR", {"ShowingQr": ("scan", "dismiss", "pause", "scan", "approve")}),
    "native, cancelled": Sale("QR", {"ShowingQr": ("CANCEL",)}, lasts_s=5.0, scale=100),
    "native, cancelled and paid": Sale("QR", {"ShowingQr": ("scan", "CANCEL", "approve")}),
    "native, customer gone, paid": Sale("QR", {"ShowingQr": ("scan", "CANCEL", "OK", "approve", "watch")}, lasts_s=5.0),
    "native, to scan": Sale("QR", {"ShowingQr": ("SCAN",), "Scanning": ("hold",)}),
    "native, to scan, both paid": Sale(
        "QR", {"ShowingQr": ("scan", "SCAN"), "Scanning": ("hold", "approve native")}, lasts_s=4.0
    ),
    "native, to scan, paid meanwhile": Sale("QR", {"ShowingQr": ("scan", "SCAN"), "Scanning": ("approve native",)}, lasts_s=5.0),
    "native, left alone": Sale("QR", {}, lasts_s=6.5, scale=60),
    "native, place lost": Sale("QR", {"ShowingQr": ("scan", "approve")}, {"strikes": "place", "drop_after": 1}),
    "native, never placed": Sale("QR", {}, {"strikes": "place", "drop_before": 3}),
    "native, close lost": Sale("QR", {"ShowingQr": ("CANCEL",)}, {"strikes": "close", "drop_after": 1}, lasts_s=6.0, scale=100),
    "native, all slow": Sale("QR", {"ShowingQr": ("scan", "approve")}, {"slow_ms": 250}),
}


class People:
    """Merchant and customer before one kiosk. `sell` raises Died when the kiosk does."""

    def __init__(self, counter: Counter, kiosk: Kiosk, chance: Random) -> None:
        self._counter = counter
        self._kiosk = kiosk
        self._chance = chance
        self._amount = 0

    def sell(self, sale: Sale, amount: int) -> str:
        """From the first key to a result, or until patience ends; returns the last screen."""
        self._amount = amount
        self._kiosk.key(*str(amount), sale.key)
        end, moved, screen, watching = time.monotonic() + sale.lasts_s, set[str](), "", False
        while time.monotonic() < end:
            now = self._kiosk.screen()
            if now in ("SameCustomer", "PaidAlready", "UnusualAmount"):
                self._kiosk.key("OK")
            elif now in sale.moves and now not in moved:
                moved.add(now)
                for move in sale.moves[now]:
                    watching |= move == "watch"
                    self._move(move)
                end += 0.5
            elif now in ENDS and not watching:
                if now != "Unresolved":
                    self._kiosk.key("OK")
                return now
            screen = now
            time.sleep(LOOK_S)
        return screen

    def _move(self, move: str) -> None:
        match move:
            case "hold":
                self._hold()
            case "scan":
                self._scan()
            case "pay" | "approve" | "wrong":
                password = {"pay": PASSWORD, "wrong": "000000"}.get(move)
                pay(self._counter, self._amount, password)
            case "approve native":
                for row in [row for row in waiting(self._counter, self._amount) if row["kind"] == "NATIVE"]:
                    self._counter.phone("scan", code_url=row["code_url"])
                    self._counter.phone("pay", out_trade_no=row["out_trade_no"])
            case "decline" | "dismiss":
                for row in waiting(self._counter, self._amount)[-1:]:
                    self._counter.phone(move, out_trade_no=row["out_trade_no"])
            case "offline":
                self._counter.trouble(offline=self._chance.choice(["refuse", "silent"]))
            case "online":
                self._counter.trouble(offline="no")
            case "calm":
                self._counter.calm()
            case "pause":
                self._kiosk.until(*ENDS, seconds=0.4)
            case "watch":
                pass
            case _:
                self._kiosk.key(move)

    def _hold(self) -> None:
        """A phone with a fresh code before the camera, until it was read or has been there for long."""
        put_away(self._counter)
        self._counter.phone("renew")
        self._counter.phone("hold", held=True)
        self._kiosk.until("Charging", "Password", "Cancelling", "ShowingQr", *ENDS, seconds=4.0)
        self._counter.phone("hold", held=False)

    def _scan(self) -> None:
        """Read the kiosk's QR off its screen, once it is painted."""
        end = time.monotonic() + SCAN_S
        while self._counter.phone("scan") is None and time.monotonic() < end:
            self._kiosk.until("PaidScreen", seconds=0.02)


def put_away(counter: Counter) -> None:
    """The next customer's phone: it shows no bill and no result."""
    told = counter.phone("hold", held=False)
    while told is not None and told["bill"] is not None:
        told = counter.phone("dismiss", out_trade_no=told["bill"]["out_trade_no"])
    counter.phone("done")


def waiting(counter: Counter, amount: int) -> list[dict[str, Any]]:
    """The bank's orders of this amount that can still be paid, oldest first."""
    return [row for row in counter.bank().values() if row["total"] == amount and row["state"] in {"NOTPAY", "USERPAYING"}]


def pay(counter: Counter, amount: int, password: str | None) -> None:
    """The newest order of this amount: the phone has scanned it, or does so again."""
    for row in waiting(counter, amount)[-1:]:
        if not row["dialog"] and row["code_url"]:
            counter.phone("scan", code_url=row["code_url"])
        body = {} if password is None else {"password": password}
        counter.phone("pay", out_trade_no=row["out_trade_no"], **body)


def meanwhile(counter: Counter, chance: Random, amount: int) -> None:
    """The kiosk is dead; the customer still has a phone: pays, declines, or walks away."""
    choice = chance.random()
    for row in waiting(counter, amount):
        if choice < 0.4:
            pay(counter, amount, PASSWORD)
        elif choice > 0.8:
            counter.phone("decline", out_trade_no=row["out_trade_no"])
    put_away(counter)
