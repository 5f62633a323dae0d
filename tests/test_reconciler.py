"""A kiosk that runs compares by itself: real loop and client, the stand-in over HTTP; asked by socket and command."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kiosk import config, parts
from kiosk.books.answers import BooksAnswers
from kiosk.books.reconciler import Reconciler
from kiosk.cli import main
from kiosk.control.answers import Answers
from kiosk.control.unix_socket import ControlServer, ask
from kiosk.core import screens, statements
from kiosk.core.events import BooksKnown
from kiosk.core.lifecycle import DAY
from kiosk.core.model import OrderState
from kiosk.core.ports import Clock
from kiosk.loop.rows import InLoop
from kiosk.sandbox.records import Kind, Wanted
from tests.rig import Rig

BACK = statements.READY + DAY  # the bank lives on the newest day whose statement can be there


class Desk:
    """A rig with a reconciler and a control socket, as app.py puts them together."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.config = config.load(rig.folder / "kiosk.toml")
        rig.start()
        clock: Any = rig.clock
        self.reconciler = Reconciler(self.config, rig.runtime, clock, partial(parts.make_provider, self.config, clock))
        self.books = BooksAnswers(self.reconciler, rig.folder, InLoop(rig.runtime).read)
        answers = Answers(rig.runtime, lambda: None, lambda: rig.views[-1], rig.keypad, None, books=self.books)  # type: ignore[arg-type]
        self.control = ControlServer(self.config.control.socket, answers.answer)

    def day(self) -> str:
        return statements.day_of(self.rig.bank.time())

    def sell(self, keys: str) -> str:
        """Quick Pay at the bank's yesterday; the order's number."""
        rig = self.rig
        rig.press(f"{keys} OK")
        rig.sees(screens.Scanning)
        rig.scanner.show(rig.bank.new_code())
        rig.sees(screens.PaidScreen)
        rig.press("CANCEL")
        rig.sees(screens.Idle)
        return rig.lines()[-1].out_trade_no


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    rig = Rig(tmp_path)
    rig.bank.trouble.set("password", "never")
    true: Clock = rig.bank.time  # type: ignore[assignment]
    rig.bank.time = lambda: true() - BACK  # type: ignore[method-assign, operator]
    made = Desk(rig)
    with contextlib.ExitStack() as undo:
        undo.callback(rig.close)
        made.reconciler.start()
        undo.callback(made.reconciler.stop, 20.0)
        yield made


def test_left_to_itself_it_compares_yesterday_and_says_so(desk: Desk) -> None:
    """The core asks for the day that is due; what the ledger has afterwards is in the answer to `books`."""
    desk.rig.runtime.use_fetcher(desk.reconciler.take)
    rig, now = desk.rig, desk.rig.clock.now()
    rig.runtime.post(BooksKnown(frozenset(), now - 2 * DAY, 0))
    due = statements.due_days(statements.Statements(first=now - 2 * DAY), now, now)

    def done() -> list[str]:
        books = rig.runtime.ask(lambda _, kiosk: kiosk.statements)
        assert books is not None
        return sorted(books.done)

    rig.until(lambda: done() == due, "compared by itself")
    assert [each["day"] for each in _days(desk)] == due
    assert due
    desk.reconciler.look()  # as after a restart: the ledger knows what is done
    rig.until(lambda: done() == due, "remembered")


def test_money_that_came_to_a_void_order_goes_back_through_the_tills_own_queue(desk: Desk) -> None:
    """The last watch over VOID is the statement: its order is asked for again, its money refunded, the difference settled."""
    rig = desk.rig
    number = desk.sell("9 9 9")
    rig.runtime.ask(lambda ledger, _: _make_void(ledger, number))
    job = desk.reconciler.begin(desk.day())
    found = desk.reconciler.job(job)
    assert found is not None
    rig.until(found.over.is_set, "compared")
    rig.until(lambda: rig.runtime.ask(lambda ledger, _: ledger.order(number).state) is OrderState.REFUNDED, "given back")  # type: ignore[union-attr]
    rig.until(lambda: all(not day["open"] for day in _days(desk)), "settled")
    (difference,) = desk.books.books({"first": desk.day(), "last": desk.day()})["books"]["differences"]  # type: ignore[index]
    assert (difference["what"], difference["standing"]) == ("state", "settled")


