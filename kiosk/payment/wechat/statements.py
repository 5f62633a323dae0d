"""A statement as it comes: unzipped on the way into a file, and WeChat's only when signature and SHA-1 say so (contract 8).

Also the batches of settlements (3.10). Knows status, headers and bytes, no network; what the rows say is payment/statement.py's.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, BinaryIO, Final

from kiosk.payment.wechat.answers import code_of, normal
from kiosk.payment.wechat.exchange import NoReply, Reply
from kiosk.payment.wechat.strict_json import integer, read_object, sub_object, text
from kiosk.payment.wechat.verifier import Check

MOST_ZIPPED: Final = 512 * 1024 * 1024
MOST_PLAIN: Final = 1024 * 1024 * 1024  # a million rows are half of it
_GZIP = b"\x1f\x8b"
_OK = 200


class Lack(StrEnum):
    """Why there is no statement."""

    NOT_READY = "not_ready"
    NONE = "none"  # there were no trades on that day
    UNREACHED = "unreached"
    REFUSED = "refused"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class NoStatement:
    """There is none, or none to be believed; `words` for a person."""

    lack: Lack
    words: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """The file holds WeChat's own statement, whole."""

    sha1: str
    size: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Money on its way to the merchant's bank. Amounts in smallest units of `currency`; days as 2026-01-05."""

    batch_id: str
    settled_on: str
    first: str
    last: str
    currency: str
    paid: int
    refunded: int
    fee: int
    settled: int


@dataclass(frozen=True, slots=True)
class Batches:
    """A page of them, and how many there are in all."""

    batches: tuple[Batch, ...]
    total: int


class Aside:
    """Where the body goes while it comes: unzipped, counted and hashed on its way into the file."""

    most = MOST_ZIPPED

    def __init__(self, into: BinaryIO) -> None:
        self._into = into
        self._unzip: Any = None
        self._sha1 = hashlib.sha1(usedforsecurity=False)  # what the contract has; the signature is over it
        self._began = False
        self.size = 0
        self.problem: str | None = None

    def take(self, chunk: bytes) -> None:
        """The next bytes of the body. What is wrong with them is in `problem`."""
        if self.problem is not None:
            return
        if not self._began:
            # By its first bytes and not by a header, which a proxy may have taken off: plain text never begins so.
            self._began = True
            self._unzip = zlib.decompressobj(31) if chunk.startswith(_GZIP) else None
        try:
            while chunk:
                plain = chunk if self._unzip is None else self._unzip.decompress(chunk, 1 << 20)
                chunk = b"" if self._unzip is None else self._unzip.unconsumed_tail
                self.size += len(plain)
                if self.size > MOST_PLAIN:
                    self.problem = f"it is larger than {MOST_PLAIN} bytes"
                    return
                self._sha1.update(plain)
                self._into.write(plain)
        except zlib.error:
            self.problem = "it cannot be unzipped"
        except OSError as error:
            self.problem = f"it cannot be written here ({error.strerror})"

    def sha1(self) -> str:
        """Of the plain text."""
        if self.problem is None and self._unzip is not None and not self._unzip.eof:
            self.problem = "it breaks off"
        return self._sha1.hexdigest()


def read(reply: Reply | NoReply, verdict: Check, aside: Aside) -> Fetched | NoStatement:
    """What came of asking for a statement whose body went `aside`."""
    refused = _refused(reply, verdict)
    if refused is not None:
        return refused
    assert isinstance(reply, Reply)
    said, found = reply.headers.get("Wechatpay-Statement-Sha1", "").lower(), aside.sha1()
    if aside.problem is not None:
        return NoStatement(
            Lack.UNVERIFIED, f"the statement came damaged, {aside.problem}; nothing was changed, it is fetched again"
        )
    if said != found:
        words = f"the statement is not the one WeChat signed (SHA-1 {found} instead of {said}); nothing was changed"
        return NoStatement(Lack.UNVERIFIED, words)
    return Fetched(found, aside.size)


def read_batches(reply: Reply | NoReply, verdict: Check) -> Batches | NoStatement:
    """What came of asking for settlements."""
    refused = _refused(reply, verdict)
    if refused is not None:
        return refused
    assert isinstance(reply, Reply)
    body = read_object(reply.body)
    rows, total = None if body is None else body.get("data"), integer(body, "total_count")
    batches = [_batch(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else [None]
    if total is None or any(each is None for each in batches):
        return NoStatement(Lack.REFUSED, "WeChat's answer about settlements cannot be read")
    return Batches(tuple(each for each in batches if each is not None), total)


def _refused(reply: Reply | NoReply, verdict: Check) -> NoStatement | None:
    """None for a 200 that is WeChat's."""
    if isinstance(reply, NoReply):
        return NoStatement(Lack.UNREACHED, f"WeChat was not reached ({reply.why} {reply.detail})".replace(" )", ")"))
    if verdict.flaw is not None:
        words = f"the answer is not proved to be WeChat's ({verdict.flaw}, status {reply.status}); nothing was changed"
        return NoStatement(Lack.UNVERIFIED, words)
    if reply.status == _OK:
        return None
    code = code_of(read_object(reply.body))
    plain = normal(code)
    if plain == "NOSTATEMENTEXIST":
        return NoStatement(Lack.NONE, "WeChat says that there were no trades on this day")
    if plain == "STATEMENTCREATING":
        return NoStatement(Lack.NOT_READY, "WeChat is still making this day's statement")
    return NoStatement(Lack.REFUSED, f"WeChat refuses the question ({code or reply.status})")


def _batch(row: dict[str, object]) -> Batch | None:
    amount = sub_object(row, "amount")
    days = [_day(text(row, name)) for name in ("settlement_date", "trade_start_date", "trade_end_date")]
    paid, refunded, fee, settled = (integer(amount, name) for name in ("pay", "refund", "fee", "settled"))
    number, currency = text(row, "batch_id"), text(amount, "currency", 3)
    if paid is None or refunded is None or fee is None or settled is None or number is None or currency is None or None in days:
        return None
    settled_on, first, last = (day or "" for day in days)
    return Batch(number, settled_on, first, last, currency, paid, refunded, fee, settled)


def _day(told: str | None) -> str | None:
    return None if told is None or not re.fullmatch("[0-9]{8}", told, re.ASCII) else f"{told[:4]}-{told[4:6]}-{told[6:]}"
