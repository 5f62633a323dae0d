"""Latencies: by the nearest rank; of sales from the ledger's own times, of starts from a small file that nothing can break."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.core.checkup import Verdict
from kiosk.core.model import Call, Pending
from kiosk.payment.timings import CHUNKS, Timings, newest
from kiosk.support import facts, starts
from kiosk.support.latency import Latency, latency
from kiosk.support.starts import BOOT_MOST_MS, FIFTY, Start
from tests.flow import Flow


@pytest.mark.parametrize(
    ("times", "p50", "p95"),
    [([7], 7, 7), ([1, 2], 1, 2), (list(range(1, 101)), 50, 95), ([9] * 19 + [900], 9, 9), ([3, 1, 2], 2, 3)],
)
def test_p50_and_p95_are_values_that_were_measured(times: list[int], p50: int, p95: int) -> None:
    """In whatever order they come."""
    assert latency(times) == Latency(len(times), p50, p95)
    assert latency([]) is None


def test_from_scan_to_paid_is_read_off_the_ledger() -> None:
    """Those who confirmed on the phone apart; QR payments, refusals and what is open do not count; nor what is too old."""
    flow = Flow()
    began = flow.now
    for took in (400, 900):
        number = flow.charge()
        flow.now += took
        flow.answer(Call.CHARGE, flow.paid(number))
        flow.press("OK")
    number = flow.charge("3 OK")
    flow.answer(Call.CHARGE, Pending(payer_acts=True))
    flow.now += 5_000
    flow.answer(Call.ASK, flow.paid(number))
    flow.press("OK")
    number = flow.show_qr("4 QR")
    flow.answer(Call.ASK, flow.paid(number))
    flow.press("OK")
    flow.charge("5 OK")
    found = flow.ledger.scan_to_paid(0)
    assert sorted(found.straight) == [400, 900]
    assert found.asked == (5_000,)
    assert flow.ledger.scan_to_paid(flow.now + 1).straight == ()
    assert len(flow.ledger.scan_to_paid(began + 1).straight) == 1


def test_many_are_read_a_few_at_a_time_and_not_all() -> None:
    """So that the loop is never held up."""
    asked: list[int] = []

    def read(before: int) -> Timings:
        asked.append(before)
        return Timings((len(asked),), (), 1000 - len(asked))

    assert newest(read).straight == tuple(range(1, CHUNKS + 1))
    assert asked[1:] == [1000 - place for place in range(1, CHUNKS)]
    assert newest(lambda _: Timings((5,), (6,))) == Timings((5,), (6,))


def test_a_boot_is_measured_once_and_only_if_it_was_one(tmp_path: Path) -> None:
    """A kiosk that is started again, or by hand hours later, has a start of its own alone."""
    file = tmp_path / "starts.json"
    starts.note(file, Start(1, "one", 900, 21_000))
    starts.note(file, Start(2, "one", 800, 95_000))
    starts.note(file, Start(3, "two", 700, BOOT_MOST_MS + 1))
    assert [(each.own_ms, each.boot_ms) for each in starts.read(file)] == [(900, 21_000), (800, None), (700, None)]


def test_only_the_last_fifty_are_kept_and_a_damaged_file_is_begun_anew(tmp_path: Path) -> None:
    """Whatever lies there."""
    file = tmp_path / "starts.json"
    for wrong in (
        b"",
        b"{}",
        b"[1]",
        b'[{"at":1}]',
        b"\xff",
        b"[" * 100_000,
        b'[{"at":"x","boot":"","own_ms":1,"boot_ms":null}]',
    ):
        file.write_bytes(wrong)
        assert starts.read(file) == []
    for at in range(FIFTY + 7):
        starts.note(file, Start(at, f"boot {at}", 1, 2))
    assert [each.at for each in starts.read(file)] == list(range(7, FIFTY + 7))
    assert [each.name for each in tmp_path.iterdir()] == ["starts.json"]


def test_a_disk_that_takes_nothing_is_no_reason_to_stop(tmp_path: Path) -> None:
    """The start is forgotten, that is all."""
    starts.note(tmp_path / "gone" / "starts.json", Start(1, "one", 900, 21_000))


def test_this_process_has_a_start() -> None:
    """By the kernel's own clock."""
    start = starts.now(5)
    assert start.boot_ms is not None
    assert 0 < start.own_ms <= start.boot_ms


def test_slow_is_told_and_none_is_well() -> None:
    """With a remedy."""
    assert facts.sales_speed(None).verdict is facts.start_speed(None).verdict is Verdict.OK
    assert facts.sales_speed(Latency(20, 900, 1500)).verdict is Verdict.OK
    assert facts.sales_speed(Latency(20, 900, 9000)).verdict is Verdict.WARN
    assert facts.start_speed(Latency(5, 30_000, 31_000)).value == "p50 30 s, p95 31 s (5)"
    assert facts.start_speed(Latency(5, 100_000, 100_000)).remedy
