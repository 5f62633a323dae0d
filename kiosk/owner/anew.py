"""The kiosk started anew with what was saved, when nobody pays."""

from __future__ import annotations

from kiosk.owner.kiosk_link import KioskAway
from kiosk.owner.parts import Parts
from kiosk.steward.words import What

_CALM = frozenset({"Starting", "Idle", "History", "OutOfOrder"})  # nobody pays just now


def start_anew(parts: Parts) -> str:
    """Start the kiosk anew when nobody pays; the key of what is told."""
    try:
        calm = parts.kiosk.state().get("screen") in _CALM
    except KioskAway:
        calm = True
    if not calm:
        return "saved_later"
    parts.steward.restart(What.KIOSK)
    return "saved"
