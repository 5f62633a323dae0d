"""The screens of exports that leave on a stick: of which days, on their way, and what became of them and what to do."""

from __future__ import annotations

from kiosk.core.carried import CarryEnd, Days
from kiosk.core.cldr import day_of_year
from kiosk.core.past_screens import ExportDays, ExportsCarried
from kiosk.display import icons
from kiosk.display.canvas import Rect
from kiosk.display.icons import Icon
from kiosk.display.lists import headed, numbered
from kiosk.display.sheet import Draw, Item, Say, Sheet, Space
from kiosk.display.theme import AMBER, GREEN, MUTED, RED, TEXT, Colour

_SIGNS: dict[CarryEnd | None, tuple[Icon, Colour]] = {
    None: (icons.HOURGLASS, MUTED),
    CarryEnd.DONE: (icons.TICK, GREEN),
    CarryEnd.NO_STICK: (icons.WARNING, AMBER),
    CarryEnd.REFUSED: (icons.WARNING, AMBER),
    CarryEnd.FAILED: (icons.CROSS, RED),
}


def draw(sheet: Sheet, stage: Rect, screen: ExportDays | ExportsCarried) -> None:
    """The screen of this place."""
    words = sheet.merchant
    if isinstance(screen, ExportDays):
        body = headed(sheet, stage, words("carry.which"))
        numbered(sheet, body, [f"{words(f'carry.{span}')}  ({_days(days, words.language)})" for span, days in screen.offers])
        return
    title = f"{words(f'carry.{screen.span}')}  ({_days(screen.days, words.language)})"
    x, y, width, height = headed(sheet, stage, title)
    scale, end = sheet.scale, screen.end
    icon, colour = _SIGNS[end]
    told = "busy" if end is None else str(end)
    more = screen.name if end is CarryEnd.DONE else words(f"carry.{told}_more")
    items: list[Item] = [
        Draw(icon, scale.icon, colour),
        Space(scale.gap),
        Say(words(f"carry.{told}"), words, scale.head, TEXT, bold=True, least=scale.floor),
        Space(scale.gap),
        Say(more, words, scale.body, MUTED, least=scale.floor),
    ]
    sheet.stack((x + scale.pad, y, width - 2 * scale.pad, height), items)


def _days(days: Days, language: str) -> str:
    first, last = (day_of_year(day, language) for day in (days.first, days.last))
    return first if days.first == days.last else f"{first} – {last}"
