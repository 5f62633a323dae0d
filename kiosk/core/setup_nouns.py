"""The set-up in values: what is known, what can happen, what is to be done, and where the person is. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from kiosk.core.enrolment import Collected
from kiosk.core.events import Health, Pressed, TextSeen
from kiosk.core.multitap import Tapped
from kiosk.core.scanning import LookFor
from kiosk.core.setup_screens import Doing, Inviting, Looking, Question, Told, Typing
from kiosk.core.wifi import WifiNetwork

NEEDED = ("merchant.toml", "merchant_key.pem", "api_v3_key.txt")


class Step(IntEnum):
    """In their order; the first that lacks something is the one in front."""

    LANGUAGE = 1
    NETWORK = 2
    ZONE = 3
    MERCHANT = 4
    PROOF = 5


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known to be there. `held`: names of NEEDED and of certificates that were given."""

    language: str | None = None
    online: bool = False
    zone: str | None = None
    held: frozenset[str] = frozenset()
    request: str | None = field(default=None, repr=False)  # of a key that was made here, in PEM
    stale: bool = False  # keys were sealed that this process cannot read: the next one can
    stuck: bool = False  # and this is already the next one

    @property
    def missing(self) -> tuple[str, ...]:
        """What has not come yet of the merchant's data."""
        return tuple(name for name in NEEDED if name not in self.held)

    @property
    def step(self) -> Step:
        """The first that lacks something."""
        if self.language is None:
            return Step.LANGUAGE
        if not self.online:
            return Step.NETWORK
        if self.zone is None:
            return Step.ZONE
        return Step.MERCHANT if self.missing else Step.PROOF


@dataclass(frozen=True, slots=True)
class Reach:
    """A Wi-Fi in reach. `signal`: 0 to 100."""

    ssid: str
    signal: int
    secure: bool


@dataclass(frozen=True, slots=True)
class PageFacts:
    """Where the owner's page is, and how to know it: its certificate's fingerprint, and the code that opens it the first time."""

    url: str
    fingerprint: str
    code: str = field(repr=False)


# --- what happens besides keys ---


@dataclass(frozen=True, slots=True)
class Known:
    """How things are now, whoever has brought it about."""

    facts: Facts
    page: PageFacts | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The act under way came to its end, well. `told` is worth a screen."""

    facts: Facts
    told: Told | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not. `detail` in English, with the remedy."""

    told: Told
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """The networks in reach, the strongest first."""

    networks: tuple[Reach, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """The kiosk's own Wi-Fi is open."""

    network: WifiNetwork


Happening = Pressed | TextSeen | Health | Known | Done | Failed | Listed | Opened

# --- what is to be done ---


@dataclass(frozen=True, slots=True)
class Look:
    """Let the camera look; what it sees is reported with this ticket. None: stop."""

    ticket: str = ""
    look_for: LookFor | None = None


@dataclass(frozen=True, slots=True)
class KeepLanguage:
    """Put it on the disk."""

    language: str


@dataclass(frozen=True, slots=True)
class SetZone:
    """Of the machine, and on the disk."""

    zone: str


@dataclass(frozen=True, slots=True)
class ListNetworks:
    """See which are in reach."""


@dataclass(frozen=True, slots=True)
class JoinNetwork:
    """Join it and keep to it."""

    network: WifiNetwork


@dataclass(frozen=True, slots=True)
class OpenHotspot:
    """Open the kiosk's own Wi-Fi."""


@dataclass(frozen=True, slots=True)
class WantPage:
    """Have the owner's page opened; where it is, comes with Known."""


@dataclass(frozen=True, slots=True)
class ReadStick:
    """Take what is on the USB stick, and leave the request there if there is one."""


@dataclass(frozen=True, slots=True)
class OpenEnrolment:
    """Open what was read off QRs, and keep what is in it."""

    sealed: str = field(repr=False)
    digits: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MakeKey:
    """Make the merchant's key here."""

    number: str


@dataclass(frozen=True, slots=True)
class Prove:
    """See whether all of it fits together, ask WeChat, and if all is well write kiosk.toml."""


@dataclass(frozen=True, slots=True)
class StartAnew:
    """Restart the kiosk. `sell`: the set-up is over."""

    sell: bool


Act = (
    Look
    | KeepLanguage
    | SetZone
    | ListNetworks
    | JoinNetwork
    | OpenHotspot
    | WantPage
    | ReadStick
    | OpenEnrolment
    | MakeKey
    | Prove
    | StartAnew
)

# --- where the person is ---


@dataclass(frozen=True, slots=True)
class Ask:
    """Before a list."""

    question: Question
    page: int = 0
    networks: tuple[Reach, ...] = ()


@dataclass(frozen=True, slots=True)
class See:
    """Before the camera."""

    looking: Looking
    ticket: str
    collected: Collected = field(default_factory=Collected)


@dataclass(frozen=True, slots=True)
class Type:
    """Keying something."""

    typing: Typing
    tapped: Tapped = field(default_factory=Tapped)
    ssid: str = ""
    sealed: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Wait:
    """An act is under way."""

    doing: Doing
    about: str = ""
    back: Ask | Type | None = None  # where it goes on when it fails; None: at whatever is missing


@dataclass(frozen=True, slots=True)
class Invite:
    """A QR for a phone."""

    inviting: Inviting
    network: WifiNetwork | None = None


@dataclass(frozen=True, slots=True)
class Tell:
    """Reading what came of it."""

    told: Told
    detail: str = ""
    about: str = ""
    back: Ask | Type | None = None  # None: whatever is missing next


Place = Ask | See | Type | Wait | Invite | Tell
ASKED = {
    Step.LANGUAGE: Question.LANGUAGE,
    Step.NETWORK: Question.NETWORK,
    Step.ZONE: Question.ZONE,
    Step.MERCHANT: Question.MERCHANT,
}
STEP_OF = {question: step for step, question in ASKED.items()} | {Question.WIFI: Step.NETWORK}


@dataclass(frozen=True, slots=True)
class Setup:
    """The whole of it: what is known, and where the person is."""

    facts: Facts
    at: Place
    page: PageFacts | None = None
    looks: int = 0
    blind: bool = False
