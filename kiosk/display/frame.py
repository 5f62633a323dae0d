"""What stands on every screen: the row of small true signs above, the row of keys below. Knows no single screen's inside."""

from __future__ import annotations

from datetime import date, datetime
from itertools import product

from kiosk.core import screens
from kiosk.core.checkup_screens import Checkup, ColourTest, KeyTest, ReadTest
from kiosk.core.events import Key
from kiosk.core.past_screens import PastScreen
from kiosk.core.setup_screens import SetupScreen
from kiosk.display import icons, shift_reports
from kiosk.display.canvas import Rect
from kiosk.display.past_keys import past_keys
from kiosk.display.setup_keys import setup_keys
from kiosk.display.sheet import Say, Sheet
from kiosk.display.theme import AMBER, CAP, GREEN, INK, MUTED, RED, TEXT, Colour

_DIGITS = "0–9"

_RESULT = ((Key.OK, "done"), (_DIGITS, "next"), (Key.MENU, "menu"))
_UNPAID = ((Key.SCAN, "scan"), (Key.QR, "qr"), (Key.OK, "done"))

LEGENDS: dict[type[screens.Screen], tuple[tuple[str, str], ...]] = {
    screens.Starting: (),
    screens.Idle: ((_DIGITS, "amount"), (Key.MENU, "menu")),
    screens.Keying: ((Key.OK, "pay"), (Key.SCAN, "scan"), (Key.QR, "qr"), (Key.CLEAR, "clear"), (Key.CANCEL, "cancel")),
    screens.QuickAmounts: (
        (Key.OK, "pay"),
        (Key.SCAN, "scan"),
        (Key.QR, "qr"),
        (Key.CLEAR, "clear"),
        (Key.MENU, "other_amount"),
        (Key.CANCEL, "cancel"),
    ),
    screens.SameCustomer: ((Key.OK, "new_customer"), (Key.CANCEL, "back")),
    screens.PaidAlready: ((Key.OK, "new_customer"), (Key.CANCEL, "back")),
    screens.UnusualAmount: ((Key.OK, "amount_right"), (Key.CANCEL, "back")),
    screens.Noting: ((Key.OK, "go_on"), (Key.CLEAR, "clear"), (Key.CANCEL, "back")),
    screens.Tipping: ((Key.OK, "no_tip"), (Key.CANCEL, "back")),
    screens.Scanning: ((Key.QR, "qr"), (Key.CANCEL, "cancel")),
    screens.Charging: ((Key.CANCEL, "cancel"),),
    screens.Password: ((Key.QR, "qr"), (Key.CANCEL, "cancel")),
    screens.Placing: ((Key.CANCEL, "cancel"),),
    screens.ShowingQr: ((Key.SCAN, "scan"), (Key.CANCEL, "cancel")),
    screens.Cancelling: _RESULT,
    screens.PaidScreen: _RESULT,
    screens.DeclinedScreen: _UNPAID,
    screens.Unresolved: _RESULT,
    screens.CancelledScreen: _UNPAID,
    screens.AttentionScreen: _RESULT,
    screens.SeekingReceipt: ((Key.CANCEL, "back"),),
    Checkup: (("1–6", "try"), (Key.OK, "more"), (Key.CANCEL, "back")),
    ReadTest: ((Key.CANCEL, "back"),),
    KeyTest: ((Key.CANCEL, "back_twice"),),
    ColourTest: (),
    screens.OwnersPage: ((Key.CANCEL, "back"),),
    # and what there is: shift_reports.py
    screens.ShiftReport: ((Key.D1, "close_shift"), (Key.MENU, "more"), (Key.CANCEL, "back")),
    screens.NoShift: ((Key.D1, "open_shift"), (Key.CANCEL, "back")),
    screens.ShiftClosing: ((Key.OK, "close_it"), (Key.MENU, "more"), (Key.CANCEL, "back")),
    screens.OutOfOrder: (),
    screens.Updating: (),
}
"""Which keys mean something on a screen, and the word (of the table `keys`) for what each does there."""

_WITH_PRINTER: dict[type[screens.Screen], tuple[tuple[str, str], ...]] = {
    screens.ShowingQr: ((Key.SCAN, "scan"), (Key.MENU, "print"), (Key.CANCEL, "cancel")),
    screens.PaidScreen: ((Key.OK, "done"), (_DIGITS, "next"), (Key.QR, "receipt"), (Key.MENU, "menu")),
}
"""The same where something can be printed: these screens say so by `prints`."""

