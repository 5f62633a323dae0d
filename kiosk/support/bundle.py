"""A support bundle: what somebody far away needs to see what is wrong, in one tar, and nothing that is a secret or a person's.

Which parts there are, and how they are packed. What each part leaves out is its maker's: redacted.py, recent.py, `orders` here.
As a last line of defence a part in which one of the kiosk's own secrets is found is not packed.
"""

from __future__ import annotations

import gzip
import importlib.metadata
import io
import json
import platform
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kiosk import __version__
from kiosk.config import Config
from kiosk.doctor.checks import Check
from kiosk.payment.timings import Timings
from kiosk.service import mask
from kiosk.support.facts import start_latencies
from kiosk.support.latency import SPEED_DAYS, latency
from kiosk.support.redacted import redacted

DAYS = 3  # of orders
PART_MOST = 4 * 2**20
SYSTEM_MOST = 16 * 2**20
ORDER_KEYS = ("out_trade_no", "tender", "state", "sale_state", "opened_at", "settled_at")
"""All that is told of an order: no amount, no number of WeChat's, nothing of a customer."""
_LIBRARIES = (
    "click",
    "cryptography",
    "evdev",
    "gpiozero",
    "numpy",
    "pillow",
    "pygame",
    "pyzbar",
    "qrcode",
    "requests",
    "zxing-cpp",
)
_PEM_LINE = 40  # a line of a key's text that is at least so long is looked for


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the bundle."""

    name: str
    content: bytes


def parts(
    config: Config,
    checks: Sequence[Check],
    timings: Timings,
    orders: Iterable[Mapping[str, Any]],
    log: str,
    at: int,
) -> Iterator[Part]:
    """Those of the kiosk itself. `at`: now, ms; `orders`: rows with at least ORDER_KEYS, of the last DAYS."""
    yield _json("about.json", _about(config, at))
    yield _json("doctor.json", [check.as_json() for check in checks])
    yield Part("kiosk.toml", redacted(config.path).encode())
    yield _json("latencies.json", _latencies(config, timings))
    yield _json("orders.json", [{key: order.get(key) for key in ORDER_KEYS} for order in orders])
    yield Part("log.txt", mask(log).encode("utf-8", "replace"))


def secrets_of(config: Config) -> tuple[bytes, ...]:
    """What must be in no part: the APIv3 key, and the lines of the merchant's."""
    lines = [line.strip() for line in config.wechat_pay.merchant_key.splitlines()]
    return (config.wechat_pay.api_v3_key, *(line for line in lines if len(line) >= _PEM_LINE))


def packed(found: Iterable[Part], secrets: Sequence[bytes], at: int) -> bytes:
    """The tar, unzipped. Parts that are too large are cut, parts with a secret in them left out and named."""
    with io.BytesIO() as out:
        with tarfile.open(fileobj=out, mode="w") as tar:
            for part in found:
                content = part.content[:PART_MOST]
                if part.name.endswith(".tar"):  # which is worth nothing when it is cut
                    content = part.content if len(part.content) <= SYSTEM_MOST else b""
                if any(secret in content for secret in secrets if secret):
                    part, content = Part(f"{part.name}.left-out.txt", b""), b"It held a secret. Please report it.\n"  # noqa: PLW2901  in place of what is not told
                entry = tarfile.TarInfo(f"kiosk-support/{part.name}")
                entry.size, entry.mode, entry.mtime = len(content), 0o644, at // 1000
                tar.addfile(entry, io.BytesIO(content))
        return out.getvalue()


def zipped(tar: bytes, at: int) -> bytes:
    """As it is carried."""
    return gzip.compress(tar, mtime=at // 1000)


def file_name(config: Config, at: int) -> str:
    """Of the kiosk and the minute, in the shop's time."""
    return f"kiosk-{config.merchant.kiosk_id}-{datetime.fromtimestamp(at / 1000, config.merchant.time_zone):%Y%m%d-%H%M}.tar.gz"


def _about(config: Config, at: int) -> dict[str, object]:
    return {
        "kiosk": __version__,
        "kiosk_id": config.merchant.kiosk_id,
        "made_at": datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds"),
        "time_zone": str(config.merchant.time_zone),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "kernel": platform.release(),
        "system": _system(),
        "model": _first_line(Path("/proc/device-tree/model")).rstrip("\0"),
        "libraries": dict(_versions()),
    }


def _latencies(config: Config, timings: Timings) -> dict[str, object]:
    first, own = start_latencies(config)
    named = {
        "scan_to_paid": latency(timings.straight),
        "scan_to_paid_confirmed_on_the_phone": latency(timings.asked),
        "boot_to_ready": first,
        "start_to_ready": own,
    }
    return {"days": SPEED_DAYS, **{name: each.as_json() if each is not None else None for name, each in named.items()}}


def _versions() -> Iterator[tuple[str, str]]:
    for name in _LIBRARIES:
        try:
            yield name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return ""


def _first_line(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace").splitlines()[0]
    except (OSError, IndexError):
        return ""


def _json(name: str, value: object) -> Part:
    return Part(name, (mask(json.dumps(value, ensure_ascii=False, indent=1, default=str)) + "\n").encode("utf-8", "replace"))
