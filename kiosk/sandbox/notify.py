"""Notifications: sealed, signed, posted to notify_url, and sent again by the list of contract 7.5 until acknowledged.

Only addresses of this machine are called; a public one is noted as undeliverable, so that the stand-in never leaves the desk.
"""

from __future__ import annotations

import base64
import http.client
import threading
import uuid
from collections import deque
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from kiosk.sandbox import answers
from kiosk.sandbox.bank import Bank
from kiosk.sandbox.clock import HOUR, MINUTE, SECOND, stamp
from kiosk.sandbox.forms import is_loopback
from kiosk.sandbox.keys import Keys
from kiosk.sandbox.records import OrderRow, RefundRow

RESEND = (
    *(15 * SECOND, 15 * SECOND, 30 * SECOND, 3 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE, 30 * MINUTE, 30 * MINUTE),
    *(HOUR, 3 * HOUR, 3 * HOUR, 3 * HOUR, 6 * HOUR, 6 * HOUR),
)
_HELD = 5 * SECOND  # with "newest first": how long others may overtake
_ANSWER_WITHIN_S = 5  # contract 7.5
_TICK_S = 0.1
_KEPT = 200


@dataclass(slots=True)
class Notice:
    """One notification. `due_at` is of the bank's clock; `status`: of the last delivery, 0 when nobody answered."""

    id: str
    url: str
    event_type: str
    out_trade_no: str
    plain: dict[str, Any]
    created_at: int
    due_at: int
    rounds: int = 0
    status: int | None = None
    done: bool = False


class Notifier:
    """Posts what is due, in one thread."""

    def __init__(self, bank: Bank, keys: Keys) -> None:
        self._bank = bank
        self._keys = keys
        self._lock = threading.Lock()  # inside the bank's lock, never around it
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-notify", daemon=True)
        self._waiting: list[Notice] = []
        self.log: deque[Notice] = deque(maxlen=_KEPT)
        bank.tell = self._tell

    def start(self) -> None:
        """Begin to deliver in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop delivering."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def _deliver_due(self) -> None:
        """Deliver all that is due by the bank's clock."""
        with self._bank.lock:
            self._bank.pass_time()  # a late payment or refund may become due for telling
            at = self._bank.time()
        with self._lock:
            due = sorted((each for each in self._waiting if each.due_at <= at), key=lambda each: each.created_at)
        trouble = self._bank.trouble
        if trouble.notify_reorder:
            due.reverse()
        for notice in due:
            for _ in range(2 if trouble.notify_duplicate else 1):
                self._deliver(notice)
            notice.rounds += 1
            self._plan(notice, at)

    def _tell(self, order: OrderRow, refund: RefundRow | None) -> None:
        """The bank's hook; under its lock. A refund's url is its own, a payment's the order's (contract 7.1, 7.6)."""
        url = order.notify_url if refund is None else refund.notify_url
        trouble, at = self._bank.trouble, self._bank.time()
        if not url or trouble.notify_off:
            return
        merchant = self._bank.merchant
        if refund is None:
            event, plain = "TRANSACTION.SUCCESS", answers.transaction(order, merchant)
        else:
            event, plain = f"REFUND.{refund.status}", answers.refund_notice(order, refund, merchant)
        due = at + _HELD if trouble.notify_reorder else at
        notice = Notice(str(uuid.UUID(int=self._bank.below(2**128))), url, event, order.out_trade_no, plain, at, due)
        with self._lock:
            self.log.append(notice)
            if is_loopback(urlsplit(url).hostname or ""):
                self._waiting.append(notice)
                self._wake.set()

    def _deliver(self, notice: Notice) -> None:
        probe = self._bank.trouble.notify_signtest and notice.rounds == 0
        body, headers = self._sealed(notice, probe=probe)
        notice.status = _post(notice.url, body, headers)
        notice.done = notice.done or 200 <= notice.status < 300  # noqa: PLR2004  any 2xx

    def _plan(self, notice: Notice, at: int) -> None:
        """The next delivery by the list, until it was acknowledged or the list is at its end."""
        with self._lock:
            if notice.done or notice.rounds > len(RESEND):
                self._waiting.remove(notice)
            else:
                notice.due_at = at + RESEND[notice.rounds - 1]

    def _sealed(self, notice: Notice, *, probe: bool) -> tuple[bytes, dict[str, str]]:
        """Body and headers of one delivery (contract 7.2, 7.3), with what the switches make wrong."""
        trouble, keys = self._bank.trouble, self._keys
        plain = dict(notice.plain)
        if trouble.notify_wrong_amount:
            plain["amount"] = plain["amount"] | {"total": plain["amount"]["total"] + 1}
        if trouble.notify_transaction_id and "id" in plain:
            plain["transaction_id"] = plain.pop("id")
        refund = notice.event_type.startswith("REFUND")
        resource = keys.encrypt(answers.dump(plain), "refund" if refund else "transaction")
        if trouble.notify_tampered:
            raw = bytearray(base64.b64decode(resource["ciphertext"]))
            raw[0] ^= 1
            resource["ciphertext"] = base64.b64encode(raw).decode()
        body = answers.dump(
            {
                "id": notice.id,
                "create_time": stamp(notice.created_at),
                "event_type": notice.event_type,
                "resource_type": "encrypt-resource",
                "summary": "refund" if refund else "payment success",
                "resource": {"original_type": "refund" if refund else "transaction", **resource},
            }
        )
        with self._bank.lock:
            pair = keys.signer(trouble.rotation, self._bank.time())
        now = self._bank.now() - (HOUR if trouble.notify_stale else 0)
        serial = f"{self._bank.below(16**8) + 16**39:040X}" if trouble.notify_unknown_serial else pair.serial
        headers = answers.signature_headers(pair, serial, body, now)
        if probe:
            headers["Wechatpay-Signature"] = answers.probe(headers["Wechatpay-Signature"])
        return body, {"Content-Type": "application/json", "User-Agent": "WeChat Pay stand-in", **headers}

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._deliver_due()
            with self._lock:
                idle = not self._waiting
                if idle:
                    self._wake.clear()
            self._wake.wait(1.0) if idle else self._stopping.wait(_TICK_S)


def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status, or 0 when there was none within five seconds."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_ANSWER_WITHIN_S)
    try:
        connection.request("POST", parts.path or "/", body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
