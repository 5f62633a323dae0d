"""The level `wifi`: the steward joins a Wi-Fi and opens the kiosk's own, on radios that the kernel plays (mac80211_hwsim).

The machine is that of the level `vm`, with NetworkManager. wlan0 is the kiosk's; wlan1 is the shop's router and wlan2 a phone,
both by wpa_supplicant alone, and NetworkManager keeps its hands off them.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from tests.lab import manager_root, root, vm, vm_image
from tests.lab.appliance import FACTORY
from tests.lab.report import Level, Report
from tests.lab.vm_appliance import PATIENCE_S, VirtualAppliance
from tests.lab.vm_machine import VirtualMachine

LOOKS = 8
SSID, PASSWORD = "Harbour Snacks", "correct; horse"
QR = "WIFI:T:WPA;S:Harbour Snacks;P:correct\\; horse;;"
"""As a phone shows it."""
ROUTER = """\
network={
 ssid="%s"
 mode=2
 frequency=2412
 key_mgmt=WPA-PSK
 proto=RSN
 pairwise=CCMP
 psk="%s"
}
"""
PHONE = """\
ctrl_interface=/run/phone
network={
 ssid="%s"
 psk="%s"
 scan_ssid=1
}
"""
FILES = {
    "etc/NetworkManager/conf.d/lab.conf": "[keyfile]\nunmanaged-devices="
    + ";".join(f"interface-name:{each}" for each in ("eth0", "wlan1", "wlan2"))
    + "\n",
    "opt/lab/router.conf": ROUTER % (SSID, PASSWORD),
    "etc/systemd/network/phone.network": "[Match]\nName=wlan2\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\n",
}
UP = (
    *(f"mount -t tmpfs -o mode=700 lab {place}" for place in ("/var/lib/NetworkManager", "/etc/credstore.encrypted")),
    "modprobe mac80211_hwsim radios=3",
    "udevadm settle",
    "systemctl restart NetworkManager",
    "wpa_supplicant -B -i wlan1 -c /opt/lab/router.conf",
    "ip address add 192.168.7.1/24 dev wlan1",
    "dnsmasq --interface=wlan1 --bind-interfaces --port=0 --dhcp-range=192.168.7.10,192.168.7.50 --dhcp-leasefile=/run/leases",
)
ASK = """
import json, sys
from dataclasses import asdict, is_dataclass
from kiosk.core.errors import KioskError
from kiosk.core.wifi import read_wifi
from kiosk.steward.client import SocketSteward
steward, question = SocketSteward(), json.load(sys.stdin)
try:
    if question["do"] == "scanned":
        found = read_wifi(question["text"])
        told = steward.join(found.ssid, found.password, hidden=found.hidden)
    else:
        told = getattr(steward, question["do"])(*question.get("words", ()), **question.get("named", {}))
except KioskError as problem:
    told = {"problem": str(problem)}
