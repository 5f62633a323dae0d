"""The keys on the screen: where they stand, which of them mean something, how they look. Their order is the matrix keypad's.

No dead ground between two keys: a finger is for the key in whose share of the panel it lies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kiosk.core import screens
from kiosk.core.checkup_screens import Checkup, ColourTest, KeyTest, ReadTest
from kiosk.core.events import Key
from kiosk.core.past_screens import PastScreen
from kiosk.core.setup_screens import SetupScreen
from kiosk.display.canvas import Rect
from kiosk.display.frame import CAPS, key_cap, keys_of
from kiosk.display.past_keys import past_meant
from kiosk.display.setup_keys import setup_meant
from kiosk.display.sheet import Item, Say, Sheet, Space
from kiosk.display.theme import CAP, FAINT_CAP, FAINT_TEXT, GROUND, LINE, SMALLEST, TEXT, WHITE

ROWS: tuple[tuple[Key, ...], ...] = (
    (Key.D1, Key.D2, Key.D3, Key.SCAN),
    (Key.D4, Key.D5, Key.D6, Key.QR),
    (Key.D7, Key.D8, Key.D9, Key.CANCEL),
    (Key.CLEAR, Key.D0, Key.OK, Key.MENU),
)
LEAST = 60  # pixels: 8 to 9 mm on the screens of 3.5 to 5 inches that are so small
_BESIDE, _BELOW = 0.37, 0.38  # the panel's share of the width, or of the height
_WIDE = 1.2  # from here on the panel stands beside

_DIGITS = frozenset(key for row in ROWS for key in row if key.isdigit())
_ALL = frozenset(key for row in ROWS for key in row)
_LEAVE = _DIGITS | {Key.OK, Key.CANCEL, Key.CLEAR, Key.MENU}
_IDLE = _DIGITS | {Key.MENU}
MEANT: dict[type[screens.Screen], frozenset[Key]] = {
    screens.Starting: frozenset(),
    screens.Idle: _IDLE,
    screens.Keying: _ALL - {Key.MENU},
    screens.QuickAmounts: frozenset((Key.OK, Key.SCAN, Key.QR, Key.CLEAR, Key.MENU, Key.CANCEL)),
    screens.SameCustomer: frozenset((Key.OK, Key.CANCEL)),
    screens.PaidAlready: frozenset((Key.OK, Key.CANCEL)),
    screens.UnusualAmount: frozenset((Key.OK, Key.CANCEL)),
    screens.Noting: _DIGITS | {Key.OK, Key.SCAN, Key.QR, Key.CLEAR, Key.CANCEL},
    screens.Tipping: frozenset((Key.D0, Key.OK, Key.CANCEL)),
    screens.Scanning: frozenset((Key.QR, Key.CANCEL)),
    screens.Charging: frozenset((Key.CANCEL,)),
    screens.Password: frozenset((Key.QR, Key.CANCEL)),
    screens.Placing: frozenset((Key.CANCEL,)),
    screens.ShowingQr: frozenset((Key.SCAN, Key.CANCEL)),
    screens.Cancelling: _LEAVE,
    screens.PaidScreen: _LEAVE,
    screens.DeclinedScreen: _LEAVE | {Key.SCAN, Key.QR},
    screens.Unresolved: _LEAVE,
    screens.CancelledScreen: _LEAVE | {Key.SCAN, Key.QR},
    screens.AttentionScreen: _LEAVE,
    screens.SeekingReceipt: frozenset((Key.CANCEL, Key.MENU)),
    Checkup: frozenset((Key.D1, Key.D2, Key.D3, Key.D4, Key.D5, Key.D6, Key.OK, Key.CANCEL, Key.MENU)),
    ReadTest: frozenset((Key.CANCEL,)),
    KeyTest: _ALL,
    ColourTest: _ALL,
    screens.OwnersPage: frozenset((Key.CANCEL, Key.MENU)),
    screens.ShiftReport: frozenset((Key.OK, Key.D1, Key.MENU, Key.CANCEL)),
    screens.NoShift: frozenset((Key.D1, Key.CANCEL)),
    screens.ShiftClosing: frozenset((Key.OK, Key.MENU, Key.CANCEL)),
    screens.OutOfOrder: _IDLE,
    screens.Updating: frozenset(),
}
"""The keys that do something on a screen, as core/till.py has it (a test holds both against each other). Only these, and what
the row of keys would name there, and the digits that choose something (`chosen_by`), are not faint."""


def chosen_by(screen: screens.Screen) -> frozenset[Key]:
    """The digits that choose something on this screen."""
    match screen:
        case screens.QuickAmounts(_, offers):
            return frozenset(key for key, _ in offers)
        case screens.Tipping(_, offers, _, None):
            return frozenset(Key(str(place)) for place in range(1, len(offers) + 1))
        case screens.Tipping():
            return _DIGITS
        case _:
            return frozenset()


def split(size: tuple[int, int]) -> tuple[Rect, Rect] | None:
    """The part of the screen for the picture and the part for the keys; None when there is no room for both."""
    width, height = size
    wide = max(4 * LEAST, round(width * _BESIDE))
    high = max(4 * LEAST, round(height * _BELOW))
    beside = width - wide >= SMALLEST[0] and height >= max(4 * LEAST, SMALLEST[1])
    below = height - high >= SMALLEST[1] and width >= SMALLEST[0]
    if beside and (width >= height * _WIDE or not below):
        return (0, 0, width - wide, height), (width - wide, 0, wide, height)
    if below:
        return (0, 0, width, height - high), (0, height - high, width, high)
    return None


def share_of(key: Key, panel: Rect) -> Rect:
    """The part of the panel in which a finger is for this key."""
    row = next(number for number, keys in enumerate(ROWS) if key in keys)
    column = ROWS[row].index(key)
    x, y, width, height = panel
    left, right = (width * edge // 4 for edge in (column, column + 1))
    top, bottom = (height * edge // 4 for edge in (row, row + 1))
    return x + left, y + top, right - left, bottom - top


def key_at(point: tuple[int, int], panel: Rect) -> Key | None:
    """The key in whose share of the panel the point lies; None beside the panel."""
    across, down = point[0] - panel[0], point[1] - panel[1]
    if not (0 <= across < panel[2] and 0 <= down < panel[3]):
        return None
    return next(
        key
        for row in ROWS
        for key in row
        if (box := share_of(key, panel))[0] <= point[0] < box[0] + box[2] and box[1] <= point[1] < box[1] + box[3]
    )


@dataclass(frozen=True, slots=True)
class Look:
    """How a key looks: whether it does something, whether a finger is on it, and what it does (a word of the table `keys`)."""

    meant: bool
    held: bool
    word: str | None


def looks(screen: screens.Screen, held: frozenset[Key], *, training: bool = False) -> dict[Key, Look]:
    """How each key looks on this screen."""
    words = {cap: word for cap, word in keys_of(screen, training=training) if cap in _ALL}
    match screen:
        case _ if isinstance(screen, SetupScreen):
            meant = setup_meant(screen)
        case _ if isinstance(screen, PastScreen):
            meant = past_meant(screen)
        case _:
            meant = MEANT[type(screen)] | chosen_by(screen)
    return {key: Look(key in meant or key in words, key in held, words.get(key)) for key in _ALL}


def draw(sheet: Sheet, panel: Rect, wanted: dict[Key, Look]) -> None:
    """These keys."""
    for key, look in wanted.items():
        box = share_of(key, panel)
        sheet.canvas.fill(box, GROUND)
        gap = max(2, min(box[2:]) // 24)
        _draw_key(sheet, (box[0] + gap, box[1] + gap, box[2] - 2 * gap, box[3] - 2 * gap), key, look)


def _draw_key(sheet: Sheet, cap: Rect, key: Key, look: Look) -> None:
    face, ink = CAPS.get(key, (CAP, TEXT)) if look.meant else (FAINT_CAP, FAINT_TEXT)
    if look.held:
        face, ink = (LINE, WHITE) if face in (CAP, FAINT_CAP) else (WHITE, ink)
    key_cap(sheet, cap, face, pressed=look.held)
    x, y, width, height = cap
    inner = (x + 2, y + 2, width - 4, height - 4 - max(2, height // 12))
    side = min(width, height * 5 // 4)
    if key.isdigit():
        sheet.say(inner, Say(str(key), sheet.merchant, side // 2, ink, bold=True, tight=True, most_lines=1), align=0.5)
        return
    name = Say(str(key), sheet.merchant, side // 4, ink, bold=True, most_lines=1)
    items = _largest(sheet, inner, [], name) or [name]
    if look.word is not None and sheet.scale.roomy:
        word = Say(sheet.merchant(f"keys.{look.word}"), sheet.merchant, side // 6, ink, most_lines=2)
        items = _largest(sheet, inner, [*items, Space(2)], word) or items  # a word that is cut tells nothing
    sheet.stack(inner, items)


def _largest(sheet: Sheet, box: Rect, above: list[Item], say: Say) -> list[Item] | None:
    """`above`, and below it the text in the largest size in which no word is cut and all stands in the box; None: in no size."""
    for size in range(max(say.size, sheet.scale.floor), sheet.scale.floor - 1, -1):
        items = [*above, replace(say, size=size, least=size)]
        if sheet.holds(box, items):
            return items
    return None
