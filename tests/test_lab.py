"""The lab's runner: nothing is skipped in silence. What the levels show, `make lab` shows."""

from __future__ import annotations

import pytest

from kiosk.keypad import Wiring
from tests.lab import container, vm
from tests.lab.report import ALL_WELL, FAILED, NOT_ALL_RAN, Level, Report
from tests.lab.vm_wire import LINES, PRINT


def played(*levels: Level) -> Report:
    report = Report()
    for level in levels:
        report.play(level)
    return report


def well(report: Report) -> None:
    with report.check("two and two") as check:
        check.note = "4"


def unwell(report: Report) -> None:
    with report.check("three and three"):
        assert 3 + 3 == 7, "it is six"
    well(report)


def broken(_report: Report) -> None:
    raise OSError("no cable")


def test_all_well_is_said_with_its_figure(capsys: pytest.CaptureFixture[str]):
    assert played(Level("sums", "it adds up", lambda: None, well)).end() == ALL_WELL
    said = capsys.readouterr().out
    assert "two and two: 4" in said
    assert "2 of 2 checks well" in said


def test_a_failed_check_is_named_and_the_next_is_tried(capsys: pytest.CaptureFixture[str]):
    assert played(Level("sums", "it adds up", lambda: None, unwell)).end() == FAILED
    said = capsys.readouterr().out
    assert "FAILED: three and three" in said
    assert "it is six" in said
    assert "2 of 3 checks well" in said


def test_a_level_that_breaks_off_has_failed():
    assert played(Level("sums", "it adds up", lambda: None, broken)).end() == FAILED


def test_a_level_that_cannot_run_says_why_and_is_not_well(capsys: pytest.CaptureFixture[str]):
    assert played(Level("moon", "far", lambda: "no rocket", broken), Level("sums", "", lambda: None, well)).end() == NOT_ALL_RAN
    said = capsys.readouterr().out
    assert "moon: cannot run here: no rocket" in said
    assert "NOT RUN" in said


def test_a_failure_outweighs_a_level_that_cannot_run():
    assert played(Level("moon", "", lambda: "no rocket", well), Level("sums", "", lambda: None, unwell)).end() == FAILED


def test_the_container_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda _program: None)
    assert container.missing() == "apt install mmdebstrap systemd-container util-linux iproute2 e2fsprogs mount"
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "root" in str(container.missing())


def test_the_virtual_machine_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda _program: None)
    assert vm.missing() == "apt install qemu-system-x86 e2fsprogs mmdebstrap systemd-container"
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "root" in str(vm.missing())
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert "x86-64" in str(vm.missing())


def test_the_virtual_keypad_is_wired_as_the_real_one():
    wiring = Wiring()
    assert tuple(map(int, LINES)) == (*wiring.rows, *wiring.columns)
    assert "".join(wiring.keys) == PRINT