plain = lambda each: asdict(each) if is_dataclass(each) else each
print(json.dumps([plain(each) for each in told] if isinstance(told, tuple) else plain(told), default=str))
"""


def run(report: Report) -> None:
    """One machine, booted once; its kiosk is never started."""
    below = vm_image.ready()
    image = vm_image.Image((manager_root.ready(root.ready()), *below.layers), below.kernel, below.initrd)
    with tempfile.TemporaryDirectory(prefix="kiosk-lab-", ignore_cleanup_errors=True) as name:
        kiosk = VirtualAppliance(VirtualMachine(image, Path(name)), Path(name))
        try:
            for file, text in FILES.items():
                place = kiosk.machine.root / file
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, "utf-8")
            kiosk.install()
            with report.check("a machine with three radios comes up"):
                kiosk.on()
                _run(kiosk, *UP)
            _joins(report, kiosk)
            _comes_back(report, kiosk)
            _opens(report, kiosk)
        finally:
            if any(not check.well for check in report.checks) and kiosk.alive:
                print(
                    kiosk.machine.run("journalctl", "--no-pager", "-n", "80", "-u", "NetworkManager", "-u", "kiosk-*", well=False)
                )
            kiosk.close()


def _joins(report: Report, kiosk: VirtualAppliance) -> None:
    with report.check("the shop's Wi-Fi is in reach, and wants a password"):
        found: dict[str, bool] = {}
        for _ in range(LOOKS):  # a radio that was just switched on has not heard anybody yet
            if SSID in (found := {each["ssid"]: each["secure"] for each in _ask(kiosk, "networks")}):
                break
        assert found.get(SSID) is True, found
    with report.check("a wrong password is refused in words, and nothing is kept"):
        told = _ask(kiosk, "join", SSID, "not the password")
        assert "password" in told["problem"], told
        assert "wifi.nmconnection" not in _ask(kiosk, "status")["sealed"]
    with report.check("a Wi-Fi QR, as a phone shows it, is read and joined") as check:
        told = _ask(kiosk, "scanned", text=QR)
        assert any(str(each).startswith("192.168.7.") for each in told), told
        status = _ask(kiosk, "status")
        assert status["wifi"]["ssid"] == SSID, status
        check.note = f"signal {status['wifi']['signal']}"
    with report.check("its password lies readable in memory alone"):
        places = "/etc /var /boot /usr/lib/kiosk"
        assert not kiosk.machine.run("sh", "-c", f"grep -rlF '{PASSWORD}' {places} 2>/dev/null", well=False).strip()
        assert "wifi.nmconnection" in _ask(kiosk, "status")["sealed"]


def _comes_back(report: Report, kiosk: VirtualAppliance) -> None:
    with report.check("after a start without NetworkManager's file: it is unsealed, and the Wi-Fi is joined by itself"):
        _run(
            kiosk,
            "systemctl stop NetworkManager",
            "rm /run/NetworkManager/system-connections/kiosk-wifi.nmconnection",
            "systemctl restart kiosk-wifi",
            "systemctl start NetworkManager",
        )
        _until_in(kiosk, SSID)


def _opens(report: Report, kiosk: VirtualAppliance) -> None:
    hotspot: dict[str, Any] = {}
    with report.check("the kiosk opens a Wi-Fi of its own"):
        hotspot = _ask(kiosk, "hotspot", on=True)
        assert hotspot.get("ssid", "").startswith("Kiosk"), hotspot
    with report.check("a phone joins it with the password that is shown, and is given an address in it") as check:
        conf = PHONE % (hotspot["ssid"], hotspot["password"])
        kiosk.machine.run("sh", "-c", "cat >/run/phone.conf", stdin=conf)
        _run(kiosk, "wpa_supplicant -B -i wlan2 -c /run/phone.conf", "systemctl start systemd-networkd")
        _run(kiosk, "for _ in $(seq 60); do ip -4 -o address show wlan2 | grep -q 10.42.0. && exit 0; sleep 1; done; exit 1")
        check.note = kiosk.machine.run("sh", "-c", "ip -4 -o address show wlan2 | awk '{print $4}'").strip()
    with report.check("closed again: the phone is out, and the kiosk back in the shop's"):
        _ask(kiosk, "hotspot", on=False)
        assert _ask(kiosk, "status")["hotspot"] is False
        _until_in(kiosk, SSID)


def _until_in(kiosk: VirtualAppliance, ssid: str) -> None:
    for _ in range(30):
        if _ask(kiosk, "status")["wifi"]["ssid"] == ssid:
            return
        _run(kiosk, "sleep 2")
    raise AssertionError(_ask(kiosk, "status"))


def _run(kiosk: VirtualAppliance, *commands: str) -> None:
    kiosk.machine.run("sh", "-ec", "; ".join(commands), timeout_s=PATIENCE_S)


def _ask(kiosk: VirtualAppliance, do: str, *words: object, text: str | None = None, **named: object) -> Any:
    """A verb of the steward, asked by root over its socket; a refusal has the key `problem`."""
    question = json.dumps({"do": do, "words": words, "named": named, "text": text})
    path = f"PYTHONPATH={FACTORY}:{FACTORY}/vendor"
    said = kiosk.machine.run("env", path, "python3", "-c", ASK, stdin=question, timeout_s=PATIENCE_S)
    return json.loads(said)


LEVEL = Level("wifi", "a Wi-Fi joined and one opened, on radios that the kernel plays", vm.missing, run)
