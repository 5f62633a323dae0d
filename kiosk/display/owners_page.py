"""The screen that leads to the owner's page: its address as a QR and in letters, and what its certificate must look like."""

from __future__ import annotations

from kiosk.core.screens import OwnersPage
from kiosk.display.canvas import Rect
from kiosk.display.codes import qr_beside
from kiosk.display.qr import modules
from kiosk.display.sheet import Item, Say, Sheet, Space
from kiosk.display.theme import AMBER, MUTED, TEXT

_GROUP, _GROUPS = 4, 4  # hex digits of the fingerprint in a group, and groups in a line


def draw(sheet: Sheet, stage: Rect, screen: OwnersPage) -> None:
    """QR at the left or above; address, code for the first PIN, fingerprint beside it."""
    scale, words = sheet.scale, sheet.merchant
    _, _, width, height = stage
    rows = modules(screen.url)
    room = min(width, round(height * 0.4)) if height > width else min(height, round(width * 0.36))
    column = qr_beside(sheet, stage, rows, room)
    items: list[Item] = [
        Say(words("owners_page.title"), words, scale.head, TEXT, bold=True, least=scale.floor),
        Say(_breakable(screen.url.removesuffix("/")), words, scale.body, TEXT, bold=True, least=scale.floor),
        Space(scale.gap),
    ]
    if screen.code:
        code = f"{screen.code[:4]} {screen.code[4:]}"
        items.append(Say(words("owners_page.code", code=code), words, scale.head, AMBER, bold=True, least=scale.floor))
        items.append(Space(scale.gap))
    items.append(Say(words("owners_page.fingerprint"), words, scale.small, MUTED, least=scale.floor))
    items += [Say(line, words, scale.small, TEXT, most_lines=1, least=scale.floor) for line in lines_of(screen.fingerprint)]
    sheet.stack(column, items, align=0.0)


def _breakable(url: str) -> str:
    """An IPv6 address may go on in the next line."""
    return url.replace(":", ":|").replace(":|//", "://") if "[" in url else url


def lines_of(fingerprint: str) -> list[str]:
    """Hex digits in groups and lines, to be compared with what a browser shows."""
    groups = [fingerprint[at : at + _GROUP] for at in range(0, len(fingerprint), _GROUP)]
    return [" ".join(groups[at : at + _GROUPS]) for at in range(0, len(groups), _GROUPS)]
