"""The time zones the set-up offers, nearest first for each language, and how far each is ahead of UTC. Pure.

Where WeChat Pay settles for merchants abroad; any other zone can be written into kiosk.toml, or comes with the merchant's data.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

ZONES = (
    "Asia/Hong_Kong",
    "Asia/Macau",
    "Asia/Taipei",
    "Asia/Singapore",
    "Asia/Kuala_Lumpur",
    "Asia/Bangkok",
    "Asia/Tokyo",
    "Asia/Seoul",
    "Asia/Manila",
    "Asia/Jakarta",
    "Asia/Ho_Chi_Minh",
    "Asia/Phnom_Penh",
    "Asia/Shanghai",
    "Asia/Dubai",
    "Asia/Almaty",
    "Europe/London",
    "Europe/Paris",
    "Europe/Berlin",
    "Europe/Rome",
    "Europe/Madrid",
    "Europe/Istanbul",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Vancouver",
    "America/Toronto",
    "Pacific/Honolulu",
    "Australia/Sydney",
    "Australia/Brisbane",
    "Australia/Perth",
    "Pacific/Auckland",
)
_HOME = {
    "zh_TW": "Asia/Taipei",
    "ja": "Asia/Tokyo",
    "th": "Asia/Bangkok",
    "ko": "Asia/Seoul",
    "fr": "Europe/Paris",
    "de": "Europe/Berlin",
    "es": "Europe/Madrid",
    "ru": "Asia/Almaty",
}


def offered(language: str) -> tuple[str, ...]:
    """All of them, the one where this language is at home first."""
    home = _HOME.get(language, ZONES[0])
    return (home, *(zone for zone in ZONES if zone != home))


def ahead(zone: str, now: int) -> str:
    """How far ahead of UTC at `now` (Unix ms), as +08:00."""
    offset = datetime.fromtimestamp(now / 1000, UTC).astimezone(ZoneInfo(zone)).strftime("%z")
    return f"{offset[:3]}:{offset[3:]}"
