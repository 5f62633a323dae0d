"""Which keys mean something on a screen of the set-up. Beside frame.py and keys.py, whose tables are of the sale's screens."""

from __future__ import annotations

from typing import assert_never

from kiosk.core.events import Key
from kiosk.core.setup_screens import (
    SetupBusy,
    SetupChoice,
    SetupEntry,
    SetupInvite,
    SetupLook,
    SetupScreen,
    SetupTold,
    Told,
    Typing,
)

_DIGITS = frozenset(Key(digit) for digit in "0123456789")
Legend = tuple[tuple[str, str], ...]
_BACK = ((Key.CANCEL, "back"),)


def setup_keys(screen: SetupScreen) -> Legend:
    """The keys of the row below, and the word for what each does."""
    match screen:
        case SetupChoice(lines=lines, more=more, back=back):
            paging = ((Key.MENU, "more"),) if more else ()
            return (f"1–{len(lines)}", "choose"), *paging, *(_BACK if back else ())
        case SetupLook():
            return _BACK
        case SetupEntry(typing=typing):
            letter = ((Key.SCAN, "letter"),) if typing is Typing.WIFI_PASSWORD else ()
            ready = () if typing is Typing.PASSPHRASE else ((Key.OK, "go_on"),)
            return ("0–9", "digit"), *letter, *ready, (Key.CLEAR, "clear"), *_BACK
        case SetupBusy():
            return ()
        case SetupInvite(next=leads_on):
            return ((Key.OK, "go_on"), *_BACK) if leads_on else _BACK
        case SetupTold(told=Told.READY):
            return ((Key.OK, "sell"),)
        case SetupTold(told=Told.STICK_READ | Told.KEY_MADE):
            return ((Key.OK, "go_on"),)
        case SetupTold():
            return (Key.OK, "again"), (Key.CANCEL, "other_way")
        case _:
            assert_never(screen)


def setup_meant(screen: SetupScreen) -> frozenset[Key]:
    """The keys that do something, besides those that are named."""
    match screen:
        case SetupChoice(lines=lines):
            return frozenset(Key(str(place)) for place in range(1, len(lines) + 1))
        case SetupEntry():
            return _DIGITS
        case SetupLook() | SetupBusy() | SetupInvite() | SetupTold():
            return frozenset()
        case _:
            assert_never(screen)
