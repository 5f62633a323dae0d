"""The steward as others see it: one method for each verb, over its socket or in the stand-in's memory.

Every method raises words.StewardRefused when the steward says no (nothing was done), and SocketSteward's raise StewardAway when
none answers.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Protocol

from kiosk.control.unix_socket import ControlFailed, ControlUnavailable, Peer, ask
from kiosk.core.errors import KioskError
from kiosk.steward import words
from kiosk.steward.words import Hotspot, Network, Raw, Status, StewardRefused, Stick, Verb, What

SOCKET = Path("/run/kiosk-steward.sock")


class StewardAway(KioskError):
    """No steward is at its socket, or it fell silent: what was asked may have been done all the same."""


class Steward(Protocol):
    """The verbs of docs/appliance.md."""

    def status(self) -> Status:
        """How things are."""

    def networks(self) -> tuple[Network, ...]:
        """The Wi-Fi networks in reach, the strongest first, each name once."""

    def join(self, ssid: str, password: str | None, *, hidden: bool = False) -> tuple[str, ...]:
        """Join a Wi-Fi and keep to it, also after a restart; the addresses got there. Takes at most a minute."""

    def hotspot(self, *, on: bool) -> Hotspot | None:
        """Open the kiosk's own Wi-Fi, or close it (None)."""

    def time_zone(self, name: str) -> None:
        """Set the machine's time zone."""

    def settings(self, toml: str) -> tuple[str, ...]:
        """Take a new kiosk.toml; its warnings. Refused with all its mistakes, one a line, and the old file stays."""

    def credential(self, name: str, content: bytes) -> None:
        """Keep a credential: one of words.SECRETS is sealed to this machine, one of words.PUBLIC lies beside kiosk.toml."""

    def make_key(self, common_name: str, organization: str) -> str:
        """Make a new merchant's key here; its PKCS #10 request as PEM.

        Where a key is in use already it stays so until a certificate of the new one is given as merchant_cert.pem.
        """

    def stick(self, request: str | None) -> Stick | None:
        """Take what is in the folder `kiosk` of a USB stick, and leave the `request` there; None when there is none.

        Keys and certificates are kept as by `credential`, and refused as there.
        """

    def carry(self, path: Path) -> bool:
        """Put a copy of a file that lies in words.CARRIED onto a USB stick, under its name; False when there is no stick."""

    def restart(self, what: What) -> None:
        """Start the kiosk or the machine anew, in a moment: the answer still comes."""

    def stage(self, path: Path) -> str:
        """Take a release file, after a look at signature, machine and version; its version. It is tried in a quiet window."""

    def bundle(self) -> bytes:
        """The system's part of a support bundle: a tar, at most 16 MiB, without secrets."""


class SocketSteward:
    """The steward behind its socket. Any thread."""

    def __init__(self, path: Path = SOCKET) -> None:
        self._path = path

    def status(self) -> Status:
        return words.status_from(self._ask(words.TellStatus()))

    def networks(self) -> tuple[Network, ...]:
        return words.networks_from(self._ask(words.TellNetworks(), 40))

    def join(self, ssid: str, password: str | None, *, hidden: bool = False) -> tuple[str, ...]:
        return _texts(self._ask(words.Join(ssid, password, hidden), 90), "addresses")

    def hotspot(self, *, on: bool) -> Hotspot | None:
        return words.hotspot_from(self._ask(words.SetHotspot(on), 60))

    def time_zone(self, name: str) -> None:
        self._ask(words.SetTimeZone(name))

    def settings(self, toml: str) -> tuple[str, ...]:
        return _texts(self._ask(words.Settings(toml)), "warnings")

    def credential(self, name: str, content: bytes) -> None:
        self._ask(words.Credential(name, content))

    def make_key(self, common_name: str, organization: str) -> str:
        return str(self._ask(words.MakeKey(common_name, organization), 60)["request"])

    def stick(self, request: str | None) -> Stick | None:
        return words.stick_from(self._ask(words.ReadStick(request), 60))

    def carry(self, path: Path) -> bool:
        return self._ask(words.Carry(str(path)), 90).get("carried") is True

    def restart(self, what: What) -> None:
        self._ask(words.Restart(what))

    def stage(self, path: Path) -> str:
        return str(self._ask(words.Stage(str(path)), 120)["version"])

    def bundle(self) -> bytes:
        return base64.b64decode(str(self._ask(words.MakeBundle(), 60)["tar"]))

    def _ask(self, verb: Verb, within_s: float = 60.0) -> Raw:
        try:
            answer = ask(self._path, words.verb_to(verb), within_s, _STEWARD)
        except (ControlUnavailable, ControlFailed) as error:
            raise StewardAway(str(error)) from None
        if "problem" in answer:
            raise StewardRefused(str(answer["problem"]))
        return answer


def _texts(answer: Raw, key: str) -> tuple[str, ...]:
    found = answer.get(key)
    return tuple(map(str, found)) if isinstance(found, list) else ()


_STEWARD = Peer("steward", "Start it with: systemctl start kiosk-steward.socket", "kiosk-steward")
