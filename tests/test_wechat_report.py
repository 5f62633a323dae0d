"""What the log is told while nobody answers: when it begins, at growing distances, when it is over; nothing of it uncounted."""

from __future__ import annotations

import logging

import pytest

from kiosk.core.model import Answer, Call, Pending, Unknown, Why
from kiosk.payment.wechat.exchange import NoReply, Reply
from kiosk.payment.wechat.messages import Outgoing
from kiosk.payment.wechat.report import WHYS_MOST, Report

PROBE, CHARGE = Outgoing("certificates", "GET", "/"), Outgoing(Call.CHARGE, "POST", "/")
WELL = Answer(Pending(), reached=True)


class Log:
    """A kiosk that asks once a second, on a clock of its own."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        self._caplog = caplog
        self.now = 1000.0
        self.report = Report(lambda: self.now)

    def silent(self, seconds: int, outgoing: Outgoing = PROBE, detail: str = "") -> None:
        for _ in range(seconds):
            self.report.call(outgoing, NoReply(Why.NOT_SENT, detail), Answer(Unknown(Why.NOT_SENT, detail)), 0.1)
            self.now += 1

    def answers(self) -> None:
        self.report.call(PROBE, Reply(200, {}, b""), WELL, 0.1)

    def lines(self) -> list[tuple[str, object, object]]:
        """Message, how long it is silent, how many calls the line stands for; and they are forgotten."""
        found = [(r.message, getattr(r, "silent_s", None), getattr(r, "calls", None)) for r in self._caplog.records]
        self._caplog.clear()
        return found


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Log:
    return Log(caplog)


def test_a_day_without_a_network_is_a_few_lines(log: Log) -> None:
    """And all of its calls are counted."""
    log.silent(86_400)
    lines = log.lines()
    silent = "WeChat Pay did not answer"
    assert lines[:4] == [(silent, 0, 1), (silent, 60, 60), (silent, 660, 600), (silent, 4260, 3600)]
    assert len(lines) < 30
    log.answers()
    assert log.lines() == [("WeChat Pay answers again", 86_400, 86_400), ("WeChat Pay answered", None, None)]
    log.answers()
    assert log.lines() == [("WeChat Pay answered", None, None)]
    log.silent(5)
    assert log.lines() == [(silent, 0, 1)], "another silence begins anew"


def test_where_people_wait_each_one_is_told(log: Log) -> None:
    """With what was not told before it."""
    log.silent(10)
    log.silent(2, CHARGE)
    assert [calls for _, _, calls in log.lines()] == [1, 10, 1]


def test_another_reason_is_told_at_once_but_not_without_end(log: Log) -> None:
    for _ in range(3):
        for number in range(20):
            log.silent(1, detail=f"reason {number}")
    assert len(log.lines()) <= WHYS_MOST + 1


def test_an_answer_that_is_not_wechats_is_no_answer(log: Log) -> None:
    """As of a hotel's Wi-Fi that wants a room number."""
    for _ in range(50):
        log.report.call(PROBE, Reply(200, {}, b"<html>"), Answer(Unknown(Why.UNVERIFIED, "unsigned")), 0.1)
    assert log.lines() == [("WeChat Pay answered", 0, 1)]
