"""A slip's lines as text for a printer that holds the Chinese characters itself: what fits its code page, and how. Pure.

GB18030 encodes everything there is, but such printers hold the characters of GBK. A line with any other (Thai, Hangul) is not for
them: it goes out as dots.
"""

from __future__ import annotations

from typing import assert_never

from kiosk.printer.layout import Code, Line, Pair, Piece, Rule, Size, Span

_DOTS_PER_COLUMN = 12  # of font A; a Chinese character takes two columns


def columns(dots: int) -> int:
    """How many half-width characters stand on a line."""
    return dots // _DOTS_PER_COLUMN


def as_text(piece: Piece, width: int) -> list[str] | None:
    """Its lines, of at most `width` columns unless one alone is longer, or None where it has to go out as dots."""
    match piece:
        case Line(spans, size):
            across = width // scale(size)
            beside = _joined(spans)
            lines = [beside] if wide(beside) <= across else [span.text for span in spans]
        case Pair(label, value):
            room = width - wide(value.text) - 1
            beside = _joined(label)
            if wide(beside) <= room:
                lines = [beside + " " * (width - wide(beside) - wide(value.text)) + value.text]
            else:
                labels = [beside] if wide(beside) <= width else [span.text for span in label]
                lines = [*labels, " " * max(0, width - wide(value.text)) + value.text]
        case Rule():
            lines = ["-" * width]
        case Code():
            return None
        case _:
            assert_never(piece)
    return lines if all(map(_holds, lines)) else None


def scale(size: Size) -> int:
    """How many times its height and width a line of this size is set in."""
    return {Size.SMALL: 1, Size.BODY: 1, Size.HEAD: 1, Size.HUGE: 2}[size]


def wide(text: str) -> int:
    """Columns it takes: whatever is not ASCII is set as wide as a Chinese character."""
    return sum(1 if char.isascii() else 2 for char in text)


def _joined(spans: tuple[Span, ...]) -> str:
    return "  ".join(span.text for span in spans)


def _holds(text: str) -> bool:
    try:
        text.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True
