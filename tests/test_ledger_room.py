"""A disk that is full, or takes no writes: nothing new is sold, what is under way is written down, and it goes on by itself.

The loop is the real one, and so are the disks: small ones, really full, really remounted.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner

from kiosk.cli import main
from kiosk.clock import SteadyClock
from kiosk.core import screens
from kiosk.core.commands import Act, Place
from kiosk.core.errors import LedgerError, LedgerFull
from kiosk.core.events import Answered, CodeSeen, Key, Left, Pressed, Probed
from kiosk.core.model import Answer, Call, OrderState, Paid
from kiosk.core.money import Money
from kiosk.core.screens import AmountHint, View
from kiosk.core.secret import PaymentCode
from kiosk.core.state import Settings
from kiosk.loop import runtime as loop
from kiosk.loop.lanes import Lane
from kiosk.payment.backups import Backups
from kiosk.payment.ballast import SIZE, Ballast
from kiosk.payment.chain import OPEN_KEY
from kiosk.payment.keeper import Keeper
from kiosk.payment.kept import KeptLedger
from kiosk.payment.ledger import SqliteLedger
from kiosk.sandbox.prepare import prepare
from tests.flow import MERCHANT, START
from tests.ledger_samples import keyed, number, order
from tests.test_ledger_disk import fill

MB = 1024 * 1024


def mount(*words: str) -> None:
    """With the right to; else the test is skipped."""
    done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"cannot mount a small disk: {done.stderr.strip()}")


@pytest.fixture(params=["ext4", "tmpfs"])
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A disk of some megabytes."""
    folder, image = tmp_path / "small", tmp_path / "image"
    folder.mkdir()
    if request.param == "tmpfs":
        mount("-t", "tmpfs", "-o", "size=6m", "none", str(folder))
    else:
        with image.open("wb") as file:
            file.truncate(10 * MB)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", image], check=True)
        mount("-o", "loop", str(image), str(folder))
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill_up(folder: Path) -> Path:
    """A file that takes all the room there is."""
    filler = folder / "filler"
    with filler.open("ab") as file:
        for size in (MB, 4096, 1):
            try:
                while True:
                    os.write(file.fileno(), bytes(size))
            except OSError:
                continue
    return filler


class Shop:
    """The real loop over a kept ledger; lanes that only write down what they are given."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ballast = Ballast(path)
        self.acts: list[Act] = []
        self.views: list[View] = []
        keeper = Keeper(path, Backups(path, path.parent, [OPEN_KEY]), OPEN_KEY, lambda _: "aa", lambda: None)
        settings = Settings(MERCHANT, "Harbour Snacks", "HKD", "K07", UTC)
        clock = SteadyClock(wall=lambda: START / 1000)
        self.runtime = loop.Runtime(settings, lambda: keeper.open(START), clock, self.views.append, lambda _: None)
        lane = cast("Lane", self)
        self.runtime.use(lane, lane)
        self.thread = threading.Thread(target=self.runtime.run, args=(lambda: None,), daemon=True)

    def start(self) -> None:
        self.thread.start()
        assert self.runtime.opened.wait(20)
        self.online()

    def stop(self) -> None:
        self.runtime.stop()
        self.thread.join(20)
        assert not self.thread.is_alive()

    def take(self, act: Act) -> None:
        """As a lane."""
        self.acts.append(act)

    def online(self) -> None:
        self.runtime.post(Probed(reached=True, server_time=START, at=START))

    def press(self, line: str) -> Any:
        """Press the keys; the screen when all of it is done."""
        for key in line.split():
            self.runtime.post(Pressed(Key(key)))
        self.runtime.ask(lambda *_: None)
        return self.views[-1].screen

    def placed(self) -> list[str]:
        """The orders that left."""
        return [act.order.out_trade_no for act in self.acts if isinstance(act, Place)]

    def state(self, number: str) -> OrderState:
        """As the ledger has it."""
        found = self.runtime.ask(lambda ledger, _: ledger.order(number))
        assert found is not None
        return found.state


@pytest.fixture
def shop(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A kiosk whose ledger lies on the small disk."""
    monkeypatch.setattr(loop, "OPEN_AGAIN_S", 0.01)
    monkeypatch.setattr(loop, "BEAT_MS", 20)
    made = Shop(small_disk / "kiosk.db")
    yield made
    if made.thread.is_alive():
        made.stop()


