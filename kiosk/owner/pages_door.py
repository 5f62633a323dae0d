"""Getting in and out: the first PIN, the log-in, another PIN, the language. Knows no sale and no setting."""

from __future__ import annotations

import math
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for

from kiosk.core.languages import LANGUAGES
from kiosk.owner import cookies
from kiosk.owner.parts import Parts
from kiosk.pins import PinRefused, Tried, typed, weakness

Page = Any  # what Flask takes


def blueprint(parts: Parts) -> Blueprint:
    """The pages /log-in, /first, /pin, /log-out and /language."""
    pages = Blueprint("door", __name__)
    _first_routes(pages, parts)
    _pin_routes(pages, parts)

    @pages.get("/log-in")
    def log_in() -> Page:
        if not parts.pin.is_set:
            return redirect(url_for(".first"), 303)
        if g.session is not None:
            return redirect(url_for("sales.status"), 303)
        return _log_in_page(parts.pin.wait_s(request.cookies.get(cookies.DEVICE)), tried=False)

    @pages.post("/log-in")
    def try_pin() -> Page:
        tried = _tried(parts, request.form.get("pin", ""))
        if tried is None:
            return render_template("log_in.html", problem=g.words("log_in.disk")), 503
        if not tried.right:
            return _log_in_page(tried.wait_s, tried=True)
        return cookies.log_in(parts, Response(status=303, headers={"Location": url_for("sales.status")}))

    @pages.post("/log-out")
    def log_out() -> Page:
        return cookies.log_out(parts, Response(status=303, headers={"Location": url_for(".log_in")}))

    @pages.get("/language/<name>")
    def language(name: str) -> Page:
        """Another language; back to the start, as nothing that a stranger wrote says where else."""
        response = Response(status=303, headers={"Location": url_for("sales.status")})
        if name in LANGUAGES:
            cookies.set_cookie(response, cookies.LANGUAGE, name, cookies.LONGEST_S)
        return response

    return pages


def _first_routes(pages: Blueprint, parts: Parts) -> None:
    @pages.get("/first")
    def first() -> Page:
        if parts.pin.is_set:
            return redirect(url_for(".log_in"), 303)
        return render_template("first.html")

    @pages.post("/first")
    def set_first() -> Page:
        """Only somebody who stands before the kiosk knows the code, and only while there is no PIN."""
        if parts.pin.is_set:
            return redirect(url_for(".log_in"), 303)
        problem = _pins_differ() or _weak()
        if problem is None and not parts.code.take(request.form.get("code", "")):
            problem = "first.wrong_code"
        if problem is None:
            problem = _set(parts)
        if problem is not None:
            return render_template("first.html", problem=g.words(problem)), 400
        return cookies.log_in(parts, Response(status=303, headers={"Location": url_for("sales.status")}))


def _pin_routes(pages: Blueprint, parts: Parts) -> None:
    @pages.get("/pin")
    def pin() -> Page:
        return render_template("pin.html")

    @pages.post("/pin")
    def change_pin() -> Page:
        problem = _pins_differ()
        if problem is None:
            tried = _tried(parts, request.form.get("pin", ""))
            if tried is None:
                problem = "log_in.disk"
            elif not tried.right:
                return render_template("pin.html", problem=_wrong_pin(tried.wait_s)), 403
            else:
                problem = _set(parts)
        if problem is not None:
            return render_template("pin.html", problem=g.words(problem)), 400
        parts.sessions.end_others(None)
        parts.pin.forget_devices()
        return cookies.log_in(parts, Response(status=303, headers={"Location": url_for("sales.status", told="pin")}))


def _tried(parts: Parts, pin: str) -> Tried | None:
    """None when the try cannot be written down: then it was none."""
    try:
        return parts.pin.try_(typed(pin), request.cookies.get(cookies.DEVICE))
    except OSError:
        return None


def _log_in_page(wait_s: float, *, tried: bool) -> Page:
    problem = _wrong_pin(wait_s) if tried or wait_s else None
    response = Response(render_template("log_in.html", problem=problem), 403 if tried else 200)
    if wait_s:
        response.status_code = 429
        response.headers["Retry-After"] = str(math.ceil(wait_s))
    return response


def _wrong_pin(wait_s: float) -> str:
    words = g.words
    if not wait_s:
        return str(words("log_in.wrong"))
    if wait_s < 60:  # noqa: PLR2004  a minute
        return str(words("log_in.wait_s", count=math.ceil(wait_s)))
    return str(words("log_in.wait_min", count=math.ceil(wait_s / 60)))


def _pins_differ() -> str | None:
    return None if request.form.get("new", "") == request.form.get("again", "") else "first.differ"


def _weak() -> str | None:
    reason = weakness(typed(request.form.get("new", "")))
    return None if reason is None else f"first.{reason}"


def _set(parts: Parts) -> str | None:
    """Keep the new PIN; the key of the words when it cannot be one."""
    try:
        parts.pin.set(typed(request.form.get("new", "")))
    except PinRefused as refused:
        return f"first.{refused.reason}"
    except OSError:
        return "log_in.disk"
    return None
