"""The way to WeChat, step by step: the first thing that is missing is the one that is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.core.checkup import Verdict
from kiosk.support import network

ROUTE = "Iface\tDestination\tGateway\nwlan0\t00000000\t0101A8C0\nwlan0\t0001A8C0\t00000000\n"
TRIE = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 127.0.0.1\n        /32 host LOCAL\n     |-- 192.168.1.20\n        /32 host LOCAL\n"
WIRELESS = "Inter-| sta-| Quality\n face | tus | link\n wlan0: 0000   {}.  -50.  -256        0\n"


def machine(folder: Path, up: dict[str, bool], **files: str) -> tuple[Path, Path]:
    """Its /sys and /proc."""
    for name, carries in up.items():
        device = folder / "sys" / "class" / "net" / name
        device.mkdir(parents=True)
        (device / "carrier").write_text("1\n" if carries else "0\n")
    (folder / "proc" / "net").mkdir(parents=True)
    for name, text in files.items():
        (folder / "proc" / "net" / name).write_text(text)
    return folder / "sys", folder / "proc"


def test_a_cable_is_enough(tmp_path: Path) -> None:
    """The loopback device is none."""
    check = network.link(*machine(tmp_path, {"lo": True, "eth0": True, "wlan0": False}))
    assert (check.verdict, check.value) == (Verdict.OK, "eth0")


@pytest.mark.parametrize(("quality", "verdict", "value"), [(63, Verdict.OK, "wlan0 90 %"), (14, Verdict.WARN, "wlan0 20 %")])
def test_a_wifi_tells_how_strong_it_is(tmp_path: Path, quality: int, verdict: Verdict, value: str) -> None:
    """A weak one is told of."""
    check = network.link(*machine(tmp_path, {"wlan0": True}, wireless=WIRELESS.format(quality)))
    assert (check.verdict, check.value) == (verdict, value)


@pytest.mark.parametrize("up", [{"lo": True}, {"lo": True, "eth0": False, "wlan0": False}])
def test_nothing_connected_is_the_first_to_be_mended(tmp_path: Path, up: dict[str, bool]) -> None:
    """But for a stand-in on this very machine."""
    sys, proc = machine(tmp_path, up)
    assert network.link(sys, proc).verdict is Verdict.FAIL
    assert network.link(sys, proc, here=True).verdict is Verdict.OK


def test_an_address_without_a_way_out_is_not_enough(tmp_path: Path) -> None:
    """Nor a way out without an address."""
    _, proc = machine(tmp_path / "a", {}, route=ROUTE, fib_trie=TRIE)
    check = network.address(proc)
    assert (check.verdict, check.value) == (Verdict.OK, "192.168.1.20")
    _, proc = machine(tmp_path / "b", {}, route=ROUTE.replace("00000000\t01", "0001A8C0\t01"), fib_trie=TRIE, ipv6_route="")
    check = network.address(proc)
    assert (check.verdict, "no way out" in check.found) == (Verdict.FAIL, True)
    _, proc = machine(tmp_path / "c", {}, route=ROUTE, fib_trie=TRIE.replace("192.168.1.20", "127.0.0.2"), if_inet6="")
    check = network.address(proc)
    assert (check.verdict, "no address" in check.found) == (Verdict.FAIL, True)


def test_an_address_of_ipv6_counts_as_well(tmp_path: Path) -> None:
    """The link's own do not."""
    trie = TRIE.replace("192.168.1.20", "127.0.0.2")
    local = "fe800000000000000000000000000001 02 40 20 80 eth0\n"
    _, proc = machine(tmp_path / "a", {}, fib_trie=trie, if_inet6=local, route=ROUTE)
    assert network.address(proc).verdict is Verdict.FAIL
    _, proc = machine(
        tmp_path / "b", {}, fib_trie=trie, if_inet6=local + "20010db8000000000000000000000007 02 40 00 80 eth0\n", route=ROUTE
    )
    assert network.address(proc).value == "2001:db8::7"
