"""The unit files: systemd has nothing to say against them, they leave little open, and they fit what they start.

That they work under a running systemd is the lab's to show (`make lab`).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.camera.unit import VARIABLE
from kiosk.config import example, owner
from kiosk.owner import place
from kiosk.steward.client import SOCKET

FOLDER = Path(__file__).parents[1] / "systemd"
UNITS = (
    *("kiosk.service", "kiosk-scanner.service", "kiosk-scanner.socket", "kiosk-steward.service", "kiosk-steward.socket"),
    *("kiosk-owner.service", "kiosk-owner.path", "kiosk-sticks.service"),
    *("kiosk-wifi.service", "kiosk-release.service", "kiosk-update.service", "kiosk-update.timer"),
    *("kiosk-reconcile.service", "kiosk-reconcile.timer"),
)
ALWAYS_THERE = ("kiosk.service", "kiosk-scanner.service")
MOST_EXPOSED = {
    "kiosk.service": 1.2,
    "kiosk-scanner.service": 0.5,
    "kiosk-owner.service": 1.0,
    "kiosk-steward.service": 2.3,  # root, and asked by systemd whether it is; mounts a stick
    "kiosk-sticks.service": 1.9,
    "kiosk-wifi.service": 1.3,
    "kiosk-release.service": 1.7,
    "kiosk-update.service": 2.6,
    "kiosk-reconcile.service": 1.3,
}


def settings(unit: str, key: str) -> list[str]:
    """The values of a key, in their order."""
    return re.findall(rf"^{key}=(.*)$", (FOLDER / unit).read_text("utf-8"), re.MULTILINE)


@pytest.fixture
def analyze() -> list[str]:
    program = shutil.which("systemd-analyze")
    if program is None:
        assert not os.environ.get("CI"), "systemd-analyze is missing: apt install systemd"
        pytest.skip("systemd-analyze is missing, so nobody says what is wrong with the units: apt install systemd")
    return [program]


def test_systemd_has_nothing_to_say_against_the_units(analyze: list[str], tmp_path: Path):
    """An unknown key is only a line on stderr. The programs are those of this desk: /usr/lib/kiosk is the appliance's."""
    for unit in UNITS:
        text = (FOLDER / unit).read_text("utf-8")
        (tmp_path / unit).write_text(
            re.sub(r"^(ExecStart|ExecCondition)=\S+", rf"\1={sys.executable}", text, flags=re.MULTILINE), "utf-8"
        )
    done = subprocess.run([*analyze, "verify", *UNITS], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("unit", MOST_EXPOSED)
def test_a_unit_leaves_little_open(analyze: list[str], unit: str):
    words = [*analyze, "security", "--no-pager", "--offline=true", str(FOLDER / unit)]
    said = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout
    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert exposure, said
    assert float(exposure[1]) <= MOST_EXPOSED[unit], said


def test_a_machine_that_hangs_is_reset_in_a_time_that_a_pis_watchdog_can_count():
    """bcm2835_wdt counts to 15 s; systemd is given no more."""
    [seconds] = settings("kiosk-watchdog.conf", "RuntimeWatchdogSec")
    assert int(seconds.removesuffix("s")) <= 15


def test_the_sealed_keys_are_those_that_the_example_names():
    """By these names kiosk.toml finds them in $CREDENTIALS_DIRECTORY; `kiosk` at the prompt is given the same."""
    sealed = settings("kiosk.service", "LoadCredentialEncrypted")
    assert sealed == re.findall(r'^(?:merchant_key|api_v3_key) = "(.*?)"', example.EXAMPLE, re.MULTILINE)
    prompt = (FOLDER.parent / "deploy/kiosk").read_text("utf-8")
    assert re.findall(r"LoadCredentialEncrypted=(\S+)", prompt) == sealed


def test_the_lamp_is_opened_to_a_group_of_the_kiosks_and_to_nobody_else(tmp_path: Path):
    """What the rule runs is run here, on a folder like the kernel's."""
    (rule,) = [line for line in (FOLDER / "kiosk.rules").read_text("utf-8").splitlines() if not line.startswith("#")]
    runs = re.findall(r'RUN\+="(.*?)"', rule)
    (group,) = re.findall(r"chgrp (\w+) ", rule)
    assert f"m kiosk {group}" in (FOLDER / "kiosk.sysusers").read_text("utf-8").splitlines()
    assert settings("kiosk.service", "ReadOnlyPaths") == ["/sys"]
    assert settings("kiosk.service", "ReadWritePaths") == ["-/sys/devices/platform", "-/run/kiosk"]
    lamp = tmp_path / "10-0045"
    lamp.mkdir()
    for name in ("brightness", "bl_power"):
        (lamp / name).touch(0o644)
    if os.getuid() != 0:
        pytest.skip("only root may give a file to a group that is not its own")
    for run in runs:
        subprocess.run(run.replace("%S%p", str(lamp)).split(), check=True)
    seen = {path.name: (path.group(), path.stat().st_mode & 0o777) for path in lamp.iterdir()}
    assert seen["brightness"] == (group, 0o664)
    assert seen["bl_power"][1] == 0o644
    assert seen["bl_power"][0] != group


def test_kiosk_and_scanner_meet_at_one_socket():
    place = settings("kiosk-scanner.socket", "ListenStream")
    assert f"{VARIABLE}={place[0]}" in settings("kiosk.service", "Environment")


def test_the_scanner_is_given_nothing_of_the_kiosks():
    text = (FOLDER / "kiosk-scanner.service").read_text("utf-8")
    assert "Credential" not in text
    assert settings("kiosk-scanner.service", "User") != settings("kiosk.service", "User")
    assert settings("kiosk-scanner.service", "PrivateNetwork") == ["yes"]


def test_nothing_waits_for_a_network():
    """The keys work before the network is up: no unit of ours waits for it, nor for what may wait for it."""
    for file in sorted(FOLDER.glob("*.*")):
        words = re.findall(r"^(?:After|Wants|Requires|BindsTo|Requisite|PartOf)=(.*)$", file.read_text("utf-8"), re.MULTILINE)
        slow = {
            "network-online.target",
            "NetworkManager-wait-online.service",
            "remote-fs.target",
            "time-sync.target",
            "nss-lookup.target",
        }
        assert not slow & set(" ".join(words).split()), file.name


def test_the_owners_page_is_given_nothing_of_the_kiosks():
    """No key, no ledger, no user of the kiosk's; and only the networks that shops have."""
    unit = "kiosk-owner.service"
    assert "Credential=" not in (FOLDER / unit).read_text("utf-8")
    assert settings(unit, "User") == ["kiosk-owner"]
    assert settings(unit, "SupplementaryGroups") == []
    assert (FOLDER / "kiosk-owner.sysusers").read_text("utf-8").splitlines()[1].startswith("u kiosk-owner ")
    (closed,) = settings(unit, "InaccessiblePaths")
    assert {"-/etc/credstore.encrypted", "-/var/lib/kiosk", "-/run/credentials"} <= set(closed.split())
    assert settings(unit, "IPAddressDeny") == ["any"]
    assert settings(unit, "StateDirectory") == ["kiosk-owner"]
    assert str(owner.FOLDER) == "/var/lib/kiosk-owner"


def test_the_owners_page_is_skipped_where_nobody_wants_it():
    (asks,), (starts,) = settings("kiosk-owner.service", "ExecCondition"), settings("kiosk-owner.service", "ExecStart")
    assert asks.replace(" --wanted", "") == starts
    assert settings("kiosk-owner.path", "PathChanged") == ["/etc/kiosk/kiosk.toml", str(place.set_up_wants())]
    assert str(owner.DOOR.parent) in (FOLDER / "kiosk-owner.tmpfiles").read_text("utf-8").split()


@pytest.mark.parametrize("unit", ALWAYS_THERE)
def test_a_shop_never_has_to_type_anything_to_start_again(unit: str):
    assert settings(unit, "Restart") == ["always"]
    assert settings(unit, "StartLimitIntervalSec") == ["0"]


@pytest.mark.parametrize("unit", ALWAYS_THERE)
def test_a_unit_tells_when_it_is_ready_and_is_watched(unit: str):
    assert settings(unit, "Type") == ["notify"]
    assert 5 <= int(settings(unit, "WatchdogSec")[0]) <= 30


def test_the_kiosk_stands_where_it_can_write():
    """A FIFO is made by lgpio in the working directory, and everything but the state directory is read-only."""
    assert settings("kiosk.service", "ProtectSystem") == ["strict"]
    assert settings("kiosk.service", "WorkingDirectory") == ["/var/lib/" + settings("kiosk.service", "StateDirectory")[0]]


@pytest.mark.parametrize("unit", MOST_EXPOSED)
def test_keys_and_codes_cannot_land_in_a_core_file(unit: str):
    assert settings(unit, "LimitCORE") == ["0"]


@pytest.mark.voice
def test_the_voice_needs_nothing_that_the_kiosks_unit_forbids(analyze: list[str], tmp_path: Path):
    """What it asks of the kernel is in the unit's filter, and no memory of it is both written and executed. By strace."""
    if shutil.which("strace") is None:
        assert not os.environ.get("CI"), "strace is missing: apt install strace"
        pytest.skip("strace is missing, so nobody tells what the voice asks for: apt install strace")
    log = tmp_path / "calls"
    command = ["strace", "-f", "-o", str(log), "espeak-ng", "-v", "cmn-latn-pinyin", "-b", "1", "--stdin", "--stdout"]
    made = subprocess.run(command, input="微信支付收款".encode(), capture_output=True, timeout=60, check=True)
    assert len(made.stdout) > 10_000
    text = log.read_text("utf-8", "replace")
    asked = set(re.findall(r"^\d+ +(\w+)\(", text, re.MULTILINE))
    assert {"execve", "read", "write"} <= asked
    allowed, *refused = settings("kiosk.service", "SystemCallFilter")
    names = allowed_calls(analyze, allowed.split())
    for line in refused:
        assert line.startswith("~")
        names -= allowed_calls(analyze, line[1:].split())
    assert asked <= names, asked - names
    assert settings("kiosk.service", "MemoryDenyWriteExecute") == ["yes"]
    both = [line for line in text.splitlines() if "PROT_WRITE" in line and "PROT_EXEC" in line]
    assert both == []
    assert not re.search(r"mprotect\(.*PROT_EXEC", text)  # nor first the one and then the other


def allowed_calls(analyze: list[str], sets: list[str]) -> set[str]:
    """The system calls of these sets, and of the sets within them."""
    names: set[str] = set()
    for name in sets:
        said = subprocess.run([*analyze, "syscall-filter", name], capture_output=True, text=True, timeout=60, check=True).stdout
        words = [line.strip() for line in said.splitlines()[1:] if line.startswith("    ") and "#" not in line]
        names |= {word for word in words if not word.startswith("@")}
        names |= allowed_calls(analyze, [word for word in words if word.startswith("@")])
    return names


def test_what_judges_a_release_is_never_the_one_on_trial():
    """The package's own, whatever the slot points to; and the sealed keys are none of its business."""
    for unit in ("kiosk-release.service", "kiosk-update.service"):
        assert settings(unit, "ExecStart")[0].startswith("/usr/bin/python3 -m kiosk.release.")
        assert "/run/kiosk-release" not in settings(unit, "Environment")[0]
        assert "-/etc/credstore.encrypted" in settings(unit, "InaccessiblePaths")[0]
    assert "kiosk.service" in settings("kiosk-release.service", "Before")[0]


def test_the_steward_has_no_network_and_no_ledger():
    assert settings("kiosk-steward.service", "IPAddressDeny") == ["any"]
    assert settings("kiosk-steward.service", "RestrictAddressFamilies") == ["AF_UNIX AF_NETLINK"]
    assert "-/var/lib/kiosk" in settings("kiosk-steward.service", "InaccessiblePaths")[0].split()
    assert settings("kiosk-steward.socket", "ListenStream") == [str(SOCKET)]
