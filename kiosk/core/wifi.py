r"""The QR of a Wi-Fi, as phones and routers show it: read, and written for the kiosk's own. Words only; joins nothing.

`WIFI:T:WPA;S:name;P:password;H:true;;` with a backslash before any of \ ; , : and " (zxing's wiki, "Barcode Contents"). What
is read was drawn by a stranger, so anything odd makes it none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LONGEST = 300  # characters: 32 bytes of a name and 63 of a password, all of them escaped, fit
_FIELD = re.compile(r"([A-Z0-9]{1,4}):((?:\\.|[^\\;])*);", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SPECIAL = re.compile(r'([\\;,:"])')
_PASSWORD = re.compile(r"[ -~]{8,63}|[0-9A-Fa-f]{64}", re.ASCII)  # IEEE 802.11i, H.4: a pass phrase, or the key itself
_OPEN, _SHARED = ("", "NOPASS"), ("WPA", "WPA2", "WPA3", "WPA/WPA2", "SAE")
_SSID_BYTES = 32


@dataclass(frozen=True, slots=True)
class WifiNetwork:
    """What it takes to join. `password` None: open to all. `hidden`: it does not tell its name."""

    ssid: str
    password: str | None = field(repr=False)
    hidden: bool = False


def read_wifi(text: str) -> WifiNetwork | None:
    """The network of a QR; None for anything else, and for one of a kind that cannot be joined with a password (WEP, EAP)."""
    if not text.startswith("WIFI:") or len(text) > LONGEST:
        return None
    fields: dict[str, str] = {}
    place = len("WIFI:")
    while place < len(text) and text[place] != ";":
        found = _FIELD.match(text, place)
        if found is None or found[1] in fields:
            return None
        fields[found[1]] = found[2]
        place = found.end()
    if text[place:] not in {"", ";"}:
        return None
    return _network(fields)


def wifi_text(network: WifiNetwork) -> str:
    """The QR's text for this network."""
    parts = [f"T:{'nopass' if network.password is None else 'WPA'}", f"S:{_escape(network.ssid)}"]
    if network.password is not None:
        parts.append(f"P:{_escape(network.password)}")
    if network.hidden:
        parts.append("H:true")
    return f"WIFI:{';'.join(parts)};;"


def is_ssid(text: str) -> bool:
    """Whether it can be a network's name: 1 to 32 bytes that a screen can show."""
    return text.isprintable() and 0 < len(text.encode("utf-8", "surrogatepass")) <= _SSID_BYTES


def is_password(text: str) -> bool:
    """Whether it can be a network's password."""
    return _PASSWORD.fullmatch(text) is not None


def _network(fields: dict[str, str]) -> WifiNetwork | None:
    kind = fields.get("T", "").upper()
    ssid, password = _value(fields.get("S", "")), _value(fields.get("P", ""))
    if not is_ssid(ssid):
        return None
    hidden = fields.get("H", "").lower() == "true"
    if kind in _OPEN and not password:
        return WifiNetwork(ssid, None, hidden)
    # some phones leave out the kind, or say nothing of it, though there is a password
    if kind in (*_SHARED, *_OPEN) and is_password(password):
        return WifiNetwork(ssid, password, hidden)
    return None


def _value(written: str) -> str:
    """Without its escapes; quotes around it, which tell a name from a number in hex, are not a part of it."""
    if len(written) > 1 and written[0] == written[-1] == '"' and not written.endswith('\\"'):
        written = written[1:-1]
    return _ESCAPED.sub(r"\1", written)


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
