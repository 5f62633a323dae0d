"""A kiosk whose ledger was restored sells on, and brings back by itself what the ledger lacked: over HTTP, from the stand-in."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kiosk import config, ledgers, parts
from kiosk.core import recovery as core
from kiosk.core import screens
from kiosk.core.model import OrderState
from kiosk.payment.ledger import SqliteLedger
from kiosk.recovery.lost_orders import LostOrders
from tests.rig import Rig
from tests.test_recovery import Shop, quick_pay, shop, sold

__all__ = ["shop", "sold"]  # fixtures


@pytest.fixture(autouse=True)
def _short_walks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A walk ends after ten gaps, and may take its time."""
    monkeypatch.setattr(core, "GAPS", 10)
    monkeypatch.setattr("tests.rig.PATIENCE_S", 60.0)


@contextlib.contextmanager
def running(shop: Shop, pause: Callable[[float], None] = lambda _: None) -> Iterator[LostOrders]:
    """The kiosk with its own keeper, and who looks for lost orders, as app.py starts them."""
    rig, read = shop.rig, config.load(shop.toml)
    keeper = ledgers.keeper_of(read, lambda: None)

    def open_ledger() -> SqliteLedger:
        ledger = keeper.open(rig.clock.now())
        if any(loss.recovered_at is None for loss in ledger.losses()):
            looks.set()
        return ledger

    looks = threading.Event()
    rig._open_ledger = open_ledger  # type: ignore[method-assign]
    rig.start()
    assert rig.runtime.opened.wait(20)
    lost = LostOrders(read, rig.runtime, rig.clock, partial(parts.make_provider, read, rig.clock))  # type: ignore[arg-type]
    lost._pause = pause  # type: ignore[method-assign]
    lost.start()
    if looks.is_set():
        lost.look()
    try:
        yield lost
    finally:
        lost.stop(20)
        rig.stop()


def losses(rig: Rig) -> list[Any]:
    """As the running kiosk's ledger has them."""
    return rig.runtime.ask(lambda ledger, _: ledger.losses())  # type: ignore[attr-defined]


def recovered(rig: Rig) -> bool:
    """Whether there was a loss, and nothing is missing any more."""
    return all(loss.recovered_at is not None for loss in losses(rig)) and bool(losses(rig))


def lose_the_ledger(path: Path) -> None:
    """Its first page; nothing but the memory of its generation is left beside it."""
    path.write_bytes(b"\xff" * 4096 + path.read_bytes()[4096:])
    path.with_name("kiosk.db.generations").write_text("aa\n")


def test_a_restored_kiosk_sells_and_brings_back_what_was_lost(shop: Shop) -> None:
    """The whole day of the stand-in is in the ledger again; a sale meanwhile has a number of its own generation."""
    lose_the_ledger(shop.rig.folder / "kiosk.db")
    with running(shop):
        shop.rig.bank.trouble.set("password", "never")
        quick_pay(shop.rig, "1 1 1")
        shop.rig.sees(screens.PaidScreen)
        shop.rig.until(lambda: recovered(shop.rig), "recovered")
        assert [loss.generation for loss in losses(shop.rig)] == ["aa"]
    bank = {order["out_trade_no"] for order in shop.rig.bank.orders()}
    assert {line["out_trade_no"] for line in shop.orders()} == bank
    assert {number.rpartition("-")[2][:2] for number in bank} > {"aa"}


def test_what_was_lost_open_is_looked_after_without_a_restart(shop: Shop) -> None:
    """The QR that nobody closed is among the orders that the running kiosk asks about."""
    rig = shop.rig
    (closing,) = [line["out_trade_no"] for line in shop.orders() if line["state"] == "CLOSING"]
    lose_the_ledger(rig.folder / "kiosk.db")

    with running(shop):
        rig.until(lambda: recovered(rig), "recovered")
        rig.until(lambda: rig.runtime.ask(lambda _, kiosk: closing in kiosk.orders), "looked after")


def test_a_backup_brings_back_the_rest_and_the_walk_what_came_after_it(shop: Shop) -> None:
    """No order is there twice, and those of the backup stay as they were."""
    path = shop.rig.folder / "kiosk.db"
    with running(shop):
        shop.rig.bank.trouble.set("password", "never")
        shop.rig.runtime.ask(lambda ledger, _: ledger.idle(shop.rig.clock.now(), lambda: True))
        shop.rig.runtime.ask(lambda ledger, _: ledger._backups.result(wait_s=60))  # type: ignore[attr-defined]
        quick_pay(shop.rig, "1 1 1")
        shop.rig.sees(screens.PaidScreen)
        newest = shop.rig.bank.orders()[-1]["out_trade_no"]
    path.write_bytes(b"\xff" * 4096 + path.read_bytes()[4096:])
    with running(shop):
        found = shop.rig.runtime.ask(lambda ledger, _: ledger.load(0).generation)
        assert found != "aa"
        shop.rig.until(lambda: recovered(shop.rig), "recovered")
        order = shop.rig.runtime.ask(lambda ledger, _: ledger.order(newest))
        assert order is not None
        assert order.state is OrderState.PAID
    bank = [order["out_trade_no"] for order in shop.rig.bank.orders()]
    assert sorted(line["out_trade_no"] for line in shop.orders()) == sorted(bank)


def test_without_wechat_it_waits_and_the_next_start_goes_on(shop: Shop) -> None:
    """A walk cut short marks nothing as recovered."""
    lose_the_ledger(shop.rig.folder / "kiosk.db")
    asked = threading.Event()

    def no_further(_: float) -> None:
        asked.set()
        raise TimeoutError

    with running(shop, pause=no_further):
        assert asked.wait(20)
        assert not recovered(shop.rig)
    with running(shop):
        shop.rig.until(lambda: recovered(shop.rig), "recovered")


def test_a_generation_that_nobody_knows_is_left_to_kiosk_recover(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """The log says what to do; then the command finds it, and the loss is no more."""
    path = shop.rig.folder / "kiosk.db"
    path.write_bytes(b"\xff" * 4096 + path.read_bytes()[4096:])
    path.with_name("kiosk.db.ballast").touch()
    with running(shop):
        shop.rig.until(lambda: "nobody knows their numbers" in caplog.text, "said")
        assert not recovered(shop.rig)
    assert [record for record in caplog.records if record.levelno == logging.CRITICAL and "kiosk recover" in str(vars(record))]
    shop.rig.bank.orders()
    report = shop.recover(generation="aa", day=None)
    assert report.stopped is None
    assert len(report.recovered) == len(shop.rig.bank.orders())
    with contextlib.closing(SqliteLedger.open(path, generation=str, now=0, key=None)) as ledger:
        assert all(loss.recovered_at is not None for loss in ledger.losses())
