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
    x, y, width, height = whole
    sheet.canvas.fill(whole, BLACK)
    wide, high = round(width * _WIDTH), round(height * _HEIGHT)
    room = (width - wide - 2 * scale.pad, height - high - 2 * scale.pad)
    across, down = drift.place(now, room)
    box = (x + scale.pad + across, y + scale.pad + down, wide, high)
    ready = signs.network is Network.ONLINE and signs.clock_known
    begin = "calm.touch" if keys else "idle.merchant"
    if not ready and not keys:
        begin = {Network.OFFLINE: "idle.offline_merchant", Network.CONNECTING: "idle.connecting_merchant"}.get(
            signs.network, "idle.clock_merchant"
        )
    items: list[Item] = [
        Say(screen.shop, words, scale.head, MUTED, bold=True, most_lines=2),
        Space(scale.gap),
        Say(words(begin), words, scale.body, MUTED, icon=icons.KEYPAD, least=scale.floor),
    ]
    aside, _ = drift.shift(now, scale.pad // 3)
    row_of_signs(sheet, (x + scale.pad + aside, box[1], width - 2 * scale.pad, scale.bar), signs, now)
    sheet.stack((box[0], box[1] + scale.bar, wide, high - scale.bar), items)
