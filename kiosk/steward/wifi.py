"""Wi-Fi by NetworkManager. Names and passwords are other people's bytes: they go into a file of ours, never into a command.

NetworkManager has the file in /run, in memory; what lasts is its sealed copy, which kiosk-wifi.service puts there at boot.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from kiosk.steward.commands import MISSING, Done, Run
from kiosk.steward.sealed import Sealed
from kiosk.steward.words import Hotspot, Network, StewardRefused, Wifi
from kiosk.written import write

CREDENTIAL = "wifi.nmconnection"
FILE = "kiosk-wifi.nmconnection"
HOTSPOT_FILE = "kiosk-hotspot.nmconnection"
WIFI_ID = "6b696f73-6b00-4000-8000-000000000001"
HOTSPOT_ID = "6b696f73-6b00-4000-8000-000000000002"
HOTSPOT_ADDRESS = "10.42.0.1"
_JOIN_S = 50
_NETWORKS_MOST = 64
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
_SSID_BYTES = 32
_RAW_KEY = 64


@dataclass(slots=True)
class NetworkManager:
    """`connections` as /run/NetworkManager/system-connections; `name`: of the kiosk's own Wi-Fi."""

    connections: Path
    sealed: Sealed
    run: Run
    name: str

    def networks(self) -> tuple[Network, ...]:
        """In reach, the strongest first, each name once."""
        found: dict[str, Network] = {}
        for ssid, signal, security, _ in self._list("yes", 30.0):
            if ssid not in found or found[ssid].signal < signal:
                found[ssid] = Network(ssid, signal, security not in {"", "--"})
        return tuple(sorted(found.values(), key=lambda network: (-network.signal, network.ssid)))[:_NETWORKS_MOST]

    def current(self) -> Wifi:
        """The one this machine is in."""
        try:
            seen = self._list("no", 5.0)
        except StewardRefused:
            return Wifi()
        return next((Wifi(ssid, signal) for ssid, signal, _, active in seen if active and ssid != self.name), Wifi())

    def addresses(self) -> tuple[str, ...]:
        """Of this machine, by which others may reach it; the loopback's are none."""
        done = self.run(["ip", "-oneline", "address", "show", "scope", "global"], b"", 5.0)
        lines = [line.split() for line in done.out.decode(errors="replace").splitlines()]
        return tuple(words[3].partition("/")[0] for words in lines if len(words) > 3 and words[2] in {"inet", "inet6"})  # noqa: PLR2004  the words of a line of ip's

    def hotspot_is_open(self) -> bool:
        """Whether the kiosk's own Wi-Fi is there."""
        done = self.run(["nmcli", "--terse", "--fields", "UUID", "connection", "show", "--active"], b"", 5.0)
        return done.well and HOTSPOT_ID in done.out.decode(errors="replace").split()

    def join(self, ssid: str, password: str | None, *, hidden: bool) -> tuple[str, ...]:
        """Join, keep, and seal; the addresses. What was there before comes back when it does not work."""
        path = self.connections / FILE
        before = path.read_bytes() if path.exists() else None
        content = client(ssid, password, hidden=hidden)
        done = self._up(path, content, WIFI_ID, _JOIN_S)
        if not done.well:
            self._put_back(path, before)
            raise StewardRefused(why(done))
        try:
            self.sealed.seal(CREDENTIAL, content)
        except StewardRefused:
            self._put_back(path, before)
            raise
        return self.addresses()

    def hotspot(self, *, on: bool) -> Hotspot | None:
        """Open the kiosk's own Wi-Fi, under a new password; or close it."""
        path = self.connections / HOTSPOT_FILE
        if not on:
            self.run(["nmcli", "--wait", "15", "connection", "down", "uuid", HOTSPOT_ID], b"", 20.0)
            path.unlink(missing_ok=True)
            self.run(["nmcli", "connection", "reload"], b"", 10.0)
            return None
        password = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
        done = self._up(path, access_point(self.name, password), HOTSPOT_ID, 30)
        if not done.well:
            path.unlink(missing_ok=True)
            self.run(["nmcli", "connection", "reload"], b"", 10.0)
            raise StewardRefused(f"The kiosk's own Wi-Fi cannot be opened: {why(done)}")
        return Hotspot(self.name, password, HOTSPOT_ADDRESS)

    def _up(self, path: Path, content: bytes, uuid: str, within_s: int) -> Done:
        self.connections.mkdir(mode=0o755, parents=True, exist_ok=True)
        write(path, content, mode=0o600)
        loaded = self.run(["nmcli", "connection", "load", str(path)], b"", 10.0)
        if not loaded.well:
            return loaded
        return self.run(["nmcli", "--wait", str(within_s), "connection", "up", "uuid", uuid], b"", within_s + 5.0)

    def _put_back(self, path: Path, before: bytes | None) -> None:
        if before is None:
            path.unlink(missing_ok=True)
            self.run(["nmcli", "connection", "reload"], b"", 10.0)
        else:
            self._up(path, before, WIFI_ID, 20)

    def _list(self, rescan: str, within_s: float) -> list[tuple[str, int, str, bool]]:
        """Name, signal, security, and whether this machine is in it. Names that are no text are left out."""
        fields = "SSID-HEX,SIGNAL,ACTIVE,SECURITY"  # in hex, so that no name can be taken for more than a name
        done = self.run(["nmcli", "--terse", "--fields", fields, "device", "wifi", "list", "--rescan", rescan], b"", within_s)
        if not done.well:
            raise StewardRefused(why(done))
        found = []
        for line in done.out.decode(errors="replace").splitlines():
            hexed, signal, active, security = [*line.split(":", 3), "", "", ""][:4]
            ssid = text_of(hexed)
            if ssid is not None and signal.isdecimal():
                found.append((ssid, min(100, int(signal)), security, active == "yes"))
        return found


