"""Exports that leave on a USB stick: a key, of which days, by whom; one ZIP, made by another process; and what became of it."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kiosk.core.carried import CarryEnd, Days, ExportCarried, Span, days_of
from kiosk.core.commands import CarryExports, Play, Sound
from kiosk.core.errors import KioskError
from kiosk.core.operators import Operator, Role
from kiosk.core.past_screens import Entry, ExportDays, ExportsCarried, More, PinAsked
from kiosk.exports import packed
from kiosk.exports.source import Export
from kiosk.payment.ledger import SqliteLedger
from kiosk.steward.fake import FakeSteward
from kiosk.support.lane import ExaminerLane
from kiosk.support.stick import carry
from tests.flow import Flow
from tests.test_cli import kiosk, put, shop, sold
from tests.test_exports import ACCOUNTS, DAY, FOUR, NOON, asks, made, sell
from tests.test_support_lane import Heard, running

__all__ = ["shop"]

FILE = "exports-K07-2026-01-01-2026-01-05.zip"
LEE = Operator("Lee", Role.MANAGER)
JANUARY = Days(date(2026, 1, 1), date(2026, 1, 5))


# -- on the kiosk --------------------------------------------------------------------------------------------------


def at_exports(**settings: object) -> Flow:
    """Somebody has chosen them in the list of what else there is."""
    flow = Flow(**settings)  # type: ignore[arg-type]
    flow.press("MENU MENU")
    assert isinstance(flow.screen, More)
    flow.press(str(flow.screen.entries.index(Entry.EXPORTS) + 1))
    return flow


def test_the_days_are_the_shops() -> None:
    """At two in the morning of the first it is the last day of the month before."""
    assert days_of(Span.THIS_MONTH, date(2026, 3, 1)) == Days(date(2026, 3, 1), date(2026, 3, 1))
    assert days_of(Span.LAST_MONTH, date(2026, 3, 31)) == Days(date(2026, 2, 1), date(2026, 2, 28))
    assert days_of(Span.LAST_MONTH, date(2026, 1, 5)) == Days(date(2025, 12, 1), date(2025, 12, 31))
    assert days_of(Span.YESTERDAY, date(2026, 3, 1)) == Days(date(2026, 2, 28), date(2026, 2, 28))
    flow = Flow(zone=ZoneInfo("Asia/Hong_Kong"), day_starts=time(4))
    flow.now = round(datetime(2026, 1, 31, 18, tzinfo=UTC).timestamp() * 1000)
    flow.press("MENU MENU 3")
    assert dict(flow.screen.offers)[Span.THIS_MONTH] == Days(date(2026, 1, 1), date(2026, 1, 31))


def test_a_digit_sends_them_and_what_became_of_them_is_said() -> None:
    """Nothing else leaves, and nothing is written; what is told of another is nothing."""
    flow = at_exports()
    assert flow.screen == ExportDays(tuple((span, days_of(span, date(2026, 1, 5))) for span in Span))
    flow.press("1")
    (wanted,) = flow.all(CarryExports)
    assert wanted.days == JANUARY
    busy = flow.screen
    assert busy == ExportsCarried(Span.THIS_MONTH, JANUARY)
    flow.happen(ExportCarried("exports 1", CarryEnd.DONE, FILE))
    flow.press("OK")
    flow.pass_time(120_000)
    assert flow.screen == busy, "as long as it takes"
    flow.happen(ExportCarried(wanted.ticket, CarryEnd.DONE, FILE))
    assert flow.screen == ExportsCarried(Span.THIS_MONTH, JANUARY, CarryEnd.DONE, FILE)
    flow.press("OK")
    flow.sees(More)


@pytest.mark.parametrize("end", [CarryEnd.NO_STICK, CarryEnd.REFUSED, CarryEnd.FAILED])
def test_with_another_stick_ok_tries_once_more(end: CarryEnd) -> None:
    flow = at_exports()
    flow.press("2")
    flow.happen(ExportCarried(flow.all(CarryExports)[-1].ticket, end))
    assert Play(Sound.FAILED) in flow.acts
    assert flow.screen.end is end
    flow.pass_time(1000)
    flow.press("OK")
    first, again = flow.all(CarryExports)
    assert again.days == first.days
    assert again.ticket != first.ticket


def test_whoever_leaves_can_sell_meanwhile() -> None:
    flow = at_exports()
    flow.press("1 CANCEL")
    flow.sees(More)
    flow.happen(ExportCarried(flow.all(CarryExports)[-1].ticket, CarryEnd.DONE, FILE))
    flow.sees(More)


def test_where_a_manager_has_a_pin_it_is_asked_for() -> None:
    """Not a cashier's."""
    mei = Operator("Mei", Role.CASHIER)
    flow = at_exports(operators=(mei, LEE), pins={"Mei": "1357", "Lee": "8642"})
    assert flow.screen == PinAsked(LEE, 0)
    flow.press("8 6 4 2 OK")
    flow.sees(ExportDays)


