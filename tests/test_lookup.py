"""`kiosk ask`: WeChat's word about one order, by either number; neither a ledger nor a running kiosk is needed for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from kiosk.sandbox.desk import Desk
from kiosk.sandbox.records import Wanted
from kiosk.sandbox.server import SandboxServer, open_sandbox

NUMBER = "K07-260105-aa0001"


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[SandboxServer]:
    """A stand-in over `tmp_path` with two orders: NUMBER, paid, and its neighbour, a QR that nobody has scanned."""
    server, _ = open_sandbox(tmp_path)
    desk = Desk(server.bank)
    desk.charge(Wanted("MICROPAY", NUMBER, "snacks", 1250, "HKD", "body"), server.bank.new_code())
    desk.place(Wanted("NATIVE", "K07-260105-aa0002", "snacks", 900, "HKD", "body", notify_url="https://pay.example.net/n"))
    yield server
    server.stop()


def ask(folder: Path, *words: str) -> Result:
    """`kiosk ask` with the configuration that the stand-in has written."""
    return CliRunner().invoke(main, ["--config", str(folder / "kiosk.toml"), "ask", *words])


@pytest.mark.parametrize("by", ["out_trade_no", "transaction_id"])
def test_a_paid_order_is_found_by_either_number(stand: SandboxServer, tmp_path: Path, by: str) -> None:
    """Ours, or the one on the customer's phone: the same order."""
    (paid, _) = stand.bank.orders()
    result = ask(tmp_path, str(paid[by]), "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)
    assert found.pop("paid_at").startswith("20")
    assert found == {
        "out_trade_no": NUMBER,
        "transaction_id": paid["transaction_id"],
        "state": "PAID",
        "amount": 1250,
        "currency": "HKD",
    }
    assert not (tmp_path / "kiosk.db").exists()


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("K07-260105-aa0002", "PENDING, 9.00 HKD, out_trade_no K07-260105-aa0002"),
        ("K07-260105-zz0009", "NOT_FOUND, out_trade_no K07-260105-zz0009"),
        ("4200000000000000000000000000", "NOT_FOUND, transaction_id 4200000000000000000000000000"),
    ],
)
@pytest.mark.usefixtures("stand")
def test_what_is_not_paid_is_said_in_a_line(tmp_path: Path, number: str, says: str) -> None:
    """Not paid yet, or nothing WeChat knows of."""
    result = ask(tmp_path, number)
    assert (result.exit_code, result.output.strip()) == (0, says)


def test_no_answer_is_no_answer(stand: SandboxServer, tmp_path: Path) -> None:
    """Exit code 1, with what to do; no state is printed."""
    stand.stop()
    result = ask(tmp_path, NUMBER)
    assert result.exit_code == 1
    assert "WeChat gave no good answer (not_sent" in result.output


@pytest.mark.usefixtures("stand")
def test_a_number_that_is_none_is_not_sent(tmp_path: Path) -> None:
    """Nothing that could change the path leaves."""
    result = ask(tmp_path, "K07/../../x?y")
    assert result.exit_code == 2
    assert "is no order's number" in result.output
