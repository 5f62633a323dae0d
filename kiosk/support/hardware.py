"""The machine under the kiosk: how worn its storage is, how warm it is, whether its power is enough.

Reads what the kernel shows to everybody in /sys (`sys` in tests: a folder like it); smartctl where it is installed and may look.
What a machine does not tell is said, and is no fault.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from kiosk.core.checkup import Kind, Verdict
from kiosk.doctor.checks import Check

SYS = Path("/sys")
WARM_C, HOT_C = 75, 85  # a Raspberry Pi slows itself down from 80 on (its documentation, "Frequency management")
WORN_WARN, WORN_FAIL = 70, 90  # percent of the life that the maker promises
_WORN = "Have it replaced before it fails: back up first, see `kiosk recover` for a card that is lost."
_EOL = {1: Verdict.OK, 2: Verdict.WARN, 3: Verdict.FAIL}  # PRE_EOL_INFO of JEDEC JESD84-B51: normal, warning, urgent
_LIFE_STEP = 10  # DEVICE_LIFE_TIME_EST counts tenths; 11: over


def wear(folder: Path, sys: Path = SYS, smart: dict[str, object] | None = None) -> Check:
    """The storage under `folder`: what an eMMC, a disk's SMART or the file system's own count of errors says of it.

    `smart`: what smartctl says, None to ask it.
    """
    device = _device(folder, sys)
    if device is None:
        return Check("wear", Verdict.OK, f"{folder} is on no disk of its own: not looked at", kind=Kind.WEAR)
    part, disk = device
    errors = _number(sys / "fs" / "ext4" / part.name / "errors_count")
    if errors:
        found = f"{part.name}: the file system has met {errors} errors"
        return Check("wear", Verdict.FAIL, found, _WORN, Kind.WEAR, f"{errors} errors")
    told = _emmc(disk) or _smart(disk.name, smart)
    if told is not None:
        return told
    clean = "" if errors is None else ", and its file system has met no error"
    found = f"{disk.name} does not tell how worn it is, as SD cards do not{clean}"
    return Check("wear", Verdict.OK, found, kind=Kind.WEAR, value=disk.name)


def temperature(sys: Path = SYS) -> Check:
    """The warmest of the zones that the kernel watches."""
    zones = [_number(zone / "temp") for zone in sorted((sys / "class" / "thermal").glob("thermal_zone*"))]
    known = [round(zone / 1000) for zone in zones if zone is not None and zone > 0]
    if not known:
        return Check("temperature", Verdict.OK, "this machine does not tell", kind=Kind.TEMPERATURE)
    warmest = max(known)
    verdict = Verdict.FAIL if warmest >= HOT_C else Verdict.WARN if warmest >= WARM_C else Verdict.OK
    remedy = "" if verdict is Verdict.OK else "Give it air, away from sun and heaters; a case with a heat sink."
    return Check("temperature", verdict, f"{warmest} °C", remedy, Kind.TEMPERATURE, f"{warmest} °C")


def voltage(sys: Path = SYS) -> bool | None:
    """Whether the voltage is too low, or was since the last look; None where no Raspberry Pi's firmware tells."""
    for monitor in sorted((sys / "class" / "hwmon").glob("hwmon*")):
        if _text(monitor / "name") == "rpi_volt":
            alarm = _number(monitor / "in0_lcrit_alarm")
            return None if alarm is None else alarm != 0
    return None


def _device(folder: Path, sys: Path) -> tuple[Path, Path] | None:
    """The partition and the disk under the folder, as they stand in /sys."""
    try:
        number = folder.stat().st_dev
    except OSError:
        return None
    part = (sys / "dev" / "block" / f"{os.major(number)}:{os.minor(number)}").resolve()
    if not part.exists():
        return None
    return part, part.parent if (part / "partition").exists() else part


def _emmc(disk: Path) -> Check | None:
    """Two estimates in tenths of the life, for the two kinds of memory in it; and whether the spare blocks run out."""
    estimates = [int(word, 16) for word in (_text(disk / "device" / "life_time") or "").split() if word.startswith("0x")]
    estimates = [estimate for estimate in estimates if estimate]
    if not estimates:
        return None
    worn = min(max(estimates) * _LIFE_STEP, 110)
    verdict = Verdict.FAIL if worn > WORN_FAIL else Verdict.WARN if worn > WORN_WARN else Verdict.OK
    spare = _EOL.get(int(_text(disk / "device" / "pre_eol_info") or "0x0", 16), Verdict.OK)
    worst = max(verdict, spare, key=[Verdict.OK, Verdict.WARN, Verdict.FAIL].index)
    found = f"{disk.name}: up to {min(worn, 100)} % of its life is used" + ("" if worn <= 100 else ", and more")  # noqa: PLR2004  per cent
    if spare is not Verdict.OK:
        found += "; its spare blocks run out"
    return Check("wear", worst, found, "" if worst is Verdict.OK else _WORN, Kind.WEAR, f"{min(worn, 100)} %")


def _smart(disk: str, told: dict[str, object] | None) -> Check | None:
    if told is None:
        told = _smartctl(disk)
    if told is None:
        return None
    status, health = told.get("smart_status"), told.get("nvme_smart_health_information_log")
    failing = isinstance(status, dict) and status.get("passed") is False
    used = health.get("percentage_used") if isinstance(health, dict) else None
    if not isinstance(used, int):
        used = None
    if failing:
        return Check("wear", Verdict.FAIL, f"{disk}: SMART says that it fails", _WORN, Kind.WEAR, "SMART")
    if used is None:
        return Check("wear", Verdict.OK, f"{disk}: SMART finds no fault", kind=Kind.WEAR, value="SMART") if status else None
    verdict = Verdict.FAIL if used > WORN_FAIL else Verdict.WARN if used > WORN_WARN else Verdict.OK
    found = f"{disk}: {used} % of its life is used"
    return Check("wear", verdict, found, "" if verdict is Verdict.OK else _WORN, Kind.WEAR, f"{used} %")


def _smartctl(disk: str) -> dict[str, object] | None:
    """Only root may ask a disk; for others it is as if there were no smartctl."""
    command = shutil.which("smartctl")
    if command is None or os.geteuid() != 0:
        return None
    try:
        done = subprocess.run([command, "--json", "--all", f"/dev/{disk}"], capture_output=True, timeout=10, check=False)  # noqa: S603  the kernel's own name of a disk
        told = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return told if isinstance(told, dict) else None


def _text(file: Path) -> str | None:
    try:
        return file.read_text("ascii", "replace").strip()
    except OSError:
        return None


def _number(file: Path) -> int | None:
    try:
        return int(_text(file) or "")
    except ValueError:
        return None