_ON_ITS_CAP = frozenset(("scan", "qr", "clear", "cancel", "back"))
"""Words that say little more than the key's own name does."""

CAPS: dict[str, tuple[Colour, Colour]] = {
    # as on every terminal: green goes on, red goes back, yellow corrects; and each has its name
    Key.OK: (GREEN, INK),
    Key.CANCEL: (RED, INK),
    Key.CLEAR: (AMBER, INK),
}


def keys_of(screen: screens.Screen, *, training: bool = False) -> tuple[tuple[str, str], ...]:
    """The keys that mean something on this screen; in a training two of them mean more."""
    keys = _keys_of(screen)
    if training and isinstance(screen, screens.Idle):
        return (*keys, (Key.CANCEL, "end_training"))
    return ((Key.OK, "pretend"), *keys) if training and isinstance(screen, screens.Scanning) else keys


def _keys_of(screen: screens.Screen) -> tuple[tuple[str, str], ...]:
    if isinstance(screen, SetupScreen):
        return setup_keys(screen)
    if isinstance(screen, PastScreen):
        return past_keys(screen)
    if isinstance(screen, screens.ShiftReport):
        return shift_reports.keys_of(screen)
    prints = isinstance(screen, screens.ShowingQr | screens.PaidScreen) and screen.prints
    keys = (_WITH_PRINTER if prints else LEGENDS)[type(screen)]
    if isinstance(screen, screens.Idle) and screen.board:
        return (keys[0], (Key.SCAN, "quick"), *keys[1:])
    if isinstance(screen, screens.Keying):
        plus = menu_of(screen)
        return keys if plus is None else (*keys[:-1], (Key.MENU, plus), keys[-1])
    if isinstance(screen, screens.Tipping) and screen.own is not None:
        return ((Key.OK, "go_on"), (Key.CLEAR, "clear"), (Key.CANCEL, "back"))
    return keys


def menu_of(screen: screens.Keying) -> str | None:
    """What MENU does while an amount is keyed: it adds another; with none keyed it shows the quick amounts, if there are any."""
    keyed = screen.lines[-1] if screen.lines else screen.money.amount
    return "plus" if keyed else "quick" if screen.board else None


def wall_time(at: int) -> str:
    """Hours and minutes of the shop's day, by the machine's time zone."""
    return f"{datetime.fromtimestamp(at / 1000).astimezone():%H:%M}"


def wall_clock(at: int) -> str:
    """With seconds, as wall_time."""
    return f"{datetime.fromtimestamp(at / 1000).astimezone():%H:%M:%S}"


def wall_day(at: int) -> date:
    """The shop's day, as wall_time."""
    return datetime.fromtimestamp(at / 1000).astimezone().date()


def signs(sheet: Sheet, box: Rect, facts: screens.Signs, now: int) -> None:
    """Network at the left; what needs a person, unresolved orders and the clock at the right. In the merchant's language."""
    scale, words = sheet.scale, sheet.merchant
    size = scale.small if scale.roomy else scale.floor
    x, y, width, height = box
    clock = (
        Say(wall_time(now), words, size, MUTED, most_lines=1)
        if facts.clock_known
        else Say(words("signs.clock_unknown"), words, size, AMBER, icon=icons.CLOCK_UNKNOWN, most_lines=1)
    )
    right = [clock]
    if facts.unresolved:
        right.append(
            Say(words("signs.unresolved", count=facts.unresolved), words, size, AMBER, icon=icons.HOURGLASS, most_lines=1)
            if scale.roomy or facts.clock_known
            else Say(str(facts.unresolved), words, size, AMBER, icon=icons.HOURGLASS, most_lines=1)
        )
    if facts.attention:
        alone = scale.roomy and not facts.unresolved
        text = words("signs.attention", count=facts.attention) if alone else str(facts.attention)
        right.append(Say(text, words, size, RED, bold=True, icon=icons.WARNING, most_lines=1))
    if facts.printer is not None:  # the screens where it matters say it in a sentence
        named = scale.roomy and len(right) == 1
        right.append(Say(words("signs.printer") if named else "!", words, size, AMBER, icon=icons.PRINTER, most_lines=1))
    if facts.expiring is not None:  # what ends, and what to do, stands on the idle screen
        soon, left = facts.expiring, str(max(0, facts.expiring.days))
        colour = RED if soon.loud else AMBER
        right.append(Say(left, words, size, colour, bold=soon.loud, icon=icons.CALENDAR, most_lines=1))
    edge = x + width
    for say in right:
        own = sheet.width(say) + 2
        sheet.say((edge - own, y, own, height), say, align=1.0)
        edge -= own + scale.gap * 2
    sheet.say((x, y, edge - x, height), _network(sheet, facts, size), align=0.0)


