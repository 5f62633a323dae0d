"""What an answer says: the tables of the contract, call by call (3.2.3, 3.2.4, 3.4.2, 3.11). Pure: bytes in, Answer out.

Only verified answers come here; the code decides first, the status second. What no table holds is Unknown. Whether numbers and
amounts are those of our row is not judged here: they go into the Echo. (A refund's own number and amount have no place in the
Echo, so these are compared here.)
"""

from __future__ import annotations

import re
from datetime import datetime

from kiosk.core.model import (
    Answer,
    Decline,
    Declined,
    Echo,
    Ended,
    NotFound,
    OrderState,
    Outcome,
    Paid,
    Pending,
    Refund,
    RefundTrouble,
    Tender,
    Unknown,
    Why,
)
from kiosk.core.money import Money
from kiosk.payment.wechat.strict_json import integer, read_object, sub_object, text

Data = dict[str, object]

_MERCHANT_NUMBERS = ("appid", "mchid", "sp_appid", "sp_mchid", "sub_mchid")
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_CODE = re.compile(r"[A-Za-z][A-Za-z_]{0,30}[0-9]?", re.ASCII)  # NOT_UTF8 has a digit; a row of digits is no code
_OPENED_AT = re.compile(r"([0-9]{10,15})(?![0-9A-Za-z])", re.ASCII)  # what messages.py sends along as `attach` begins with it
_LONGEST_CODE_URL = 512
_TENDERS = {"MICROPAY": Tender.QUICK_PAY, "NATIVE": Tender.NATIVE}  # trade_type (contract 3.2.2); others are no kiosk's

# Spelled as `normal` gives them (contract 3.11.3).
_SHOP = dict.fromkeys(
    (
        "NOAUTH",
        "PARAMERROR",
        "SIGNERROR",
        "APPIDMCHIDNOTMATCH",
        "MCHNOTEXISTS",
        "APPIDNOTEXIST",
        "MCHIDNOTEXIST",
        "LACKPARAMS",
        "NOTUTF8",
    ),
    Decline.MERCHANT,
)
_RULES = dict.fromkeys(("TRADEERROR", "RULELIMIT", "ACCOUNTERROR"), Decline.REFUSED)
_NUMBER = dict.fromkeys(("ORDERCLOSED", "ORDERREVERSED"), Decline.NUMBER)
_CHARGE_DECLINES = {
    **_SHOP,
    **_RULES,
    **_NUMBER,
    "INVALIDREQUEST": Decline.MERCHANT,
    "NOTENOUGH": Decline.BALANCE,
    "AUTHCODEEXPIRE": Decline.CODE_EXPIRED,
    "AUTHCODEEXPIRED": Decline.CODE_EXPIRED,
    "AUTHCODEERROR": Decline.CODE_INVALID,
    "AUTHCODEINVALID": Decline.CODE_INVALID,
    "BUYERMISMATCH": Decline.REFUSED,
    "NOTSUPORTCARD": Decline.CARD,
    "NOTSUPPORTCARD": Decline.CARD,
}
# INVALID_REQUEST is missing on purpose: it also answers a number placed before with other parameters, so an order may exist.
_PLACE_DECLINES = {**_SHOP, **_RULES, **_NUMBER}
_REFUND_DECLINES = {
    **dict.fromkeys((*_SHOP, "INVALIDREQUEST"), Declined(Decline.MERCHANT, trouble=RefundTrouble.MERCHANT)),
    **dict.fromkeys(_RULES, Declined(Decline.REFUSED, trouble=RefundTrouble.REFUSED)),
    "TRADEOVERDUE": Declined(Decline.REFUSED, trouble=RefundTrouble.OVERDUE),
    "USERACCOUNTABNORMAL": Declined(Decline.REFUSED, trouble=RefundTrouble.ACCOUNT),
    "OUTREFUNDNOUSED": Declined(Decline.NUMBER, trouble=RefundTrouble.NUMBER),
}
_NO_ORDER = frozenset({"ORDERNOTEXIST", "ORDERNOTEXISTS", "NOTFOUND"})
_NO_REFUND = _NO_ORDER | {"RESOURCENOTEXISTS", "REFUNDNOTEXIST", "REFUNDNOTEXISTS"}
_SERVER = frozenset({"SYSTEMERROR", "BANKERROR", "SERVICEUNAVAILABLE"})
_BUSY = frozenset({"FREQUENCYLIMITED", "FREQUENCYLIMITEXCEED", "RATELIMITED", "RATELIMITEXCEEDED"})


def charged(status: int, body: bytes) -> Answer:
    """To a Quick Pay charge (contract 3.2.3, 3.2.4, 3.11.4)."""
    data = read_object(body)
    if _fine(status) and data is not None and "trade_state" in data:
        return transaction(data)
    code = normal(code_of(data))
    if code == "USERPAYING":  # 202 in shape 1; with any status it says that the order lives
        return Answer(Pending(payer_acts=True))
    if status < 500 and code in _CHARGE_DECLINES and not _fine(status):  # noqa: PLR2004  HTTP's own numbers
        return Answer(Declined(_CHARGE_DECLINES[code]))
    return Answer(_open_end(status, data))


