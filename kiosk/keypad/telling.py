"""What the keypads with ups and downs share beyond the pure part: the steady clock, and how reports leave."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from kiosk.core.events import Health
from kiosk.core.ports import Post
from kiosk.keypad.presses import Report

_log = logging.getLogger(__name__)


def steady_ms() -> int:
    """Milliseconds of a clock that never jumps."""
    return time.monotonic_ns() // 1_000_000


def tell(post: Post, reports: Sequence[Report]) -> None:
    """Post them in their order; what is stuck, or free again, stands in the log too."""
    for report in reports:
        if isinstance(report, Health):
            _log.warning("stuck keys", extra={"problem": report.problem or "none any more"})
        post(report)
