"""Which keys mean something while somebody looks back, by what the screen shows; and the words for them."""

from __future__ import annotations

from typing import assert_never

from kiosk.core.carried import CarryEnd
from kiosk.core.events import Key
from kiosk.core.operators import LEAST_PIN
from kiosk.core.past_screens import (
    ExportDays,
    ExportsCarried,
    History,
    More,
    PastScreen,
    PinAsked,
    PinWanted,
    RefundAmount,
    RefundLook,
    RefundRefused,
    RefundWhy,
    SaleOpened,
    SaleUnknown,
    Searching,
    WhoIsIt,
)

_DIGITS = tuple(Key(str(digit)) for digit in range(10))


def past_keys(screen: PastScreen) -> tuple[tuple[str, str], ...]:
    """The keys, each with its word of the table `keys`; a range of digits is one of them."""
    match screen:
        case History():
            return (
                *_range(len(screen.lines), "open"),
                *([(Key.D0, "older")] if screen.more else []),
                *([(Key.CLEAR, "newer")] if screen.page else []),
                (Key.OK, "search"),
                (Key.MENU, "more"),
                (Key.CANCEL, "back"),
            )
        case Searching():
            found = [(Key.OK, "by_amount")] if screen.digits.strip("0") else []
            ends = [(Key.QR, "by_number")] if screen.digits else []
            return (*found, *ends, (Key.SCAN, "find_receipt"), (Key.CANCEL, "back"))
        case SaleOpened():
            return (
                *([(Key.OK, "receipt")] if screen.prints else []),
                *([(Key.QR, "refund")] if screen.refundable else []),
                *([(Key.D0, "story")] if screen.pages > 1 else []),
                (Key.SCAN, "find_receipt"),
                (Key.CANCEL, "back"),
            )
        case SaleUnknown():
            return (Key.SCAN, "find_receipt"), (Key.CANCEL, "back")
        case More():
            return (*_range(len(screen.entries), "open"), (Key.CANCEL, "back"))
        case ExportDays():
            return (*_range(len(screen.offers), "choose"), (Key.CANCEL, "back"))
        case ExportsCarried(end=end):
            done = [] if end is None else [(Key.OK, "done" if end is CarryEnd.DONE else "again")]
            return (*done, (Key.CANCEL, "back"))
        case WhoIsIt():
            return (*_range(len(screen.people), "choose"), (Key.CANCEL, "back"))
        case PinAsked():
            ready = screen.keyed >= LEAST_PIN and not screen.busy
            return (*([(Key.OK, "go_on")] if ready else []), *_clear(screen.keyed), (Key.CANCEL, "back"))
        case PinWanted():
            return (*([] if screen.busy else [(Key.OK, "go_on")]), *_clear(screen.keyed), (Key.CANCEL, "back"))
        case RefundAmount():
            return ((Key.OK, "go_on"), *_clear(screen.keyed), (Key.CANCEL, "back"))
        case RefundWhy():
            return (*_range(len(screen.reasons), "choose"), (Key.CANCEL, "back"))
        case RefundLook():
            return () if screen.busy else ((Key.OK, "give_back"), (Key.CANCEL, "back"))
        case RefundRefused():
            return ((Key.OK, "back"),)
        case _:
            assert_never(screen)


def past_meant(screen: PastScreen) -> frozenset[Key]:
    """All keys that do something there, as core/looking_back.py has it (a test holds both against each other)."""
    named = frozenset(cap for cap, _ in past_keys(screen) if isinstance(cap, Key))
    match screen:
        case History():
            return named | {Key.SCAN, *_DIGITS[1 : len(screen.lines) + 1]}
        case Searching():
            typed = frozenset((Key.CLEAR,)) if screen.digits else frozenset()
            return named | typed | {Key.MENU, *_DIGITS}
        case SaleOpened() | SaleUnknown():
            return named | {Key.MENU}
        case More():
            return named | {Key.MENU, *_DIGITS[1 : len(screen.entries) + 1]}
        case ExportDays():
            return named | {Key.MENU, *_DIGITS[1 : len(screen.offers) + 1]}
        case ExportsCarried():
            return named | {Key.MENU}
        case WhoIsIt():
            return named | {Key.MENU, *_DIGITS[1 : len(screen.people) + 1]}
        case PinAsked():
            listens = not screen.busy and screen.until is None
            return named | {Key.MENU} | (frozenset(_DIGITS) if listens else frozenset())
        case PinWanted():
            return named | {Key.MENU} | (frozenset() if screen.busy else frozenset(_DIGITS))
        case RefundAmount():
            return named | {Key.MENU, *(_DIGITS if screen.keyed else _DIGITS[1:])}
        case RefundWhy():
            return named | {Key.MENU, *_DIGITS[1 : len(screen.reasons) + 1]}
        case RefundLook():
            return named if screen.busy else named | {Key.MENU}
        case RefundRefused():
            return named | {Key.CANCEL, Key.MENU}
        case _:
            assert_never(screen)


def _clear(keyed: int) -> tuple[tuple[str, str], ...]:
    return ((Key.CLEAR, "clear"),) if keyed else ()


def _range(count: int, word: str) -> tuple[tuple[str, str], ...]:
    return ((f"1–{count}" if count > 1 else "1", word),) if count else ()