def placed(status: int, body: bytes) -> Answer:
    """To placing a Native order (contract 3.3)."""
    data = read_object(body)
    if _fine(status) and not code_of(data):
        code_url = text(data, "code_url", _LONGEST_CODE_URL)
        if code_url is None or " " in code_url:
            return Answer(Unknown(Why.MALFORMED, "code_url"))
        return Answer(Pending(), code_url=code_url)
    code = normal(code_of(data))
    if 400 <= status < 500 and code in _PLACE_DECLINES:  # noqa: PLR2004  HTTP's own numbers
        return Answer(Declined(_PLACE_DECLINES[code]))
    return Answer(_open_end(status, data))


def asked(status: int, body: bytes) -> Answer:
    """To the query of an order (contract 3.4)."""
    data = read_object(body)
    if _fine(status):
        if data is not None and "trade_state" not in data and normal(code_of(data)) == "USERPAYING":
            return Answer(Pending(payer_acts=True))
        return transaction(data)
    if 400 <= status < 500 and normal(code_of(data)) in _NO_ORDER:  # noqa: PLR2004  HTTP's own numbers
        return Answer(NotFound())
    return Answer(_open_end(status, data))


def undone(status: int, body: bytes) -> Answer:
    """To a reversal or a close (contract 3.5, 3.6). Success has no body; what it did, the next query tells."""
    data = read_object(body)
    code = normal(code_of(data))
    outcome: Outcome
    match code:
        case "USERPAYING":  # "being paid": the code WeChat really uses here is UNVERIFIED (contract 16.3)
            outcome = Unknown(Why.BUSY, code_of(data))
        case _ if _fine(status):
            outcome = Pending()
        case _ if status >= 500:  # noqa: PLR2004  HTTP's own numbers
            outcome = Unknown(Why.SERVER, code_of(data))
        case "ORDERCLOSED":
            outcome = Ended(OrderState.CLOSED)
        case "ORDERREVERSED":
            outcome = Ended(OrderState.REVERSED)
        case _ if code in _NO_ORDER and status >= 400:  # noqa: PLR2004  HTTP's own numbers
            outcome = NotFound()
        case _:
            outcome = _open_end(status, data)
    return Answer(outcome)


def refunded(status: int, body: bytes, refund: Refund) -> Answer:
    """To a refund request (contract 3.7): 200 means accepted, not done."""
    data = read_object(body)
    code = normal(code_of(data))
    if _fine(status) and not code:
        return _about_refund(data, refund, Pending(), number_known=True)
    if code == "NOTENOUGH":  # the same number, later: the shop's pool fills with new sales
        return Answer(Unknown(Why.POOR, code_of(data)))
    if code == "BIZERRNEEDRETRY":  # the same parameters again
        return Answer(Unknown(Why.BUSY, code_of(data)))
    if 400 <= status < 500:  # noqa: PLR2004  HTTP's own numbers
        if code in _NO_ORDER:
            return Answer(NotFound())
        if code in _REFUND_DECLINES:
            return Answer(_REFUND_DECLINES[code])
    return Answer(_open_end(status, data))


def refund_asked(status: int, body: bytes, refund: Refund) -> Answer:
    """To the query of a refund (contract 3.8)."""
    data = read_object(body)
    if not _fine(status):
        if 400 <= status < 500 and normal(code_of(data)) in _NO_REFUND:  # noqa: PLR2004  HTTP's own numbers
            return Answer(NotFound())
        return Answer(_open_end(status, data))
    outcome: Outcome
    match text(data, "status"):
        case "SUCCESS":
            outcome = Ended(OrderState.REFUNDED)
        case "PROCESSING":
            outcome = Pending()
        case "ABNORMAL":
            outcome = Declined(Decline.REFUSED, trouble=RefundTrouble.ACCOUNT)
        case "REFUNDCLOSE" | "CLOSED":
            outcome = Declined(Decline.REFUSED, trouble=RefundTrouble.CLOSED)
        case None:
            return Answer(Unknown(Why.MALFORMED, "status"))
        case other:
            return Answer(Unknown(Why.UNLISTED, _safe(other)))
    return _about_refund(data, refund, outcome)


