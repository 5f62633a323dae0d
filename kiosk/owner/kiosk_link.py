"""The running kiosk as the page sees it: asked over the door that it opens for the page (kiosk/control/owner_door.py).

Knows the verbs and the form of their answers; nothing of HTTP.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta, tzinfo
from pathlib import Path
from typing import Any, Protocol

from kiosk.control.unix_socket import ControlFailed, ControlUnavailable, ask
from kiosk.core.errors import KioskError
from kiosk.core.shifts import MIDNIGHT, day_bounds

LONGEST_SPAN = 366  # days of one export
_DAYS_AT_ONCE = 31  # so that no answer grows beyond what the socket carries


class KioskAway(KioskError):
    """No kiosk answers: it is stopped, or starts just now."""


@dataclass(frozen=True, slots=True)
class Span:
    """Days of the shop, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many they are."""
        return (self.last - self.first).days + 1


class KioskLink(Protocol):
    """What the page asks."""

    def state(self) -> dict[str, Any]:
        """The kiosk's screen and signs. All of them raise KioskAway."""

    def orders(self, span: Span) -> list[dict[str, Any]]:
        """The orders opened in these days, as `kiosk orders` has them, times in ms; the oldest first."""

    def rows(self, request: dict[str, object]) -> dict[str, Any]:
        """One piece of an export, as kiosk/exports/source.py asks for it."""

    def totals(self, span: Span) -> list[dict[str, Any]]:
        """Rows by tender and currency, as `kiosk report` has them."""

    def unresolved(self) -> list[dict[str, Any]]:
        """The orders whose end is not known."""

    def books(self, first: str, last: str) -> dict[str, Any]:
        """What `kiosk reconcile --json` prints of these Beijing days."""

    def doctor(self) -> list[dict[str, Any]]:
        """The checks of `kiosk doctor`. Takes many seconds."""

    def bundle(self) -> bytes | None:
        """The kiosk's part of a support bundle (tar); None when this kiosk makes none."""

    def tell_page(self, url: str, fingerprint: str, code: str, ends_at: int | None) -> None:
        """What the kiosk shows of the page, for a minute. `code` empty: nobody needs one. `ends_at`: the certificate's, ms."""

    def pins(self, names: list[str]) -> frozenset[str]:
        """Which of these operators have a PIN."""

    def set_pin(self, name: str, pin: str) -> str | None:
        """From now on this is the operator's PIN; why it cannot be one: `form`, `easy`, `disk`."""

    def drop_pin(self, name: str) -> None:
        """From now on the operator has none."""

    def give_merchant(self, toml: str) -> None:
        """The merchant's tables, to a kiosk that is being set up: it makes its kiosk.toml of them."""


class SocketKiosk:
    """The kiosk behind its door. `zone`: the shop's, which the set-up may give while the page runs; so `starts`. Any thread."""

    def __init__(
        self,
        path: Path,
        zone: Callable[[], tzinfo],
        ask: Callable[..., dict[str, Any]] = ask,
        starts: Callable[[], time] = lambda: MIDNIGHT,
    ) -> None:
        self._starts = starts
        self._path = path
        self._zone = zone
        self._put = ask

    def state(self) -> dict[str, Any]:
        return self._ask({"do": "state"}, 3.0)

    def orders(self, span: Span) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        first = span.first
        while first <= span.last:
            last = min(span.last, first + timedelta(days=_DAYS_AT_ONCE - 1))
            start, end = self._bounds(Span(first, last))
            found += self._ask({"do": "orders", "start": start, "end": end, "include_open": False})["orders"]
            first = last + timedelta(days=1)
        return found

    def rows(self, request: dict[str, object]) -> dict[str, Any]:
        return self._ask(request)

    def totals(self, span: Span) -> list[dict[str, Any]]:
        start, end = self._bounds(span)
        totals: list[dict[str, Any]] = self._ask({"do": "report", "start": start, "end": end})["totals"]
        return totals

    def unresolved(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = self._ask({"do": "orders", "start": 0, "end": 0, "include_open": True})["orders"]
        return lines

    def books(self, first: str, last: str) -> dict[str, Any]:
        found: dict[str, Any] = self._ask({"do": "books", "first": first, "last": last})["books"]
        return found

    def doctor(self) -> list[dict[str, Any]]:
        checks: list[dict[str, Any]] = self._ask({"do": "doctor"}, 100.0)["checks"]
        return checks

    def bundle(self) -> bytes | None:
        try:
            return base64.b64decode(str(self._ask({"do": "bundle"}, 100.0)["tar"]))
        except KioskAway:
            return None

    def tell_page(self, url: str, fingerprint: str, code: str, ends_at: int | None) -> None:
        self._ask({"do": "page", "url": url, "fingerprint": fingerprint, "code": code, "ends_at": ends_at}, 3.0)

    def pins(self, names: list[str]) -> frozenset[str]:
        return frozenset(map(str, self._ask({"do": "pins", "names": names})["names"]))

    def set_pin(self, name: str, pin: str) -> str | None:
        refused = self._ask({"do": "new_pin", "operator": name, "pin": pin}).get("refused")
        return None if refused is None else str(refused)

    def drop_pin(self, name: str) -> None:
        self._ask({"do": "no_pin", "operator": name})

    def give_merchant(self, toml: str) -> None:
        self._ask({"do": "merchant", "toml": toml})

    def _bounds(self, span: Span) -> tuple[int, int]:
        """The first moment of the first day, and of the day after the last, in ms."""
        zone, starts = self._zone(), self._starts()
        return day_bounds(span.first, zone, starts)[0], day_bounds(span.last, zone, starts)[1]

    def _ask(self, request: dict[str, object], timeout_s: float = 15.0) -> dict[str, Any]:
        try:
            answer = self._put(self._path, request, timeout_s)
        except (ControlUnavailable, ControlFailed) as error:
            raise KioskAway(str(error)) from None
        if "problem" in answer:
            raise KioskAway(str(answer["problem"]))
        return answer