def client(ssid: str, password: str | None, *, hidden: bool) -> bytes:
    """NetworkManager's file (nm-settings-keyfile(5)) to join a network. The name is in numbers: nothing in it means more."""
    lines = [*_head("kiosk-wifi", WIFI_ID, autoconnect=True), "mode=infrastructure", _ssid(ssid)]
    if hidden:
        lines.append("hidden=true")
    if password is not None:
        lines += ["", "[wifi-security]", "key-mgmt=wpa-psk", f"psk={quoted(password)}"]
    return _file([*lines, "", "[ipv4]", "method=auto", "", "[ipv6]", "method=auto"])


def access_point(ssid: str, password: str) -> bytes:
    """The same for the kiosk's own Wi-Fi. Who is in it reaches the kiosk, and nothing beyond: there is nothing to share."""
    lines = [*_head("kiosk-hotspot", HOTSPOT_ID, autoconnect=False), "mode=ap", _ssid(ssid)]
    lines += ["", "[wifi-security]", "key-mgmt=wpa-psk", "proto=rsn;", "pairwise=ccmp;", f"psk={quoted(password)}"]
    return _file([*lines, "", "[ipv4]", "method=shared", f"address1={HOTSPOT_ADDRESS}/24", "", "[ipv6]", "method=disabled"])


def quoted(text: str) -> str:
    """A value of a key file (GKeyFile): its spaces at the ends would be dropped, a backslash begins something."""
    return text.replace("\\", "\\\\").replace(" ", "\\s")


def text_of(hexed: str) -> str | None:
    """A network's name; None when it is hidden, or no text that a person could read."""
    try:
        raw = bytes.fromhex(hexed)
        text = raw.decode()
    except ValueError:
        return None
    return text if 0 < len(raw) <= _SSID_BYTES and text.isprintable() and text.strip() else None


def why(done: Done) -> str:
    """Why NetworkManager could not, for whoever stands before the screen."""
    said = done.words.lower()
    if done.code == MISSING:
        return "NetworkManager is not here: connect the kiosk by a cable."
    if "secrets were required" in said or "no secrets" in said or "802.1x" in said or "psk: property is invalid" in said:
        return "The network refuses this password. Type it again."
    if "no network with ssid" in said or "ssid-not-found" in said or "could not be found" in said:
        return "The network was not found. Is the kiosk near enough?"
    if "ip configuration" in said or "ip-config" in said:
        return "The network gives no address. Restart the router."
    if "no wi-fi device" in said or "no suitable device" in said or "not available" in said:
        return "There is no Wi-Fi in this machine, or it is switched off."
    return f"It did not work: {done.words or 'the network did not answer in time'}."


def _head(name: str, uuid: str, *, autoconnect: bool) -> list[str]:
    return ["[connection]", f"id={name}", f"uuid={uuid}", "type=wifi", f"autoconnect={str(autoconnect).lower()}", "", "[wifi]"]


def _ssid(text: str) -> str:
    return "ssid=" + "".join(f"{byte};" for byte in text.encode())


def _file(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()
