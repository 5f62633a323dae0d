"""Who is asked about a running kiosk: its loop, and its client of WeChat Pay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from kiosk.core.model import Answer
from kiosk.core.ports import Ledger
from kiosk.core.state import Kiosk

T = TypeVar("T")


class Asks(Protocol):
    """The kiosk's loop, which reads its ledger for others (loop/runtime.py)."""

    def ask(self, put: Callable[[Ledger, Kiosk], T], timeout_s: float = 10.0) -> T: ...


class Wechat(Protocol):
    """The client: of its questions the harmless one."""

    @property
    def platform_ends_at(self) -> int | None: ...

    def probe(self) -> Answer: ...
