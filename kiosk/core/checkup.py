"""The nouns of a check-up: what is looked at, how it was found, what people can try by hand, what became of a support bundle.

Words are the display's. A value is a number, a date, a name: the same in every language.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a thing is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Kind(StrEnum):
    """What is looked at, in the order it is looked at: what is slow comes last."""

    CAMERA = "camera"
    KEYS = "keys"
    SCREEN = "screen"
    SOUND = "sound"
    PRINTER = "printer"
    LINK = "link"  # a cable or a Wi-Fi
    ADDRESS = "address"  # one of ours in that network, and the way out of it
    NAME = "name"  # DNS
    TLS = "tls"  # a connection to WeChat Pay's host, and its certificate
    WECHAT = "wechat"  # a signed question
    CLOCK = "clock"
    MERCHANT_CERTIFICATE = "merchant_certificate"
    PLATFORM_CERTIFICATE = "platform_certificate"
    API_KEY = "api_key"
    PAGE_CERTIFICATE = "page_certificate"
    LEDGER = "ledger"
    BACKUPS = "backups"
    ROOM = "room"
    WEAR = "wear"  # of the card, stick or disk
    TEMPERATURE = "temperature"
    POWER = "power"
    SALES_SPEED = "sales_speed"
    START_SPEED = "start_speed"
    READING = "reading"  # the decoder, over a built-in picture
    VOICE = "voice"


@dataclass(frozen=True, slots=True)
class Finding:
    """How one thing was found."""

    kind: Kind
    verdict: Verdict
    value: str = ""


class Trial(StrEnum):
    """What people can try by hand, by its key."""

    READ = "1"
    KEYS = "2"
    COLOURS = "3"
    SOUND = "4"
    SLIP = "5"
    BUNDLE = "6"


class BundleEnd(StrEnum):
    """How far a support bundle is."""

    MAKING = "making"
    STICK = "stick"  # on the USB stick, under this name
    KEPT = "kept"  # in the kiosk, to be fetched from the owner's page or at the prompt
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A support bundle and where it is: `name` is a file's name."""

    end: BundleEnd
    name: str = ""


COLOURS = ("edges", "red", "green", "blue", "white", "black")
"""What the screen shows by turns when its colours are tried."""


def ordered(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """What needs somebody first; otherwise as they came."""
    rank = (Verdict.FAIL, Verdict.WARN, Verdict.OK)
    return tuple(sorted(findings, key=lambda finding: rank.index(finding.verdict)))
