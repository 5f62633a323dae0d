"""Whether a request is what the merchant sent, and well formed: headers, Authorization, clock, nonce, signature, JSON, numbers.

In the order of contract 14; what the business says comes after. Knows no Flask: a request is the few facts of Request.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from kiosk.sandbox.clock import MINUTE, SECOND
from kiosk.sandbox.forms import Field, hold
from kiosk.sandbox.keys import Keys
from kiosk.sandbox.records import Fault, Merchant

SKEW = 300 * SECOND  # contract 1.3
NONCE_KEPT = 10 * MINUTE
_SCHEME = "WECHATPAY2-SHA256-RSA2048"
_ITEM = re.compile(r'(mchid|nonce_str|timestamp|serial_no|signature)="([^"]*)"')
_ITEMS = re.compile(rf"{_ITEM.pattern}(?:,{_ITEM.pattern}){{4}}")
_CUT = 6  # characters shown of a long line in sign_information


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it was on the wire. `target` is path and query as sent; header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class Checks:
    """Checks requests of one merchant; remembers nonces."""

    def __init__(self, merchant: Merchant, keys: Keys) -> None:
        self._merchant = merchant
        self._keys = keys
        self._nonces: dict[str, int] = {}
        self._lock = threading.Lock()

    def authentic(self, request: Request, now: int) -> None:
        """Headers, Authorization and signature. `now`: the true time. Raises Fault."""
        for name in ("User-Agent", "Accept"):
            if not request.headers.get(name.lower(), "").strip():
                raise _header(name, "missing")
        if request.body and request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            raise _header("Content-Type", "not application/json")
        serial = request.headers.get("wechatpay-serial")
        if serial is not None and not self._keys.knows(serial):
            raise _header("Wechatpay-Serial", "unknown")
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme != _SCHEME:
            raise _unsigned("Authorization is missing or of another scheme")
        items = dict(_ITEM.findall(rest))
        if not _ITEMS.fullmatch(rest) or len(items) != len(_ITEM.findall(rest)):
            raise _unsigned("Authorization is malformed")
        self._fresh(items, now)
        message = sign_message(request, items["timestamp"], items["nonce_str"])
        if not self._keys.verify_merchant(message, items["signature"]):
            raise _unsigned("Signature verification failed", _information(request, items, len(message)))
        self._once(items["nonce_str"], now)

    def _fresh(self, items: Mapping[str, str], now: int) -> None:
        if items["mchid"] != self._merchant.mchid:
            raise _unsigned("mchid is unknown")
        if items["serial_no"] != self._keys.merchant_serial:
            raise _unsigned("serial_no is unknown, or not a merchant certificate's")
        if re.fullmatch(r"[0-9]{1,15}", items["timestamp"], re.ASCII) is None:
            raise _unsigned("timestamp is malformed")
        if abs(now - int(items["timestamp"]) * SECOND) > SKEW:
            raise _unsigned("timestamp is more than 5 minutes off")
        if re.fullmatch(r"[0-9A-Za-z]{1,32}", items["nonce_str"], re.ASCII) is None:
            raise _unsigned("nonce_str is not 1 to 32 letters and digits")

    def _once(self, nonce: str, now: int) -> None:
        """Refuse a nonce that was used; only requests that were signed well use one, so that nobody else can spend it."""
        with self._lock:
            for old in [each for each, at in self._nonces.items() if now - at >= NONCE_KEPT]:
                del self._nonces[old]
            if nonce in self._nonces:
                raise _unsigned("nonce_str was used before")
            self._nonces[nonce] = now

    def body(self, request: Request, form: Mapping[str, Field]) -> dict[str, Any]:
        """The body of a POST, held against its form and the merchant's numbers. Raises Fault."""
        body = _json(request.body)
        hold(body, form)
        self._ours(body)
        return body

    def query(self, request: Request, form: Mapping[str, Field]) -> dict[str, str]:
        """The parameters of a GET, held against their form and the merchant's numbers. Raises Fault."""
        if request.body:
            raise Fault(400, "PARAM_ERROR", "A GET has no body")
        pairs = parse_qsl(request.target.partition("?")[2], keep_blank_values=True)
        query = dict(pairs)
        if len(query) != len(pairs):
            raise Fault(400, "PARAM_ERROR", "A parameter stands twice")
        hold(query, form, "query")
        self._ours(query)
        return query

    def _ours(self, values: Mapping[str, Any]) -> None:
        for name, ours in self._merchant.ids().items():
            theirs = values.get(name, ours)
            if theirs == ours:
                continue
            if name == self._merchant.app_field:
                raise Fault(400, "APPID_MCHID_NOT_MATCH", f"{name} and the merchant number do not belong together")
            raise Fault(400, "MCH_NOT_EXISTS", f"{name} is not known, or not related to you", number=268443701)


def sign_message(request: Request, timestamp: str, nonce: str) -> bytes:
    """The five lines of contract 1.3."""
    head = f"{request.method}\n{request.target}\n{timestamp}\n{nonce}\n"
    return head.encode("latin-1") + request.body + b"\n"  # a target's bytes arrive as Latin-1, one character each


def _json(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw.decode("utf-8"), object_pairs_hook=_once_each, parse_constant=_no_constant)
    except ValueError:
        raise Fault(400, "PARAM_ERROR", "The body is no JSON") from None
    if not isinstance(body, dict):
        raise Fault(400, "PARAM_ERROR", "The body is no JSON object")
    _no_null(body, "")
    return body


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _no_constant(name: str) -> Any:  # noqa: ANN401  named by json
    raise ValueError(f"{name} is no JSON")


def _no_null(value: object, where: str) -> None:
    """Contract 1.2: no null, and no character beyond three bytes of UTF-8."""
    match value:
        case dict():
            for name, each in value.items():
                _no_null(each, f"{where}/{name}")
        case list():
            for at, each in enumerate(value):
                _no_null(each, f"{where}/{at}")
        case None:
            raise _form(where, "null is not used")
        case str() if any(letter > "\uffff" or "\ud800" <= letter <= "\udfff" for letter in value):
            raise _form(where, "a character beyond three bytes of UTF-8")
        case _:
            return


def _form(where: str, issue: str) -> Fault:
    return Fault(400, "PARAM_ERROR", f"{where}: {issue}", detail={"field": where, "issue": issue, "location": "body"})


def _header(name: str, issue: str) -> Fault:
    return Fault(400, "PARAM_ERROR", f"Header {name}: {issue}", detail={"field": name, "issue": issue, "location": "header"})


def _unsigned(message: str, information: dict[str, Any] | None = None) -> Fault:
    detail: dict[str, Any] = {"field": "signature", "issue": message, "location": "authorization"}
    if information is not None:
        detail["sign_information"] = information
    return Fault(401, "SIGN_ERROR", message, detail=detail, number=270283348)


def _information(request: Request, items: Mapping[str, str], length: int) -> dict[str, Any]:
    """WeChat's own view of what was signed, its long lines cut: enough to compare, not enough to leak (contract 1.3)."""
    body = request.body.decode("utf-8", "replace")
    lines = [request.method, request.target, items["timestamp"], _cut(items["nonce_str"]), _cut(body), ""]
    return {
        "method": request.method,
        "url": request.target,
        "truncated_sign_message": "\n".join(lines),
        "sign_message_length": length,
    }


def _cut(line: str) -> str:
    return line if len(line) <= _CUT else line[:_CUT] + "..."
