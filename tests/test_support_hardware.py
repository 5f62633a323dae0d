"""Storage, heat and power are judged by what the kernel shows of them; a machine that does not tell is no fault."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kiosk.core.checkup import Verdict
from kiosk.support import hardware


def write(path: Path, text: str) -> None:
    """A file of the kernel's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", "ascii")


def disk(sys: Path, folder: Path, **files: str) -> Path:
    """A card mmcblk0 with one partition, under `folder`."""
    number = folder.stat().st_dev
    whole = sys / "devices" / "mmcblk0"
    write(whole / "mmcblk0p2" / "partition", "2")
    for name, text in files.items():
        write(whole / "device" / name, text)
    link = sys / "dev" / "block" / f"{os.major(number)}:{os.minor(number)}"
    link.parent.mkdir(parents=True)
    link.symlink_to(whole / "mmcblk0p2")
    return sys


@pytest.mark.parametrize(
    ("life_time", "pre_eol", "verdict", "value"),
    [
        ("0x01 0x01", "0x01", Verdict.OK, "10 %"),
        ("0x00 0x07", "0x01", Verdict.OK, "70 %"),
        ("0x08 0x02", "0x01", Verdict.WARN, "80 %"),
        ("0x0a 0x02", "0x01", Verdict.FAIL, "100 %"),
        ("0x0b 0x0b", "0x03", Verdict.FAIL, "100 %"),
        ("0x02 0x02", "0x02", Verdict.WARN, "20 %"),
        ("0x00 0x00", "0x00", Verdict.OK, "mmcblk0"),
    ],
)
def test_an_emmc_tells_how_worn_it_is(tmp_path: Path, life_time: str, pre_eol: str, verdict: Verdict, value: str) -> None:
    """By the worse of its two memories, and by its spare blocks; 0 is not told."""
    check = hardware.wear(tmp_path, disk(tmp_path / "sys", tmp_path, life_time=life_time, pre_eol_info=pre_eol))
    assert (check.verdict, check.value) == (verdict, value)
    assert bool(check.remedy) == (verdict is not Verdict.OK)


def test_errors_that_the_file_system_met_are_worse_than_any_estimate(tmp_path: Path) -> None:
    """An SD card tells nothing else."""
    sys = disk(tmp_path / "sys", tmp_path)
    write(sys / "fs" / "ext4" / "mmcblk0p2" / "errors_count", "0")
    assert "has met no error" in hardware.wear(tmp_path, sys).found
    write(sys / "fs" / "ext4" / "mmcblk0p2" / "errors_count", "3")
    check = hardware.wear(tmp_path, sys)
    assert (check.verdict, check.value) == (Verdict.FAIL, "3 errors")


@pytest.mark.parametrize(
    ("smart", "verdict", "value"),
    [
        ({"smart_status": {"passed": True}, "nvme_smart_health_information_log": {"percentage_used": 12}}, Verdict.OK, "12 %"),
        ({"smart_status": {"passed": True}, "nvme_smart_health_information_log": {"percentage_used": 95}}, Verdict.FAIL, "95 %"),
        ({"smart_status": {"passed": False}}, Verdict.FAIL, "SMART"),
        ({"smart_status": {"passed": True}}, Verdict.OK, "SMART"),
        ({"smartctl": {"exit_status": 2}}, Verdict.OK, "mmcblk0"),
    ],
)
def test_a_disk_with_smart_is_believed(tmp_path: Path, smart: dict[str, object], verdict: Verdict, value: str) -> None:
    """Where smartctl could look."""
    check = hardware.wear(tmp_path, disk(tmp_path / "sys", tmp_path), smart)
    assert (check.verdict, check.value) == (verdict, value)


def test_a_folder_on_no_disk_of_its_own_is_no_fault(tmp_path: Path) -> None:
    """As in a container."""
    assert hardware.wear(tmp_path, tmp_path / "sys").verdict is Verdict.OK
    assert hardware.wear(tmp_path / "gone", tmp_path / "sys").verdict is Verdict.OK


@pytest.mark.parametrize(("warmest", "verdict"), [(47_000, Verdict.OK), (75_400, Verdict.WARN), (86_000, Verdict.FAIL)])
def test_the_warmest_zone_counts(tmp_path: Path, warmest: int, verdict: Verdict) -> None:
    """A zone that cannot be read is not there."""
    for place, temp in enumerate((str(warmest), "21000", "x")):
        write(tmp_path / "class" / "thermal" / f"thermal_zone{place}" / "temp", temp)
    check = hardware.temperature(tmp_path)
    assert (check.verdict, check.value) == (verdict, f"{round(warmest / 1000)} °C")
    assert hardware.temperature(tmp_path / "none").verdict is Verdict.OK


def test_the_kernels_alarm_of_the_voltage_is_found_by_its_name(tmp_path: Path) -> None:
    """Among other monitors."""
    assert hardware.voltage(tmp_path) is None
    write(tmp_path / "class" / "hwmon" / "hwmon0" / "name", "cpu_thermal")
    write(tmp_path / "class" / "hwmon" / "hwmon1" / "name", "rpi_volt")
    assert hardware.voltage(tmp_path) is None
    for alarm in (0, 1):
        write(tmp_path / "class" / "hwmon" / "hwmon1" / "in0_lcrit_alarm", str(alarm))
        assert hardware.voltage(tmp_path) is bool(alarm)
