"""What a kiosk weighs after some work: the money process, and the scanner with the spare that waits for its death.

RSS, not PSS: it counts what other programs of this machine happen to share, so that no neighbour makes the figure smaller, and a
kiosk within it is within any other count. The spare's own pages alone are added to the scanner's: the rest they share.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.camera.link import ScannerLink
from kiosk.control.unix_socket import ask
from tests.bench.conftest import Table
from tests.bench.desk import XScreen, stopping
from tests.bench.stage import counter
from tests.desk import Desk

MONEY_MOST_MB, SCANNER_MOST_MB = 120, 90
SPARE_S = 14.0  # by then there is one, and all pictures were painted once
LOOK_S = 8.0  # before a counter without a phone: each way of looking has had its turn
AMOUNTS = 60  # an idle hour paints as often; and each is another picture to be kept
KEY_GAP_S = 0.03
WINDOWS = {"800x480": (800, 480), "1024x600": (1024, 600)}


@pytest.mark.parametrize("size", WINDOWS)
def test_a_kiosk_that_has_sold_is_light(size: str, table: Table, tmp_path: Path) -> None:
    """A sale each way, many amounts, a scan in vain, the last orders; then the processes are weighed."""
    with stopping(XScreen(tmp_path / "screen", WINDOWS[size])) as screen, _desk(tmp_path, screen.display, WINDOWS[size]) as desk:
        money = desk._running[-1].pid
        desk.shows("Idle")
        time.sleep(SPARE_S)
        _work(desk)
        held = _resident_mb(money)
        table.row(f"memory of the money process, {size}", f"{held:.0f} MB", f"{MONEY_MOST_MB} MB", held / MONEY_MOST_MB, 1)
        _weigh_scanners(table, money, f"1280x720 out of files, window {size}")


def test_a_scanner_with_a_webcam_is_light(table: Table, tmp_path: Path) -> None:
    """JPEGs of 1280x720 without a code, 30 a second: it is looked for in every way."""
    for number, data in enumerate(counter()):
        (tmp_path / f"{number}.jpg").write_bytes(data)
    command = [sys.executable, "-m", "tests.bench.webcam", str(tmp_path)]
    with stopping(ScannerLink(lambda _event: None, lambda *_: None, lambda fd: [*command, str(fd)])) as link:
        link.start()
        time.sleep(SPARE_S)
        link.scan("order")
        time.sleep(LOOK_S)
        _weigh_scanners(table, None, "webcam, 1280x720")


def _work(desk: Desk) -> None:
    """What a day is made of, in short."""
    _press(desk, *"1250", "OK")
    desk.shows("Scanning")
    desk.bench("phone/hold", held=True)
    desk.shows("PaidScreen")
    _press(desk, "OK")
    desk.bench("phone/hold", held=False)
    desk.bench("phone/done")
    _press(desk, *"345", "QR")
    desk.shows("ShowingQr")
    desk.bench("phone/scan")
    shown = desk.bench("phone/done")
    desk.bench("phone/pay", out_trade_no=shown["bill"]["out_trade_no"], password=shown["password"])
    desk.shows("PaidScreen")
    _press(desk, "OK")
    for number in range(AMOUNTS):
        _press(desk, *f"{number + 1}37", "CANCEL")
    (desk.folder / "frames" / "counter.jpg").write_bytes(counter()[0])
    _press(desk, *"900", "SCAN")
    desk.shows("Scanning")
    time.sleep(LOOK_S)
    _press(desk, "CANCEL", "CANCEL", "MENU", "CANCEL")


def _press(desk: Desk, *keys: str) -> None:
    for key in keys:
        ask(desk.folder / "kiosk.db.sock", {"do": "key", "key": key})
        time.sleep(KEY_GAP_S)


@contextlib.contextmanager
def _desk(folder: Path, display: str, size: tuple[int, int]) -> Iterator[Desk]:
    """A stand-in and a kiosk, as a person starts them."""
    desk = Desk(folder / "desk", display)
    desk.folder.mkdir()
    try:
        desk.open(lambda text: text.replace("size = [800, 480]", f"size = [{size[0]}, {size[1]}]"))
        yield desk
    finally:
        desk.close()


def _weigh_scanners(table: Table, parent: int | None, what: str) -> None:
    pids = _scanners(parent)
    assert len(pids) == 2, f"a scanner and its spare, not {pids}"
    resident = {pid: _resident_mb(pid) for pid in pids}
    spare = min(resident, key=resident.__getitem__)
    held = max(resident.values()) + _own_mb(spare)
    told = f"{held:.0f} MB ({max(resident.values()):.0f} + {_own_mb(spare):.0f})"
    table.row(f"memory of scanner and spare, {what}", told, f"{SCANNER_MOST_MB} MB", held / SCANNER_MOST_MB, 1)


def _scanners(parent: int | None) -> list[int]:
    """The scanner processes that this one started, or that one."""
    tasks = Path(f"/proc/{parent or 'self'}/task").glob("*/children")
    children = [int(pid) for task in tasks for pid in task.read_text("ascii").split()]
    words = {pid: Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in children}
    return [pid for pid, command in words.items() if {b"kiosk.camera", b"tests.bench.webcam"} & set(command)]


def _resident_mb(pid: int) -> float:
    return _sum_mb(pid, "Rss:")


def _own_mb(pid: int) -> float:
    """Of what is resident the pages that no other process has."""
    return _sum_mb(pid, "Private_Clean:", "Private_Dirty:")


def _sum_mb(pid: int, *names: str) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(names)) / 1024
