"""What the owner sets: the shop and its kiosk, the merchant's numbers and keys. All of it is handed to the steward.

A key is held in memory while its request lasts, and is in no answer, log or file of this process.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for

from kiosk.owner import settings
from kiosk.owner.anew import start_anew
from kiosk.owner.kiosk_link import KioskAway
from kiosk.owner.parts import Parts
from kiosk.owner.settings import EVERYDAY, FIRST, MERCHANT, PRINTER, Field, NotToml
from kiosk.steward import keys
from kiosk.steward.keys import Unfit
from kiosk.steward.words import StewardRefused, What

Page = Any  # what Flask takes

_KEY, _API_KEY, _CERTIFICATE = "merchant_key.pem", "api_v3_key.txt", "merchant_cert.pem"
_LARGEST_FILE = 16 * 1024
# The serial is read off the certificate; whoever has none at hand finds it among all settings.
_SHOWN = tuple(field for field in MERCHANT if field.name != "wechat_pay.merchant_serial")
_ASKING_MOST = 45  # looks of two seconds, until the kiosk's first word from WeChat


def blueprint(parts: Parts) -> Blueprint:
    """The pages /settings, /settings/all, /merchant, /merchant/request, /merchant/check and /restart."""
    pages = Blueprint("shop", __name__)
    _settings_routes(pages, parts)
    _merchant_routes(pages, parts)

    @pages.post("/restart")
    def restart() -> Page:
        """The kiosk anew, also while somebody pays: its orders are in the ledger. Or the whole machine."""
        what = What.MACHINE if request.form.get("what") == "machine" else What.KIOSK
        parts.steward.restart(what)
        return redirect(url_for("sales.status", told="restarting"), 303)

    return pages


def _settings_routes(pages: Blueprint, parts: Parts) -> None:
    fields = EVERYDAY + PRINTER

    @pages.get("/settings")
    def form() -> Page:
        try:
            return render_template("settings.html", fields=fields, values=settings.values(_text(parts), fields), wrong={})
        except NotToml:
            return redirect(url_for(".everything"), 303)

    @pages.post("/settings")
    def save() -> Page:
        given = _given(fields)
        wrong = settings.wrong(given, fields)
        if wrong:
            return _again("settings.html", fields, given, wrong)
        text = settings.changed(_text(parts), given, fields)
        try:
            parts.steward.settings(text)
        except StewardRefused as refused:
            return _again("settings.html", fields, given, {}, settings.placed(text, str(refused)))
        return redirect(url_for("sales.status", told=start_anew(parts)), 303)

    @pages.get("/settings/all")
    def everything() -> Page:
        return render_template("settings_all.html", text=_text(parts), mistakes=[])

    @pages.post("/settings/all")
    def save_everything() -> Page:
        text = request.form.get("toml", "").replace("\r\n", "\n")
        try:
            settings.read(text)
            parts.steward.settings(text)
        except (NotToml, StewardRefused) as refused:
            return render_template("settings_all.html", text=text, mistakes=settings.placed(text, str(refused))), 400
        return redirect(url_for("sales.status", told=start_anew(parts)), 303)


def _merchant_routes(pages: Blueprint, parts: Parts) -> None:
    @pages.get("/merchant")
    def merchant() -> Page:
        text = _text(parts)
        try:
            known = settings.values(text, MERCHANT)
        except NotToml:
            return redirect(url_for(".everything"), 303)
        return render_template("merchant.html", fields=_SHOWN, values=known, wrong={}, machine=parts.steward.status())

    @pages.post("/merchant")
    def save_merchant() -> Page:
        """First whether all of it can be right, then the keys, then the settings that name them."""
        given = _given(MERCHANT)
        wrong = settings.wrong(given, MERCHANT)
        problem, mistakes = None, []
        if not wrong:
            try:
                life = _life(parts)
                _take(parts, given)
                return redirect(url_for(".check", before=life), 303)
            except Unfit as why:
                problem = g.words(f"merchant.{why.reason}")
            except StewardRefused as refused:
                mistakes = settings.placed(_text(parts), str(refused))
        values = {**settings.values(_text(parts), MERCHANT), **given}
        status = parts.steward.status()
        page = render_template(
            "merchant.html", fields=_SHOWN, values=values, wrong=wrong, machine=status, problem=problem, mistakes=mistakes
        )
        return page, 400

    @pages.post("/merchant/request")
    def make_key() -> Page:
        """A key made in the kiosk; its request is all that leaves."""
        known = settings.values(_text(parts), MERCHANT)
        number = known["merchant.mchid"] or known["merchant.sp_mchid"] or request.form.get("number", "")
        made = parts.steward.make_key(number.strip()[:64] or "kiosk", (parts.shop_file.shop.name or "kiosk")[:64])
        response = Response(made, mimetype="application/pkcs10")
        response.headers["Content-Disposition"] = 'attachment; filename="merchant_request.csr"'
        return response

    @pages.get("/merchant/check")
    def check() -> Page:
        """Asks on until the kiosk has had an answer from WeChat that only these keys can ask for and read."""
        look = request.args.get("look", "0")
        looks = int(look) if re.fullmatch(r"[0-9]{1,2}", look, re.ASCII) else _ASKING_MOST
        try:
            state: dict[str, Any] = parts.kiosk.state()
        except KioskAway:
            state = {}
        before = request.args.get("before", "")[:8]
        ready = state.get("network") == "online" and "setup" not in state and (not before or state.get("life") != before)
        going_on = not ready and looks < _ASKING_MOST
        nearer = url_for(".check", look=looks + 1, before=before or None) if going_on else None
        page = Response(render_template("check.html", ready=ready, going_on=going_on, state=state, job=parts.jobs.look("doctor")))
        if nearer:
            page.headers["Refresh"] = f"2; url={nearer}"
        return page


def _take(parts: Parts, given: dict[str, str]) -> None:
    """Keys and numbers to the steward. Unfit when the files do not go together, StewardRefused with its own reasons."""
    key, certificate = _upload("key"), _upload("certificate")
    api_key = request.form.get("api_key", "").strip().encode("utf-8", "replace")
    if key is not None and certificate is not None:
        keys.belong_together(certificate, key)
    if certificate is not None:
        read = keys.merchant_certificate(certificate)
        read.in_force(parts.now())
        given["wechat_pay.merchant_serial"] = read.serial
    if api_key:
        keys.fitting_key(_API_KEY, api_key)
    for name, content in ((_KEY, key), (_API_KEY, api_key or None), (_CERTIFICATE, certificate)):
        if content is not None:
            parts.steward.credential(name, content)
    given = {name: value for name, value in given.items() if value or name in ("merchant.appid", "merchant.mchid")}
    if given.get("merchant.mode") == "direct":
        given |= {"merchant.sp_appid": "", "merchant.sp_mchid": "", "merchant.sub_mchid": ""}
    else:
        given |= {"merchant.appid": "", "merchant.mchid": ""}
    before = _text(parts)
    text = settings.changed(before, given, MERCHANT)
    if name := request.form.get("shop", "").strip():
        text = settings.changed(text, {"merchant.name": name}, EVERYDAY[:1])
    if not parts.shop_file.shop.enrolled:
        parts.kiosk.give_merchant(text)  # its set-up looks at all of it, and goes on
        return
    if text != before:
        parts.steward.settings(text)
    parts.steward.restart(What.KIOSK)


def _life(parts: Parts) -> str | None:
    """By what the kiosk that runs now is told from its successor."""
    try:
        return str(parts.kiosk.state().get("life", "")) or None
    except KioskAway:
        return None


def _text(parts: Parts) -> str:
    return parts.shop_file.text or FIRST


def _given(fields: tuple[Field, ...]) -> dict[str, str]:
    return {field.name: request.form[field.name].strip() for field in fields if field.name in request.form}


def _again(
    page: str,
    fields: tuple[Field, ...],
    given: dict[str, str],
    wrong: dict[str, Field],
    mistakes: list[settings.Mistake] | None = None,
) -> Page:
    return render_template(page, fields=fields, values=given, wrong=wrong, mistakes=mistakes or []), 400


def _upload(name: str) -> bytes | None:
    """The file that was chosen; None when none was. Unfit when it is larger than any key."""
    sent = request.files.get(name)
    if sent is None or not sent.filename:
        return None
    content = sent.stream.read(_LARGEST_FILE + 1)
    if len(content) > _LARGEST_FILE or not content:
        raise Unfit(f"{name}_form")
    return content