def test_the_ballast_is_there_from_the_start_and_really_takes_room(small_disk: Path) -> None:
    """A file with holes would give up nothing."""
    path = small_disk / "kiosk.db"
    keeper = Keeper(path, Backups(path, small_disk, [OPEN_KEY]), OPEN_KEY, lambda _: "aa", lambda: None)
    before = os.statvfs(small_disk)
    ledger = keeper.open(START)
    try:
        assert Ballast(path).path.stat().st_size == SIZE
        after = os.statvfs(small_disk)
        assert (before.f_bfree - after.f_bfree) * after.f_frsize >= SIZE
        assert ledger.trouble() is None
    finally:
        ledger.close()


def test_a_full_disk_gives_up_its_ballast_once_and_then_takes_what_is_under_way(small_disk: Path) -> None:
    """LedgerFull, and opened again there is room for hundreds of results."""
    path = small_disk / "kiosk.db"
    keeper = Keeper(path, Backups(path, small_disk, [OPEN_KEY]), OPEN_KEY, lambda _: "aa", lambda: None)
    ledger = keeper.open(START)
    ledger.commit(keyed(1), at=9)
    fill_up(small_disk)
    counter, _ = fill(ledger, first=2)
    assert isinstance(ledger.failure, LedgerFull)
    assert not Ballast(path).path.exists()
    ledger.close()
    again = keeper.open(START)
    assert "full or takes no writes" in str(again.trouble())
    assert again.order(number(counter)) in (None, order(counter))
    for under_way in range(counter + 1, counter + 301):
        again.commit(keyed(under_way), at=9)
    again.close()
    fill_up(small_disk)
    last = keeper.open(START)
    fill(last, first=counter + 301)
    assert not isinstance(last.failure, LedgerFull)  # there is nothing left to give up
    last.close()


def test_a_kiosk_that_starts_on_a_full_disk_gives_up_its_ballast_too(small_disk: Path) -> None:
    """Otherwise it could not even ask about the orders of before."""
    path = small_disk / "kiosk.db"
    keeper = Keeper(path, Backups(path, small_disk, [OPEN_KEY]), OPEN_KEY, lambda _: "aa", lambda: None)
    ledger = keeper.open(START)
    ledger.commit(keyed(1), at=9)
    ledger.close()
    fill_up(small_disk)
    again = keeper.open(START)
    assert again.order(number(1)) == order(1)
    again.close()


def test_on_a_full_disk_nothing_new_is_sold_and_what_is_under_way_comes_to_its_end(shop: Shop, until: Callable[..., Any]) -> None:
    """The charge on its way is paid and that is written down; a new amount is refused in words; with room it sells again."""
    shop.start()
    assert isinstance(shop.press("5 0 0 OK"), screens.Scanning)
    first = "K07-260105-aa0001"
    shop.runtime.post(CodeSeen(first, PaymentCode("130000000000000001")))
    shop.runtime.post(Left(first, Call.CHARGE))
    shop.runtime.ask(lambda *_: None)  # all written down: a commit on the filling disk would give up the ballast to the filler
    filler = fill_up(shop.path.parent)
    paid = Answer(Paid("4200", Money(500, "HKD")), reached=True)
    sold = 0
    while shop.ballast.path.exists():  # the log has some room left of its own
        sold += 1
        assert sold < 5000
        try:
            shop.runtime.ask(lambda ledger, _, n=sold: ledger.commit(keyed(100_000 + n), at=9))  # type: ignore[misc]
        except LedgerError:
            break
    until(lambda: shop.views and isinstance(shop.views[-1].screen, screens.OutOfOrder))
    shop.runtime.ask(lambda *_: None)
    assert "full or takes no writes" in shop.views[-1].screen.problem  # type: ignore[union-attr]
    shop.online()

    def asked_again_and_paid() -> bool:
        """ext4 has the ballast's room a moment after it was given up: until then the commit fails once more."""
        shop.runtime.post(Answered(first, Call.ASK, paid))
        with suppress(LedgerError):
            return shop.state(first) is OrderState.PAID
        return False

    until(asked_again_and_paid)
    refused = shop.press("6 0 0 QR")
    assert isinstance(refused, screens.Keying)
    assert refused.hint is AmountHint.LEDGER
    assert shop.placed() == []
    filler.unlink()
    until(shop.ballast.path.exists)
    shop.press("CANCEL")
    until(lambda: isinstance(shop.views[-1].screen, screens.Idle))
    assert isinstance(shop.press("7 0 0 QR"), screens.Placing)
    assert len(shop.placed()) == 1


def test_a_disk_without_room_for_the_ballast_is_told_before_the_first_sale(shop: Shop, until: Callable[..., Any]) -> None:
    """Not when the money is already asked for."""
    filler = fill_up(shop.path.parent)
    os.truncate(filler, filler.stat().st_size - MB)
    shop.start()
    until(lambda: isinstance(shop.views[-1].screen, screens.OutOfOrder))
    refused = shop.press("6 0 0 QR")
    assert isinstance(refused, screens.Keying)
    assert refused.hint is AmountHint.LEDGER
    assert shop.placed() == []


