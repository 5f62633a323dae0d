"""Where the page is: by kiosk.toml, by which addresses and names of this machine, and in which folder. Opens no listener."""

from __future__ import annotations

import fcntl
import re
import socket
import struct
from contextlib import suppress
from pathlib import Path

from kiosk import config as configuration
from kiosk.config.owner import OwnerConfig
from kiosk.core.errors import DriverError

FIRST = OwnerConfig("0.0.0.0", 8443)  # noqa: S104  only while there is no kiosk.toml and the set-up wants the page
INTERFACES = Path("/sys/class/net")
_SIOCGIFADDR = 0x8915  # netdevice(7)


def wanted(path: Path) -> OwnerConfig | None:
    """Where the page is to be by kiosk.toml; None: nowhere. Without a kiosk.toml, where the set-up asks for it. ConfigError."""
    if path.exists():
        config = configuration.load_owner(path)
        return None if config.host is None else config
    return FIRST if set_up_wants().exists() else None


def set_up_wants() -> Path:
    """The empty file by which the set-up asks for the page before there is a kiosk.toml: in the folder of the kiosk's door."""
    return FIRST.door.with_name("owner.wanted")


def make_folder(folder: Path) -> None:
    """The page's own folder, closed to others. DriverError when it cannot be made."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DriverError(
            f"[owner] folder {folder} cannot be made ({error.strerror}). Name a place the page may write to."
        ) from None


def own_names() -> list[str]:
    """The names a browser may call this machine by: its own, with mDNS's ending, and localhost."""
    name = socket.gethostname().split(".")[0].lower()
    good = [name, f"{name}.local"] if re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name, re.ASCII) else []
    return [*dict.fromkeys([*reversed(good), "localhost"])]


def address_of(host: str) -> str:
    """The IP address to listen at; that of the interface when it is one's name. DriverError when it has none."""
    if re.search(r"[.:]", host):
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            told = fcntl.ioctl(asking, _SIOCGIFADDR, struct.pack("256s", host.encode()[:15]))
        except OSError as error:
            raise DriverError(
                f'[owner] listen: interface "{host}" has no IPv4 address ({error.strerror}). `ip address` lists those there are.'
            ) from None
        return socket.inet_ntoa(told[20:24])


def addresses_of(config: OwnerConfig) -> list[str]:
    """The addresses the page answers at: the one, or where it listens at all of them, the one that leads to the network."""
    if config.host is None:
        return []
    try:
        address = address_of(config.host)
    except DriverError:
        return []
    if address not in ("0.0.0.0", "::"):  # noqa: S104  a comparison
        return [address]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking, suppress(OSError):
        asking.connect(("192.0.2.1", 9))  # nothing is sent: which of our addresses would be the sender's
        return [str(asking.getsockname()[0]), "127.0.0.1"]
    return [*_addresses(), "127.0.0.1"]  # a network that leads nowhere, as the kiosk's own hotspot


def _addresses() -> list[str]:
    """Those of this machine's interfaces but loopback's."""
    found = []
    for interface in sorted(path.name for path in INTERFACES.iterdir()):
        with suppress(DriverError):
            found.append(address_of(interface))
    return [address for address in found if not address.startswith("127.")]
