"""The site: what every request must pass before a page hears of it, and what every answer says to the browser.

Knows hosts, cookies, tokens and headers; the pages are in pages_*.py.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Request, Response, g, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from kiosk.core.cldr import day_in_words
from kiosk.core.languages import LANGUAGES
from kiosk.core.money import Money, in_words
from kiosk.owner import front, pages_books, pages_door, pages_machine, pages_operators, pages_sales, pages_shop
from kiosk.owner.cookies import LANGUAGE, SESSION, VISITOR, set_cookie
from kiosk.owner.kiosk_link import KioskAway
from kiosk.owner.parts import Parts
from kiosk.owner.words import page_words
from kiosk.steward.client import StewardAway
from kiosk.steward.words import StewardRefused

FORM_MEMORY = 4 * front.LARGEST_FORM  # Debian 13 has a werkzeug that counts a block of a file, 64 KiB, and the rest of the last
_PUBLIC = frozenset({"static", "door.log_in", "door.try_pin", "door.first", "door.set_first", "door.language"})
_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",  # not no-referrer: with that a browser says of its own forms that they come from nowhere
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}  # no Strict-Transport-Security: nobody vouches for this certificate but the kiosk's screen


def make_site(parts: Parts) -> Flask:
    """The WSGI application."""
    site = Flask("kiosk.owner")
    site.config.update(MAX_CONTENT_LENGTH=front.LARGEST_UPLOAD, MAX_FORM_MEMORY_SIZE=FORM_MEMORY, MAX_FORM_PARTS=64)
    site.jinja_env.trim_blocks = site.jinja_env.lstrip_blocks = True
    site.before_request(lambda: _guard(parts))
    site.after_request(_finish)
    for pages in (pages_door, pages_sales, pages_books, pages_shop, pages_operators, pages_machine):
        site.register_blueprint(pages.blueprint(parts))
    site.context_processor(lambda: _around(parts))
    site.register_error_handler(HTTPException, _http_error)
    for away in (KioskAway, StewardAway, StewardRefused):
        site.register_error_handler(away, _away)
    return site


def may_be_large(parts: Parts, cookies: str) -> int:
    """The largest body for a request with this Cookie: a release only from somebody who is logged in. Called by the front."""
    pairs = (pair.strip().partition("=") for pair in cookies.split(";"))
    token = next((value for name, _, value in pairs if name == SESSION), None)
    return front.LARGEST_UPLOAD if parts.sessions.of(token, touch=False) is not None else front.LARGEST_FORM


def host_allowed(host: str, names: frozenset[str]) -> bool:
    """Whether a browser that calls us so has been sent by nobody's DNS: an IP address, or a name of this machine's own."""
    try:
        parts = urlsplit(f"//{host}")
        name, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.netloc != host or parts.username is not None or "/" in host:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name.removesuffix(".") in names
    return True


def _guard(parts: Parts) -> Any:  # noqa: ANN401  what Flask takes: a response or nothing
    """Host, then who it is, then whether a form is ours."""
    words = g.words = page_words(_language(parts, request))
    if not host_allowed(request.host, parts.names):
        return Response(words("error.host"), 421, mimetype="text/plain")
    g.session = parts.sessions.of(request.cookies.get(SESSION))
    visitor = request.cookies.get(VISITOR, "")
    g.visitor = visitor if len(visitor) == 43 else secrets.token_urlsafe(32)  # noqa: PLR2004  as token_urlsafe(32) makes them
    g.csrf = g.session.csrf if g.session is not None else parts.sessions.form_of(g.visitor)
    if request.method == "POST":
        origin = request.headers.get("Origin", "")
        if origin != f"https://{request.host}" or request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return Response(words("error.form"), 403, mimetype="text/plain")
        if g.session is None and request.endpoint not in _PUBLIC:
            return redirect(url_for("door.log_in"), 303)
        if not hmac.compare_digest(request.form.get("csrf", "").encode("utf-8", "replace"), g.csrf.encode()):
            return render_template("told.html", title=words("error.title"), text=words("error.form")), 403
    elif g.session is None and request.endpoint not in _PUBLIC:
        return redirect(url_for("door.log_in"), 303)
    return None


def _finish(response: Response) -> Response:
    response.headers.update(_HEADERS)
    if g.get("visitor") and g.session is None and request.endpoint != "static":
        set_cookie(response, VISITOR, g.visitor)
    return response


def _language(parts: Parts, asked: Request) -> str:
    wanted = asked.cookies.get(LANGUAGE, "")
    return wanted if wanted in LANGUAGES else parts.shop_file.shop.language


def _around(parts: Parts) -> dict[str, Any]:
    """What every template may use."""
    words = g.words
    shop = parts.shop_file.shop

    def money(amount: int, currency: str) -> str:
        sign = "\u2212" if amount < 0 else ""
        return sign + in_words(Money(abs(amount), currency), words.language)

    def day(of: date) -> str:
        return day_in_words(of, words.language)

    return {
        "day_in_words": day,
        "w": words,
        "shop": shop,
        "csrf": g.csrf,
        "inside": g.session is not None,
        "money": money,
        "languages": LANGUAGES,
        "html_language": words.language.replace("_", "-"),
    }


def _http_error(error: HTTPException) -> tuple[str, int]:
    words = g.words
    code = error.code or 500
    key = {404: "error.nothing", 405: "error.nothing", 413: "error.large"}.get(code, "error.other")
    return render_template("told.html", title=words("error.title"), text=words(key)), code


def _away(error: Exception) -> tuple[str, int]:
    """The kiosk or the steward does not answer, or says no where a page did not expect it."""
    words = g.words
    key = "error.kiosk_away" if isinstance(error, KioskAway) else "error.steward_away"
    detail = str(error)
    if isinstance(error, StewardRefused):
        return render_template("told.html", title=words("error.title"), text=detail), 409
    return render_template("told.html", title=words("error.title"), text=words(key), detail=detail), 503
