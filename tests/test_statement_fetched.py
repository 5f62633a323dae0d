"""A statement on its way into a file, and batches of settlements: WeChat's, whole, of a size that can be; else why not."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import json
import os
from typing import Any

import pytest

from kiosk.core.model import Why
from kiosk.payment.wechat import statements
from kiosk.payment.wechat.exchange import NoReply, Reply
from kiosk.payment.wechat.statements import Aside, Batch, Batches, Fetched, Lack, NoStatement, read, read_batches
from kiosk.payment.wechat.verifier import Check, Flaw

TEXT = "交易时间,…\r\n`2026-01-05 18:04:11,`12.50\r\n".encode() * 50
WELL = Check(None, 0)
BATCH = {
    "batch_id": "B1",
    "settlement_date": "20260107",
    "trade_start_date": "20260105",
    "trade_end_date": "20260106",
    "amount": {"currency": "HKD", "pay": 1250, "refund": 0, "fee": 25, "settled": 1225},
}


def taken(*pieces: bytes) -> tuple[Aside, io.BytesIO]:
    into = io.BytesIO()
    aside = Aside(into)
    for piece in pieces:
        aside.take(piece)
    return aside, into


def fetched(aside: Aside, plain: bytes = TEXT) -> Fetched | NoStatement:
    said = hashlib.sha1(plain, usedforsecurity=False).hexdigest()
    return read(Reply(200, {"Wechatpay-Statement-Sha1": said.upper()}, b""), WELL, aside)


@pytest.mark.parametrize("zipped", [False, True])
def test_in_whatever_pieces_it_comes_it_is_the_text_that_wechat_signed(zipped: bool) -> None:
    """Zipped or plain; SHA-1 in either case of its letters."""
    body = gzip.compress(TEXT) if zipped else TEXT
    aside, into = taken(*(body[at : at + 7] for at in range(0, len(body), 7)))
    assert fetched(aside) == Fetched(hashlib.sha1(TEXT, usedforsecurity=False).hexdigest(), len(TEXT))
    assert into.getvalue() == TEXT


class Full(io.BytesIO):
    """A disk without room."""

    def write(self, _: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_came_damaged_is_no_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken off, no gzip after all, or too large; nothing that comes afterwards mends it."""
    zipped = gzip.compress(TEXT)
    for pieces, words in (
        ((zipped[:-20],), "breaks off"),
        ((zipped[:10], b"\xff" * 40, zipped), "unzipped"),
    ):
        lack = fetched(taken(*pieces)[0])
        assert isinstance(lack, NoStatement)
        assert (lack.lack, words in lack.words) == (Lack.UNVERIFIED, True)
    monkeypatch.setattr(statements, "MOST_PLAIN", 100)
    aside, into = taken(zipped)
    assert "larger than 100 bytes" in str(aside.problem)
    assert into.getvalue() == b""


def test_a_disk_that_does_not_take_it_is_named() -> None:
    aside = Aside(Full())
    aside.take(TEXT)
    assert "No space left" in str(aside.problem)


def test_another_text_than_the_signed_one_is_not_believed() -> None:
    """However well it reads."""
    lack = fetched(taken(TEXT)[0], TEXT + b"`")
    assert isinstance(lack, NoStatement)
    assert (lack.lack, "not the one WeChat signed" in lack.words) == (Lack.UNVERIFIED, True)


@pytest.mark.parametrize(
    ("reply", "verdict", "lack", "words"),
    [
        (NoReply(Why.TIMEOUT, "TimeoutError"), Check(Flaw.UNSIGNED), Lack.UNREACHED, "timeout TimeoutError"),
        (NoReply(Why.TIMEOUT, ""), Check(Flaw.UNSIGNED), Lack.UNREACHED, "(timeout)"),
        (Reply(200, {}, b""), Check(Flaw.SIGNATURE), Lack.UNVERIFIED, "not proved"),
        (Reply(400, {}, b'{"code": "NO_STATEMENT_EXIST"}'), WELL, Lack.NONE, "no trades"),
        (Reply(400, {}, b'{"code": "STATEMENT_CREATING"}'), WELL, Lack.NOT_READY, "still making"),
        (Reply(403, {}, b'{"code": "NO_AUTH"}'), WELL, Lack.REFUSED, "NO_AUTH"),
        (Reply(500, {}, b""), WELL, Lack.REFUSED, "500"),
    ],
)
def test_why_there_is_none_is_said(reply: Reply | NoReply, verdict: Check, lack: Lack, words: str) -> None:
    """The same for a statement and for settlements."""
    for found in (read(reply, verdict, taken()[0]), read_batches(reply, verdict)):
        assert isinstance(found, NoStatement)
        assert (found.lack, words in found.words) == (lack, True)


def batches(data: object, **more: object) -> Batches | NoStatement:
    return read_batches(Reply(200, {}, json.dumps({"data": data, "total_count": 1} | more).encode()), WELL)


def test_a_batch_is_read_with_its_days_and_sums() -> None:
    """Amounts in smallest units, days as they are written everywhere else; what is no object is passed over."""
    made = Batch("B1", "2026-01-07", "2026-01-05", "2026-01-06", "HKD", 1250, 0, 25, 1225)
    assert batches([BATCH, 7]) == Batches((made,), 1)


def changed(**changes: Any) -> dict[str, Any]:
    return {**BATCH, "amount": {**BATCH["amount"], **changes.pop("amount", {})}, **changes}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "data",
    [
        "none",
        [changed(settlement_date="2026-01-07")],
        [changed(trade_end_date=None)],
        [changed(batch_id=None)],
        [changed(amount={"pay": "12.50"})],
        [changed(amount={"currency": None})],
    ],
)
def test_settlements_that_cannot_be_read_are_not_half_believed(data: object) -> None:
    """One batch that is not as documented, and none counts."""
    found = batches(data)
    assert isinstance(found, NoStatement)
    assert (found.lack, "cannot be read" in found.words) == (Lack.REFUSED, True)


def test_settlements_without_their_count_cannot_be_read() -> None:
    """It says whether there is a further page."""
    assert isinstance(batches([BATCH], total_count="1"), NoStatement)
    assert isinstance(read_batches(Reply(200, {}, b"[]"), WELL), NoStatement)
