"""The steward that does it: every verb, as root. Whoever asks was told from others by the kernel, what is asked was checked."""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import available_timezones

from kiosk import __version__, service
from kiosk.core.errors import ConfigError
from kiosk.release import parcel
from kiosk.release.shelf import Shelf
from kiosk.release.trial import ReleaseRefused, State
from kiosk.steward import words
from kiosk.steward.bundle import Bundle
from kiosk.steward.carrying import carry, opened
from kiosk.steward.commands import Run, run
from kiosk.steward.keys import fitting_certificate, fitting_key, make_key, public_key
from kiosk.steward.plugged import let_in, read_stick
from kiosk.steward.sealed import NEXT, Sealed
from kiosk.steward.settings import take_settings
from kiosk.steward.staging import PLACES, Staging
from kiosk.steward.wifi import CREDENTIAL, NetworkManager
from kiosk.steward.words import Hotspot, Network, Status, StewardRefused, Stick, Update, What
from kiosk.written import put

_MACHINE_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are on the machine; elsewhere in tests."""

    etc: Path = Path("/etc/kiosk")
    credentials: Path = Path("/etc/credstore.encrypted")
    scratch: Path = Path("/run/kiosk-steward")
    connections: Path = Path("/run/NetworkManager/system-connections")
    machine_id: Path = Path("/etc/machine-id")
    localtime: Path = Path("/etc/localtime")
    release_keys: Path = parcel.KEYS
    uploads: tuple[Path, ...] = PLACES
    carried: tuple[Path, ...] = (words.CARRIED,)


class RealSteward:
    """One verb that changes something at a time; the questions go beside it."""

    def __init__(self, places: Places | None = None, shelf: Shelf | None = None, run: Run = run) -> None:
        self._places = places or Places()
        self._shelf = shelf or Shelf()
        self._run = run
        self._sealed = Sealed(self._places.credentials, self._places.scratch, run)
        self._wifi = NetworkManager(self._places.connections, self._sealed, run, _name(self._places.machine_id))
        self._staging = Staging(self._shelf, self._places.release_keys, self._places.uploads)
        self._alone, self._one_stick = threading.Lock(), threading.Lock()

    def status(self) -> Status:
        attempt = self._shelf.record().attempt
        try:
            version, slot = self._shelf.running().version, self._shelf.record().current
        except ReleaseRefused:  # not installed from the package
            version, slot = __version__, None
        return Status(
            version=version,
            slot="factory" if slot != version else slot,
            trial=attempt is not None and attempt.state is State.TRIAL,
            addresses=self._wifi.addresses(),
            wifi=self._wifi.current(),
            hotspot=self._wifi.hotspot_is_open(),
            time_zone=os.path.realpath(self._places.localtime).rpartition("zoneinfo/")[2] or "UTC",
            clock_synchronized=service.clock_is_set(),
            sealed=tuple(name for name in (*words.SECRETS, CREDENTIAL) if self._sealed.has(name)),
            public=tuple(name for name in words.PUBLIC if (self._places.etc / name).exists()),
            next_key=self._sealed.has(NEXT),
            update=None if attempt is None else Update(attempt.version, attempt.state, attempt.problem),
        )

    def networks(self) -> tuple[Network, ...]:
        return self._wifi.networks()

    def join(self, ssid: str, password: str | None, *, hidden: bool = False) -> tuple[str, ...]:
        words.checked(words.Join(ssid, password, hidden))
        with self._alone:
            return self._wifi.join(ssid, password, hidden=hidden)

    def hotspot(self, *, on: bool) -> Hotspot | None:
        with self._alone:
            return self._wifi.hotspot(on=on)

    def time_zone(self, name: str) -> None:
        words.checked(words.SetTimeZone(name))
        if name not in available_timezones():
            raise StewardRefused(f"{name} is not a time zone this machine knows.")
        done = self._run(["timedatectl", "set-timezone", name], b"", 15.0)
        if not done.well:
            raise StewardRefused(f"The time zone could not be set: {done.words}")

    def settings(self, toml: str) -> tuple[str, ...]:
        words.checked(words.Settings(toml))
        with self._alone, self._sealed.opened(words.SECRETS) as credentials:
            try:
                return take_settings(toml, self._places.etc, credentials)
            except ConfigError as error:
                raise StewardRefused(str(error)) from None

    def credential(self, name: str, content: bytes) -> None:
        words.checked(words.Credential(name, content))
        with self._alone:
            if name in words.SECRETS:
                fitting_key(name, content)
                self._sealed.seal(name, content)
                return
            if name == "merchant_cert.pem":
                self._fit(content)
            else:
                public_key(content)
            put(self._places.etc / name, content)

    def make_key(self, common_name: str, organization: str) -> str:
        words.checked(words.MakeKey(common_name, organization))
        with self._alone:
            key, request = make_key(common_name, organization)
            name = "merchant_key.pem"
            self._sealed.seal(name, key, file=NEXT if self._sealed.has(name) else name)
            return request

    def restart(self, what: What) -> None:
        if self.status().trial:
            raise StewardRefused("An update is on trial now. Ask again in some minutes.")
        order = ["restart", "kiosk.service"] if what is What.KIOSK else ["reboot"]
        done = self._run(["systemctl", "--no-block", *order], b"", 15.0)
        if not done.well:
            raise StewardRefused(f"It could not be started anew: {done.words}")

    def stage(self, path: Path) -> str:
        words.checked(words.Stage(str(path)))
        with self._alone:
            return self._staging.stage(path)

    def stick(self, request: str | None) -> Stick | None:
        with self._one_stick, let_in(self._run):
            return read_stick(self, self._places.scratch, self._run, request)

    def carry(self, path: Path) -> bool:
        words.checked(words.Carry(str(path)))
        with opened(path, self._places.carried) as file, self._one_stick, let_in(self._run):
            return carry(file, path.name, self._places.scratch, self._run)

    def bundle(self) -> bytes:
        return Bundle(self._run).pack()

    def _fit(self, certificate: bytes) -> None:
        """A certificate belongs to the key in use, or to the one that waits for it and takes its place now."""
        kept = {name: "merchant_key.pem" for name in ("merchant_key.pem", NEXT) if self._sealed.has(name)}
        keys = {Path(file): self._sealed.open(name, file=file) for file, name in kept.items()}
        if fitting_certificate(certificate, keys) == Path(NEXT):
            self._sealed.take_next()


def _name(machine_id: Path) -> str:
    """Of the kiosk's own Wi-Fi: two in one street are told apart, and nobody learns the machine's id by it."""
    try:
        found = machine_id.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        found = ""
    return f"Kiosk-{sum(map(ord, found)) * 40503 % 0x10000:04X}" if _MACHINE_ID.fullmatch(found) else "Kiosk"
