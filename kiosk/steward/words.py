"""What the steward is asked and what it answers, and how both lie in JSON. Pure; knows no socket and does nothing.

A request comes from a process that may have been taken over: every field is checked here, once, before anything looks at it.
Secrets stand in requests only, and are shown by no repr.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from kiosk.release.trial import State as UpdateState
from kiosk.steward.fields import Fields, StewardRefused, WrongWords

__all__ = ["StewardRefused", "UpdateState", "WrongWords"]  # read here by all who ask

Raw = dict[str, object]

SECRETS = ("merchant_key.pem", "api_v3_key.txt")  # sealed to this machine, in /etc/credstore.encrypted
PUBLIC = ("merchant_cert.pem", "wechat_pub.pem")  # no secrets: beside kiosk.toml, as files
CARRIED = Path("/run/kiosk/carry")  # where the kiosk leaves a file that is to be carried away on a stick
SETTINGS_LIMIT = 32 * 1024  # bytes
CREDENTIAL_LIMIT = 16 * 1024


class What(StrEnum):
    """What is restarted."""

    KIOSK = "kiosk"
    MACHINE = "machine"


# --- requests ---


@dataclass(frozen=True, slots=True)
class TellStatus:
    """How things are."""


@dataclass(frozen=True, slots=True)
class TellNetworks:
    """Which Wi-Fi networks are in reach."""


@dataclass(frozen=True, slots=True)
class Join:
    """Join a Wi-Fi and keep to it. `password` None: an open one."""

    ssid: str
    password: str | None = field(repr=False)
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class SetHotspot:
    """Open the kiosk's own Wi-Fi, or close it."""

    on: bool


@dataclass(frozen=True, slots=True)
class SetTimeZone:
    """Set the machine's time zone: a name of the IANA table."""

    name: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Take `toml` as the new kiosk.toml, when it has no mistake."""

    toml: str


@dataclass(frozen=True, slots=True)
class Credential:
    """Keep `content` under `name`: one of SECRETS is sealed, one of PUBLIC lies beside kiosk.toml."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class MakeKey:
    """Make the merchant's key here."""

    common_name: str
    organization: str


@dataclass(frozen=True, slots=True)
class ReadStick:
    """Take what is in the folder `kiosk` of a USB stick, and leave the `request` there (None: there is none)."""

    request: str | None


@dataclass(frozen=True, slots=True)
class Carry:
    """Put a copy of this file onto a USB stick."""

    path: str


@dataclass(frozen=True, slots=True)
class Restart:
    """Start the kiosk or the machine anew."""

    what: What


@dataclass(frozen=True, slots=True)
class Stage:
    """Take a release file, to be tried in the next quiet window."""

    path: str


@dataclass(frozen=True, slots=True)
class MakeBundle:
    """Pack the system's part of a support bundle."""


Verb = (
    TellStatus
    | TellNetworks
    | Join
    | SetHotspot
    | SetTimeZone
    | Settings
    | Credential
    | MakeKey
    | ReadStick
    | Carry
    | Restart
    | Stage
    | MakeBundle
)


# --- answers ---


@dataclass(frozen=True, slots=True)
class Network:
    """A Wi-Fi in reach. `signal` 0 to 100."""

    ssid: str
    signal: int
    secure: bool


@dataclass(frozen=True, slots=True)
class Wifi:
    """The Wi-Fi this machine is in. No `ssid`: in none; no `signal`: not known."""

    ssid: str | None = None
    signal: int | None = None


@dataclass(frozen=True, slots=True)
class Hotspot:
    """The kiosk's own Wi-Fi, open now. The one secret in an answer: it is there to be shown on the kiosk's screen."""

    ssid: str
    password: str = field(repr=False)
    address: str


@dataclass(frozen=True, slots=True)
class Stick:
    """What a USB stick brought. `merchant`: the text of its merchant.toml; `taken`: names of credentials, which are kept now."""

    merchant: str | None
    taken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Update:
    """The update that waits, is tried, or was the last. `problem`: why it was undone, in words."""

    version: str
    state: UpdateState
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """How things are. `slot`: `factory` or a version. `sealed`, `public`: the names of what was given.

    `next_key`: a key was made for the next certificate, and waits for it.
    """

    version: str
    slot: str
    trial: bool
    addresses: tuple[str, ...]
    wifi: Wifi
    hotspot: bool
    time_zone: str
    clock_synchronized: bool
    sealed: tuple[str, ...]
    public: tuple[str, ...] = ()
    next_key: bool = False
    update: Update | None = None


def verb_to(verb: Verb) -> Raw:
    """The request as it goes over the socket."""
    raw: Raw = {"do": _NAMES[type(verb)], **asdict(verb)}
    if isinstance(verb, Credential):
        raw["content"] = base64.b64encode(verb.content).decode("ascii")
    return raw


def checked(verb: Verb) -> None:
    """Raise WrongWords unless this may be asked."""
    verb_from(verb_to(verb))


def verb_from(raw: Mapping[str, object]) -> Verb:
    """The request that came over the socket. WrongWords when it is none, with what is wrong."""
    read = _VERBS.get(str(raw.get("do")))
    if read is None:
        raise WrongWords(f"do = {str(raw.get('do'))[:40]!r} is not known to this steward")
    fields = Fields(raw)
    verb = read(fields)
    fields.end()
    return verb


def status_to(status: Status) -> Raw:
    """The answer to TellStatus."""
    return asdict(status)


