"""What the pages are made of: each part that they ask, by name. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from kiosk.owner.certificates import PageCertificate
from kiosk.owner.jobs import Jobs
from kiosk.owner.kiosk_link import KioskLink
from kiosk.owner.sessions import OneTimeCode, Sessions
from kiosk.owner.shop import ShopFile
from kiosk.pins import Pin
from kiosk.steward.client import Steward


@dataclass(frozen=True, slots=True)
class Parts:
    """`names`: the host names, besides addresses, by which the page may be called. `uploads`: where a release is put."""

    shop_file: ShopFile
    kiosk: KioskLink
    steward: Steward
    pin: Pin
    sessions: Sessions
    code: OneTimeCode
    certificate: PageCertificate
    uploads: Path
    names: frozenset[str]
    now: Callable[[], datetime]
    jobs: Jobs = field(default_factory=Jobs)
