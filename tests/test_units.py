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

from kiosk import config_example
from kiosk.camera.unit import VARIABLE

FOLDER = Path(__file__).parents[1] / "systemd"
UNITS = ("kiosk.service", "kiosk-scanner.service", "kiosk-scanner.socket")
MOST_EXPOSED = {"kiosk.service": 1.2, "kiosk-scanner.service": 0.5}


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
    """An unknown key is only a line on stderr. The programs are those of this desk: /opt/kiosk is the appliance's."""
    for unit in UNITS:
        text = (FOLDER / unit).read_text("utf-8")
        (tmp_path / unit).write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", text, flags=re.MULTILINE), "utf-8")
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
    assert sealed == re.findall(r'^(?:merchant_key|api_v3_key) = "(.*?)"', config_example.EXAMPLE, re.MULTILINE)
    prompt = (FOLDER.parent / "deploy/kiosk").read_text("utf-8")
    assert re.findall(r"LoadCredentialEncrypted=(\S+)", prompt) == sealed


def test_kiosk_and_scanner_meet_at_one_socket():
    place = settings("kiosk-scanner.socket", "ListenStream")
    assert f"{VARIABLE}={place[0]}" in settings("kiosk.service", "Environment")


def test_the_scanner_is_given_nothing_of_the_kiosks():
    text = (FOLDER / "kiosk-scanner.service").read_text("utf-8")
    assert "Credential" not in text
    assert settings("kiosk-scanner.service", "User") != settings("kiosk.service", "User")
    assert settings("kiosk-scanner.service", "PrivateNetwork") == ["yes"]


@pytest.mark.parametrize("unit", MOST_EXPOSED)
def test_a_shop_never_has_to_type_anything_to_start_again(unit: str):
    assert settings(unit, "Restart") == ["always"]
    assert settings(unit, "StartLimitIntervalSec") == ["0"]


@pytest.mark.parametrize("unit", MOST_EXPOSED)
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
