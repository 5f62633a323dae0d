"""What people see while the kiosk is set up: one value for each kind of screen, with the facts and none of the words.

All of it is for one person, the owner, in the language chosen first: `language`, as in kiosk.toml.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

STEPS = 5
LINES = 6  # of a list on one page: as many as fit 320 x 240


class Question(StrEnum):
    """What a list asks."""

    LANGUAGE = "language"
    NETWORK = "network"  # how the kiosk gets into a network
    WIFI = "wifi"  # which of those in reach
    ZONE = "zone"
    MERCHANT = "merchant"  # how the merchant's data and keys come


class Way(StrEnum):
    """A line that is the same on every kiosk: how something is done."""

    PHONE_QR = "phone_qr"
    WIFI_LIST = "wifi_list"
    HOTSPOT = "hotspot"
    STICK = "stick"
    ENROL_QR = "enrol_qr"
    PAGE = "page"
    MAKE_KEY = "make_key"
    REQUEST = "request"


class Looking(StrEnum):
    """What is held to the camera."""

    WIFI = "wifi"
    ENROLMENT = "enrolment"


class Typing(StrEnum):
    """What is keyed."""

    PASSPHRASE = "passphrase"  # noqa: S105  what is asked for
    WIFI_PASSWORD = "wifi_password"  # noqa: S105  what is asked for
    MERCHANT_NUMBER = "merchant_number"


class Doing(StrEnum):
    """What is going on while the person waits."""

    STARTING = "starting"
    KEEPING = "keeping"
    LISTING = "listing"
    JOINING = "joining"
    HOTSPOT = "hotspot"
    ZONE = "zone"
    STICK = "stick"
    OPENING = "opening"
    KEY = "key"
    PROVING = "proving"
    RESTARTING = "restarting"


class Told(StrEnum):
    """What came of it."""

    STICK_READ = "stick_read"  # these three are well
    KEY_MADE = "key_made"
    READY = "ready"
    STEWARD = "steward"  # the part with the rights is away
    WIFI = "wifi"
    NO_WIFI = "no_wifi"
    ZONE = "zone"
    NO_STICK = "no_stick"
    STICK = "stick"
    PASSPHRASE = "passphrase"  # noqa: S105  that the digits are wrong
    ENROLMENT = "enrolment"  # what was opened holds something else
    REFUSED = "refused"  # a key or certificate is not what its name says
    SETTINGS = "settings"  # a number of the merchant is not well formed, or missing
    PAIR = "pair"  # certificate and key do not belong together
    SERIAL = "serial"  # the serial number is not the certificate's
    EXPIRED = "expired"
    API_KEY = "api_key"  # WeChat's answer does not open with the APIv3 key
    PLATFORM = "platform"  # WeChat's answer does not fit the public key that was given
    SIGNATURE = "signature"  # WeChat refuses what the key has signed
    OFFLINE = "offline"
    PORTAL = "portal"  # something else than WeChat answers
    BUSY = "busy"
    CLOCK = "clock"


GOOD = frozenset({Told.STICK_READ, Told.KEY_MADE, Told.READY})


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a list: a `word` of the words' table `setup`, or a `text` that is not ours, in `language` if that is another.

    `beside` stands at its right.
    """

    text: str = ""
    word: str = ""
    beside: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class SetupChoice:
    """A list: the digit before a line chooses it. `more`: MENU shows the next page. `missing`: names of what has not come yet."""

    language: str
    step: int
    question: Question
    lines: tuple[Line, ...]
    more: bool = False
    back: bool = True
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetupLook:
    """The camera looks; the display shows its view. `got` of `of` parts are there, `of` 0: nobody knows how many there are."""

    language: str
    step: int
    looking: Looking
    got: int = 0
    of: int = 0
    blind: bool = False  # the camera does not work


@dataclass(frozen=True, slots=True)
class SetupEntry:
    """Something is keyed. `shown` is what may be seen of it; `about`: the network's name; `length`: how many it takes, 0: any."""

    language: str
    step: int
    typing: Typing
    shown: str = field(repr=False)
    about: str = ""
    length: int = 0


@dataclass(frozen=True, slots=True)
class SetupBusy:
    """Something goes on that takes a while."""

    language: str
    step: int
    doing: Doing
    about: str = ""


class Inviting(StrEnum):
    """What a QR on the screen leads to."""

    HOTSPOT = "hotspot"
    PAGE = "page"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class SetupInvite:
    """A QR for a phone (`code` empty: none yet), and the same in words: name and value of each, names from the words' table."""

    language: str
    step: int
    inviting: Inviting
    code: str = field(repr=False)
    facts: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    next: bool = False  # OK leads on


@dataclass(frozen=True, slots=True)
class SetupTold:
    """What came of it, and the remedy. `detail`: exactly what is wrong, in English as the log has it; `about`: a name."""

    language: str
    step: int
    told: Told
    detail: str = ""
    about: str = ""


SetupScreen = SetupChoice | SetupLook | SetupEntry | SetupBusy | SetupInvite | SetupTold
