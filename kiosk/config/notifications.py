"""The table [notifications] of kiosk.toml: where the kiosk itself listens for what WeChat notifies. Off unless it is told where.

Must not open anything. Without it the kiosk asks WeChat in its own time, which is enough to sell.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from kiosk.config.reader import Table

_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<v4>[0-9.]+)):(?P<port>[0-9]{1,5})", re.ASCII)
_LISTEN_REMEDY = 'Write an address of this machine and a port, as "127.0.0.1:8089" where your proxy, which ends TLS, is here too.'
_PATH_REMEDY = 'Write where it begins with a slash, as "/wechat/notify", or leave it out: then it is that of notify_url.'


@dataclass(frozen=True, slots=True)
class NotificationsConfig:
    """Where to listen: `host` an IP address, `path` as it arrives there. `host` None: nowhere."""

    host: str | None
    port: int
    path: str


def read_notifications(table: Table, notify_url: str) -> NotificationsConfig:
    """Read the table; what is wrong is noted in `table`. The path is that of `notify_url` unless written."""
    path = urlsplit(notify_url).path or "/"
    if table.has("path"):
        path = table.text("path", _PATH_REMEDY, form=r"/[0-9A-Za-z._~/-]{0,254}") or path
    if not table.has("listen"):
        return NotificationsConfig(None, 0, path)
    value = table.text("listen", _LISTEN_REMEDY)
    host, port = _address(value)
    if value and host is None:
        table.wrong("listen", value, "is not an IP address and a port", _LISTEN_REMEDY)
    elif value and not 1 <= port <= 65535:  # noqa: PLR2004  all ports there are
        table.wrong("listen", value, "has a port that is none", _LISTEN_REMEDY)
    return NotificationsConfig(host, port, path)


def _address(value: str) -> tuple[str | None, int]:
    parts = _ADDRESS.fullmatch(value)
    if parts is None:
        return None, 0
    try:
        return str(ipaddress.ip_address(parts["v6"] or parts["v4"])), int(parts["port"])
    except ValueError:
        return None, 0
