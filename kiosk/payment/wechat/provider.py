"""WeChat Pay behind the Provider protocol: sign, send, verify, read. Holds no decision about an order and stores nothing.

Each call answers within its total deadline with one of the six outcomes. A charge leaves at most once (see transport.py).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import BinaryIO, TypeGuard

from kiosk import __version__
from kiosk.core.model import Answer, NotFound, Order, Pending, Refund, Unknown, Why
from kiosk.core.ports import Clock
from kiosk.core.secret import PaymentCode
from kiosk.payment.wechat import answers, messages, statements
from kiosk.payment.wechat.certificates import PlatformKeys
from kiosk.payment.wechat.crypto import PlatformKey
from kiosk.payment.wechat.exchange import LARGEST_BODY, Limits, Message, NoReply, Reply
from kiosk.payment.wechat.knocking import knock
from kiosk.payment.wechat.late import LateTransport
from kiosk.payment.wechat.messages import Outgoing, Shop
from kiosk.payment.wechat.notification import Notice, Refused, open_notification
from kiosk.payment.wechat.report import Report
from kiosk.payment.wechat.signer import Signer
from kiosk.payment.wechat.statements import Aside
from kiosk.payment.wechat.trust import DATES
from kiosk.payment.wechat.verifier import WINDOW_S, Check, Flaw, KeyOf, check, check_statement

_log = logging.getLogger(__name__)

_CLOCK_DOUBT_MS = 60_000

Proof = Callable[[Mapping[str, str], KeyOf, int], Check]
Read = Callable[[int, bytes], Answer]
"""The table of a call: status and body of a verified answer in, Answer out."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Total seconds of each call, and of the connecting within it."""

    connect_s: float = 5.0
    charge_s: float = 15.0  # several cards may be tried in turn (contract 5): no early end
    place_s: float = 6.0
    ask_s: float = 6.0
    undo_s: float = 6.0  # reverse and close
    refund_s: float = 10.0
    probe_s: float = 6.0
    statement_s: float = 600.0  # as large as it may be, and as slow as a line may be
    notice_s: float = 3.0  # whoever sent a notification waits 5 s for an answer (contract 7.5)
    warm_for_s: float = 20.0  # a connection used this recently needs no warming
    doubt_s: float = 2.0  # a question after one that nothing came of: a dead network is not waited for, one that is back is
    beside_s: float = 1.5  # then another knock beside the one that waits


