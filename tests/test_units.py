"""The systemd units: systemd finds nothing to say about them, and they keep what they promise."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = sorted((Path(__file__).resolve().parents[1] / "systemd").glob("*.service"))
KIOSK = next(unit for unit in UNITS if unit.name == "kiosk.service")

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")


def settings(unit: Path) -> dict[str, str]:
    """The [Service] part of a unit; of a key that stands twice, the last."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit.read_text("utf-8"))
    return dict(parser["Service"])


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_has_nothing_to_say(unit: Path, tmp_path: Path) -> None:
    """`systemd-analyze verify` prints nothing; its exit code is 0 even for an unknown key."""
    copy = tmp_path / unit.name
    # The program is not in /opt on this machine, which verify would remark on.
    copy.write_text(re.sub(r"^(Exec\w+=)/opt/kiosk/\S+", r"\1/bin/true", unit.read_text("utf-8"), flags=re.MULTILINE), "utf-8")
    verified = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False, timeout=60)
    own = [line for line in (verified.stdout + verified.stderr).splitlines() if unit.name in line]
    assert own == []


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_little_is_left_open(unit: Path) -> None:
    """`systemd-analyze security` rates the exposure of each unit 3.0 or lower, of 10."""
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=30", "--no-pager", unit],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert rated.returncode == 0, rated.stdout[-300:] + rated.stderr


def test_the_kiosk_comes_back_whatever_happens() -> None:
    """It tells when it is ready, is watched, and is restarted without limit."""
    unit = settings(KIOSK)
    assert (unit["Type"], unit["Restart"]) == ("notify", "always")
    assert 5 <= int(unit["WatchdogSec"]) <= 30
    assert "StartLimitIntervalSec=0" in KIOSK.read_text("utf-8").splitlines()


def test_the_kiosk_stands_where_it_can_write() -> None:
    """A FIFO is made by lgpio in the working directory, and everything but the state directory is read-only."""
    unit = settings(KIOSK)
    assert unit["ProtectSystem"] == "strict"
    assert unit["WorkingDirectory"] == "/var/lib/" + unit["StateDirectory"]


def test_keys_cannot_land_in_a_core_file() -> None:
    """A crash writes no memory to the disk."""
    assert settings(KIOSK)["LimitCORE"] == "0"
