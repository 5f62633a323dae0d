"""A stand-in for the steward: does no harm, keeps what it is given in a folder of its own, and refuses what the real one refuses.

`kiosk demo`, tests and people at a desk use it. What a test may want to see is in its attributes.
"""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import available_timezones

from kiosk import __version__
from kiosk.core.errors import ConfigError
from kiosk.steward import carrying, words
from kiosk.steward import stick as sticks
from kiosk.steward.keys import fitting_certificate, fitting_key, make_key, public_key
from kiosk.steward.settings import take_settings
from kiosk.steward.words import Hotspot, Network, Status, StewardRefused, Stick, Update, UpdateState, What, Wifi
from kiosk.written import put


@dataclass(slots=True)
class FakeSteward:
    """`folder` has `etc/` (kiosk.toml and what is public) and `sealed/`; a folder `stick` in it is one that is plugged in.

    `air`: password (None: open) by name of the network; `cable`: one is plugged in.
    """

    folder: Path
    air: dict[str, str | None] = field(default_factory=lambda: {"Harbour Snacks": "12345678", "Guests": None})
    restarts: list[What] = field(default_factory=list)
    zone: str = "UTC"
    cable: bool = True
    joined: str | None = None
    open_hotspot: Hotspot | None = None
    update: Update | None = None

    def __post_init__(self) -> None:
        self.etc.mkdir(parents=True, exist_ok=True)
        self.sealed.mkdir(mode=0o700, exist_ok=True)

    @property
    def etc(self) -> Path:
        """As /etc/kiosk."""
        return self.folder / "etc"

    @property
    def sealed(self) -> Path:
        """As /etc/credstore.encrypted, opened."""
        return self.folder / "sealed"

    def status(self) -> Status:
        sealed = [name for name in (*words.SECRETS, "wifi.nmconnection") if (self.sealed / name).exists()]
        return Status(
            version=__version__,
            slot="factory",
            trial=False,
            addresses=("192.0.2.7",) if self.cable or self.joined else (),
            wifi=Wifi(self.joined, None if self.joined is None else 70),
            hotspot=self.open_hotspot is not None,
            time_zone=self.zone,
            clock_synchronized=True,
            sealed=tuple(sealed),
            public=tuple(name for name in words.PUBLIC if (self.etc / name).exists()),
            next_key=(self.sealed / "merchant_key.next.pem").exists(),
            update=self.update,
        )

    def networks(self) -> tuple[Network, ...]:
        return tuple(
            Network(ssid, 90 - 10 * place, password is not None) for place, (ssid, password) in enumerate(self.air.items())
        )

    def join(self, ssid: str, password: str | None, *, hidden: bool = False) -> tuple[str, ...]:
        words.checked(words.Join(ssid, password, hidden))
        if ssid not in self.air:
            raise StewardRefused("The network was not found. Is the kiosk near enough?")
        if self.air[ssid] != password:
            raise StewardRefused("The network refuses this password. Type it again.")
        (self.sealed / "wifi.nmconnection").write_text(ssid)
        self.joined, self.open_hotspot = ssid, None
        return ("192.0.2.7",)

    def hotspot(self, *, on: bool) -> Hotspot | None:
        self.open_hotspot = Hotspot("Kiosk-2F6A", "rice-lamp-4719", "10.42.0.1") if on else None
        return self.open_hotspot

    def time_zone(self, name: str) -> None:
        words.checked(words.SetTimeZone(name))
        if name not in available_timezones():
            raise StewardRefused(f"{name} is not a time zone this machine knows.")
        self.zone = name

    def settings(self, toml: str) -> tuple[str, ...]:
        words.checked(words.Settings(toml))
        try:
            return take_settings(toml, self.etc, self.sealed)
        except ConfigError as error:
            raise StewardRefused(str(error)) from None

    def credential(self, name: str, content: bytes) -> None:
        words.checked(words.Credential(name, content))
        current, following = self.sealed / "merchant_key.pem", self.sealed / "merchant_key.next.pem"
        if name == "merchant_cert.pem":
            keys = {path: path.read_bytes() for path in (current, following) if path.exists()}
            if fitting_certificate(content, keys) == following:
                following.replace(current)
        elif name == "wechat_pub.pem":
            public_key(content)
        else:
            fitting_key(name, content)
        put((self.etc if name in words.PUBLIC else self.sealed) / name, content, mode=0o600)

    def make_key(self, common_name: str, organization: str) -> str:
        words.checked(words.MakeKey(common_name, organization))
        key, request = make_key(common_name, organization)
        current = self.sealed / "merchant_key.pem"
        put(self.sealed / "merchant_key.next.pem" if current.exists() else current, key, mode=0o600)
        return request

    def stick(self, request: str | None) -> Stick | None:
        words.checked(words.ReadStick(request))
        folder = self.folder / "stick" / sticks.FOLDER
        return sticks.take(self, folder, request) if folder.is_dir() else None

    def carry(self, path: Path) -> bool:
        words.checked(words.Carry(str(path)))
        with carrying.opened(path, (self.folder / "carry",)) as file:
            folder = self.folder / "stick"
            if folder.is_dir():
                carrying.leave(file, folder / path.name)
            return folder.is_dir()

    def restart(self, what: What) -> None:
        self.restarts.append(what)

    def stage(self, path: Path) -> str:
        words.checked(words.Stage(str(path)))
        if path.suffix != ".release":
            raise StewardRefused(f"{path.name} is no release file.")
        self.update = Update(path.stem, UpdateState.WAITING)
        return path.stem

    def bundle(self) -> bytes:
        content = b"This is a stand-in: there is no system to tell of.\n"
        with io.BytesIO() as packed:
            with tarfile.open(fileobj=packed, mode="w") as tar:
                entry = tarfile.TarInfo("system/about.txt")
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
            return packed.getvalue()
