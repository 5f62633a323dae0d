"""The page's cookies: which there are, and how one is set. Knows Flask's request and answer, and no page."""

from __future__ import annotations

from flask import Response, g, request

from kiosk.owner.parts import Parts

SESSION, DEVICE, VISITOR, LANGUAGE = "__Host-session", "__Host-device", "__Host-visitor", "__Host-language"
LONGEST_S = 400 * 86_400  # browsers keep no cookie longer


def set_cookie(response: Response, name: str, value: str, max_age: int | None = None) -> None:
    """As all of the page's cookies: over TLS only, to no script, to no other site, for no other host."""
    response.set_cookie(name, value, max_age=max_age, secure=True, httponly=True, samesite="Strict", path="/")


def log_in(parts: Parts, response: Response) -> Response:
    """A session under a new name for whoever gave the right PIN, and a device cookie, by which their next tries are counted."""
    device = request.cookies.get(DEVICE)
    if device is None or not parts.pin.knows(device):
        device = parts.pin.remember_device()
    parts.sessions.end(request.cookies.get(SESSION))
    set_cookie(response, SESSION, parts.sessions.begin(device))
    set_cookie(response, DEVICE, device, LONGEST_S)
    response.delete_cookie(VISITOR, path="/", secure=True, httponly=True, samesite="Strict")
    g.visitor = None
    return response


def log_out(parts: Parts, response: Response) -> Response:
    """The session ends here and in the browser."""
    parts.sessions.end(request.cookies.get(SESSION))
    response.delete_cookie(SESSION, path="/", secure=True, httponly=True, samesite="Strict")
    return response
