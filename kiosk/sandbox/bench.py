"""The bench page: a browser's view of the kiosk, of a customer's phone and of the switches of trouble, and its routes.

Knows Flask, the bank's customer side and a way to ask the kiosk; knows nothing of the API the kiosk uses. Every refusal is
JSON, {"problem": "words for a person"}. No address and no answer but the two drawings holds the payment code.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from werkzeug.exceptions import BadRequest, HTTPException, NotFound

from kiosk.core.errors import KioskError
from kiosk.core.events import Key
from kiosk.sandbox.bank import Bank
from kiosk.sandbox.phone import qr_texts
from kiosk.sandbox.records import Refusal
from kiosk.sandbox.story import tell
from kiosk.sandbox.wallet import Wallet, amount

Control = Callable[[dict[str, Any]], dict[str, Any]]
"""Asks the kiosk over its control socket; raises OSError when nobody answers. {"ok": false, "problem": words} is a no."""

SHOWN_ORDERS = 100  # the newest; a bench that ran all day need not send its whole life twice a second

STORY_MS = 30 * 60_000  # an order older than this is no news

# The sixteen keys row by row: logical key, what the 4x4 matrix prints on it, what a keyboard sends for it.
KEYPAD = (
    ("1", "1", "1"), ("2", "2", "2"), ("3", "3", "3"), ("SCAN", "A", "A"),
    ("4", "4", "4"), ("5", "5", "5"), ("6", "6", "6"), ("QR", "B", "B"),
    ("7", "7", "7"), ("8", "8", "8"), ("9", "9", "9"), ("CANCEL", "C", "C"),
    ("CLEAR", "*", "Backspace"), ("0", "0", "0"), ("OK", "#", "Enter"), ("MENU", "D", "D"),
)  # fmt: skip

_NO_KIOSK = "No kiosk belongs to this bench: `kiosk demo` starts one with it."
_POLICY = "default-src 'self'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'"


class _KioskAway(Exception):
    """The kiosk does not answer. `str()` says so and what it said."""


def blueprint(bank: Bank, *, control: Control | None, frames: Path | None) -> Blueprint:
    """The page at /bench/ and all it asks for.

    `control` is None when no kiosk belongs to this bench: then the phone takes a QR's link by hand. `frames` is the folder
    which the kiosk's folder camera reads, or None when a real camera looks at a real phone.
    """
    bench = Blueprint("bench", __name__, url_prefix="/bench", template_folder="templates", static_folder="static")
    wallet = Wallet(bank, frames)
    _page_routes(bench, bank, wallet, control, frames)
    _kiosk_routes(bench, control, frames)
    _phone_routes(bench, wallet, control)
    _trouble_routes(bench, bank)
    bench.after_request(_headers)
    bench.register_error_handler(Refusal, lambda refusal: _problem(409, str(refusal)))
    bench.register_error_handler(_KioskAway, lambda away: _problem(503, str(away)))
    bench.register_error_handler(HTTPException, lambda error: _problem(error.code or 500, error.description or error.name))
    bench.register_error_handler(OSError, lambda error: _problem(500, f"cannot write the picture for the camera: {error}"))
    return bench


def _page_routes(bench: Blueprint, bank: Bank, wallet: Wallet, control: Control | None, frames: Path | None) -> None:
    @bench.get("/")
    def page() -> str:
        return render_template("bench.html", keys=KEYPAD, root=url_for(".page"))

    @bench.get("/now")
    def now() -> Response:
        """Everything that changes, in one answer; the page asks for it twice a second."""
        phone = wallet.look()
        orders = bank.orders()
        values = bank.trouble.values()
        return jsonify(
            kiosk=_kiosk_state(control),
            phone=phone,
            trouble=[{**switch, "value": values[switch["name"]]} for switch in bank.trouble.catalog()],
            story=_story(bank, control, values),
            orders=[_line(order) for order in reversed(orders[-SHOWN_ORDERS:])],
            count=len(orders),
            printed=_newest_slip(frames) is not None,
        )


def _kiosk_routes(bench: Blueprint, control: Control | None, frames: Path | None) -> None:
    @bench.get("/screen.png")
    def screen() -> Response:
        picture = _screen(control)
        response = Response(picture, mimetype="image/png")
        response.set_etag(hashlib.blake2b(picture, digest_size=12).hexdigest())
        response.make_conditional(request)  # 304 while nothing has changed
        return response

    @bench.get("/slip.png")
    def slip() -> Response:
        """What the kiosk's printer, if it is the folder beside its pictures, has printed last."""
        newest = _newest_slip(frames)
        if newest is None:
            raise NotFound("Nothing has been printed.")
        return Response(newest.read_bytes(), mimetype="image/png")

    @bench.post("/key")
    def key() -> Response:
        name = _asked("key", str)
        if name not in set(Key):
            raise BadRequest(f"no key is called {name!r}; there are {', '.join(Key)}")
        return jsonify(_ask(control, {"do": "key", "key": name}))


