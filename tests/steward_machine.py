"""A machine for the steward that is none: the programs it runs are played, with an air of two networks and what they would say.

It reads the files that the steward writes as NetworkManager would (by a parser of its own), so that a name or a password that
breaks out of its line is seen. The real programs are met in the lab's container.
"""

from __future__ import annotations

import base64
import configparser
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.release.shelf import Shelf
from kiosk.steward.commands import MISSING, Done
from kiosk.steward.real import Places, RealSteward
from tests.releases import public_keys, shelf


@dataclass(slots=True)
class Machine:
    """`folder` is all of it. What was run is in `ran`, with what went in by stdin."""

    folder: Path
    air: dict[bytes, str | None] = field(default_factory=lambda: {b"Harbour Snacks": "12345678", b"Guests": None})
    odd: list[str] = field(default_factory=list)  # more lines of `nmcli device wifi list`
    ran: list[tuple[list[str], bytes]] = field(default_factory=list)
    active: str | None = None
    missing: set[str] = field(default_factory=set)
    journal: list[dict[str, object]] = field(default_factory=list)

    def steward(self) -> RealSteward:
        etc = self.folder / "etc"
        etc.mkdir()
        (self.folder / "id").write_text("0f1e2d3c" * 4)
        places = Places(
            etc=etc,
            credentials=self.folder / "credstore",
            scratch=self.folder / "scratch",
            connections=self.connections,
            machine_id=self.folder / "id",
            localtime=self.folder / "localtime",
            release_keys=public_keys(self.folder / "keys"),
            uploads=(self.folder / "upload",),
        )
        (self.folder / "upload").mkdir()
        return RealSteward(places, self.shelf, self.run)

    @property
    def connections(self) -> Path:
        return self.folder / "connections"

    @property
    def shelf(self) -> Shelf:
        made = Shelf(self.folder / "releases", self.folder / "factory", self.folder / "run/slot")
        return made if made.releases.exists() else shelf(self.folder)

    def run(self, words: Sequence[str], stdin: bytes, within_s: float) -> Done:
        assert within_s > 0
        self.ran.append((list(words), stdin))
        if words[0] in self.missing:
            return Done(MISSING, err=b"not installed")
        play = getattr(self, "_" + words[0].replace("-", "_"), None)
        return Done(MISSING, err=b"not installed") if play is None else play(list(words), stdin)

    def file(self, name: str) -> dict[str, dict[str, str]]:
        """A connection's file, as NetworkManager reads it."""
        parser = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",), strict=True)
        parser.read_string((self.connections / name).read_text("utf-8"))
        return {section: dict(parser[section]) for section in parser.sections()}

    def ssid_of(self, name: str) -> bytes:
        return bytes(int(number) for number in self.file(name)["wifi"]["ssid"].split(";") if number)

    def password_of(self, name: str) -> str | None:
        raw = self.file(name).get("wifi-security", {}).get("psk")
        return None if raw is None else re.sub(r"\\(.)", lambda found: {"s": " "}.get(found[1], found[1]), raw)

    def _systemd_creds(self, words: list[str], stdin: bytes) -> Done:
        name = words[2].removeprefix("--name=")
        if words[1] == "encrypt":
            return Done(0, json.dumps([name, base64.b64encode(stdin).decode()]).encode())
        kept, content = json.loads(Path(words[3]).read_bytes())
        return Done(0, base64.b64decode(content)) if kept == name else Done(1, err=b"Embedded credential name does not match")

    def _ip(self, _words: list[str], _: bytes) -> Done:
        return Done(0, b"2: wlan0    inet 192.0.2.7/24 brd 192.0.2.255 scope global wlan0\\       valid_lft forever\n")

    def _timedatectl(self, words: list[str], _: bytes) -> Done:
        if words[1] == "set-timezone":
            (self.folder / "localtime").unlink(missing_ok=True)
            (self.folder / "localtime").symlink_to(f"/usr/share/zoneinfo/{words[2]}")
        return Done(0)

    def _systemctl(self, _words: list[str], _: bytes) -> Done:
        return Done(0)

    def _journalctl(self, _words: list[str], _: bytes) -> Done:
        return Done(0, b"\n".join(json.dumps(entry).encode() for entry in self.journal))

    def _nmcli(self, words: list[str], _: bytes) -> Done:
        match words[1:]:
            case ["--terse", "--fields", "UUID", "connection", "show", "--active"]:
                return Done(0, (self.active or "").encode())
            case ["--terse", "--fields", "SSID-HEX,SIGNAL,ACTIVE,SECURITY", "device", "wifi", "list", "--rescan", _]:
                return Done(0, "\n".join([*self._seen(), *self.odd]).encode())
            case ["connection", "load", path]:
                assert Path(path).stat().st_mode & 0o777 == 0o600
                self.file(Path(path).name)
                return Done(0)
            case ["connection", "reload"]:
                if self.active is not None and not any(self.active in path.read_text() for path in self.connections.iterdir()):
                    self.active = None
                return Done(0)
            case ["--wait", _, "connection", "up", "uuid", uuid]:
                return self._up(uuid)
            case ["--wait", _, "connection", "down", "uuid", _]:
                self.active = None
                return Done(0)
        raise AssertionError(words)

    def _seen(self) -> list[str]:
        own = None
        if self.active is not None and self.active.endswith("1"):
            own = self.ssid_of("kiosk-wifi.nmconnection")
        return [
            f"{ssid.hex().upper()}:{90 - 10 * place}:{'yes' if ssid == own else 'no'}:{'WPA2' if password else ''}"
            for place, (ssid, password) in enumerate(self.air.items())
        ]

    def _up(self, uuid: str) -> Done:
        name = next(path.name for path in self.connections.iterdir() if f"uuid={uuid}\n" in path.read_text())
        if self.file(name)["wifi"]["mode"] == "infrastructure":
            ssid = self.ssid_of(name)
            if ssid not in self.air:
                return Done(10, err=b"Error: Connection activation failed: No network with SSID 'x' found.")
            if self.air[ssid] != self.password_of(name):
                return Done(4, err=b"Error: Connection activation failed: (7) Secrets were required, but not provided.")
        self.active = uuid
        return Done(0)
