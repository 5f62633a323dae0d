"""The idle screen when nobody has come for long: nearly black, and what little is in it stands somewhere else each minute."""

from __future__ import annotations

from kiosk.core.screens import Idle, Network, Signs
from kiosk.display import drift, icons
from kiosk.display.canvas import Rect
from kiosk.display.frame import signs as row_of_signs
from kiosk.display.sheet import Item, Say, Sheet, Space
from kiosk.display.theme import BLACK, MUTED

_WIDTH, _HEIGHT = 0.66, 0.5  # shares of the screen that the words take


def calm(sheet: Sheet, whole: Rect, screen: Idle, signs: Signs, now: int, *, keys: bool) -> None:
    """The shop's name, what to do to begin, and the signs. `keys`: they are on the screen, and come back by a touch."""
    scale, words = sheet.scale, sheet.merchant
    x, _, width, _ = whole
    ready = signs.network is Network.ONLINE and signs.clock_known
    begin = "calm.touch" if keys else "idle.merchant"
    if not ready and not keys:
        begin = {Network.OFFLINE: "idle.offline_merchant", Network.CONNECTING: "idle.connecting_merchant"}.get(
            signs.network, "idle.clock_merchant"
        )
    more = Say(words(begin), words, scale.body, MUTED, icon=icons.KEYPAD, least=scale.floor)
    top = dark(sheet, whole, screen.shop, more, now, above=scale.bar)
    aside, _ = drift.shift(now, scale.pad // 3)
    row_of_signs(sheet, (x + scale.pad + aside, top, width - 2 * scale.pad, scale.bar), signs, now)


def dark(sheet: Sheet, whole: Rect, shop: str, more: Say, now: int, *, above: int = 0) -> int:
    """The shop's name and `more` below it, somewhere on a black ground. Returns where the `above` pixels over them begin."""
    scale = sheet.scale
    x, y, width, height = whole
    sheet.canvas.fill(whole, BLACK)
    wide, high = round(width * _WIDTH), round(height * _HEIGHT)
    across, down = drift.place(now, (width - wide - 2 * scale.pad, height - high - 2 * scale.pad))
    left, top = x + scale.pad + across, y + scale.pad + down
    name = Say(shop, sheet.merchant, scale.head, MUTED, bold=True, most_lines=2)
    items: list[Item] = [name, Space(scale.gap), more]
    sheet.stack((left, top + above, wide, high - above), items)
    return top