def _phone_routes(bench: Blueprint, wallet: Wallet, control: Control | None) -> None:
    @bench.get("/phone/code128.svg")
    def barcode() -> Response:
        return Response(wallet.barcode(), mimetype="image/svg+xml")

    @bench.get("/phone/qr.svg")
    def square() -> Response:
        return Response(wallet.qr(), mimetype="image/svg+xml")

    acts: dict[str, Callable[[], None]] = {
        "renew": wallet.renew,
        "hold": lambda: wallet.hold(_asked("held", bool)),
        "scan": lambda: wallet.scan(_link(control)),
        "pay": lambda: wallet.pay(_asked("out_trade_no", str), _asked("password", str) if "password" in _body() else None),
        "decline": lambda: wallet.decline(_asked("out_trade_no", str)),
        "dismiss": lambda: wallet.dismiss(_asked("out_trade_no", str)),
        "done": wallet.done,
    }

    @bench.post("/phone/<verb>")
    def act(verb: str) -> Response:
        """What the customer does; answers with the phone as it then is."""
        if verb not in acts:
            raise NotFound(f"a phone cannot {verb!r}; it can {', '.join(acts)}")
        acts[verb]()
        return jsonify(wallet.look())


def _trouble_routes(bench: Blueprint, bank: Bank) -> None:
    @bench.post("/trouble")
    def switch() -> Response:
        try:
            bank.trouble.set(_asked("name", str), _asked("value", object))
        except ValueError as error:
            raise BadRequest(str(error)) from None
        return jsonify(bank.trouble.values())

    @bench.post("/trouble/reset")
    def reset() -> Response:
        bank.trouble.reset()
        return jsonify(bank.trouble.values())


def _body() -> dict[str, Any]:
    """The request's JSON object. A page of another site cannot send that type without asking first, and gets no permission."""
    body = request.get_json() if request.content_length else {}
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def _asked(name: str, kind: type) -> Any:  # noqa: ANN401  of the kind that was named
    body = _body()
    if name not in body or not isinstance(body[name], kind):
        raise BadRequest(f"the body must have {name!r}" + ("" if kind is object else f", a JSON value of type {kind.__name__}"))
    return body[name]


def _ask(control: Control | None, question: dict[str, Any]) -> dict[str, Any]:
    """The kiosk's answer; raises _KioskAway when there is none or it is a no."""
    if control is None:
        raise _KioskAway(_NO_KIOSK)
    try:
        answer = control(question)
    except (OSError, ValueError, KioskError) as error:
        raise _KioskAway(f"The kiosk is not running: {error}") from None
    if not answer.get("ok"):
        raise _KioskAway(f"The kiosk cannot do that: {answer.get('problem', 'it does not say why')}")
    return answer


def _screen(control: Control | None) -> bytes:
    try:
        return base64.b64decode(_ask(control, {"do": "screen"})["png"])
    except (KeyError, TypeError, ValueError):
        raise _KioskAway("The kiosk has no picture of its screen yet.") from None


def _link(control: Control | None) -> str:
    """What the phone's camera reads off the kiosk's screen; or a link that was typed in."""
    if "code_url" in _body():
        return str(_asked("code_url", str)).strip()
    links = qr_texts(_screen(control))
    if not links:
        raise Refusal("There is no QR on the kiosk's screen. Key an amount there and press QR.")
    return links[0]


def _newest_slip(frames: Path | None) -> Path | None:
    slips = [] if frames is None else sorted((frames.parent / "slips").glob("slip-*.png"))
    return slips[-1] if slips else None


def _kiosk_state(control: Control | None) -> dict[str, Any]:
    if control is None:
        return {"here": False, "running": False, "screen": None, "problem": _NO_KIOSK}
    try:
        return {"here": True, "running": True, "screen": _ask(control, {"do": "state"}).get("screen"), "problem": None}
    except _KioskAway as away:
        return {"here": True, "running": False, "screen": None, "problem": str(away)}


def _story(bank: Bank, control: Control | None, trouble: dict[str, Any]) -> dict[str, str] | None:
    """What is happening to the order in front: the kiosk's newest; without a kiosk, the one that was asked about last."""
    belief = None
    if control is not None:
        now = bank.now()
        with contextlib.suppress(_KioskAway, KeyError):
            window = {"start": now - STORY_MS, "end": now + STORY_MS, "include_open": True}
            lines = _ask(control, {"do": "orders", **window})["orders"]
            belief = max(lines, key=lambda line: line["opened_at"], default=None)
    number = bank.fates.newest if belief is None else str(belief["out_trade_no"])
    if number is None:
        return None
    with bank.lock:
        standing = [name for name, value in trouble.items() if value is True]
        told = tell(bank.book.get(number), bank.fates.of(number), belief, offline=trouble["offline"], standing=standing)
    return {"out_trade_no": number, **told}


def _line(order: dict[str, Any]) -> dict[str, Any]:
    """An order of the bank's ledger with its amounts as people write them."""
    refunds = [{**refund, "refund": amount(refund["refund"], order["currency"])} for refund in order["refunds"]]
    return {
        **order,
        "total": amount(order["total"], order["currency"]),
        "payer_total": amount(order["payer_total"], "CNY"),
        "refunded": amount(order["refunded"], order["currency"]),
        "refunds": refunds,
    }


def _headers(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-cache" if request.endpoint == "bench.static" else "no-store"
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _problem(status: int, words: str) -> tuple[Response, int]:
    return jsonify(problem=words), status
