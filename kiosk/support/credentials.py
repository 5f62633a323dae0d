"""What ends one day: the merchant's certificate, WeChat Pay's, the owner's page's; and how old the APIv3 key is.

Only dates are read here. Nothing is refused because of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from kiosk.config import Config
from kiosk.core.checkup import Kind, Verdict
from kiosk.core.expiry import DAY, LOUD_DAYS, TOLD_DAYS, Ends, Lasting
from kiosk.doctor.checks import Check
from kiosk.payment.wechat.crypto import certificate_end, certificate_serial

PAGE = Path("/var/lib/kiosk-owner/page.pem")
SEALED = Path("/etc/credstore.encrypted")
OLD_KEY_DAYS = 730
_REMEDIES = {
    Lasting.MERCHANT: "Renew it in the merchant platform, then give the kiosk key, certificate and serial together.",
    Lasting.PLATFORM: "Let the kiosk be online: it fetches the next one by itself. If this stays, ask your provider.",
    Lasting.PAGE: "Restart the owner's page: it makes a new one. sudo systemctl restart kiosk-owner",
}
_KINDS = {
    Lasting.MERCHANT: Kind.MERCHANT_CERTIFICATE,
    Lasting.PLATFORM: Kind.PLATFORM_CERTIFICATE,
    Lasting.PAGE: Kind.PAGE_CERTIFICATE,
}


def ends(config: Config, platform_ends_at: int | None, page: Path = PAGE) -> tuple[Ends, ...]:
    """All dates that are known. `platform_ends_at`: of the newest certificate of WeChat Pay's that the kiosk holds."""
    known = {Lasting.MERCHANT: _end_of(config.wechat_pay.merchant_certificate), Lasting.PLATFORM: platform_ends_at}
    known[Lasting.PAGE] = _end_of(_read(page))
    return tuple(Ends(what, at) for what, at in known.items() if at is not None)


def checks(
    config: Config, platform_ends_at: int | None, now: int, page: Path = PAGE, page_ends_at: int | None = None
) -> Iterator[Check]:
    """Each with its date, and what to do before it comes; `now` in ms. `page_ends_at`: as the page itself has told."""
    dates = {each.what: each.at for each in ends(config, platform_ends_at, page)}
    if page_ends_at is not None:
        dates[Lasting.PAGE] = page_ends_at
    serial = certificate_serial(config.wechat_pay.merchant_certificate or b"")
    if serial is not None and serial != int(config.wechat_pay.merchant_serial, 16):
        remedy = "Let [wechat_pay] merchant_serial, merchant_key and merchant_certificate be of one and the same certificate."
        yield Check(
            "merchant certificate", Verdict.WARN, "it is another than merchant_serial names", remedy, _KINDS[Lasting.MERCHANT]
        )
    else:
        unknown = "until when it is good is not known: name its file in [wechat_pay] merchant_certificate"
        yield _judged(Lasting.MERCHANT, dates.get(Lasting.MERCHANT), now, unknown)
    given = "a public key of WeChat Pay's, which has no end" if config.wechat_pay.platform_keys else "none was fetched yet"
    yield _judged(Lasting.PLATFORM, dates.get(Lasting.PLATFORM), now, given)
    yield _key_age(config, now)
    if Lasting.PAGE in dates:
        yield _judged(Lasting.PAGE, dates[Lasting.PAGE], now, "")


def _judged(what: Lasting, at: int | None, now: int, unknown: str) -> Check:
    name = f"{what} certificate"
    if at is None:
        return Check(name, Verdict.OK, unknown, kind=_KINDS[what], value="?" if what is Lasting.MERCHANT else "")
    left = at - now
    verdict = Verdict.FAIL if left <= LOUD_DAYS * DAY else Verdict.WARN if left <= TOLD_DAYS * DAY else Verdict.OK
    found = f"good until {_day(at)}, {left // DAY} days" if left >= 0 else f"it ended on {_day(at)}"
    return Check(name, verdict, found, "" if verdict is Verdict.OK else _REMEDIES[what], _KINDS[what], _day(at))


def _key_age(config: Config, now: int) -> Check:
    """By the date of its file: sealed, where root looks; or as it lies beside kiosk.toml."""
    name = "APIv3 key"
    places = [SEALED / "api_v3_key.txt", config.wechat_pay.api_v3_key_file]
    since = next((at for place in places if place is not None and (at := _changed_at(place)) is not None), None)
    if since is None:
        return Check(name, Verdict.OK, "since when it is set is not known; it has no end of its own", kind=Kind.API_KEY)
    days = (now - since) // DAY
    if days > OLD_KEY_DAYS:
        remedy = "Set a new one in the merchant platform, and give it to the kiosk: everybody who ever saw it can read with it."
        return Check(
            name, Verdict.WARN, f"given to this kiosk on {_day(since)}, {days} days ago", remedy, Kind.API_KEY, _day(since)
        )
    return Check(
        name, Verdict.OK, f"given to this kiosk on {_day(since)}, {max(0, days)} days ago", "", Kind.API_KEY, _day(since)
    )


def _end_of(pem: bytes | None) -> int | None:
    try:
        return None if pem is None else certificate_end(pem)
    except ValueError:
        return None


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:  # none there, or closed to us, as the page's folder is to the kiosk
        return None


def _changed_at(file: Path) -> int | None:
    try:
        return round(file.stat().st_mtime * 1000)
    except OSError:
        return None


def _day(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000).astimezone():%Y-%m-%d}"