def _network(sheet: Sheet, facts: screens.Signs, size: int) -> Say:
    words = sheet.merchant
    match facts.network:
        case screens.Network.ONLINE:
            return Say(words("signs.online"), words, size, GREEN, icon=icons.ONLINE, most_lines=1)
        case screens.Network.CONNECTING:
            return Say(words("signs.connecting"), words, size, AMBER, icon=icons.CONNECTING, most_lines=1)
        case screens.Network.OFFLINE if facts.clock_doubted:
            return Say(words("signs.connecting"), words, size, AMBER, icon=icons.CONNECTING, most_lines=1)
        case screens.Network.OFFLINE:
            since = facts.offline_since
            text = words("signs.offline") if since is None else words("signs.offline_since", time=wall_time(since))
            return Say(text, words, size, RED, bold=True, icon=icons.OFFLINE, most_lines=1)


def legend(sheet: Sheet, box: Rect, keys: tuple[tuple[str, str], ...]) -> None:
    """The keys that mean something now, as little key caps, each with a word. Spread over the row; words shrink, then go.

    Before all of them go a range of digits does, as the screen itself shows what those are for, and the words that only say
    what stands on the cap.
    """
    if not keys:
        return
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = box
    size, pad = scale.small, scale.gap
    single = tuple(key for key in keys if isinstance(key[0], Key)) or keys
    ways = ((keys, frozenset[str]()), (single, frozenset[str]()), (single, _ON_ITS_CAP))
    for (shown, silent), smaller in product(ways, range(size - scale.floor + 1)):
        caps = [Say(str(cap), words, size - smaller, CAPS.get(cap, (CAP, TEXT))[1], bold=True, most_lines=1) for cap, _ in shown]
        tells = [
            None if word in silent else Say(words(f"keys.{word}"), words, size - smaller, TEXT, most_lines=1) for _, word in shown
        ]
        cap_widths = [sheet.width(cap) + pad * 2 for cap in caps]
        widths = [cap + (sheet.width(tell) + pad + 2 if tell else 0) for cap, tell in zip(cap_widths, tells, strict=True)]
        free = width - sum(widths) - pad * 2
        if free >= pad * (len(shown) - 1):
            break
    else:
        tells, widths = [None] * len(shown), cap_widths
        free = width - sum(widths) - pad * 2
    step = min(scale.pad * 3, free // max(1, len(shown) - 1)) if len(shown) > 1 else 0
    left = x + (width - sum(widths) - step * (len(shown) - 1)) // 2
    for place, (cap, _) in enumerate(shown):
        key = (left, y + height // 6, cap_widths[place], height - height // 3)
        key_cap(sheet, key, CAPS.get(cap, (CAP, TEXT))[0])
        sheet.say(key, caps[place], align=0.5)
        if tell := tells[place]:
            after = left + cap_widths[place] + pad
            sheet.say((after, y, widths[place] - cap_widths[place] - pad, height), tell)
        left += widths[place] + step


def key_cap(sheet: Sheet, box: Rect, colour: Colour, *, pressed: bool = False) -> None:
    """A key seen from above: its face, and a darker edge below; pressed it lies deeper."""
    x, y, width, height = box
    shade = (colour[0] * 5 // 9, colour[1] * 5 // 9, colour[2] * 5 // 9)
    radius = max(3, sheet.scale.radius // 3)
    edge = max(2, height // 12)
    sheet.canvas.panel((x, y, width, height), shade, radius)
    sheet.canvas.panel((x, y + edge if pressed else y, width, height - edge), colour, radius)
