"""A notification from WeChat, opened: verified first, then decrypted, then read (contract 7). Knows no network and no order.

What comes out names an order whose query is due now. It pays nothing by itself: the query is the authority.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from kiosk.core.model import Answer
from kiosk.payment.wechat.answers import transaction
from kiosk.payment.wechat.crypto import open_sealed
from kiosk.payment.wechat.strict_json import read_object, sub_object, text
from kiosk.payment.wechat.verifier import Flaw, KeyOf, check

LARGEST_NOTIFICATION = 64 * 1024


class Closed(StrEnum):
    """Why a notification was not opened, besides the flaws of its signature."""

    TOO_LARGE = "too_large"
    MALFORMED = "malformed"  # truly signed, yet not what the contract describes
    UNREADABLE = "unreadable"  # the APIv3 key does not open it


@dataclass(frozen=True, slots=True)
class Refused:
    """Not to be believed: answer 4xx, and WeChat sends it again if it is genuine (contract 7.5)."""

    problem: Flaw | Closed


@dataclass(frozen=True, slots=True)
class Notice:
    """What a genuine notification says. `about` is read like the answer to a query; `out_refund_no` only of a refund's."""

    notice_id: str  # the same each time it is sent again
    event_type: str  # TRANSACTION.SUCCESS, REFUND.SUCCESS, REFUND.ABNORMAL, REFUND.CLOSED ...
    out_trade_no: str | None
    out_refund_no: str | None
    about: Answer
    signed_at: int  # Unix ms


def open_notification(headers: Mapping[str, str], body: bytes, *, key_of: KeyOf, api_v3_key: bytes, now: int) -> Notice | Refused:
    """Open one; `headers` are looked up without regard to case by the mapping, `body` is raw, `now` is Unix ms."""
    if len(body) > LARGEST_NOTIFICATION:
        return Refused(Closed.TOO_LARGE)
    verdict = check(headers, body, key_of, now)
    if verdict.flaw is not None or verdict.signed_at is None:
        return Refused(verdict.flaw or Flaw.SIGNATURE)
    envelope = read_object(body)
    resource = sub_object(envelope, "resource")
    notice_id, event_type = text(envelope, "id"), text(envelope, "event_type")
    nonce, sealed = text(resource, "nonce"), text(resource, "ciphertext", LARGEST_NOTIFICATION)
    associated = "" if resource is None else resource.get("associated_data", "")
    algorithm = text(resource, "algorithm")
    if not (notice_id and event_type and nonce and sealed and isinstance(associated, str) and algorithm == "AEAD_AES_256_GCM"):
        return Refused(Closed.MALFORMED)
    try:
        plain = open_sealed(api_v3_key, nonce, associated, sealed)
    except ValueError:
        return Refused(Closed.UNREADABLE)
    data = read_object(plain)
    if data is None:
        return Refused(Closed.MALFORMED)
    return Notice(
        notice_id=notice_id,
        event_type=event_type,
        out_trade_no=text(data, "out_trade_no"),
        out_refund_no=text(data, "out_refund_no"),
        about=transaction(data),
        signed_at=verdict.signed_at,
    )
