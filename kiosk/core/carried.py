"""The nouns of exports that leave on a USB stick: of which days they are, and what became of them. Words are the display's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import assert_never


class Span(StrEnum):
    """Of which days, in the order in which they are listed."""

    THIS_MONTH = "this_month"  # up to today
    LAST_MONTH = "last_month"
    TODAY = "today"
    YESTERDAY = "yesterday"


@dataclass(frozen=True, slots=True)
class Days:
    """Business days of the shop, both included."""

    first: date
    last: date


def days_of(span: Span, today: date) -> Days:
    """Which days these are, when it is this business day."""
    month = today.replace(day=1)
    match span:
        case Span.THIS_MONTH:
            return Days(month, today)
        case Span.LAST_MONTH:
            last = month - timedelta(days=1)
            return Days(last.replace(day=1), last)
        case Span.TODAY:
            return Days(today, today)
        case Span.YESTERDAY:
            return Days(today - timedelta(days=1), today - timedelta(days=1))
        case _:
            assert_never(span)


class CarryEnd(StrEnum):
    """How a file's way to a stick has ended."""

    DONE = "done"  # all of it is on the stick, which can be pulled out
    NO_STICK = "no_stick"
    REFUSED = "refused"  # the stick takes no file: it is full, or may not be written to
    FAILED = "failed"  # there is no file to carry


@dataclass(frozen=True, slots=True)
class ExportCarried:
    """An event: what became of the exports that CarryExports with this ticket wanted. `name` is a file's name."""

    ticket: str
    end: CarryEnd
    name: str = ""
