"""The statement's reader, fed with files nobody meant: it gives whole rows, or refuses in words of its own."""

from __future__ import annotations

import io

from kiosk.core.differences import Moved
from kiosk.core.money import known_currency
from kiosk.payment.statement import Entry, Kind, Statement, StatementWrong
from tests.fuzz.target import Target
from tests.statement_files import MINE, TITLES, row, statement


def read_statement(data: bytes) -> None:
    """What comes of it is whole: amounts above nothing, numbers that the ledger takes, all rows counted."""
    read = Statement(io.BytesIO(data), MINE)
    found = 0
    try:
        for fields in read:
            entry = Entry(*fields)
            found += 1
            assert type(entry.amount) is int
            assert 0 < entry.amount < 2**53
            assert 0 < len(entry.number) <= 64
            assert entry.number.isascii()
            assert Kind(entry.kind).name.lower() in list(Moved)
            assert 0 < entry.at < 2**60
            assert (entry.out_trade_no is None) == (entry.kind != Kind.REFUND)
    except StatementWrong:
        return
    assert found + read.others == read.rows


known_currency("HKD")  # its table is loaded once, and is no input's memory
_ROWS = [row(), row(state="REFUND", amount="5.00"), row("K07-260105-aa0002", "REVOKED"), row("K08-260105-aa0001")]
STATEMENT = Target(
    "statement",
    (statement(_ROWS), statement(_ROWS, bom=False, sums=False, end="\n"), statement([row(currency="JPY", amount="1250")])),
    read_statement,
    (*TITLES[:12], "`", ",`", "SUCCESS", "REFUND", "REVOKED", "0.00", "2026-01-05 18:04:11", "\r\n", "\ufeff"),
)
