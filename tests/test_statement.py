"""WeChat's statement is read as the contract has it, whatever is unverified of its form, and a malformed one is named by line."""

from __future__ import annotations

import io

import pytest

from kiosk.core.model import Direct, Institution
from kiosk.payment import statement as statement_reader
from kiosk.payment.statement import LONGEST_LINE, Entry, Kind, Mine, Statement, StatementWrong
from tests.statement_files import DAY, MINE, Case, corpus, row, statement


def read(file: bytes, mine: Mine = MINE) -> tuple[list[Entry], Statement]:
    found = Statement(io.BytesIO(file), mine)
    return [Entry(*fields) for fields in found], found


def judged(case: Case) -> str | None:
    """In words what a reader makes of it that it must not; None when it is right."""
    try:
        entries, found = read(case.file)
    except StatementWrong as wrong:
        if case.rows is not None:
            return f"{case.name}: refused: {wrong}"
        return None if case.words in str(wrong) else f"{case.name}: refused with other words: {wrong}"
    if case.rows is None:
        return f"{case.name}: believed"
    if (len(entries), found.others) != (case.rows, case.others):
        return f"{case.name}: {len(entries)} rows and {found.others} others, not {case.rows} and {case.others}"
    return None


def test_a_corpus_of_statements_and_malformations_is_read_right_to_the_last() -> None:
    """Sound ones in every form give all their rows; each malformation is refused by its line."""
    wrong = [told for case in corpus(seed=1, each=20) if (told := judged(case)) is not None]
    assert wrong == []


def test_a_row_says_what_moved() -> None:
    """Payment, refund and reversal, in smallest units, with the second in Beijing as Unix time."""
    refund = row(state="REFUND", amount="5.00", refund_status="PROCESSING", fee="-0.10")
    (paid, back, undone), _ = read(statement([row(fee="0.25"), refund, row("K07-260105-aa0002", "REVOKED", "7.00")]))
    assert (paid.kind, paid.number, paid.amount, paid.currency) == (Kind.PAYMENT, "K07-260105-aa0001", 1250, "HKD")
    assert (paid.at, paid.fee) == (1767607451000, 250_000)
    assert (back.kind, back.number, back.out_trade_no) == (Kind.REFUND, "K07-260105-aa0001-R1", "K07-260105-aa0001")
    assert (back.amount, back.status, back.fee) == (500, "PROCESSING", -100_000)
    assert (undone.kind, undone.number, undone.amount) == (Kind.REVERSAL, "K07-260105-aa0002", 700)


def test_a_reversal_may_tell_its_amount_in_either_column() -> None:
    """Unverified which; both are read."""
    values = row(state="REVOKED", refunded="0.00")
    values[24] = "12.50"
    (entry,), _ = read(statement([values]))
    assert entry.amount == 1250


def test_yen_are_whole() -> None:
    """No decimals, however they are written."""
    rows = [row(f"K07-260105-aa000{at}", amount=text, currency="JPY", fee="") for at, text in enumerate(("1250", "1250.00"), 1)]
    entries, _ = read(statement(rows))
    assert [entry.amount for entry in entries] == [1250, 1250]


def test_a_direct_merchants_rows_are_booked_under_its_own_number() -> None:
    """An institution's under the sub-merchant's."""
    assert Mine.of(Direct("wx1", "1900009999"), "K07") == Mine("1900009999", "", "K07")
    assert Mine.of(Institution("wx1", "1900007777", "1900008888"), "K07") == Mine("1900007777", "1900008888", "K07")


def test_a_file_may_end_with_its_titles_or_with_empty_lines() -> None:
    """A day without trades, and an editor that has saved it once more."""
    assert read(statement([], sums=False))[0] == []
    assert len(read(statement([row()], sums=False) + b"\r\n \r\n")[0]) == 1


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (statement([row(time=f"{DAY} 24:00:00")]), "no such time"),
        (statement([row(goods="a" * (LONGEST_LINE + 1))]), "longer than"),
        (statement([row()], sums=False) + b"a" * (LONGEST_LINE * 80), "longer than"),
        (statement([row(fee="0.25 HKD")]), "its fee"),
    ],
)
def test_a_value_that_can_be_none_is_named_with_its_line(file: bytes, words: str) -> None:
    """And a line without an end fills no memory."""
    with pytest.raises(StatementWrong, match=words):
        read(file)


def test_what_was_read_once_is_remembered_and_that_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A million different amounts are not all held; each is read right all the same."""
    monkeypatch.setattr(statement_reader, "_REMEMBERED", 2)
    rows = [row(f"K07-260105-aa{at:04}", amount=f"{at}.50") for at in range(1, 10)]
    assert [entry.amount for entry in read(statement(rows))[0]] == [at * 100 + 50 for at in range(1, 10)]


def test_free_text_with_the_columns_own_marks_shifts_nothing() -> None:
    """A comma and a backtick in the goods' name."""
    (entry,), _ = read(statement([row(goods="a,`b,`c", fee="0.25")]))
    assert (entry.amount, entry.fee, entry.currency) == (1250, 250_000, "HKD")


@pytest.mark.parametrize(
    ("mine", "mchid", "sub", "count"),
    [
        (MINE, "1900007777", "1900008888", 1),
        (MINE, "1900007777", "1900000001", 0),
        (Mine("1900009999", "", "K07"), "1900009999", "", 1),
        (Mine("1900009999", "", "K07"), "1900007777", "", 0),
    ],
)
def test_only_rows_of_this_merchant_and_kiosk_are_judged(mine: Mine, mchid: str, sub: str, count: int) -> None:
    """The same number under another merchant's is another shop's order."""
    entries, found = read(statement([row(mchid=mchid, sub=sub), row("K08-260105-aa0001", mchid=mchid, sub=sub)]), mine)
    assert (len(entries), found.others) == (count, 2 - count)


def test_a_kiosk_whose_name_begins_like_another_ones_takes_none_of_its_rows() -> None:
    """K-1 and K-1-2."""
    entries, found = read(
        statement([row("K-1-2-260105-aa0001"), row("K-1-260105-aa0001")]), Mine(MINE.mchid, MINE.sub_mchid, "K-1")
    )
    assert [entry.number for entry in entries] == ["K-1-260105-aa0001"]
    assert found.others == 1


def test_the_day_in_the_rows_is_beijings() -> None:
    """The first and the last second."""
    rows = [row("K07-260105-aa0001", time=f"{DAY} 00:00:00"), row("K07-260105-aa0002", time=f"{DAY} 23:59:59")]
    (first, last), _ = read(statement(rows))
    assert last.at - first.at == 86_399_000