def status_from(raw: Mapping[str, object]) -> Status:
    """The answer to TellStatus; keys of a newer steward are passed over."""
    fields = Fields(raw)
    wifi = Fields(fields.table("wifi"))
    update = fields.table("update") if raw.get("update") is not None else None
    return Status(
        version=fields.text("version"),
        slot=fields.text("slot"),
        trial=fields.flag("trial"),
        addresses=fields.texts("addresses"),
        wifi=Wifi(wifi.maybe("ssid", wifi.text), wifi.maybe("signal", wifi.number)),
        hotspot=fields.flag("hotspot"),
        time_zone=fields.text("time_zone"),
        clock_synchronized=fields.flag("clock_synchronized"),
        sealed=fields.texts("sealed"),
        public=fields.texts("public") if "public" in raw else (),
        next_key=raw.get("next_key") is True,
        update=None if update is None else update_from(update),
    )


def update_from(raw: Mapping[str, object]) -> Update:
    """An update, as it lies in a status."""
    fields = Fields(raw)
    return Update(fields.text("version"), UpdateState(fields.word("state", UpdateState)), fields.maybe("problem", fields.text))


def networks_to(networks: tuple[Network, ...]) -> Raw:
    """The answer to TellNetworks."""
    return {"networks": [asdict(network) for network in networks]}


def networks_from(raw: Mapping[str, object]) -> tuple[Network, ...]:
    """The answer to TellNetworks."""
    found = raw.get("networks")
    if not isinstance(found, list):
        raise WrongWords("networks is not a list")
    each = [Fields(item if isinstance(item, dict) else {}) for item in found]
    return tuple(Network(item.text("ssid"), item.number("signal"), item.flag("secure")) for item in each)


def stick_to(stick: Stick | None) -> Raw:
    """The answer to ReadStick."""
    return {"stick": None if stick is None else asdict(stick)}


def stick_from(raw: Mapping[str, object]) -> Stick | None:
    """The answer to ReadStick; None when there is no stick with such a folder."""
    if raw.get("stick") is None:
        return None
    fields = Fields(Fields(raw).table("stick"))
    return Stick(fields.maybe("merchant", lambda key: fields.text(key, SETTINGS_LIMIT)), fields.texts("taken"))


def hotspot_to(hotspot: Hotspot | None) -> Raw:
    """The answer to SetHotspot."""
    return {} if hotspot is None else asdict(hotspot)


def hotspot_from(raw: Mapping[str, object]) -> Hotspot | None:
    """The answer to SetHotspot; None when it is off."""
    if "ssid" not in raw:
        return None
    fields = Fields(raw)
    return Hotspot(fields.text("ssid"), fields.text("password"), fields.text("address"))


def _join(fields: Fields) -> Verb:
    password = fields.maybe("password", lambda key: fields.text(key, 64, _PASSWORD, "8 to 63 printable ASCII characters"))
    ssid = fields.text("ssid", 32)
    if not ssid:
        raise WrongWords("ssid is empty")
    return Join(ssid, password, fields.maybe("hidden", fields.flag) or False)


_PASSWORD = re.compile(r"[ -~]{8,63}|[0-9A-Fa-f]{64}", re.ASCII)  # IEEE 802.11: a pass phrase, or the key itself in hex
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}", re.ASCII)
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,64}")
_NAMES_OF_CREDENTIALS = re.compile("|".join(map(re.escape, SECRETS + PUBLIC)))
_REQUEST = re.compile(r"[ -~\n]+", re.ASCII)
_PATH = re.compile(r"/[^\x00-\x1f\x7f]+")

_VERBS: dict[str, Callable[[Fields], Verb]] = {
    "status": lambda _: TellStatus(),
    "networks": lambda _: TellNetworks(),
    "join": _join,
    "hotspot": lambda fields: SetHotspot(fields.flag("on")),
    "time_zone": lambda fields: SetTimeZone(fields.text("name", 64, _ZONE, 'a time zone, as "Asia/Hong_Kong"')),
    "settings": lambda fields: Settings(fields.text("toml", SETTINGS_LIMIT)),
    "credential": lambda fields: Credential(
        fields.text("name", 64, _NAMES_OF_CREDENTIALS, f"one of: {', '.join(SECRETS + PUBLIC)}"),
        fields.content("content", CREDENTIAL_LIMIT),
    ),
    "make_key": lambda fields: MakeKey(
        fields.text("common_name", 64, _NAME, "1 to 64 characters on one line"),
        fields.text("organization", 64, _NAME, "1 to 64 characters on one line"),
    ),
    "stick": lambda fields: ReadStick(fields.maybe("request", lambda key: fields.text(key, CREDENTIAL_LIMIT, _REQUEST, "PEM"))),
    "carry": lambda fields: Carry(fields.text("path", 1024, _PATH, "an absolute path")),
    "restart": lambda fields: Restart(What(fields.word("what", What))),
    "stage": lambda fields: Stage(fields.text("path", 1024, _PATH, "an absolute path")),
    "bundle": lambda _: MakeBundle(),
}
_NAMES: dict[type[Verb], str] = {
    TellStatus: "status",
    TellNetworks: "networks",
    Join: "join",
    SetHotspot: "hotspot",
    SetTimeZone: "time_zone",
    Settings: "settings",
    Credential: "credential",
    MakeKey: "make_key",
    ReadStick: "stick",
    Carry: "carry",
    Restart: "restart",
    Stage: "stage",
    MakeBundle: "bundle",
}