def transaction(data: Data | None) -> Answer:
    """A transaction object, wherever it came from: charge, query or notification (contract 3.2.2, 3.4.2)."""
    amount = sub_object(data, "amount")
    total = _money(amount, "total", "currency")
    transaction_id = text(data, "id") or text(data, "transaction_id")
    echo = _echo(data, total)
    outcome: Outcome
    match text(data, "trade_state"):
        case "SUCCESS":
            if total is None or transaction_id is None or echo.out_trade_no is None:
                outcome = Unknown(Why.MALFORMED, "SUCCESS")
            else:
                outcome = Paid(
                    transaction_id=transaction_id,
                    total=total,
                    paid_at=_time(text(data, "success_time")),
                    # The space in the second spelling is a slip in WeChat's own description (contract 3.2.2).
                    payer=_money(amount, "payer_total", "payer_currency") or _money(amount, "payer_total", "payer _currency"),
                    rate_e8=integer(sub_object(amount, "exchange_rate"), "rate") or None,  # 0 says no more than none
                )
        case "REFUND":
            outcome = Ended(OrderState.REFUNDED)
        case "CLOSED":
            outcome = Ended(OrderState.CLOSED)
        case "REVOKED":
            outcome = Ended(OrderState.REVERSED)
        case "USERPAYING":
            outcome = Pending(payer_acts=True)
        case "NOTPAY" | "ACCEPT":  # ACCEPT is UNVERIFIED for the global API
            outcome = Pending()
        case "PAYERROR":
            outcome = Declined(Decline.PAYMENT_FAILED, clean_up=True)
        case None:
            outcome = Unknown(Why.MALFORMED, "trade_state")
        case other:
            outcome = Unknown(Why.UNLISTED, _safe(other))
    return Answer(outcome, echo=echo, transaction_id=transaction_id)


def unverified(status: int, body: bytes, flaw: str) -> Answer:
    """Anything that is not proven to be WeChat's: a hint at best. 429 and 5xx say what they would say anyway."""
    code = code_of(read_object(body)) if status >= 400 else ""  # noqa: PLR2004  HTTP's own numbers
    match status:
        case 429:
            return Answer(Unknown(Why.BUSY, code))
        case _ if status >= 500:  # noqa: PLR2004  HTTP's own numbers
            return Answer(Unknown(Why.SERVER, code))
        case _:
            return Answer(Unknown(Why.UNVERIFIED, f"{flaw} {code}".rstrip()))


def code_of(data: Data | None) -> str:
    """The error code as it is spelled, or "" for none: safe to log whoever sent it."""
    return _safe(text(data, "code") or "")


def normal(code: str) -> str:
    """The code without regard to underscores and case (contract 3.11.3)."""
    return code.upper().replace("_", "")


def _open_end(status: int, data: Data | None) -> Unknown:
    """The Unknown of a verified answer that no table of its call holds."""
    spelled = code_of(data)
    code = normal(spelled)
    if status == 429 or code in _BUSY:  # noqa: PLR2004  HTTP's own numbers
        return Unknown(Why.BUSY, spelled)
    if status >= 500 or code in _SERVER:  # noqa: PLR2004  HTTP's own numbers
        return Unknown(Why.SERVER, spelled)
    if code == "ORDERPAID":
        return Unknown(Why.ORDER_PAID, spelled)
    if _fine(status) and not code:
        return Unknown(Why.MALFORMED, f"HTTP{status}")
    if code in _CHARGE_DECLINES or code in _REFUND_DECLINES or code == "OUTTRADENOUSED":
        return Unknown(Why.REFUSED, spelled)
    return Unknown(Why.UNLISTED, spelled or f"HTTP{status}")


def _about_refund(data: Data | None, refund: Refund, outcome: Outcome, *, number_known: bool = False) -> Answer:
    """`outcome`, if the answer is about this refund."""
    amount = sub_object(data, "amount")
    refund_id = text(data, "id") or text(data, "refund_id")
    if number_known and refund_id is None:
        return Answer(Unknown(Why.MALFORMED, "id"))
    if text(data, "out_refund_no") not in {refund.out_refund_no, None}:
        return Answer(Unknown(Why.MALFORMED, "out_refund_no"))
    if amount is not None and "refund" in amount and _money(amount, "refund", "currency") != refund.money:
        return Answer(Unknown(Why.MALFORMED, "amount"))
    return Answer(outcome, echo=_echo(data, _money(amount, "total", "currency")), transaction_id=refund_id)


def _echo(data: Data | None, total: Money | None) -> Echo:
    numbers = tuple((name, value) for name in _MERCHANT_NUMBERS if (value := text(data, name)) is not None)
    sent_along = _OPENED_AT.match(text(data, "attach") or "")
    opened_at = None if sent_along is None else int(sent_along[1])
    return Echo(text(data, "out_trade_no"), total, numbers, _TENDERS.get(text(data, "trade_type") or ""), opened_at)


def _money(amount: Data | None, number: str, currency: str) -> Money | None:
    value, unit = integer(amount, number), text(amount, currency)
    return Money(value, unit) if value is not None and unit is not None and _CURRENCY.fullmatch(unit) else None


def _time(value: str | None) -> int | None:
    """RFC 3339 with an offset -> Unix ms; None for anything else, and for 0001-01-01, which is how some programs write "none"."""
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return int(at.timestamp() * 1000) if at.tzinfo is not None and at.year >= 1971 else None  # noqa: PLR2004  in any zone after 1970


def _fine(status: int) -> bool:
    return 200 <= status < 300  # noqa: PLR2004  HTTP's own numbers


def _safe(code: str) -> str:
    """A code can be logged; anything else that stands where a code should be cannot."""
    return code if _CODE.fullmatch(code) else ""