class WechatPay:
    """The global APIv3 of WeChat Pay. Any thread may call anything; each has connections of its own."""

    def __init__(  # noqa: PLR0913  it is put together in one place, by name
        self,
        *,
        shop: Shop,
        signer: Signer,
        keys: PlatformKeys,
        api_v3_key: bytes,
        transport: LateTransport,
        clock: Clock,
        nonce: Callable[[], str],
        language: str = "en",
        deadlines: Deadlines | None = None,
    ) -> None:
        """`nonce` gives up to 32 letters and digits, unpredictable, new each time (contract 1.3)."""
        self._shop = shop
        self._signer = signer
        self._keys = keys
        self._api_v3_key = api_v3_key
        self._transport = transport
        self._clock = clock
        self._nonce = nonce
        self._language = language
        self._deadlines = deadlines or Deadlines()
        self._of_thread = threading.local()  # .reached: whether the last answer on this thread's connections was verified
        self._renewing = threading.Lock()
        self._report = Report()
        self._doubt = False  # whether nothing at all came of the last exchange, whoever's it was

    def charge(self, order: Order, code: PaymentCode, left: Callable[[], None]) -> Answer:
        """Debit the customer behind `code` (contract 3.2)."""
        return self._call(messages.charge(self._shop, order, code), answers.charged, self._deadlines.charge_s, left)

    def place(self, order: Order, left: Callable[[], None]) -> Answer:
        """Have a Native order made; `code_url` is in the Answer (contract 3.3)."""
        return self._call(messages.place(self._shop, order), answers.placed, self._deadlines.place_s, left)

    def ask(self, order: Order) -> Answer:
        """Query an order: the authority (contract 3.4)."""
        return self._call(messages.ask(self._shop.merchant, order.out_trade_no), answers.asked, self._soon(self._deadlines.ask_s))

    def look_up(self, number: str) -> Answer:
        """Query whatever order has this number, ours or WeChat's: the latter is nothing but digits."""
        ours_or_theirs = messages.look_up if number.isdecimal() else messages.ask
        return self._call(ours_or_theirs(self._shop.merchant, number), answers.asked, self._deadlines.ask_s)

    def reverse(self, order: Order) -> Answer:
        """Undo a Quick Pay order (contract 3.6)."""
        return self._call(messages.reverse(self._shop.merchant, order), answers.undone, self._soon(self._deadlines.undo_s))

    def close(self, order: Order) -> Answer:
        """Make a Native order unpayable (contract 3.5)."""
        return self._call(messages.close(self._shop.merchant, order), answers.undone, self._soon(self._deadlines.undo_s))

    def refund(self, refund: Refund, order: Order) -> Answer:
        """Ask for a refund under its own number; safe to send again (contract 3.7)."""

        def read(status: int, body: bytes) -> Answer:
            return answers.refunded(status, body, refund)

        return self._call(messages.refund(self._shop.merchant, refund, order), read, self._soon(self._deadlines.refund_s))

    def ask_refund(self, refund: Refund, order: Order) -> Answer:  # noqa: ARG002  the protocol gives both; the number is enough
        """Query a refund (contract 3.8)."""

        def read(status: int, body: bytes) -> Answer:
            return answers.refund_asked(status, body, refund)

        return self._call(messages.ask_refund(self._shop.merchant, refund), read, self._soon(self._deadlines.ask_s))

    def warm(self) -> Answer:
        """Have a tried connection of the calling thread ready. Asks nothing when it has one that was used a moment ago."""
        idle_s = self._transport.idle_for()
        if (
            idle_s is not None
            and idle_s < self._deadlines.warm_for_s
            and getattr(self._of_thread, "reached", False)
            and not self._keys.renewal_due(self._clock.now())
        ):
            return Answer(Pending(), reached=True)
        return self._knock(time.monotonic() + self._soon(self._deadlines.probe_s))

    def probe(self) -> Answer:
        """Ask something signed: Pending when all is well, else Unknown. `server_time` is verified even if our clock is wrong.

        With platform certificates it is their list, which is renewed by that; with a public key, the query of a number that
        no order has (the list of certificates fails then, contract 1.8).
        """
        until = time.monotonic() + self._deadlines.probe_s
        if not self._doubt:
            return self._knock(until)
        answer = knock(lambda: self._knock(until), beside_s=self._deadlines.beside_s, until=until)
        return Answer(Unknown(Why.TIMEOUT)) if answer is None else answer

    @property
    def platform_ends_at(self) -> int | None:
        """When the last of WeChat Pay's certificates known here ends, Unix ms; None: none is, or a public key serves instead."""
        return self._keys.ends_at

    def open_notification(self, headers: Mapping[str, str], body: bytes) -> Notice | Refused:
        """Open what came to notify_url (contract 7); an unknown serial may cause one fetch of the certificates."""

        def attempt() -> Notice | Refused:
            now = self._clock.now()
            return open_notification(headers, body, key_of=self._key_of(now), api_v3_key=self._api_v3_key, now=now)

        opened = attempt()
        if opened == Refused(Flaw.UNKNOWN_SERIAL) and self._refetch(time.monotonic() + self._deadlines.notice_s):
            opened = attempt()
        return opened

    def begin(self) -> None:
        """From now on the network comes first, and not the screen."""
        self._transport.begin()

    def statement(self, day: str, into: BinaryIO) -> statements.Fetched | statements.NoStatement:
        """Fetch the statement of a Beijing day (contract 8) into a file, plain, and prove that it is WeChat's and whole."""
        aside = Aside(into)
        reply, verdict = self._ask_for(messages.statement(self._shop.merchant, day), check_statement, aside)
        return statements.read(reply, verdict, aside)

    def settlements(self, first: str, last: str) -> tuple[statements.Batch, ...] | statements.NoStatement:
        """The batches that were settled in these Beijing days (contract 3.10)."""
        found: list[statements.Batch] = []
        while True:
            outgoing = messages.settlements(self._shop.merchant, first, last, len(found))
            reply, verdict = self._ask_for(outgoing, None, None)
            page = statements.read_batches(reply, verdict)
            if isinstance(page, statements.NoStatement):
                return page
            found += page.batches
            if not page.batches or len(found) >= page.total:
                return tuple(found)

    def stop(self) -> None:
        """Give up waiting: calls under way and later ones return Unknown."""
        self._transport.stop()

    def _soon(self, total_s: float) -> float:
        """The deadline of what may be sent again: short while the network is in doubt, for the next one will be heard sooner."""
        return min(total_s, self._deadlines.doubt_s) if self._doubt else total_s

    def _call(self, outgoing: Outgoing, read: Read, total_s: float, left: Callable[[], None] = lambda: None) -> Answer:
        began = time.monotonic()
        until = began + total_s
        reply = self._send(outgoing, self._clock.now(), until, left)
        if isinstance(reply, NoReply):
            answer = Answer(Unknown(reply.why, reply.detail))
        else:
            verdict = self._verify(reply)
            if verdict.flaw is Flaw.UNKNOWN_SERIAL and self._refetch(until):
                verdict = self._verify(reply)
            answer = self._read(reply, verdict, read)
        self._report.call(outgoing, reply, answer, time.monotonic() - began)
        return answer

    def _ask_for(self, outgoing: Outgoing, proof: Proof | None, aside: Aside | None) -> tuple[Reply | NoReply, Check]:
        """What an answer is that is no Answer about an order. `proof`: how a 200 is checked, None: as any other."""
        began = time.monotonic()
        until = began + self._deadlines.statement_s
        reply = self._send(outgoing, self._clock.now(), until, aside=aside)
        verdict = Check(Flaw.UNSIGNED)
        if isinstance(reply, Reply):
            verdict = self._proved(reply, proof)
            if verdict.flaw is Flaw.UNKNOWN_SERIAL and self._refetch(until):
                verdict = self._proved(reply, proof)
        self._of_thread.reached = verdict.flaw is None
        _log.info(
            "WeChat Pay answered" if isinstance(reply, Reply) else "WeChat Pay did not answer",
            extra={
                "call": outgoing.name,
                "status": reply.status if isinstance(reply, Reply) else None,
                "why": str(verdict.flaw or "") if isinstance(reply, Reply) else reply.why.value,
                "ms": round((time.monotonic() - began) * 1000),
            },
        )
        return reply, verdict

    def _read(self, reply: Reply, verdict: Check, read: Read) -> Answer:
        self._of_thread.reached = verdict.flaw is None
        if verdict.flaw is not None:
            return answers.unverified(reply.status, reply.body, verdict.flaw)
        return replace(read(reply.status, reply.body), server_time=verdict.signed_at, reached=True)

    def _send(
        self,
        outgoing: Outgoing,
        at: int,
        until: float,
        left: Callable[[], None] = lambda: None,
        *,
        undated: bool = False,
        aside: Aside | None = None,
    ) -> Reply | NoReply:
        """Sign with the time `at` (Unix ms) and send; `until` is monotonic. `aside`: where the body of a 200 goes instead."""
        authorization = self._signer.authorization(
            outgoing.method, outgoing.target, outgoing.body, timestamp=at // 1000, nonce=self._nonce()
        )
        headers = {
            "Authorization": authorization,
            "Accept": outgoing.accept,
            "Accept-Encoding": outgoing.encoding,
            "Accept-Language": self._language,
            "User-Agent": f"kiosk/{__version__}",
        }
        if outgoing.body:
            headers["Content-Type"] = "application/json"
        if self._keys.header_id is not None:
            headers["Wechatpay-Serial"] = self._keys.header_id
        most = LARGEST_BODY if aside is None else aside.most
        limits = Limits(total_s=until - time.monotonic(), connect_s=self._deadlines.connect_s, body_bytes=most)
        message = Message(outgoing.method, outgoing.target, headers, outgoing.body)
        into = None if aside is None else aside.take
        reply = self._transport.exchange(message, limits=limits, left=left, undated=undated, into=into)
        self._doubt = isinstance(reply, NoReply)
        return reply

    def _verify(self, reply: Reply, now: int | None = None) -> Check:
        now = self._clock.now() if now is None else now
        return check(reply.headers, reply.body, self._key_of(now), now)

    def _proved(self, reply: Reply, proof: Proof | None) -> Check:
        if proof is None or reply.status != 200:  # noqa: PLR2004  HTTP's own numbers
            return self._verify(reply)
        now = self._clock.now()
        return proof(reply.headers, self._key_of(now), now)

    def _key_of(self, now: int) -> Callable[[str], PlatformKey | None]:
        return lambda serial: self._keys.key_of(serial, now)

    def _refetch(self, until: float) -> bool:
        """Fetch the certificates because a serial is unknown; False when looking again cannot help.

        At most one fetch a minute, and the fetch itself never causes another. A second thread waits for the first one's.
        """
        left_s = until - time.monotonic()
        if left_s <= 0 or not self._renewing.acquire(timeout=left_s):
            return False
        try:
            now = self._clock.now()
            if not self._keys.may_refetch(now):
                return self._keys.from_list  # perhaps the other thread has just brought it: look again
            reply = self._send(messages.certificates(), now, until)
            return isinstance(reply, Reply) and self._keys.take(reply.headers, reply.body, self._clock.now()).flaw is None
        finally:
            self._renewing.release()

    def _knock(self, until: float) -> Answer:
        """A probe on the calling thread's connections."""
        now = self._clock.now()
        answer, hint = self._probe(now, until)
        if isinstance(answer.outcome, Unknown) and answer.outcome.detail in DATES:
            # It may be our clock that is wrong, and then nothing of TLS can be right: one question to a server of any date.
            # It counts only if what WeChat signed says so too.
            other, hint = self._probe(now, until, undated=True)
            if self._doubted(hint):
                other, _ = self._probe(hint, until, undated=True)
            return other if self._doubted(other.server_time) else answer
        if self._doubted(hint):
            # WeChat refuses what is signed at a wrong time. Its unsigned Date is no truth, but enough to sign one harmless
            # question with; the time that is told on is the verified one of the answer.
            answer, _ = self._probe(hint, until)
        return answer

    def _doubted(self, said: int | None) -> TypeGuard[int]:
        """Whether this is another time (Unix ms) than ours."""
        return said is not None and abs(said - self._clock.now()) > _CLOCK_DOUBT_MS

    def _stale(self, signed_at: int | None) -> bool:
        return signed_at is not None and abs(signed_at - self._clock.now()) >= WINDOW_S * 1000

    def _probe(self, at: int, until: float, *, undated: bool = False) -> tuple[Answer, int | None]:
        """One question signed at `at`: what it says, and at what other time (Unix ms) it might be asked again."""
        began = time.monotonic()
        by_list = self._keys.from_list
        merchant, number = self._shop.merchant, f"PROBE-{self._shop.device_id}"[:32]
        outgoing = messages.certificates() if by_list else messages.ask(merchant, number)
        reply = self._send(outgoing, at, until, undated=undated)
        hint: int | None = None
        if isinstance(reply, NoReply):
            answer = Answer(Unknown(reply.why, reply.detail))
        else:
            fine = 200 <= reply.status < 300  # noqa: PLR2004  HTTP's own numbers
            # By the time it was asked at: by a clock that is years ahead, every certificate in the list has expired.
            verdict = self._keys.take(reply.headers, reply.body, at) if by_list and fine else self._verify(reply, at)
            if verdict.flaw is Flaw.STALE or (verdict.flaw is None and self._stale(verdict.signed_at)):
                answer = Answer(Unknown(Why.UNVERIFIED, Flaw.STALE), server_time=verdict.signed_at, reached=True)
            else:
                answer = self._read(reply, verdict, _listed if by_list else _probed)
            if reply.status == 401:  # noqa: PLR2004  HTTP's own numbers
                hint = verdict.signed_at or _date(reply.headers.get("Date", ""))
        self._report.call(outgoing, reply, answer, time.monotonic() - began)
        return answer, hint


def _listed(status: int, body: bytes) -> Answer:
    """The list of certificates came, verified: whatever else is in it was judged when it was taken."""
    return Answer(Pending()) if 200 <= status < 300 else _refusal(answers.asked(status, body))  # noqa: PLR2004  HTTP's own numbers


def _probed(status: int, body: bytes) -> Answer:
    """The query of a number that no order has: "no such order" is all that can be hoped for."""
    answer = answers.asked(status, body)
    return Answer(Pending()) if isinstance(answer.outcome, NotFound | Pending) else _refusal(answer)


def _refusal(answer: Answer) -> Answer:
    return answer if isinstance(answer.outcome, Unknown) else Answer(Unknown(Why.UNLISTED))


def _date(value: str) -> int | None:
    """An HTTP Date in Unix ms, None when it is none."""
    try:
        return int(parsedate_to_datetime(value).timestamp() * 1000)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
