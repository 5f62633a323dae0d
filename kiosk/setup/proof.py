"""Whether all that was given fits together, and whether WeChat agrees: before "ready" is said.

In this order, as each says more than the next: the settings as the kiosk will read them; certificate and key; the serial number;
a question to WeChat that only the right key can sign, and an answer that only the right APIv3 key opens; the certificate's end,
by the time that WeChat has signed. Nothing is written but what WeChat's client does in a folder that is gone afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from kiosk import config as configuration
from kiosk.clock import SteadyClock
from kiosk.config import Config, LedgerConfig
from kiosk.core.errors import ConfigError
from kiosk.core.model import Answer, Pending, Unknown, Why
from kiosk.core.setup_screens import Told
from kiosk.parts import make_provider
from kiosk.payment.wechat.crypto import MerchantKey
from kiosk.steward.keys import Unfit, belong_together, merchant_certificate
from kiosk.steward.words import PUBLIC

_NO_ORDER = {"ORDERNOTEXIST", "RESOURCENOTEXISTS", "NOTFOUND"}
_CLOCK_MS = 1000  # a difference to WeChat's time that is worth a correction


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong, and exactly what, in English."""

    told: Told
    detail: str = ""


def certificate_of(folder: Path) -> bytes | None:
    """The file of the merchant's certificate, if it was given and can be read."""
    try:
        content = (folder / "merchant_cert.pem").read_bytes()
        merchant_certificate(content)
    except (OSError, Unfit):
        return None
    return content


def serial_of(folder: Path) -> str | None:
    """Its serial number, as kiosk.toml has it."""
    certificate = certificate_of(folder)
    return None if certificate is None else merchant_certificate(certificate).serial


def flaw(toml: str, public: Path, credentials: Path, work: Path, clock: SteadyClock) -> Flaw | None:
    """What keeps a kiosk with this kiosk.toml from selling; None when nothing does. Takes seconds: it asks WeChat.

    `public`: the folder of kiosk.toml; `credentials`: that of the keys; `work`: where a folder may be made for a while. `clock`
    is corrected by WeChat's signed time.
    """
    with TemporaryDirectory(dir=work, prefix="setup-") as folder:
        trial = Path(folder)
        for name in PUBLIC:  # names in kiosk.toml are relative to it
            if (public / name).exists():
                (trial / name).symlink_to(public / name)
        path = trial / configuration.PLACES[0].name
        path.write_text(toml, "utf-8")
        try:
            config = configuration.load(path, credentials)
        except ConfigError as error:
            return Flaw(Told.SETTINGS, "\n".join(problem.replace(f"{trial}/", "") for problem in error.problems))
        config = replace(config, ledger=LedgerConfig(trial / "kiosk.db"))
        return apart(config, certificate_of(public)) or _asked(config, clock) or _ended(certificate_of(public), clock.now())


def apart(config: Config, certificate: bytes | None) -> Flaw | None:
    """Whether key, certificate and serial number belong together, as far as can be seen without WeChat."""
    wechat = config.wechat_pay
    try:
        MerchantKey(wechat.merchant_key)
    except ConfigError as error:
        return Flaw(Told.REFUSED, str(error))
    if certificate is None:
        return None  # then WeChat alone can say
    try:
        belong_together(certificate, wechat.merchant_key)
    except Unfit:
        return Flaw(Told.PAIR)
    serial = merchant_certificate(certificate).serial
    if int(wechat.merchant_serial, 16) != int(serial, 16):
        return Flaw(Told.SERIAL, f"merchant_serial = {wechat.merchant_serial}, the certificate's is {serial}")
    return None


def _ended(certificate: bytes | None, now: int) -> Flaw | None:
    if certificate is None:
        return None
    try:
        merchant_certificate(certificate).not_over(datetime.fromtimestamp(now / 1000, UTC))
    except Unfit:
        return Flaw(Told.EXPIRED)
    return None


def _asked(config: Config, clock: SteadyClock) -> Flaw | None:
    """What WeChat says to a signed question."""
    try:
        provider = make_provider(config, clock)
    except ConfigError as error:
        return Flaw(Told.REFUSED, str(error))
    try:
        answer = provider.probe()
        if answer.server_time is not None and abs(answer.server_time - clock.now()) > _CLOCK_MS:
            clock.correct(answer.server_time - clock.now())
            answer = answer if isinstance(answer.outcome, Pending) else provider.probe()
    finally:
        provider.stop()
    return judged(answer, listed=not config.wechat_pay.platform_keys)


def judged(answer: Answer, *, listed: bool) -> Flaw | None:
    """What the answer to the question means. `listed`: the answer is a list that only the APIv3 key opens."""
    match answer.outcome:
        case Pending():
            return None
        case Unknown(why, detail):
            said = f"{why} {detail}".strip()
        case other:
            return Flaw(Told.PORTAL, type(other).__name__)
    match why:
        case Why.NOT_SENT if "Certificate" in detail:
            return Flaw(Told.CLOCK, said)
        case Why.NOT_SENT | Why.TIMEOUT | Why.CUT:
            return Flaw(Told.OFFLINE, said)
        case Why.BUSY | Why.SERVER:
            return Flaw(Told.BUSY, said)
        case Why.REFUSED | Why.UNLISTED:
            return Flaw(Told.SIGNATURE, said)
        case Why.UNVERIFIED:
            return _unverified(detail, said, listed=listed)
        case _:
            return Flaw(Told.PORTAL, said)


def _unverified(detail: str, said: str, *, listed: bool) -> Flaw:
    """Nothing proves that WeChat said it, so what it says is a hint, and good enough for a remedy."""
    how, _, code = detail.partition(" ")
    no_order = code.replace("_", "").upper() in _NO_ORDER  # the best answer there is to a question without the list
    if code and not no_order:  # an error of WeChat's, whose signature cannot be looked at yet
        return Flaw(Told.SIGNATURE, said)
    if how == "unsigned":
        return Flaw(Told.PORTAL, said)
    if how == "stale":
        return Flaw(Told.CLOCK, said)
    return Flaw(Told.API_KEY if listed else Told.PLATFORM, said)
