"""The way to WeChat Pay, step by step: a link, an address and a way out, the host's name, a connection it is believed on.

The first step that fails says where to look. A host on this machine (a stand-in) needs neither link nor address.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from kiosk.core.checkup import Kind, Verdict
from kiosk.doctor.checks import Check

CONNECT_S = 5.0
_HERE = "the host is on this machine"


def steps(hosts: Sequence[str], ca_file: Path | None, sys: Path = Path("/sys"), proc: Path = Path("/proc")) -> Iterator[Check]:
    """All of them, one by one."""
    here = all(is_here(host) for host in hosts)
    yield link(sys, proc, here=here)
    yield address(proc, here=here)
    for host in hosts:
        yield named(host)
        yield reachable(host, ca_file)


def link(sys: Path = Path("/sys"), proc: Path = Path("/proc"), *, here: bool = False) -> Check:
    """Whether a cable or a Wi-Fi carries anything; of a Wi-Fi how strong."""
    strength = _wireless(proc)
    up: list[str] = []
    down: list[str] = []
    for interface in sorted((sys / "class" / "net").glob("*")):
        if interface.name == "lo":
            continue
        try:
            carries = (interface / "carrier").read_text("ascii").strip() == "1"
        except OSError:  # an interface that is down has none to read
            carries = False
        (up if carries else down).append(interface.name)
    if not up:
        if here:
            return Check("link", Verdict.OK, _HERE, kind=Kind.LINK)
        found = f"nothing is connected: {', '.join(down)} down" if down else "this machine has no network device"
        return Check("link", Verdict.FAIL, found, "Plug in the cable, or join a Wi-Fi (owner's page, or nmtui).", Kind.LINK)
    first = next((name for name in up if name in strength), None)
    if first is None:
        return Check("link", Verdict.OK, f"{', '.join(up)} up", kind=Kind.LINK, value=up[0])
    percent = strength[first]
    value = f"{first} {percent} %"
    if percent < 30:  # noqa: PLR2004  of iwconfig's 70 steps some 20: about -80 dBm
        return Check("link", Verdict.WARN, f"{value} of a good signal", "Place router or kiosk nearer.", Kind.LINK, value)
    return Check("link", Verdict.OK, value, kind=Kind.LINK, value=value)


def address(proc: Path = Path("/proc"), *, here: bool = False) -> Check:
    """Whether there is an address of ours, and a way out of the shop's network."""
    own = _own_address(proc)
    if own is not None and _has_default_route(proc):
        return Check("address", Verdict.OK, f"{own}, and a way out", kind=Kind.ADDRESS, value=own)
    if here:
        return Check("address", Verdict.OK, _HERE, kind=Kind.ADDRESS)
    found = "no address was given to this machine" if own is None else f"{own}, and no way out of this network"
    return Check(
        "address", Verdict.FAIL, found, "Restart the router; or set the address by hand (nmtui).", Kind.ADDRESS, own or ""
    )


def named(host: str) -> Check:
    """DNS. Blocks for as long as the system's resolver does."""
    name, port = _name_and_port(host)
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except OSError as error:
        problem = f"the name is not found ({error.strerror or error})"
        return Check(f"name {name}", Verdict.FAIL, problem, "Check cable or Wi-Fi, and the router's DNS.", Kind.NAME, name)
    return Check(f"name {name}", Verdict.OK, f"is {found[0][4][0]}", kind=Kind.NAME, value=str(found[0][4][0]))


def reachable(host: str, ca_file: Path | None, timeout_s: float = CONNECT_S) -> Check:
    """Name, connection and certificate of one host."""
    parts = urlsplit(host)
    name, port = _name_and_port(host)
    title = f"host {name}"
    missing = named(host)
    if missing.failed:
        return Check(title, missing.verdict, missing.found, missing.remedy, Kind.TLS, name)
    began = time.monotonic()
    try:
        with socket.create_connection((name, port), timeout_s) as connection:
            if parts.scheme == "https":
                context = ssl.create_default_context()
                if ca_file is not None:
                    context.load_verify_locations(ca_file)
                with context.wrap_socket(connection, server_hostname=name):
                    pass
    except ssl.SSLCertVerificationError as error:
        remedy = "Check the clock; is there a portal or a proxy between? A stand-in's authority goes into [wechat_pay] ca_file."
        return Check(title, Verdict.FAIL, f"its certificate is not believed ({error.verify_message})", remedy, Kind.TLS, name)
    except OSError as error:
        found = f"port {port} cannot be reached ({error.strerror or error})"
        return Check(title, Verdict.FAIL, found, "Check the network and its firewall.", Kind.TLS, name)
    took = f"{(time.monotonic() - began) * 1000:.0f} ms"
    return Check(title, Verdict.OK, f"port {port} answers in {took}", kind=Kind.TLS, value=took)


def _name_and_port(host: str) -> tuple[str, int]:
    parts = urlsplit(host)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def is_here(host: str) -> bool:
    """Whether a host is this machine."""
    name, _ = _name_and_port(host)
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _own_address(proc: Path) -> str | None:
    """The first address of ours that others could reach: proc(5), net/fib_trie ("/32 host LOCAL") and net/if_inet6 (scope 0)."""
    try:
        lines = (proc / "net" / "fib_trie").read_text("ascii").splitlines()
        for before, line in pairwise(lines):
            found = before.strip().removeprefix("|-- ")
            if "/32 host LOCAL" in line and not ipaddress.ip_address(found).is_loopback:
                return found
        for line in (proc / "net" / "if_inet6").read_text("ascii").splitlines():
            number, _, _, scope, _, device = line.split()
            if scope == "00" and device != "lo":
                return str(ipaddress.IPv6Address(int(number, 16)))
    except (OSError, ValueError):
        return None
    return None


def _has_default_route(proc: Path) -> bool:
    """proc(5), net/route: the destination 00000000; and the same of IPv6, but not by the loopback device."""
    try:
        lines = (proc / "net" / "route").read_text("ascii").splitlines()[1:]
        if any(line.split()[1:2] == ["00000000"] for line in lines):
            return True
        lines = (proc / "net" / "ipv6_route").read_text("ascii").splitlines()
        return any(line.startswith("0" * 32 + " 00 ") and line.split()[-1] != "lo" for line in lines)
    except OSError:
        return False


def _wireless(proc: Path) -> dict[str, int]:
    """proc(5), net/wireless: the link's quality of 70, by device, here in percent."""
    try:
        lines = (proc / "net" / "wireless").read_text("ascii").splitlines()[2:]
    except OSError:
        return {}
    found = {}
    for line in lines:
        name, _, rest = line.partition(":")
        words = rest.split()
        if len(words) > 1 and words[1].rstrip(".").isdigit():
            found[name.strip()] = min(100, round(int(words[1].rstrip(".")) * 100 / 70))
    return found
