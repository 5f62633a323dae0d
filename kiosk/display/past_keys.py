"""Which keys mean something while somebody looks back, by what the screen shows; and the words for them."""

from __future__ import annotations

from typing import assert_never

from kiosk.core.events import Key
from kiosk.core.past_screens import History, More, PastScreen, SaleOpened, SaleUnknown, Searching

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
                *([(Key.D0, "story")] if screen.pages > 1 else []),
                (Key.SCAN, "find_receipt"),
                (Key.CANCEL, "back"),
            )
        case SaleUnknown():
            return (Key.SCAN, "find_receipt"), (Key.CANCEL, "back")
        case More():
            return (*_range(len(screen.entries), "open"), (Key.CANCEL, "back"))
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
        case _:
            assert_never(screen)


def _range(count: int, word: str) -> tuple[tuple[str, str], ...]:
    return ((f"1–{count}" if count > 1 else "1", word),) if count else ()
