"""The fields each request may and must have (contract 3.2.1, 3.3, 3.5 to 3.7), and how a body is held against them.

The global API refuses what its documents do not define, so does this.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from kiosk.core.money import known_currency
from kiosk.sandbox.clock import read_stamp
from kiosk.sandbox.records import Fault, Kind, Merchant

_SHOWN = 64  # characters of a wrong value that an error repeats


@dataclass(frozen=True, slots=True)
class Text:
    """A string of 1 to `most` characters, matching `form`. A `secret` is never repeated in an error."""

    most: int
    must: bool = True
    form: Callable[[str], bool] | None = None
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Whole:
    """A JSON integer above zero."""

    must: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """An object with fields of its own."""

    fields: Mapping[str, Field]
    must: bool = True


@dataclass(frozen=True, slots=True)
class Anything:
    """Defined in the documents, of no consequence here."""

    must: bool = False


Field = Text | Whole | Group | Anything


def matches(pattern: str) -> Callable[[str], bool]:
    """Whether the whole text has this form."""
    compiled = re.compile(pattern, re.ASCII)
    return lambda text: compiled.fullmatch(text) is not None


def _is_time(text: str) -> bool:
    try:
        read_stamp(text)
    except ValueError:
        return False
    return True


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_notify_url(text: str) -> bool:
    """Whether it is https without query or spaces (contract 3.3); plain http only to this machine, for the desk."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:  # brackets or a port that are none
        return False
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    return (
        safe
        and bool(parts.hostname)
        and port != 0
        and not (parts.query or parts.fragment or "?" in text or re.search(r"\s", text))
    )


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    return host == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)


_NUMBER = matches(r"[0-9A-Za-z_\-|*@]+")  # contract 11.2
_AMOUNT = Group({"total": Whole(), "currency": Text(3, form=known_currency)})
_SCENE = Group(
    {
        "device_id": Text(32, must=False),
        "device_ip": Text(45, must=False, form=_is_ip),
        "payer_client_ip": Text(45, must=False, form=_is_ip),
        "operator_id": Text(32, must=False),
        "store_info": Group(
            {"id": Text(32, must=False), "name": Text(256), "address": Text(512), "area_code": Text(32, must=False)}, must=False
        ),
    },
    must=False,
)


def _numbers(merchant: Merchant) -> dict[str, Field]:
    return {name: Text(32) for name in merchant.numbers()}


def _ids(merchant: Merchant) -> dict[str, Field]:
    ids: dict[str, Field] = {name: Text(32) for name in merchant.ids()}
    if merchant.sub_mchid is not None:
        ids["sub_appid"] = Text(32, must=False)
    return ids


def order_form(merchant: Merchant, kind: Kind) -> dict[str, Field]:
    """POST .../micropay/transactions/pay and .../transactions/native."""
    form: dict[str, Field] = {
        **_ids(merchant),
        "description": Text(127),
        "attach": Text(127, must=False),
        "out_trade_no": Text(32, form=_NUMBER),
        "goods_tag": Text(32, must=False),
        "trade_type": Text(16, form=matches(kind)),
        "limit_pay": Text(32, must=False, form=matches("no_credit|no_balance|no_debit|balance_only")),
        "merchant_category_code": Text(16, form=matches("[0-9]{4}")),
        "amount": _AMOUNT,
        "scene_info": _SCENE,
        "detail": Anything(),
    }
    if kind is Kind.MICROPAY:
        form["payer"] = Group({"auth_code": Text(128, secret=True)})
    else:
        form["notify_url"] = Text(256, form=is_notify_url)
        form["time_start"] = Text(64, must=False, form=_is_time)
        form["time_expire"] = Text(64, must=False, form=_is_time)
        form["payer"] = Anything()
    return form


def end_form(merchant: Merchant) -> dict[str, Field]:
    """POST .../close and .../reverse."""
    return _numbers(merchant)


def refund_form(merchant: Merchant) -> dict[str, Field]:
    """POST /v3/global/refunds."""
    return {
        **_ids(merchant),
        "transaction_id": Text(32, must=False),
        "out_trade_no": Text(32, must=False, form=_NUMBER),
        "out_refund_no": Text(64, form=_NUMBER),
        "reason": Text(80, must=False),
        "amount": Group({"refund": Whole(), "total": Whole(), "currency": Text(3, form=known_currency)}),
        "notify_url": Text(256, must=False, form=is_notify_url),
        "source": Text(32, must=False, form=matches("REFUND_SOURCE_(UNSETTLED|RECHARGE)_FUNDS")),
    }


def query_form(merchant: Merchant, **extra: Field) -> dict[str, Field]:
    """The parameters behind the question mark of a GET."""
    return {**_numbers(merchant), **extra}


def hold(body: Mapping[str, Any], form: Mapping[str, Field], location: str = "body", at: str = "") -> None:
    """Hold a body against its form; raises the Fault that names the first field that is wrong."""
    for name in body:
        if name not in form:
            raise _wrong(f"{at}/{name}", None, "not defined in the API document", location)
    for name, field in form.items():
        where = f"{at}/{name}"
        if name not in body:
            if field.must:
                raise _wrong(where, None, "missing", location)
            continue
        _hold_one(body[name], field, where, location)


def _hold_one(value: object, field: Field, where: str, location: str) -> None:
    match field:
        case Group(fields=fields):
            if not isinstance(value, dict):
                raise _wrong(where, value, "not an object", location)
            hold(value, fields, location, where)
        case Whole():
            if type(value) is not int:
                raise _wrong(where, value, "not an integer", location)
            if not 0 < value < 2**63:
                raise _wrong(where, value, "out of range", location)
        case Text():
            issue = _text_issue(value, field)
            if issue is not None:
                raise _wrong(where, None if field.secret else value, issue, location)
        case Anything():
            return


def _text_issue(value: object, field: Text) -> str | None:
    if not isinstance(value, str):
        return "not a string"
    if not 1 <= len(value) <= field.most:
        return f"length not 1 to {field.most}"
    return None if field.form is None or field.form(value) else "wrong form"


def _wrong(where: str, value: object, issue: str, location: str) -> Fault:
    """Contract 3.11.1: `field` is a JSON pointer."""
    detail = {"field": where, "issue": issue, "location": location}
    if value is not None:
        detail["value"] = str(value)[:_SHOWN]
    number = 268443704 if where == "/sub_mchid" else 268435461
    return Fault(400, "PARAM_ERROR", f"{where.strip('/').replace('/', '.')}: {issue}", detail=detail, number=number)
