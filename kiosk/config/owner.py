"""The table [owner] of kiosk.toml: where the owner's page listens, and whom it asks. Off unless it is told where.

Must not open anything; whether an interface of that name has an address is for the page's process to see.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from pathlib import Path

from kiosk.config.reader import Files, Table

FOLDER = Path("/var/lib/kiosk-owner")
STEWARD = Path("/run/kiosk-steward.sock")
DOOR = Path("/run/kiosk/owner.sock")
_WHERE = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<v4>[0-9.]+)|(?P<interface>[A-Za-z][0-9A-Za-z_.-]{0,14})):(?P<port>[0-9]{1,5})", re.ASCII
)
_LISTEN_REMEDY = (
    'Write an address of this machine and a port, as "192.168.1.5:8443", "0.0.0.0:8443" for all of them, or an interface, '
    'as "wlan0:8443"; or leave the key out, and there is no page.'
)
_LEAST_PORT, _LAST_PORT = 1024, 65535  # below the first only root may listen, and the page is nobody's but kiosk-owner's


@dataclass(frozen=True, slots=True)
class OwnerConfig:
    """`host`: an IP address or the name of an interface, None for no page. `folder`: its certificate, its PIN, what was uploaded.

    `steward`: the socket of the steward. `door`: that of the kiosk, where the page asks it and may only read.
    """

    host: str | None = None
    port: int = 0
    folder: Path = FOLDER
    steward: Path = STEWARD
    door: Path = DOOR


def read_owner(table: Table, files: Files) -> OwnerConfig:
    """Read the table; what is wrong is noted in `table`."""
    config = OwnerConfig(
        folder=_place(table, files, "folder", "the folder that is the page's own", FOLDER),
        steward=_place(table, files, "steward", "where the steward is asked", STEWARD),
        door=_place(table, files, "door", "where the kiosk answers the page", DOOR),
    )
    if not table.has("listen"):
        return config
    value = table.text("listen", _LISTEN_REMEDY)
    host, port = _where(value)
    if value and host is None:
        table.wrong("listen", value, "is neither an IP address nor an interface, with a port", _LISTEN_REMEDY)
    elif value and not _LEAST_PORT <= port <= _LAST_PORT:
        table.wrong("listen", value, f"has a port that is not between {_LEAST_PORT} and {_LAST_PORT}", _LISTEN_REMEDY)
    return replace(config, host=host, port=port)


def _place(table: Table, files: Files, key: str, what: str, default: Path) -> Path:
    return files.beside(table.text(key, f'Write {what}, as "{default}".', default=str(default)))


def _where(value: str) -> tuple[str | None, int]:
    parts = _WHERE.fullmatch(value)
    if parts is None:
        return None, 0
    if parts["interface"]:
        return parts["interface"], int(parts["port"])
    try:
        return str(ipaddress.ip_address(parts["v6"] or parts["v4"])), int(parts["port"])
    except ValueError:
        return None, 0
