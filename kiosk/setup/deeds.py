"""The acts of the set-up, done: each asks the steward or writes down what was given, and says what came of it.

One thread at a time. Keys pass through here on their way to the steward and are neither kept nor logged.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never
from zoneinfo import available_timezones

from kiosk import service
from kiosk.clock import SteadyClock
from kiosk.core.setup_nouns import (
    Act,
    Done,
    Facts,
    Failed,
    Happening,
    JoinNetwork,
    KeepLanguage,
    Listed,
    ListNetworks,
    Look,
    MakeKey,
    Opened,
    OpenEnrolment,
    OpenHotspot,
    Prove,
    Reach,
    ReadStick,
    SetZone,
    StartAnew,
    WantPage,
)
from kiosk.core.setup_screens import Told
from kiosk.core.wifi import WifiNetwork
from kiosk.setup import proof, vault
from kiosk.setup.board import Board
from kiosk.setup.given import Kept
from kiosk.setup.settings import NotMerchantData, Places, read_merchant, whole
from kiosk.steward.client import Steward, StewardAway
from kiosk.steward.words import PUBLIC, SECRETS, StewardRefused, What

MERCHANT = "merchant.toml"
_log = logging.getLogger(__name__)
_OWN_WIFI = "10.42."  # NetworkManager's addresses for a hotspot: they lead nowhere
_ENROLLED = (*SECRETS, *PUBLIC)  # the order in which they are kept: a certificate is held against its key


@dataclass(slots=True)
class Deeds:
    """What the acts need. `credentials`: the folder with this process's keys, None when it has none."""

    steward: Steward
    kept: Kept
    board: Board
    places: Places
    credentials: Path | None
    clock: SteadyClock
    sealed_here: bool = False  # keys that this process cannot read
    proven: bool = False  # WeChat has answered, and told the time

    @property
    def clock_known(self) -> bool:
        """Whether the time on the screen is true."""
        return self.proven or service.clock_is_set()

    def facts(self) -> Facts:
        """How things are now. StewardAway when nobody can say."""
        status, given = self.steward.status(), self.kept.given
        held = {*status.sealed, *status.public} & set(_ENROLLED)
        readable = all(self.credentials is not None and (self.credentials / name).exists() for name in SECRETS)
        stale = self.sealed_here or not readable
        return Facts(
            language=given.language,
            online=any(not (status.hotspot and address.startswith(_OWN_WIFI)) for address in status.addresses),
            zone=given.zone,
            held=frozenset(held | ({MERCHANT} if given.merchant is not None else set())),
            request=given.request,
            stale=stale,
            stuck=stale and given.restarted and not self.sealed_here,
        )

    def do(self, act: Act, keypad: str | None = None) -> Happening:
        """Do it, and what came of it. `keypad`: by whose keys it was asked for."""
        try:
            if keypad is not None:
                self.kept.keep(replace(self.kept.given, keypad=keypad))
            return self._do(act)
        except StewardRefused as refusal:
            return Failed(_REFUSALS.get(type(act), Told.STEWARD), str(refusal))
        except StewardAway as away:
            return Failed(Told.STEWARD, str(away))
        except OSError as error:
            return Failed(Told.STEWARD, f"{self.places.given} cannot be written ({error.strerror}). Look at the storage card.")

    def take_from_page(self, text: str) -> None:
        """Keep the merchant's data that came over the owner's page. Keys may have come before them, so they are read anew."""
        self.take_merchant(text)
        self._sealed()

    def take_merchant(self, text: str) -> None:
        """Keep the merchant's data. NotMerchantData when they are none."""
        read_merchant(text)
        self.kept.keep(replace(self.kept.given, merchant=text))

    def _do(self, act: Act) -> Happening:
        kept = self.kept
        match act:
            case KeepLanguage(language):
                kept.keep(replace(kept.given, language=language))
            case SetZone(zone):
                self._set_zone(zone)
                kept.keep(replace(kept.given, zone=zone))
            case ListNetworks():
                return Listed(tuple(Reach(one.ssid, one.signal, one.secure) for one in self.steward.networks()))
            case JoinNetwork(network):
                self.steward.join(network.ssid, network.password, hidden=network.hidden)
            case OpenHotspot():
                opened = self.steward.hotspot(on=True)
                if opened is None:
                    return Failed(Told.WIFI)
                return Opened(WifiNetwork(opened.ssid, opened.password))
            case ReadStick():
                return self._read_stick()
            case OpenEnrolment(sealed, digits):
                return self._open_enrolment(sealed, digits)
            case MakeKey(number):
                request = self.steward.make_key(number, number)
                kept.keep(replace(kept.given, request=request, restarted=False))
                self.sealed_here = True
                return Done(self.facts(), Told.KEY_MADE)
            case Prove():
                return self._prove()
            case StartAnew(sell):
                if not sell:
                    kept.keep(replace(kept.given, restarted=True))
                self.steward.restart(What.KIOSK)
            case Look() | WantPage():
                raise ValueError("these two are done at once, and have no end")
            case _:
                assert_never(act)
        return Done(self.facts())

    def _set_zone(self, zone: str) -> None:
        """Where the root is read-only the machine keeps its own; what counts for the kiosk is [merchant] time_zone."""
        try:
            self.steward.time_zone(zone)
        except StewardRefused as refusal:
            if zone not in available_timezones():
                raise
            _log.info("the machine's own time zone stays", extra={"why": str(refusal)})

    def _read_stick(self) -> Happening:
        stick = self.steward.stick(self.kept.given.request)
        if stick is None:
            return Failed(Told.NO_STICK)
        if stick.taken:
            self._sealed()
        if stick.merchant is not None:
            try:
                self.take_merchant(stick.merchant)
            except NotMerchantData as error:
                return Failed(Told.STICK, str(error))
        brought = ", ".join([*([MERCHANT] if stick.merchant is not None else []), *stick.taken])
        return Done(self.facts(), Told.STICK_READ, brought)

    def _open_enrolment(self, sealed: str, digits: str) -> Happening:
        try:
            files = vault.unseal(sealed, digits)
        except vault.WrongDigits as error:
            return Failed(Told.PASSPHRASE, str(error))
        except vault.NoEnrolment as error:
            return Failed(Told.ENROLMENT, str(error))
        try:
            if MERCHANT in files:
                self.take_merchant(files[MERCHANT].decode("utf-8"))
        except NotMerchantData as error:
            return Failed(Told.ENROLMENT, str(error))
        self._keep_credentials(files)
        return Done(self.facts())

    def _keep_credentials(self, files: Mapping[str, bytes]) -> None:
        for name in _ENROLLED:
            if name in files:
                self.steward.credential(name, files[name])
                self._sealed()

    def _sealed(self) -> None:
        """The next process will read them."""
        self.sealed_here = True
        if self.kept.given.restarted:
            self.kept.keep(replace(self.kept.given, restarted=False))

    def _prove(self) -> Happening:
        given, public = self.kept.given, self.places.settings
        assert given.merchant is not None  # what is missing comes first
        assert self.credentials is not None  # or the kiosk is started anew first
        board = self.board if given.keypad is None else replace(self.board, keypad=given.keypad)
        try:
            toml = whole(given.merchant, given.language or "en", given.zone or "UTC", proof.serial_of(public), board, self.places)
        except NotMerchantData as error:
            return Failed(Told.SETTINGS, str(error))
        found = proof.flaw(toml, public, self.credentials, self.places.state, self.clock)
        if found is not None:
            return Failed(found.told, found.detail)
        self.proven = True
        self.steward.settings(toml)
        self.kept.forget()
        return Done(
            Facts(given.language, online=True, zone=given.zone, held=frozenset(_ENROLLED)), Told.READY, _name(given.merchant)
        )


_REFUSALS: dict[type[Act], Told] = {
    JoinNetwork: Told.WIFI,
    ListNetworks: Told.WIFI,
    OpenHotspot: Told.WIFI,
    SetZone: Told.ZONE,
    ReadStick: Told.STICK,
    OpenEnrolment: Told.REFUSED,
    MakeKey: Told.REFUSED,
    Prove: Told.SETTINGS,
}
"""What a refusal of the steward's means to the person, by what was asked."""


def _name(merchant: str) -> str:
    """The shop's."""
    try:
        return str(read_merchant(merchant)["merchant"].get("name", ""))
    except NotMerchantData:
        return ""
