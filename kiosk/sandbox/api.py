"""The endpoints of contract 3.1 as a Flask application: check, act, answer, sign, and misbehave as the switches say.

Knows no socket: what the connection should suffer is handed to the front as a Wire.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Flask, Response
from flask import request as flask_request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from kiosk.sandbox import answers, forms, statement
from kiosk.sandbox.answers import Reply, success
from kiosk.sandbox.bank import Bank
from kiosk.sandbox.checks import Checks, Request
from kiosk.sandbox.clock import BEIJING, DAY, HOUR, SECOND, day_of, read_stamp
from kiosk.sandbox.desk import Desk, RefundWanted
from kiosk.sandbox.front import Wire
from kiosk.sandbox.keys import Keys
from kiosk.sandbox.records import Fault, Kind, Wanted
from kiosk.sandbox.story import CALLS, Fate

_G = "/v3/global"
_LANGUAGES = ("en", "zh-CN", "zh-HK", "zh-TW")
_TOO_OLD_DAYS = 180
HTTP_SERVER_ERROR = 500
_TOO_OFTEN = Fault(429, "FREQUENCY_LIMITED", "Too many requests, slow down")
View = Callable[..., Reply]


class _Fated:
    """One request about an order, and what becomes of it, for the story told on the bench page."""

    def __init__(self, bank: Bank, call: str, raw: Request, path: dict[str, Any]) -> None:
        self._bank = bank
        self._call = call
        self._number = str(path.get("out_trade_no") or _number_in(raw.body)) if call in CALLS else ""

    def is_(self, what: str, code: str = "") -> None:
        """Note what has become of it; the newest counts."""
        if self._number:
            self._bank.fates.note(self._number, Fate(self._call, what, self._bank.now(), code))

    def struck(self, name: str) -> bool:
        """Whether this trouble strikes it now; if so, that has become of it."""
        strikes = self._bank.trouble.strike(name, self._call)
        if strikes:
            self.is_(name)
        return strikes


def _number_in(body: bytes) -> str:
    """The out_trade_no of a body that was not checked yet; empty when there is none."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return str(asked.get("out_trade_no", "")) if isinstance(asked, dict) else ""


