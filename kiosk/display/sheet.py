"""Setting things in boxes: stacks of text, icons and dots that shrink together until they fit. Knows no screen.

Every piece of text drawn can be traced, so that a test sees what ran out of its box, over another or into its ground.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from kiosk.display import wrap
from kiosk.display.canvas import Canvas, Rect, estimate, measure
from kiosk.display.icons import Icon
from kiosk.display.theme import Colour, Scale
from kiosk.display.words import Words


@dataclass(frozen=True, slots=True)
class Mark:
    """One line of text as it was drawn: `ground` is the colour that was under it, `fits` is what the layout believes."""

    text: str
    box: Rect
    ink: Rect
    colour: Colour
    ground: Colour
    size: int
    fits: bool


@dataclass(frozen=True, slots=True)
class Say:
    """Words: at `size`, or smaller down to `least` when they do not fit. `after` follows in a third of the size (a currency)."""

    text: str
    words: Words
    size: int
    colour: Colour
    bold: bool = False
    least: int = 0  # 0: half of the size, not under the scale's floor
    tight: bool = False  # figures only: no room above and below
    most_lines: int = 9
    icon: Icon | None = None  # stands before the first line
    after: str = ""
    after_colour: Colour | None = None


@dataclass(frozen=True, slots=True)
class Draw:
    """An icon of `size` pixels."""

    icon: Icon
    size: int
    colour: Colour


@dataclass(frozen=True, slots=True)
class Space:
    """Nothing, this high."""

    height: int


@dataclass(frozen=True, slots=True)
class Dots:
    """Three dots, one of them bright: a sign of life that moves once a second."""

    size: int
    bright: Colour
    dim: Colour
    phase: int


Item = Say | Draw | Space | Dots


@dataclass(frozen=True, slots=True)
class _Set:
    """An item as it will stand: `size` after shrinking, `lines` of a text, `height` of all."""

    item: Item
    size: int
    height: int
    lines: tuple[str, ...] = ()
    fits: bool = True


_LONG_NAME = 10  # characters: a longer text that came without marks (a shop's name) is rather cut than made small
_STEPS = tuple(1 - 0.04 * step for step in range(17))  # how far a stack shrinks: to about a third


class Sheet:
    """A canvas with a scale and both languages. `training`: nothing of what is shown is real."""

    def __init__(
        self,
        canvas: Canvas,
        scale: Scale,
        merchant: Words,
        customer: Words,
        trace: list[Mark] | None = None,
        training: bool = False,  # noqa: FBT001, FBT002  a fact
    ) -> None:
        self.training = training
        self.canvas = canvas
        self.scale = scale
        self.merchant = merchant
        self.customer = customer
        self.trace = trace

    def stack(self, box: Rect, items: list[Item], *, align: float = 0.5, valign: float = 0.5) -> int:
        """Set `items` one under another; returns the height used. `align`, `valign`: 0 is left or top, 1 right or bottom."""
        for step in _STEPS:
            found = [self._set(item, box[2], step) for item in items]
            height = sum(one.height for one in found)
            fits = height <= box[3] and all(one.fits for one in found)
            if fits:
                break
        else:
            found = _shortened(found, box[3])
            height = sum(one.height for one in found)
        top = box[1] + max(0, round((box[3] - height) * valign))
        for one in found:
            self._draw(one, (box[0], top, box[2], one.height), align, fits=fits)
            top += one.height
        return height

    def say(self, box: Rect, say: Say, *, align: float = 0.0, valign: float = 0.5) -> None:
        """One text in a box."""
        self.stack(box, [say], align=align, valign=valign)

    def width(self, say: Say) -> int:
        """How wide the text is in one line at its full size, with its icon."""
        text, language, bold = wrap.plain(say.text), say.words.language, say.bold
        widest = max(each(text, language, say.size, bold=bold) for each in (measure, estimate))  # else `say` would break it
        return round(widest) + self._extra(say, say.size) + 1

    def holds(self, box: Rect, items: list[Item]) -> bool:
        """Whether `items` stand in the box at their full size, no word of them cut."""
        whole = all(self._fits(item, box[2]) for item in items if isinstance(item, Say))
        return whole and sum(self._set(item, box[2], 1).height for item in items) <= box[3]

    def _fits(self, say: Say, width: int) -> bool:
        own = partial(estimate, language=say.words.language, size=say.size, bold=say.bold)
        found = wrap.lines(say.text, width, own, cut=False)
        return found is not None and len(found) <= say.most_lines

    def _set(self, item: Item, width: int, step: float) -> _Set:
        match item:
            case Space():
                return _Set(item, 0, round(item.height * step))
            case Draw():
                side = round(item.size * max(step, 0.5))
                return _Set(item, side, side)
            case Dots():
                side = max(4, round(item.size * step))
                return _Set(item, side, side * 2)
            case Say():
                return self._set_text(item, width, step)

    def _set_text(self, say: Say, width: int, step: float) -> _Set:
        least = say.least or max(self.scale.floor, round(say.size * 0.5))
        size = max(least, round(say.size * step))
        foreign = wrap.MARK not in say.text and len(say.text) > _LONG_NAME
        while True:
            room = width - self._extra(say, size)
            own = partial(estimate, language=say.words.language, size=size, bold=say.bold)
            found = wrap.lines(say.text, room, own, cut=size <= least or foreign)
            fits = found is not None and len(found) <= say.most_lines
            if fits or size <= least:
                broken = tuple(found) if found is not None else (wrap.plain(say.text),)
                return _Set(say, size, round(size * _leading(say)[0] * len(broken)), broken, fits)
            size = max(least, size - max(1, size // 20))

    def _extra(self, say: Say, size: int) -> int:
        """Pixels taken by what stands beside the words."""
        icon = round(size * 1.35) if say.icon is not None else 0
        if not say.after:
            return icon
        small = self._small(size)
        return icon + round(measure(say.after, say.words.language, small, bold=False)) + small // 2

    def _small(self, size: int) -> int:
        return max(self.scale.floor, round(size * 0.3))

    def _draw(self, one: _Set, box: Rect, align: float, *, fits: bool) -> None:
        x, y, width, height = box
        match one.item:
            case Space():
                return
            case Draw(icon, _, colour):
                self.canvas.icon(icon, (x + round((width - one.size) * align), y, one.size, one.size), colour)
            case Dots(_, bright, dim, phase):
                left = x + round((width - one.size * 5) * align)
                for place in range(3):
                    dot = (left + place * one.size * 2, y + one.size // 2, one.size, one.size)
                    self.canvas.panel(dot, bright if place == phase % 3 else dim, one.size // 2)
            case Say() as say:
                leading = height / max(1, len(one.lines))
                for number, line in enumerate(one.lines):
                    row = (x, y + round(number * leading), width, round(leading))
                    self._draw_line(say, one, line, row, align, first=number == 0, fits=fits)

    def _draw_line(self, say: Say, one: _Set, line: str, row: Rect, align: float, *, first: bool, fits: bool) -> None:
        x, y, width, height = row
        language, size = say.words.language, one.size
        own = measure(line, language, size, bold=say.bold)
        icon_room = round(size * 1.35) if say.icon is not None else 0
        after_room = self._extra(say, size) - icon_room
        pen = x + round((width - own - icon_room - after_room) * align)
        if say.icon is not None and first:
            side = round(size * 1.0)
            self.canvas.icon(say.icon, (pen, y + (height - side) // 2, side, side), say.colour)
        pen += icon_room
        base = y + round(size * _leading(say)[1])
        self._ink(line, (pen, base), row, language, size, say.colour, bold=say.bold, fits=fits)
        if say.after:
            small = self._small(size)
            at = (round(pen + own + small / 2), base)
            self._ink(say.after, at, row, language, small, say.after_colour or say.colour, bold=False, fits=fits)

    def _ink(  # noqa: PLR0913  a line of text has this many properties
        self, text: str, at: tuple[int, int], row: Rect, language: str, size: int, colour: Colour, *, bold: bool, fits: bool
    ) -> None:
        if self.trace is None:
            self.canvas.text(text, at, language, size, colour, bold=bold)
            return
        width, height = self.canvas.size
        ground = self.canvas.colour_at(min(max(at[0], 0), width - 1), min(max(row[1] + row[3] // 2, 0), height - 1))
        ink = self.canvas.text(text, at, language, size, colour, bold=bold)
        self.trace.append(Mark(text, row, ink, colour, ground, size, fits))


def _shortened(found: list[_Set], room: int) -> list[_Set]:
    """Lines taken away from the end until the rest fits: for texts of any length, as an error's. The cut is shown."""
    while sum(one.height for one in found) > room and len(found[-1].lines) > 1:
        last = found[-1]
        lines = (*last.lines[:-2], last.lines[-2] + " ...")
        found = [*found[:-1], replace(last, lines=lines, height=last.height * len(lines) // len(last.lines))]
    return found


def _leading(say: Say) -> tuple[float, float]:
    """Height of a line, and of the baseline under its top, in sizes. Thai has marks above and below; figures have neither."""
    if say.tight:
        return 1.04, 0.87
    thai = any("\u0e00" <= char <= "\u0e7f" for char in say.text)
    return (1.5, 1.13) if thai else (1.32, 1.03)
