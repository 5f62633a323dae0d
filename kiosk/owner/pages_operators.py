"""Who works at the kiosk: names and roles go into kiosk.toml by the steward, PINs to the kiosk, which keeps their digests.

A PIN is held in memory while its request lasts, and is in no answer, log or file of this process.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for

from kiosk.core.operators import ALONE, LEAST_PIN, NAME_MOST, Role, is_name
from kiosk.owner import settings
from kiosk.owner.anew import start_anew
from kiosk.owner.parts import Parts
from kiosk.owner.settings import Mistake, NotToml
from kiosk.pins import typed, weakness
from kiosk.steward.words import StewardRefused

Page = Any  # what Flask takes


class _Wrong(Exception):
    """Why nothing was changed: the key of the words, or kiosk.toml's mistakes."""

    def __init__(self, words: str | None = None, mistakes: tuple[Mistake, ...] = ()) -> None:
        super().__init__(words)
        self.words = words
        self.mistakes = mistakes


def blueprint(parts: Parts) -> Blueprint:
    """The page /operators."""
    pages = Blueprint("operators", __name__)

    @pages.get("/operators")
    def operators() -> Page:
        try:
            return _page(parts)
        except NotToml:
            return redirect(url_for("shop.everything"), 303)

    @pages.post("/operators")
    def save() -> Page:
        """One of them: as it shall be from now on, or removed. Of nothing that is wrong anything is done."""
        was = request.form.get("was", "")
        try:
            changed = _remove(parts, was) if request.form.get("do") == "remove" else _keep(parts, was)
        except _Wrong as wrong:
            return _page(parts, wrong), 400
        if changed:
            return redirect(url_for("sales.status", told=start_anew(parts)), 303)
        return redirect(url_for(".operators", told="pin"), 303)

    return pages


def _page(parts: Parts, wrong: _Wrong | None = None) -> Page:
    named = settings.operators(parts.shop_file.text)
    people = named or {ALONE.name: ALONE.role.value}
    pins = parts.kiosk.pins(list(people))
    return render_template(
        "operators.html",
        title=g.words("nav.operators"),
        people=people,
        pins=pins,
        roles=[role.value for role in Role],
        alone=not named,
        most=NAME_MOST,
        given={name: request.form.get(name, "") for name in ("was", "name", "role")} if wrong is not None else {},
        problem=g.words(wrong.words) if wrong is not None and wrong.words else None,
        mistakes=wrong.mistakes if wrong is not None else (),
        told=g.words("told.pin") if request.args.get("told") == "pin" else None,
    )


def _keep(parts: Parts, was: str) -> bool:
    """Name, role and PIN of one who is there (`was`), or of a new one; whether kiosk.toml has changed."""
    name = was or request.form.get("name", "").strip()
    role = request.form.get("role", "")
    pin = _pin()
    named = settings.operators(parts.shop_file.text)
    people = named or {ALONE.name: ALONE.role.value}
    if not is_name(name):
        raise _Wrong("operators.no_name")
    if role not in set(Role) or (was and was not in people):
        raise _Wrong("settings.not_this")
    if not was and name in named:
        raise _Wrong("operators.there")
    changed = not was or people[name] != role
    if changed:
        _write(parts, {**named, name: role})
    if pin:
        refused = parts.kiosk.set_pin(name, pin)
        if refused is not None:
            raise _Wrong("log_in.disk" if refused == "disk" else _words_of(refused))
    return changed


def _remove(parts: Parts, was: str) -> bool:
    """Name and PIN; whether kiosk.toml has changed. The last manager stays, as the steward says."""
    named = settings.operators(parts.shop_file.text)
    if was not in named:
        raise _Wrong("operators.no_name")
    _write(parts, {name: role for name, role in named.items() if name != was})
    parts.kiosk.drop_pin(was)
    return True


def _write(parts: Parts, people: dict[str, str]) -> None:
    text = settings.with_operators(parts.shop_file.text, people)
    try:
        parts.steward.settings(text)
    except StewardRefused as refused:
        raise _Wrong(mistakes=tuple(settings.placed(text, str(refused)))) from None


def _pin() -> str:
    """What was chosen, twice the same; empty: none."""
    pin, again = (typed(request.form.get(field, "")) for field in ("new", "again"))
    if pin != again:
        raise _Wrong("first.differ")
    reason = weakness(pin, LEAST_PIN) if pin else None
    if reason is not None:
        raise _Wrong(_words_of(reason))
    return pin


def _words_of(reason: str) -> str:
    return "operators.form" if reason == "form" else "first.easy"
