"""The lessons of a training, as nouns. What each one does is lessons.py's."""

from __future__ import annotations

from enum import StrEnum


class Lesson(StrEnum):
    """What happens, by the last digit of the amount."""

    PAID = "0"
    PASSWORD = "1"  # noqa: S105  it is typed, and then paid
    NO_MONEY = "2"
    OLD_CODE = "3"
    LOST_ANSWER = "4"  # paid, and the first answer does not come
    UNKNOWN = "5"  # for more than a minute; then it was not paid
    TOO_LATE = "6"  # paid after it was given up: the money goes back
    NEVER_TYPED = "7"  # the password; it is undone
    NO_CONNECTION = "8"
    MISMATCH = "9"  # WeChat speaks of another amount
