"""What the page needs to know of kiosk.toml, read again when the file has changed: names, languages, the shop's time.

Reads no key file. A file with mistakes is read as far as it goes, for the page is where they are mended.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kiosk.config.posting import PostingConfig, read_posting
from kiosk.config.reader import Table
from kiosk.config.shifts import read_day_starts
from kiosk.core.languages import LANGUAGES
from kiosk.core.money import known_currency
from kiosk.core.shifts import MIDNIGHT, business_day


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop as the page shows it. `enrolled`: there is a kiosk.toml."""

    name: str = ""
    kiosk_id: str = ""
    currency: str = "HKD"
    language: str = "en"
    zone: tzinfo = UTC
    enrolled: bool = False
    day_starts: time = MIDNIGHT
    accounts: PostingConfig = field(default_factory=PostingConfig)

    def today(self, now: datetime) -> date:
        """The business day it is there."""
        return business_day(int(now.timestamp() * 1000), self.zone, self.day_starts)


class ShopFile:
    """kiosk.toml at `path`. Any thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: tuple[object, Shop] = (None, Shop())

    @property
    def shop(self) -> Shop:
        """As it stands now."""
        mark = self.mark
        if self._known[0] != mark or mark is None:
            self._known = (mark, self._read())
        return self._known[1]

    @property
    def text(self) -> str:
        """The whole file; empty when there is none."""
        try:
            return self.path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return ""

    @property
    def mark(self) -> object:
        """Another one when the file has changed; None without a file."""
        try:
            stat = self.path.stat()
        except OSError:
            return None
        return (stat.st_mtime_ns, stat.st_ino, stat.st_size)

    def _read(self) -> Shop:
        try:
            raw = tomllib.loads(self.text)
        except (tomllib.TOMLDecodeError, ValueError, RecursionError):
            return Shop()
        merchant, display = _table(raw, "merchant"), _table(raw, "display")
        currency, language = merchant.get("currency"), display.get("merchant_language")
        return Shop(
            name=str(merchant.get("name", ""))[:60],
            kiosk_id=str(merchant.get("kiosk_id", ""))[:10],
            currency=currency if isinstance(currency, str) and known_currency(currency) else "HKD",
            language=language if isinstance(language, str) and language in LANGUAGES else "en",
            zone=_zone(merchant.get("time_zone")),
            enrolled=bool(raw),
            day_starts=read_day_starts(Table("merchant", merchant, [])),
            accounts=read_posting(Table("posting", raw.get("posting"), [])),
        )


def _table(raw: dict[str, object], name: str) -> dict[str, object]:
    table = raw.get(name)
    return table if isinstance(table, dict) else {}


def _zone(name: object) -> tzinfo:
    wanted = name if isinstance(name, str) else os.path.realpath("/etc/localtime").rpartition("zoneinfo/")[2]
    try:
        return ZoneInfo(wanted)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