# -- the file ------------------------------------------------------------------------------------------------------


def test_it_holds_the_exports_as_they_are_by_themselves() -> None:
    """And postings of one kind alone: by Z report where shifts are kept, else by sale."""
    ledger = SqliteLedger.in_memory()
    sell(ledger, 1, NOON)
    days = Days(date(2026, 1, 1), date(2026, 1, 31))
    for shifts, names in (
        (True, {"sales.csv", "sales.json", "refunds.csv", "refunds.json", "shifts.csv", "shifts.json", "posting-shifts.csv"}),
        (False, {"sales.csv", "sales.json", "refunds.csv", "refunds.json", "posting-sales.csv"}),
    ):
        pieces = packed.packed(packed.exports_of(days, shifts=shifts), FOUR, ACCOUNTS, asks(ledger))
        with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
            assert archive.testzip() is None
            assert {name.replace("-2026-01-01-2026-01-31", "") for name in archive.namelist()} == names
            assert archive.read("sales-2026-01-01-2026-01-31.csv") == made("sales", "csv", ledger)
            assert archive.read(Export("refunds", "json", days.first, days.last).name) == made("refunds", "json", ledger)


def test_no_more_than_a_piece_of_it_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rows there are."""
    monkeypatch.setattr(packed, "_PIECE", 512)
    monkeypatch.setattr(packed, "pieces", lambda *_: (bytes(str(hash(str(n))), "ascii") * 8 for n in range(5000)))
    sizes = [len(piece) for piece in packed.packed(packed.exports_of(JANUARY, shifts=True), FOUR, ACCOUNTS, dict)]
    assert len(sizes) > 15
    assert max(sizes) < 40_000  # zlib gives what it holds by and by


def test_another_process_makes_it(shop: Path) -> None:
    """As the command does it, without a kiosk that runs."""
    put(shop, *sold("K07-260105-a10001", NOON - DAY))
    with zipfile.ZipFile(io.BytesIO(b"".join(packed.elsewhere(shop / "kiosk.toml", JANUARY)))) as archive:
        assert b"K07-260105-a10001" in archive.read("sales-2026-01-01-2026-01-05.csv")
        assert len(archive.namelist()) == 5
    done = kiosk("export", "all", "--first", "2026-01-01", "--last", "2026-01-05", ".")
    assert done.output == f"{FILE}\n"
    assert Path(FILE).exists()


def test_a_process_that_fails_makes_no_file(tmp_path: Path) -> None:
    """Nothing of it stays on the stick, nor in memory."""
    stick, own = tmp_path / "stick", tmp_path / "run" / "carry"
    stick.mkdir()
    own.parent.mkdir()
    steward = FakeSteward(tmp_path / "steward")
    for mounted in (stick, None):
        with pytest.raises(KioskError, match="No export was made"):
            carry(FILE, lambda: packed.elsewhere(tmp_path / "none.toml", JANUARY), steward, mounted, own)
    assert [*stick.iterdir(), *own.iterdir()] == []


# -- the lane ------------------------------------------------------------------------------------------------------


def test_the_lane_tells_what_became_of_them_whatever_happens() -> None:
    heard = Heard()

    def carried(wanted: CarryExports) -> ExportCarried:
        if wanted.ticket == "bad":
            raise KioskError("No export was made")
        return ExportCarried(wanted.ticket, CarryEnd.DONE, FILE)

    with running([], heard, exports=carried) as lane:
        assert isinstance(lane, ExaminerLane)
        for ticket, end in (("good", CarryEnd.DONE), ("bad", CarryEnd.FAILED)):
            lane.take(CarryExports(ticket, JANUARY))
            heard.wait(lambda events, ticket=ticket, end=end: any(e == ExportCarried(ticket, end, e.name) for e in events))  # type: ignore[misc]
