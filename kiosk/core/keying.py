"""The till before a sale: amounts are keyed and added, doubts, a number and a tip asked about. Pure; lost at any moment.

Where a digit chooses (the board of quick amounts, the tip), the screen says so on all of it; everywhere else it is a digit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from kiosk.core.events import Key
from kiosk.core.lifecycle import SECOND
from kiosk.core.model import Tender
from kiosk.core.screens import AmountHint
from kiosk.core.selling import MOST_LINES, MOST_MEMO, Doubt, Draft, Selling, digit_of

BOARD_FOR = 120 * SECOND  # while nothing was chosen
TIP_FOR = 60 * SECOND  # then back to the amount: silence is no answer
MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Keying:
    """An amount is being keyed, in smallest units; `lines` were added before it. `memo`: of the try before, to be looked at."""

    amount: int
    hint: AmountHint | None = None
    lines: tuple[int, ...] = ()
    memo: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """The quick amounts: here a digit adds one of them. `until`: None once something was added."""

    lines: tuple[int, ...] = ()
    until: int | None = None
    hint: AmountHint | None = None
    memo: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """Something about the amount is doubtful: the merchant is asked first. `usual`: what it is held against."""

    draft: Draft
    tender: Tender
    doubt: Doubt
    usual: int | None = None


@dataclass(frozen=True, slots=True)
class Noting:
    """The sale's number is keyed, if it has one."""

    draft: Draft
    tender: Tender
    memo: str = ""


@dataclass(frozen=True, slots=True)
class Tipping:
    """The customer chooses a tip. `own`: one that is being keyed, None while the offers are shown."""

    draft: Draft
    tender: Tender
    until: int
    own: int | None = None


There = Keying | Board | Asking | Noting | Tipping


@dataclass(frozen=True, slots=True)
class Begin:
    """Sell this, by this tender. What has not been asked yet is asked first."""

    draft: Draft
    tender: Tender


@dataclass(frozen=True, slots=True)
class Nobody:
    """Nothing is being sold any more."""


TENDER = {Key.SCAN: Tender.QUICK_PAY, Key.QR: Tender.NATIVE}


@dataclass(frozen=True, slots=True)
class Rules:
    """What a key's meaning hangs on. `limit`: the largest sum of a sale, without a tip."""

    default: Tender
    limit: int
    selling: Selling


def again(draft: Draft, hint: AmountHint | None = None) -> Keying:
    """Back to the amount, as it was keyed."""
    return Keying(draft.lines[-1], hint, draft.lines[:-1], draft.memo)


def press(there: There, key: Key, rules: Rules, now: int) -> There | Begin | Nobody | None:
    """Where a key leads, None when it means nothing."""
    match there:
        case Keying():
            return _keying(there, key, rules, now)
        case Board():
            return _board(there, key, rules)
        case Asking():
            return _asking(there, key)
        case Noting():
            return _noting(there, key)
        case Tipping():
            return _tipping(there, key, rules.selling, now)
        case _:
            assert_never(there)


def board(lines: tuple[int, ...], memo: str, now: int) -> Board:
    """The quick amounts, as they are opened."""
    return Board(lines, None if lines else now + BOARD_FOR, memo=memo)