def test_the_command_asks_the_running_kiosk(desk: Desk, tmp_path: Path) -> None:
    """Agrees: exit 0. A payment nobody knew of: exit 1, the sign on the screen, and --seen takes it away."""
    rig = desk.rig
    with contextlib.ExitStack() as undo:
        desk.control.open()
        undo.callback(desk.control.stop)
        threading.Thread(target=desk.control.serve, daemon=True).start()
        desk.sell("1 2 5 0")
        report, table = tmp_path / "report.html", tmp_path / "report.csv"
        done = _run(desk, desk.day(), "--json", "--html", str(report), "--csv", str(table))
        assert done.exit_code == 0, done.output
        (day,) = json.loads(done.stdout)["days"]
        assert (day["agreed"], day["sums"][0]["ours"]["net"]) == (1, 1250)
        assert "<svg" in report.read_text()
        assert "<script" not in report.read_text()
        assert table.read_bytes().startswith(b"\xef\xbb\xbfday,")
        _pay_elsewhere(rig, "K07-991231-aa0001")
        done = _run(desk, desk.day())
        assert done.exit_code == 1, done.output
        assert "kiosk refund K07-991231-aa0001" in done.output
        rig.until(lambda: rig.views[-1].signs.attention == 1, "on the sign")
        assert _run(desk, desk.day(), "--seen", "K07-991231-aa0001").output == "1 settled.\n"
        rig.until(lambda: rig.views[-1].signs.attention == 0, "off the sign")
        done = _run(desk, desk.day())
        assert done.exit_code == 0, done.output
        statement = tmp_path / "mine.csv"
        statement.write_bytes(b"\xef\xbb\xbfgarbage\r\n")
        done = _run(desk, desk.day(), "--statement", str(statement))
        assert (done.exit_code, "line 1" in done.output) == (1, True)
        assert not list(rig.folder.glob("statement-*"))
        refused = ask(desk.config.control.socket, {"do": "reconcile", "day": desk.day(), "file": "../kiosk.toml"})
        assert "problem" in refused


def test_without_a_kiosk_the_command_does_it_alone(desk: Desk) -> None:
    """The ledger is opened for it, and let go."""
    desk.sell("1 2 5 0")
    day = desk.day()
    desk.reconciler.stop(20.0)
    desk.rig.stop()
    done = _run(desk, day, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["days"][0]["agreed"] == 1
    month = _run(desk, day[:7])
    assert month.exit_code in (0, 1)
    assert day in month.output
    desk.rig.start()


@pytest.mark.parametrize("words", [["2026-13-01"], ["yesterday"], ["2026-01", "--statement", __file__]])
def test_wrong_words_are_told(words: list[str]) -> None:
    """Exit code 2."""
    assert CliRunner().invoke(main, ["reconcile", *words]).exit_code == 2


def _run(desk: Desk, *words: str) -> Any:
    return CliRunner().invoke(main, ["--config", str(desk.rig.folder / "kiosk.toml"), "reconcile", *words])


def _days(desk: Desk) -> list[Any]:
    return desk.books.books({"first": "2000-01-01", "last": "2999-01-01"})["books"]["days"]  # type: ignore[index, no-any-return]


def _make_void(ledger: Any, number: str) -> None:
    """What a kiosk would have written that took the request for never arrived."""
    connection = ledger._file._connection
    (trigger,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'orders_never_go_back'").fetchone().values()
    (facts,) = (
        connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'final_orders_keep_their_facts'").fetchone().values()
    )
    connection.execute("DROP TRIGGER orders_never_go_back")
    connection.execute("DROP TRIGGER final_orders_keep_their_facts")
    connection.execute(
        "UPDATE orders SET state = 'VOID', transaction_id = NULL, paid_at = NULL, payer_amount = NULL, payer_currency = NULL, "
        "rate_e8 = NULL, settled_at = settled_at - 7200000 WHERE out_trade_no = ?",
        (number,),
    )
    connection.execute("UPDATE sales SET state = 'unpaid' WHERE sale_id = ?", (f"S-{number}",))
    connection.execute(trigger)
    connection.execute(facts)


def _pay_elsewhere(rig: Rig, number: str) -> None:
    with rig.bank.lock:
        order = rig.bank.open_order(Wanted(Kind.MICROPAY, number, "Harbour Snacks", 700, "HKD", "x"))
        rig.bank.take_money(order)
