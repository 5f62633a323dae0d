"""How the kiosk is, and what it sold: status, a day, files to take away. Asks the kiosk; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for

from kiosk.exports.rows import KINDS
from kiosk.exports.rows import Shop as Days
from kiosk.exports.source import TYPES, Export, pieces, problem
from kiosk.owner.kiosk_link import LONGEST_SPAN, KioskAway, Span
from kiosk.owner.parts import Parts
from kiosk.steward.client import StewardAway
from kiosk.steward.words import Status, StewardRefused

Page = Any  # what Flask takes

SHOWN = 100  # orders of a day on one page
_SENT_AT_ONCE = 64 * 1024
_TOLD = ("pin", "saved", "saved_later", "restarting")
_GOOD, _WAITS, _BAD = "good", "waits", "bad"


def blueprint(parts: Parts) -> Blueprint:
    """The pages /, /doctor, /day, /export and /export/file."""
    pages = Blueprint("sales", __name__)

    @pages.get("/")
    def status() -> Page:
        state, unresolved, away = None, [], None
        try:
            state, unresolved = parts.kiosk.state(), parts.kiosk.unresolved()
        except KioskAway as error:
            away = str(error)
        told = request.args.get("told", "")
        return render_template(
            "status.html",
            signs=signs(state, g.words),
            away=away,
            unresolved=[_line(order, parts) for order in unresolved[:SHOWN]],
            machine=machine(parts),
            job=parts.jobs.look("doctor"),
            until=parts.certificate.until,
            told=g.words(f"told.{told}") if told in _TOLD else None,
        )

    @pages.post("/doctor")
    def doctor() -> Page:
        parts.jobs.start("doctor", parts.kiosk.doctor)
        return redirect(url_for(".status") + "#doctor", 303)

    @pages.get("/day")
    def day() -> Page:
        today = parts.shop_file.shop.today(parts.now())
        chosen = _date(request.args.get("day", "")) or today
        span = Span(chosen, chosen)
        orders, totals = parts.kiosk.orders(span), parts.kiosk.totals(span)
        return render_template(
            "day.html",
            day=chosen,
            today=today,
            before=chosen - timedelta(days=1),
            after=chosen + timedelta(days=1) if chosen < today else None,
            totals=totals,
            nets=nets(totals),
            orders=[_line(order, parts) for order in reversed(orders[-SHOWN:])],
            count=len(orders),
            shown=SHOWN,
        )

    @pages.get("/export")
    def export() -> Page:
        today = parts.shop_file.shop.today(parts.now())
        return render_template("export.html", kinds=KINDS, chosen="sales", first=today.replace(day=1), last=today)

    @pages.get("/export/file")
    def export_file() -> Page:
        span = _span(request.args.get("first", ""), request.args.get("last", ""))
        kind, form = request.args.get("kind", "orders"), request.args.get("form", "csv")
        wrong = span if isinstance(span, str) else None
        if isinstance(span, Span) and problem(wanted := Export(kind, form, span.first, span.last)) is not None:
            wrong = "export.no_posting"
        if wrong is not None:
            today = parts.shop_file.shop.today(parts.now())
            told = g.words(wrong, count=LONGEST_SPAN) if wrong == "export.long" else g.words(wrong)
            return render_template("export.html", kinds=KINDS, chosen=kind, first=today, last=today, problem=told), 400
        shop = parts.shop_file.shop
        made = _gathered(pieces(wanted, Days(shop.zone, shop.day_starts), shop.accounts, parts.kiosk.rows))
        first = next(made, b"")  # a kiosk that is away is told of on a page; one that goes away later breaks the file off
        return as_file(chain((first,), made), TYPES[form], wanted.name)

    return pages


def signs(state: dict[str, Any] | None, words: Any) -> list[tuple[str, str, str]]:  # noqa: ANN401  words.Words, by name
    """How the kiosk is, each as (mood, what, in words); moods are said in words and shapes, too."""
    if state is None:
        return [(_BAD, words("sign.kiosk"), words("sign.kiosk_away"))]
    out = state.get("screen") == "OutOfOrder"
    network = str(state.get("network"))
    found = [(_BAD, words("sign.kiosk"), words("sign.out"))] if out else [(_GOOD, words("sign.kiosk"), words("sign.runs"))]
    moods = {"online": _GOOD, "connecting": _WAITS}
    key = network if network in ("online", "connecting", "offline") else "offline"
    found.append((moods.get(network, _BAD), words("finding.wechat"), words(f"sign.{key}")))
    known = state.get("clock_known") is True
    found.append((_GOOD if known else _WAITS, words("sign.clock"), words("sign.clock_known" if known else "sign.clock_unknown")))
    for part in ("camera", "printer"):
        problem = state.get(part)
        if problem or part == "camera":
            found.append((_BAD if problem else _GOOD, words(f"sign.{part}"), str(problem) if problem else words("sign.well")))
    if state.get("attention"):
        found.append((_BAD, words("sign.attention"), words("sign.attention_count", count=int(state["attention"]))))
    return found


def machine(parts: Parts) -> Status | None:
    """What the steward says of the machine; None when none answers."""
    try:
        return parts.steward.status()
    except (StewardAway, StewardRefused):
        return None


def nets(totals: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Currency, and what was kept of it after refunds."""
    currencies = sorted({str(total["currency"]) for total in totals})
    return [(c, sum(t["paid"] - t["refunded"] for t in totals if t["currency"] == c)) for c in currencies]


def _line(order: dict[str, Any], parts: Parts) -> dict[str, Any]:
    moods = {"PAID": _GOOD, "ATTENTION": _BAD, "SENT": _WAITS, "PAYING": _WAITS, "REVERSING": _WAITS, "CLOSING": _WAITS}
    at = datetime.fromtimestamp(order["opened_at"] / 1000, parts.shop_file.shop.zone)
    return {**order, "at": at, "mood": moods.get(str(order["state"]), "plain")}


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 < day.year < 2200 else None  # noqa: PLR2004  what a ledger can have


def _span(first: str, last: str) -> Span | str:
    """The days, or the key of the words for what is wrong with them."""
    begin, end = _date(first), _date(last)
    if begin is None or end is None:
        return "export.no_date"
    if end < begin:
        return "export.backwards"
    span = Span(begin, end)
    return span if span.days <= LONGEST_SPAN else "export.long"


def _gathered(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces that are worth sending."""
    waiting = bytearray()
    for part in parts:
        waiting += part
        if len(waiting) >= _SENT_AT_ONCE:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)


def as_file(content: bytes | Iterator[bytes], kind: str, name: str) -> Response:
    """What a browser puts aside instead of showing it."""
    response = Response(content, mimetype=None, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
