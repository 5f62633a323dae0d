"""What a kiosk costs that nobody uses: processor time of all its processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.conftest import Table
from tests.bench.desk import Desk, XScreen, wait_for, window

SETTLE_S = 14.0  # by then there is a spare scanner, too
MEASURE_S = 20.0
_TICKS = os.sysconf("SC_CLK_TCK")


def test_an_idle_kiosk_leaves_the_processor_alone(desk: Desk, screen: XScreen, table: Table, tmp_path: Path) -> None:
    """With the idle screen shown, less than two per cent of one core for all processes together."""
    kiosk = [sys.executable, "-m", "kiosk", "--config", str(desk.config), "run"]
    with window(kiosk, screen, tmp_path / "log") as (running, _):
        wait_for(lambda: not screen.dark())
        time.sleep(SETTLE_S)
        before, began = _spent(running), time.monotonic()
        time.sleep(MEASURE_S)
        after, lasted = _spent(running), time.monotonic() - began
    assert set(before) == set(after), "a process of the kiosk died and came back"
    share = {pid: (after[pid] - before[pid]) / _TICKS / lasted * 100 for pid in after}
    money = running.pid
    scanners = [pid for pid in after if pid != money]
    parts = f"money {share[money]:.2f}, scanners {sum(share[pid] for pid in scanners):.2f}"
    table.row(f"idle ({parts})", f"{sum(share.values()):.2f} %", "of a core", sum(share.values()), 2)


def _spent(running: subprocess.Popen[bytes]) -> dict[int, int]:
    """Processor time so far of the process and its descendants, in ticks."""
    parents, ticks = {}, {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:  # gone again
            continue
        if fields[0] == "Z":  # the first backup's checker is over, and nobody has asked for its end yet
            continue
        pid = int(entry.parent.name)
        parents[pid], ticks[pid] = int(fields[1]), int(fields[11]) + int(fields[12])
    family = [running.pid]
    for member in family:
        family += [pid for pid, parent in parents.items() if parent == member]
    return {pid: ticks[pid] for pid in family}
