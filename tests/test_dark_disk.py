"""A disk that no longer answers, under the kiosk's threads: each hears of it in its own words, and none of them dies.

The disk is that of tests.disk, really mounted; every operation on it fails with EIO, the look whether a file is there, too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk.core.commands import KeepPin
from kiosk.core.errors import LedgerError
from kiosk.core.events import Event, PinKept
from kiosk.core.model import OrderState
from kiosk.core.operators import NoPin, PinDigits
from kiosk.operators.keeper import PinKeeper
from kiosk.payment.backups import EACH_MS, Backups
from kiosk.payment.kept import AGAIN_MS
from tests.crash.counter import Counter
from tests.crash.sales import pay
from tests.disk.mounted import Mounted, mounted, places, why_not
from tests.ledger_samples import keyed
from tests.test_ledger_keeper import KEY, NOON, Shop, _quiet
from tests.test_operators import LONG, done, pins
from tests.test_wechat_provider import NEW, OLD, ORDER, Rotating, opened
from tests.wechat_stub import Stub

pytestmark = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")
S = OrderState


@pytest.fixture
def disk() -> Iterator[Mounted]:
    """Mounted, and empty."""
    with places() as (image, folder), mounted(image, folder) as made:
        yield made


@pytest.mark.slow
def test_a_kiosk_says_that_it_is_out_of_order_and_sells_once_its_disk_answers(
    disk: Mounted, tmp_path: Path, until: Callable[..., bool]
) -> None:
    """In the midst of a sale: its cancellation could not be written down, the customer paid, and that is found afterwards."""
    counter = Counter(tmp_path, disk.folder)
    counter.open()
    kiosk = counter.start()
    try:
        kiosk.online()
        kiosk.key("1", "2", "0", "0", "QR")
        assert kiosk.until("ShowingQr") == "ShowingQr"
        disk.order("cut", seed=0)
        kiosk.key("CANCEL")
        assert kiosk.until("OutOfOrder") == "OutOfOrder"
        pay(counter, 1200, None)
        until(lambda: counter.log.read_text("utf-8").count("the ledger cannot be used") >= 3)
        disk.order("power")
        kiosk.online()
        until(lambda: [order["state"] for order in counter.orders()] == ["PAID"])
        kiosk.key("3", "0", "0", "QR")
        assert kiosk.until("ShowingQr") == "ShowingQr"
        assert kiosk.stop() == 0
    finally:
        kiosk.kill()
        kiosk.buried()
        counter.close()
    assert "Traceback" not in counter.log.read_text("utf-8")


def test_a_ledger_is_let_go_of_and_asked_for_again_until_its_disk_answers(disk: Mounted) -> None:
    """By the kiosk that had it, and by the one after it: LedgerError is what the loop shows and waits out."""
    shop = Shop(disk.folder)
    shop.sold(1, 2)
    with contextlib.closing(shop.keeper.open(NOON)) as ledger:
        disk.order("cut", seed=0)
        with pytest.raises(LedgerError):
            ledger.commit(keyed(3, S.PAID), at=NOON)
        ledger.idle(NOON + EACH_MS, _quiet)
    for keeper in (shop.keeper, shop.another_start()):
        with pytest.raises(LedgerError, match=str(shop.path)):
            keeper.open(NOON)
    disk.order("power")
    with contextlib.closing(shop.keeper.open(NOON)) as ledger:
        ledger.commit(keyed(3, S.PAID), at=NOON)


def test_backups_on_a_stick_that_died_cost_no_sale(disk: Mounted, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The ledger is elsewhere: it sells on, and a backup is tried again ten minutes later, not at every quiet moment."""
    shop = Shop(tmp_path)
    shop.backups = Backups(shop.path, disk.folder, [KEY])
    shop.another_start()
    shop.sold(1, 2)
    with contextlib.closing(shop.keeper.open(NOON)) as ledger:
        disk.order("cut", seed=0)
        for later in (EACH_MS, EACH_MS + 1, EACH_MS + AGAIN_MS):
            ledger.idle(NOON + later, _quiet)
        ledger.commit(keyed(3, S.PAID), at=NOON)
    assert caplog.text.count("no backup could be made") == 2


def test_fetched_certificates_serve_without_a_place_to_keep_them(disk: Mounted, caplog: pytest.LogCaptureFixture) -> None:
    """Known or new: after a restart they are fetched again, that is all."""
    platform = Rotating(OLD)
    with Stub(platform) as stub:
        provider = opened(stub.url, keys="certificates", cache=disk.folder / "certificates.json")
        provider.probe()
        disk.order("cut", seed=0)
        provider.probe()
        platform.certificates, platform.speaks = [OLD, NEW], NEW
        provider.probe()
        provider.ask(ORDER)
    assert "could not be cached" in caplog.text


def test_the_lane_of_the_pins_goes_on(disk: Mounted) -> None:
    """It looks into their folder every second; that a PIN could not be kept is said."""
    events: list[Event] = []
    disk.order("cut", seed=0)
    done(PinKeeper(pins(disk.folder), events.append), KeepPin("a", "Mei", PinDigits(LONG)))
    assert events == [PinKept("a", NoPin.DISK)]