def test_on_a_disk_that_takes_no_writes_nothing_is_sold_until_it_does(shop: Shop, until: Callable[..., Any]) -> None:
    """Out of order, with the reason; no key makes an order; and once it takes a probe again, back to selling."""
    shop.start()
    shop.stop()
    mount("-o", "remount,ro", str(shop.path.parent))
    blocked = Shop(shop.path)
    blocked.thread.start()
    try:
        until(lambda: blocked.views and isinstance(blocked.views[-1].screen, screens.OutOfOrder))
        assert "check its owner and whether the disk is mounted" in blocked.views[-1].screen.problem  # type: ignore[union-attr]
        for key in "500":
            blocked.runtime.post(Pressed(Key(key)))
        blocked.runtime.post(Pressed(Key.QR))
        mount("-o", "remount,rw", str(shop.path.parent))
        assert blocked.runtime.opened.wait(20)
        blocked.online()
        blocked.runtime.ask(lambda *_: None)
        assert blocked.placed() == []
        assert isinstance(blocked.press("5 0 0 QR"), screens.Placing)
    finally:
        mount("-o", "remount,rw", str(shop.path.parent))
        blocked.stop()


def test_an_error_of_the_disk_ends_the_selling_until_a_probe_is_accepted(shop: Shop, until: Callable[..., Any]) -> None:
    """Whoever met it: no key is taken while the ledger cannot be opened, and the screen says why."""
    refuse = threading.Event()
    opened = shop.runtime._open_ledger

    def open_or_fail() -> Any:
        if refuse.is_set():
            raise LedgerError("the card does not answer: replace it")
        return opened()

    shop.runtime._open_ledger = open_or_fail
    shop.start()
    refuse.set()

    def fails(ledger: object, _: object) -> None:
        assert isinstance(ledger, KeptLedger)
        ledger._file.failure = LedgerError("disk I/O error")
        raise ledger._file.failure

    with pytest.raises(LedgerError, match="disk I/O"):
        shop.runtime.ask(fails)
    until(lambda: getattr(shop.views[-1].screen, "problem", "") == "the card does not answer: replace it")
    for key in ("5", "0", "0", "QR"):
        shop.runtime.post(Pressed(Key(key)))
    refuse.clear()
    until(lambda: isinstance(shop.views[-1].screen, screens.Idle))
    assert shop.placed() == []
    assert shop.runtime.ask(lambda ledger, _: ledger.load(0).orders) == ()


# --- reading where nothing can be written ---


@pytest.fixture
def read_only_shop(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with kiosk.toml, its ledger on the small disk."""
    folder = small_disk.parent / "shop"
    prepare(folder, url="http://127.0.0.1:1", page="http://127.0.0.1:1/")
    toml = folder / "kiosk.toml"
    socket = folder / "kiosk.sock"
    text = toml.read_text().replace('path = "kiosk.db"', f'path = "{small_disk / "kiosk.db"}"')
    toml.write_text(text.replace("[merchant]", '[merchant]\ntime_zone = "UTC"') + f'\n[control]\nsocket = "{socket}"\n')
    monkeypatch.chdir(folder)
    return small_disk / "kiosk.db"


@pytest.mark.parametrize("cut_off", [False, True])
def test_orders_and_report_are_read_from_a_disk_that_takes_no_writes(read_only_shop: Path, cut_off: bool) -> None:
    """Also what is only in the log, because the plug was pulled; and the disk stays as it is."""
    ledger = SqliteLedger.open(read_only_shop, generation=lambda: "aa", now=1)
    ledger.commit(keyed(1, OrderState.PAID), at=9)
    if cut_off:
        kept = [(each, each.read_bytes()) for each in read_only_shop.parent.glob("kiosk.db*")]
        ledger.close()
        for each, content in kept:
            each.write_bytes(content)
        assert len(kept) > 1
    else:
        ledger.close()
    mount("-o", "remount,ro", str(read_only_shop.parent))
    before = {each: each.read_bytes() for each in read_only_shop.parent.iterdir() if each.is_file()}
    done = CliRunner().invoke(main, ["orders"])
    assert done.exit_code == 0, done.output
    assert number(1) in done.stdout
    report = CliRunner().invoke(main, ["report"])
    assert "paid 1 x" in report.output
    assert {each: each.read_bytes() for each in read_only_shop.parent.iterdir() if each.is_file()} == before
