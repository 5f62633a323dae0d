"""The kiosk as a service, in real processes: what it tells systemd, no dead thread keeps it up, two never share a ledger."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.crash.counter import HERE, PATIENCE_S, Counter, Kiosk
from tests.crash.sales import People, pay

pytestmark = pytest.mark.slow

SILENT_S = 3.0  # in place of the ten and forty seconds after which a silent thread counts as dead
FATES = [(thread, "raise") for thread in ("loop", "counter", "back office", "control", "display", "scanner", "keypad")]
FATES += [(thread, "hang") for thread in ("loop", "counter", "display", "scanner")]


class Systemd:
    """The other end of $NOTIFY_SOCKET: every datagram, with the moment it came."""

    def __init__(self, path: Path) -> None:
        self.heard: list[tuple[str, float]] = []
        self.env = {"NOTIFY_SOCKET": str(path)}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def words(self) -> list[str]:
        """What was said, in its order."""
        return [word for word, _ in self.heard]

    def last(self, word: str) -> float:
        """When it was last said."""
        return max(at for said, at in self.heard if said == word)

    def until(self, *words: str) -> None:
        """Wait until each has been said."""
        end = time.monotonic() + PATIENCE_S
        while not all(any(said.startswith(word) for said in self.words()) for word in words):
            assert time.monotonic() < end, f"{words} not among {self.words()}"
            time.sleep(0.01)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RD)
        self._thread.join(PATIENCE_S)
        self._socket.close()

    def _listen(self) -> None:
        while said := self._socket.recv(4096):
            self.heard += [(line, time.monotonic()) for line in said.decode().splitlines()]


class Shop(Counter):
    """A counter whose kiosks come one after another; each first brings to its end what the one before it left."""

    owed: int | None = None  # the amount of a sale that the customer has paid, and the kiosk died of

    def take_over(self, *words: str, env: dict[str, str] | None = None) -> Kiosk:
        """The next kiosk, on line and with nothing owed."""
        kiosk = self.start(*words, env=env)
        kiosk.online()
        if self.owed is not None:
            until_paid(self, kiosk, self.owed)
            self.owed = None
        return kiosk


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One stand-in and one ledger for this file; each test brings its kiosk."""
    made = Shop(tmp_path_factory.mktemp("d"))
    made.open()
    yield made
    if made.owed is not None:
        assert made.take_over().stop() == 0
    made.close()


@pytest.fixture
def systemd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Systemd]:
    """A listener of this test's own."""
    made = Systemd(tmp_path_factory.mktemp("n") / "notify")  # the kernel takes 107 characters, no more
    yield made
    made.close()


def test_what_systemd_hears_of_an_ordinary_day(shop: Counter, systemd: Systemd) -> None:
    """READY once it can be used, STATUS as it goes, WATCHDOG all the while, STOPPING when told to; an end without fault."""
    kiosk = shop.start(env=systemd.env)
    kiosk.online()
    systemd.until("READY=1", "STATUS=Idle, network online", "WATCHDOG=1")
    kiosk.key("1", "2")
    systemd.until("STATUS=Keying, network online")
    fed = systemd.words().count("WATCHDOG=1")
    end = time.monotonic() + PATIENCE_S
    while systemd.words().count("WATCHDOG=1") < fed + 2:
        assert time.monotonic() < end, "the watchdog starves"
        time.sleep(0.05)
    assert kiosk.stop() == 0
    systemd.until("STOPPING=1")
    words = systemd.words()
    assert words.count("READY=1") == 1
    assert "WATCHDOG=1" not in words[words.index("STOPPING=1") :]


@pytest.mark.parametrize(("number", "thread", "deed"), [(number, *fate) for number, fate in enumerate(FATES)])
def test_no_kiosk_goes_on_without_one_of_its_threads(shop: Shop, systemd: Systemd, number: int, thread: str, deed: str) -> None:
    """A thread that raises or hangs during a sale ends the process, with a fault; the next kiosk brings the sale to its end."""
    amount = 2000 + number
    words = ["--point", "beat", "--label", thread, "--deed", deed, "--key", "MENU", "--silent", str(SILENT_S)]
    kiosk = shop.take_over(*words, env=systemd.env)
    assert qr_scanned(shop, kiosk, amount) == "ShowingQr"
    systemd.until("WATCHDOG=1")
    kiosk.key("MENU")  # means nothing here; but from now on the thread has one beat to live
    assert kiosk.process.wait(PATIENCE_S) not in {0, None}
    ended = time.monotonic()
    kiosk.buried()
    if deed == "hang" and thread != "scanner":  # from the moment it is noticed there is no food, and whoever hangs is waited for
        assert ended - systemd.last("WATCHDOG=1") > SILENT_S / 2
    pay(shop, amount, None)
    shop.owed = amount


def test_without_its_supervisor_the_kiosk_stops_too(shop: Counter) -> None:
    """Nobody would feed the watchdog; the kiosk does not wait to be killed for it."""
    kiosk = shop.start("--point", "feed", "--nth", "2", "--deed", "raise", "--at-once")
    assert kiosk.process.wait(PATIENCE_S) == 1
    kiosk.buried()


def test_a_second_kiosk_on_one_ledger_says_so_and_goes(shop: Counter, tmp_path: Path) -> None:
    """Exit code 1 and one sentence, by whatever it notices first; the first kiosk sells on."""
    first = shop.start()
    first.online()
    elsewhere = shop.folder / "second.toml"
    elsewhere.write_text(shop.config.read_text("utf-8") + f'\n[control]\nsocket = "{tmp_path / "s"}"\n', "utf-8")
    for config, words in ((shop.config, "a kiosk runs already"), (elsewhere, "another kiosk")):
        command = [sys.executable, "-m", "kiosk", "--config", str(config), "run"]
        second = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert second.returncode == 1, second.stderr
        assert words in second.stderr
        assert "Traceback" not in second.stderr, second.stderr
    assert qr_scanned(shop, first, 3000) == "ShowingQr"
    pay(shop, 3000, None)
    until_paid(shop, first, 3000)
    assert first.stop() == 0


def qr_scanned(shop: Counter, kiosk: Kiosk, amount: int) -> str:
    """A sale up to the point where the customer's phone shows the bill; returns the screen."""
    kiosk.key(*str(amount), "QR")
    screen = kiosk.until("ShowingQr")
    People(shop, kiosk, Random(0))._scan()
    return screen


def until_paid(shop: Counter, kiosk: Kiosk, amount: int) -> None:
    """Wait until `kiosk orders` lists the order of this amount as PAID."""
    end = time.monotonic() + PATIENCE_S
    while [line["state"] for line in shop.orders() if line["amount"] == amount] != ["PAID"]:
        assert kiosk.alive
        assert time.monotonic() < end, shop.orders()
        time.sleep(0.02)
