"""kiosk.toml as a supporter may see it: only the keys listed here with their values. All others are named, and left out.

A list of what may be shown, not of what may not: a key that is added later is left out until somebody adds it here. Nothing of a
merchant, of a customer, of the shop's network or of a secret is on it.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

LEFT_OUT = "(left out)"
SHOWN: dict[str, frozenset[str]] = {
    "merchant": frozenset(("mode", "currency", "kiosk_id", "time_zone", "merchant_category_code")),
    "wechat_pay": frozenset(("hosts",)),
    "display": frozenset(
        ("driver", "size", "fullscreen", "rotation", "brightness", "dim_after_s", "merchant_language", "customer_language")
    ),
    "sound": frozenset(("speak", "guide", "volume", "fresh_s")),
    "keypad": frozenset(("driver", "device", "rows", "columns", "settle_ms", "debounce_ms", "stuck_s", "remote", "freed_pins")),
    "camera": frozenset(("driver", "device", "mains_hz")),
    "till": frozenset(
        ("default_tender", "max_amount", "result_seconds", "mode", "quick_amounts", "memo", "tips", "guard_times", "training")
    ),
    "ledger": frozenset(("path", "backups")),
    "control": frozenset(("socket",)),
    "printer": frozenset(("driver", "connection", "baud", "width_mm", "receipts", "chinese", "answers")),
    "update": frozenset(("quiet",)),
}
_LONGEST = 200
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
_LIKE_A_SECRET = re.compile(r"[0-9A-Za-z+/=]{24,}|[0-9]{12,}|-----")


def redacted(path: Path) -> str:
    """The file's tables and keys, the values of SHOWN. Of a file that is no TOML only that, and where."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        return f"# cannot be read: {error.strerror}\n"
    except tomllib.TOMLDecodeError as error:
        return f"# is not TOML: {re.sub(r'[^ -~]|[0-9A-Za-z+/=]{12,}', '?', str(error))[:80]}\n"
    except (ValueError, RecursionError):
        return "# is not text, or holds numbers of thousands of digits\n"
    lines: list[str] = []
    for table, keys in raw.items():
        if not isinstance(keys, dict):
            lines.append(f"{_shown_name(table)} = {LEFT_OUT}")
            continue
        lines.append(f"[{_shown_name(table)}]")
        lines += [f"{_shown_name(key)} = {_value(table, key, value)}" for key, value in keys.items()]
        lines.append("")
    return "\n".join(lines) + "\n"


def _shown_name(name: str) -> str:
    """A name may be a secret, too, if somebody pasted it in the wrong place."""
    return name if _NAME.fullmatch(name) and not _LIKE_A_SECRET.search(name) else LEFT_OUT


def _value(table: str, key: str, value: object) -> str:
    if key not in SHOWN.get(table, ()):
        return LEFT_OUT
    try:
        text = json.dumps(value, ensure_ascii=True, default=str)
    except (ValueError, RecursionError):
        return LEFT_OUT
    return LEFT_OUT if len(text) > _LONGEST or _LIKE_A_SECRET.search(text) else text