class Api:
    """The WeChat-facing side of one bank."""

    def __init__(self, bank: Bank, keys: Keys) -> None:
        self._bank = bank
        self._keys = keys
        self._desk = Desk(bank)
        self._checks = Checks(bank.merchant, keys)

    def join(self, app: Flask) -> None:
        """Add the endpoints to `app`, and the envelope around what is not found below /v3/."""
        by_order = ("out-trade-no/<out_trade_no>", "id/<transaction_id>")
        routes: list[tuple[str, str, str, View]] = [
            ("POST", "/micropay/transactions/pay", "charge", self._charge),
            ("POST", "/transactions/native", "place", self._place),
            ("POST", "/refunds", "refund", self._refund),
            ("GET", "/refunds", "refund_query", self._refunds),
            ("GET", "/refunds/out-refund-no/<out_refund_no>", "refund_query", self._refund_told),
            ("GET", "/refunds/id/<refund_id>", "refund_query", self._refund_told),
            ("GET", "/statements", "statement", self._statement),
            ("GET", "/settle/settlements", "settlements", self._settlements),
            ("GET", "/certificates", "certificates", self._certificates),
        ]
        for order in by_order:
            routes.append(("GET", f"/transactions/{order}", "query", self._query))
            routes.append(("POST", f"/transactions/{order}/close", "close", self._close))
            routes.append(("POST", f"/micropay/transactions/{order}/reverse", "reverse", self._reverse))
        if self._bank.merchant.sub_mchid is None:
            routes.append(("GET", "/refund/recharge-balance", "balance", self._recharge))
        else:
            routes.append(("GET", "/refund/partner/recharge-balance/sub-mchid/<sub_mchid>", "balance", self._recharge))
        for method, rule, call, view in routes:
            self._add(app, method, _G + rule, call, view)
        self._add(app, "GET", "/v3/certificates", "certificates", self._certificates)  # the path that old clients fetch
        app.register_error_handler(HTTPException, self._stray)

    def _add(self, app: Flask, method: str, rule: str, call: str, view: View) -> None:
        def serve(**path: str) -> Response:
            if flask_request.method != method:  # Flask lets HEAD in where GET is
                return self._serve("none", self._refuse_path, {"wrong_method": True})
            return self._serve(call, view, path)

        app.add_url_rule(rule, f"{method} {rule}", serve, methods=[method], provide_automatic_options=False)

    def _stray(self, error: HTTPException) -> Any:  # noqa: ANN401  whatever Flask takes
        """404 and 405 of contract 14; not for the bench page's paths."""
        if not flask_request.path.startswith("/v3/") or error.code not in {404, 405}:
            return error
        return self._serve("none", self._refuse_path, {"wrong_method": isinstance(error, MethodNotAllowed)})

    @staticmethod
    def _refuse_path(_request: Request, *, wrong_method: bool) -> Reply:
        if wrong_method:
            raise Fault(405, "METHOD_NOT_ALLOWED", "This path is called otherwise")
        if not flask_request.path.startswith(_G):
            raise Fault(400, "INVALID_REQUEST", "Overseas payment is not supported here", number=268501838)
        raise Fault(404, "RESOURCE_NOT_EXISTS", "There is no such path")

    # --- the way of a request

    def _serve(self, call: str, view: View, path: dict[str, Any]) -> Response:
        trouble = self._bank.trouble
        raw = _as_sent()
        negative = raw.headers.get("wechatpay-negative-test", "")
        wire = Wire(delay_ms=trouble.slow_ms, drip_ms=trouble.drip_ms) if trouble.strikes_at(call) else Wire()
        fate = _Fated(self._bank, call, raw, path)
        if trouble.strike("drop_before", call):
            fate.is_("drop_before")
            return self._cut(replace(wire, act="reset"))
        language = next((each for each in _LANGUAGES if raw.headers.get("accept-language", "").startswith(each)), "zh-CN")
        try:
            if call != "none":
                self._checks.authentic(raw, self._bank.now())
            if trouble.strike("error_before", call):
                fate.is_("error_before")
                return self._gateway(wire)
            limited = trouble.strike("rate_limited", call)
            reply = answers.refusal(_TOO_OFTEN, language) if limited else view(raw, **path)
            fate.is_("rate_limited" if limited else "drip_ms" if wire.drip_ms else "slow_ms" if wire.delay_ms else "answered")
        except Fault as fault:
            fate.is_("server_error" if fault.status >= HTTP_SERVER_ERROR else "refused", fault.code)
            reply = answers.refusal(fault, language)
        if trouble.strike("drop_after", call):
            fate.is_("drop_after")
            return self._cut(replace(wire, act="reset"))
        if trouble.strike("silent_after", call) or self._swallowed(call, negative, path):
            fate.is_("silent_after")
            return self._cut(replace(wire, act="silent"))
        if trouble.strike("error_after", call):
            fate.is_("error_after")
            return self._gateway(wire)
        flask_request.environ["kiosk.wire"] = wire
        return self._sealed(reply, fate, language, raw.headers.get("wechatpay-serial", ""))

    def _swallowed(self, call: str, negative: str, path: dict[str, Any]) -> bool:
        """The values of contract 11.6: the charge's answer times out, and with the last one its queries too."""
        if call == "charge":
            return negative in {"MICROPAY_TIMEOUT", "MICROPAY_PAYERROR", "MICROPAY_PAY_QUERY_TIMEOUT"}
        if call != "query":
            return False
        with contextlib.suppress(Fault):
            return self._desk.find(**path).queries_fail
        return False

    @staticmethod
    def _cut(wire: Wire) -> Response:
        flask_request.environ["kiosk.wire"] = wire
        return Response(status=500)

    def _gateway(self, wire: Wire) -> Response:
        """A 5xx from before or behind the machine that could sign."""
        flask_request.environ["kiosk.wire"] = wire
        status = int(self._bank.trouble.error_status)
        if status == 500:  # noqa: PLR2004  the one that speaks JSON
            body = answers.dump({"code": "SYSTEM_ERROR", "message": "System error"})
            return Response(body, status, mimetype="application/json")
        return Response(f"<html><h1>{status}</h1></html>", status, mimetype="text/html")

    def _sealed(self, reply: Reply, fate: _Fated, language: str, wanted_serial: str) -> Response:
        """Sign 2xx and 4xx; 5xx come unsigned."""
        response = Response(reply.body, reply.status, content_type=reply.content_type)
        response.headers["Request-ID"] = answers.request_id(reply.number)
        response.headers["Content-Language"] = language
        response.headers["Cache-Control"] = "no-cache, must-revalidate"
        response.headers.update(reply.headers)
        if reply.status == 204:  # noqa: PLR2004  no content, no type of it
            del response.headers["Content-Type"]
        response.headers.update(self._signature(reply, fate, wanted_serial))
        if reply.body and fate.struck("tampered"):
            response.set_data(reply.body[:-2] + bytes([reply.body[-2] ^ 1]) + reply.body[-1:])
        return response

    def _signature(self, reply: Reply, fate: _Fated, wanted_serial: str) -> dict[str, str]:
        trouble, keys = self._bank.trouble, self._keys
        kind = f"{reply.status // 100}xx"
        if kind == "5xx" or fate.struck(f"unsigned_{kind}"):
            return {}
        now = self._bank.now()
        pair = keys.signer(trouble.rotation, self._bank.time())
        serial = pair.serial
        if wanted_serial == keys.pub_key_id:  # contract 1.8: the public key outlives certificates
            pair, serial = keys.current, keys.pub_key_id
        if fate.struck("stale_timestamp"):
            now -= HOUR
        if fate.struck("unknown_serial"):
            serial = f"{self._bank.below(16**8) + 16**39:040X}"
        headers = answers.signature_headers(pair, serial, reply.body if reply.signed is None else reply.signed, now)
        if kind == "2xx" and fate.struck("signtest"):
            headers["Wechatpay-Signature"] = answers.probe(headers["Wechatpay-Signature"])
        return headers

    # --- the endpoints

    def _charge(self, raw: Request) -> Reply:
        body = self._checks.body(raw, forms.order_form(self._bank.merchant, Kind.MICROPAY))
        code = body["payer"].pop("auth_code")
        order = self._desk.charge(self._wanted(body, Kind.MICROPAY), code, raw.headers.get("wechatpay-negative-test", ""))
        if answers.is_waiting(order):
            return answers.userpaying(order, self._bank.merchant, self._bank.trouble)
        return self._told(order)

    def _place(self, raw: Request) -> Reply:
        body = self._checks.body(raw, forms.order_form(self._bank.merchant, Kind.NATIVE))
        return success({"code_url": self._desk.place(self._wanted(body, Kind.NATIVE))})

    def _wanted(self, body: dict[str, Any], kind: Kind) -> Wanted:
        amount = body["amount"]
        if amount["currency"] not in {self._bank.merchant.currency, "CNY"}:
            detail = {"field": "/amount/currency", "value": amount["currency"], "issue": "not yours", "location": "body"}
            raise Fault(400, "PARAM_ERROR", "amount.currency is neither your settlement currency nor CNY", detail=detail)
        expire = body.get("time_expire")
        return Wanted(
            kind,
            body["out_trade_no"],
            body["description"],
            amount["total"],
            amount["currency"],
            _digest(body),
            body.get("attach", ""),
            body.get("scene_info", {}).get("device_id", ""),
            body.get("notify_url", ""),
            None if expire is None else read_stamp(expire) - self._bank.now(),
        )

    def _query(self, raw: Request, **number: str) -> Reply:
        self._checks.query(raw, forms.query_form(self._bank.merchant))
        return self._told(self._desk.find(**number))

    def _close(self, raw: Request, **number: str) -> Reply:
        self._checks.body(raw, forms.end_form(self._bank.merchant))
        self._desk.close(**number)
        return Reply(204)

    def _reverse(self, raw: Request, **number: str) -> Reply:
        self._checks.body(raw, forms.end_form(self._bank.merchant))
        self._desk.reverse(**number)
        return Reply(204)

    def _refund(self, raw: Request) -> Reply:
        body = self._checks.body(raw, forms.refund_form(self._bank.merchant))
        if ("out_trade_no" in body) == ("transaction_id" in body):
            raise Fault(400, "PARAM_ERROR", "One of out_trade_no and transaction_id is needed, and not both")
        amount = body["amount"]
        wanted = RefundWanted(
            body.get("out_trade_no", ""),
            body.get("transaction_id", ""),
            body["out_refund_no"],
            amount["refund"],
            amount["total"],
            amount["currency"],
            body.get("notify_url", ""),
            _digest(body),
        )
        return success(answers.refund_accepted(*self._desk.refund(wanted)))

    def _refund_told(self, raw: Request, **number: str) -> Reply:
        self._checks.query(raw, forms.query_form(self._bank.merchant))
        return success(answers.refund_told(*self._desk.find_refund(**number)))

    def _refunds(self, raw: Request) -> Reply:
        text, digits = forms.Text(32, must=False), forms.Text(4, form=forms.matches("[0-9]+"))
        form = forms.query_form(self._bank.merchant, out_trade_no=text, transaction_id=text, offset=digits, count=digits)
        query = self._checks.query(raw, form)
        if ("out_trade_no" in query) == ("transaction_id" in query):
            raise Fault(400, "PARAM_ERROR", "One of out_trade_no and transaction_id is needed, and not both")
        order = self._desk.find(query.get("out_trade_no", ""), query.get("transaction_id", ""))
        if not order.refunds:
            raise Fault(404, "RESOURCE_NOT_EXISTS", "The order has no refunds")
        return success(answers.refund_list(order, self._bank.merchant, int(query["offset"]), int(query["count"])))

    def _certificates(self, raw: Request) -> Reply:
        if raw.body or "?" in raw.target:
            raise Fault(400, "PARAM_ERROR", "This call has no parameters")
        if self._bank.trouble.no_certificates:
            raise Fault(404, "RESOURCE_NOT_EXISTS", "There is no usable platform certificate")
        return success(self._keys.certificate_list(self._bank.trouble.rotation, self._bank.time()))

    def _statement(self, raw: Request) -> Reply:
        bank, trouble = self._bank, self._bank.trouble
        form = forms.query_form(bank.merchant, date=forms.Text(8, form=_is_day))
        if "sub_mchid" in form:
            form["sub_mchid"] = forms.Text(32, must=False)
        day = self._checks.query(raw, form)["date"]
        start = _start_of(day)
        if not start <= bank.time() < start + _TOO_OLD_DAYS * DAY:
            raise Fault(400, "PARAM_ERROR", f"date: {day} is not within the last {_TOO_OLD_DAYS} days")
        if trouble.statement_is == "creating" or (trouble.statement_after_ten and bank.time() < start + DAY + 10 * HOUR):
            raise Fault(400, "STATEMENT_CREATING", "The statement is being made, ask again later")
        with bank.lock:
            bank.pass_time()
            lines = statement.lines_of(bank.book.values(), day)
            if not lines or trouble.statement_is == "none":
                raise Fault(400, "NO_STATEMENT_EXIST", "There were no trades on this day")
            csv = statement.csv(lines, bank.merchant, bom=trouble.statement_bom, summary=trouble.statement_summary)
        sha1 = hashlib.sha1(csv, usedforsecurity=False).hexdigest()
        if trouble.statement_wrong == "sha1":
            sha1 = hashlib.sha1(csv + b" ", usedforsecurity=False).hexdigest()
        elif trouble.statement_wrong == "cut":
            csv = csv[: len(csv) // 2]
        headers = {"Wechatpay-Statement-Sha1": sha1}
        asked = "gzip" in raw.headers.get("accept-encoding", "") and trouble.statement_gzip == "asked"
        if asked or trouble.statement_gzip == "always":
            headers["Content-Encoding"], csv = "gzip", gzip.compress(csv)
        signed = b'{"sha1":"%s"}' % (b"0" * 40 if trouble.statement_wrong == "signature" else sha1.encode())
        return Reply(200, csv, "text/plain; charset=utf-8", headers=headers, signed=signed)

    def _settlements(self, raw: Request) -> Reply:
        bank = self._bank
        day, number = forms.Text(8, must=False, form=_is_day), forms.Text(4, form=forms.matches("[0-9]+"))
        form = forms.query_form(bank.merchant, settle_start_date=day, settle_end_date=day, limit=number, offset=number)
        form["settle_state"] = forms.Text(16, form=forms.matches("SETTLED|UNSETTLE"))
        for name in bank.merchant.numbers():
            form[name] = forms.Text(32, must=False)
        query = self._checks.query(raw, form)
        limit, offset, today = int(query["limit"]), int(query["offset"]), day_of(bank.time())
        if not 1 <= limit <= 30:  # noqa: PLR2004  contract 3.10
            raise Fault(400, "PARAM_ERROR", "limit is 1 to 30")
        settled = query["settle_state"] == "SETTLED"
        first, last = query.get("settle_start_date", ""), query.get("settle_end_date", "")
        if settled and not "" < first <= last:
            raise Fault(400, "PARAM_ERROR", "settle_start_date and settle_end_date are needed, and not the wrong way round")
        with bank.lock:
            bank.pass_time()
            days = sorted({day_of(entry.at) for order in bank.book.values() for entry in order.entries})
            days = [each for each in days if (first <= each <= last and each < today if settled else each == today)]
            batches = [
                statement.settlement(statement.lines_of(bank.book.values(), each), each, bank.merchant, settled=settled)
                for each in days
            ]
        rows = batches[offset : offset + limit]
        return success({"data": rows, "total_count": len(batches), "offset": offset, "limit": limit})

    def _recharge(self, raw: Request, sub_mchid: str = "") -> Reply:
        merchant = self._bank.merchant
        form = {name: forms.Text(32, must=False) for name in merchant.numbers() if name != "sub_mchid"}
        self._checks.query(raw, form)
        if sub_mchid != (merchant.sub_mchid or ""):
            raise Fault(400, "MCH_NOT_EXISTS", "sub_mchid is not known, or not related to you", number=268443701)
        return success({"remaining_amount": 0, "currency": merchant.currency})

    def _told(self, order: Any) -> Reply:  # noqa: ANN401  OrderRow
        with self._bank.lock:
            return success(answers.spoil(answers.transaction(order, self._bank.merchant), self._bank.trouble))


def _as_sent() -> Request:
    """The request's exact target and bytes; the front hands over the target as it was on the wire."""
    environ = flask_request.environ
    target = environ.get("REQUEST_URI") or flask_request.full_path.rstrip("?")
    headers = {name.lower(): value for name, value in flask_request.headers.items()}
    return Request(flask_request.method, str(target), headers, flask_request.get_data())


def _digest(body: dict[str, Any]) -> str:
    """Tells two bodies apart whatever the order of their keys; the payment code was taken out before."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _is_day(text: str) -> bool:
    try:
        return text.isascii() and text.isdigit() and _start_of(text) > 0
    except ValueError:
        return False


def _start_of(day: str) -> int:
    """The first millisecond of a Beijing day."""
    return int(datetime.strptime(day, "%Y%m%d").replace(tzinfo=BEIJING).timestamp()) * SECOND