def _keying(there: Keying, key: Key, rules: Rules, now: int) -> There | Begin | Nobody | None:
    digit = digit_of(key)
    if digit is not None:
        if len(str(there.amount)) >= MOST_DIGITS:
            return replace(there, hint=AmountHint.TOO_LONG)
        return replace(there, amount=there.amount * 10 + digit, hint=None)
    match key:
        case Key.CLEAR if there.amount == 0 or (there.amount < 10 and not there.lines):  # noqa: PLR2004  the last digit
            return Keying(0, None, there.lines[:-1], there.memo) if len(there.lines) > 1 else Nobody()
        case Key.CLEAR:
            return replace(there, amount=there.amount // 10, hint=None)
        case Key.CLEAR_ALL | Key.CANCEL:
            return Nobody()
        case Key.MENU if there.amount:
            lines = (*there.lines, there.amount)
            return _too_much(there, lines, rules) or Keying(0, None, lines, there.memo)
        case Key.MENU if rules.selling.quick:
            return board(there.lines, there.memo, now)
        case Key.OK | Key.SCAN | Key.QR:
            lines = (*there.lines, there.amount) if there.amount else there.lines
            if not lines:
                return replace(there, hint=AmountHint.ZERO)
            return _too_much(there, lines, rules) or Begin(Draft(lines, there.memo), TENDER.get(key, rules.default))
        case _:
            return None


def _board(there: Board, key: Key, rules: Rules) -> There | Begin | Nobody | None:
    chosen = rules.selling.quick.get(key)
    if chosen is not None:
        lines = (*there.lines, chosen)
        return _too_much(there, lines, rules) or Board(lines, memo=there.memo)
    match key:
        case Key.CLEAR if len(there.lines) > 1:
            return Board(there.lines[:-1], memo=there.memo)
        case Key.CLEAR | Key.CLEAR_ALL | Key.CANCEL:
            return Nobody()
        case Key.MENU:
            return Keying(0, None, there.lines, there.memo)
        case Key.OK | Key.SCAN | Key.QR if there.lines:
            return Begin(Draft(there.lines, there.memo), TENDER.get(key, rules.default))
        case _:
            return None


def _too_much(there: Keying | Board, lines: tuple[int, ...], rules: Rules) -> Keying | Board | None:
    """The same place with the reason, when this is no sale."""
    if len(lines) > MOST_LINES:
        return replace(there, hint=AmountHint.TOO_MANY)
    return replace(there, hint=AmountHint.TOO_LARGE) if sum(lines) > rules.limit else None


def _asking(there: Asking, key: Key) -> There | Begin | None:
    match key:
        case Key.OK:
            return Begin(replace(there.draft, sure=there.draft.sure | {there.doubt}), there.tender)
        case Key.CANCEL:
            return again(there.draft)
        case _:
            return None


def _noting(there: Noting, key: Key) -> There | Begin | None:
    if digit_of(key) is not None:
        return replace(there, memo=there.memo + key) if len(there.memo) < MOST_MEMO else None
    match key:
        case Key.CLEAR if there.memo:
            return replace(there, memo=there.memo[:-1])
        case Key.CLEAR_ALL if there.memo:
            return replace(there, memo="")
        case Key.OK | Key.SCAN | Key.QR:
            return Begin(replace(there.draft, memo=there.memo, noted=True), TENDER.get(key, there.tender))
        case Key.CANCEL:
            return again(replace(there.draft, memo=there.memo))
        case _:
            return None


def _tipping(there: Tipping, key: Key, selling: Selling, now: int) -> There | Begin | None:
    there = replace(there, until=now + TIP_FOR)
    if there.own is not None:
        return _own_tip(there, there.own, key)
    digit = digit_of(key)
    if digit == 0:
        return replace(there, own=0)
    if digit is not None:
        return _with_tip(there, selling.tips[digit - 1].of(there.draft.goods)) if digit <= len(selling.tips) else None
    match key:
        case Key.OK:
            return _with_tip(there, 0)
        case Key.CANCEL:
            return again(there.draft)
        case _:
            return None


def _own_tip(there: Tipping, own: int, key: Key) -> There | Begin | None:
    digit = digit_of(key)
    if digit is not None:
        return replace(there, own=own * 10 + digit) if own * 10 + digit <= there.draft.goods else None  # no more than was bought
    match key:
        case Key.CLEAR if own:
            return replace(there, own=own // 10)
        case Key.CLEAR | Key.CLEAR_ALL | Key.CANCEL:
            return replace(there, own=None)
        case Key.OK:
            return _with_tip(there, own)
        case _:
            return None


def _with_tip(there: Tipping, tip: int) -> Begin:
    return Begin(replace(there.draft, tip=tip), there.tender)
