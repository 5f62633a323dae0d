"""The kiosk as a person has it on the counter: a real window, real keys, real pictures before the camera, real processes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image, ImageGrab

from kiosk.core.commands import Sound
from kiosk.core.money import Money
from kiosk.display import espeak, tones
from kiosk.display.spoken import received
from kiosk.sandbox.phone import held_picture
from tests.desk import Desk, desk, no_payment_code
from tests.xwindows import xdotool

pytestmark = [pytest.mark.screen, pytest.mark.slow]


class Counter(Desk):
    """A desk at which one sale follows the other: what it tells is what came since `begin`."""

    def begin(self) -> None:
        """Nothing before the camera, no trouble, and the screen idle."""
        (self.folder / "frames" / "phone.png").unlink(missing_ok=True)
        self.bench("phone/done")
        self.bench("trouble/reset")
        self.until(self._idle, "an idle screen")
        self._before = {line["out_trade_no"] for line in super().orders()}
        self._silent_to = self._sound.stat().st_size

    def heard(self) -> bytes:
        """What was played since `begin`, as the sound card would have had it."""
        return self._sound.read_bytes()[self._silent_to :]

    @property
    def _sound(self) -> Path:
        return self.folder.parent / "sound.raw"

    def _idle(self) -> bool:
        idle: bool = self.state()["screen"] == "Idle"
        if not idle:
            keys(self, "Return")
        return idle

    def orders(self) -> list[dict[str, Any]]:
        return [line for line in super().orders() if line["out_trade_no"] not in self._before]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, xvfb: str) -> Iterator[Counter]:
    """A kiosk in a window; what it plays goes into sound.raw, faster than a sound card would take it."""
    folder = tmp_path_factory.mktemp("window")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SDL_AUDIODRIVER", "disk")
        patch.setenv("SDL_DISKAUDIOFILE", str(folder / "sound.raw"))
        patch.setenv("SDL_DISKAUDIODELAY", "5")
        with desk(folder, xvfb, Counter) as made:
            made.until(lambda: window(made).getbbox() is not None, "a window that is not black")
            yield made


@pytest.fixture
def counter(opened: Counter) -> Counter:
    opened.begin()
    return opened


def keys(counter: Counter, *names: str) -> None:
    """Type on the X server as a keyboard would."""
    assert counter.display is not None
    xdotool("key", "--delay", "40", *names, display=counter.display)


def window(counter: Counter) -> Image.Image:
    """What the X server shows."""
    picture = ImageGrab.grab(xdisplay=counter.display)
    assert isinstance(picture, Image.Image)
    return picture


def hold(counter: Counter, picture: Path) -> None:
    """Hold a picture of a phone before the camera."""
    target = counter.folder / "frames" / "phone.png"
    picture.replace(target)


def phone_showing(counter: Counter, tmp_path: Path) -> Path:
    """A photograph of a phone with a fresh payment code of the stand-in's customer."""
    counter.bench("phone/hold", held=True)
    held = counter.folder / "frames" / "phone.png"
    counter.until(held.exists, "the held picture")
    copy = tmp_path / "photo.png"
    copy.write_bytes(held.read_bytes())
    counter.bench("phone/hold", held=False)
    return copy


def test_quick_pay_from_keys_and_a_picture_of_a_phone(counter: Counter, tmp_path: Path) -> None:
    """12.50 typed, a picture of the phone's code held up: PAID in the window, in `kiosk orders` and at the stand-in."""
    photo = phone_showing(counter, tmp_path)
    keys(counter, "1", "2", "5", "0", "Return")
    counter.shows("Scanning")
    hold(counter, photo)
    counter.shows("PaidScreen")
    (line,) = counter.orders()
    assert (line["state"], line["sale_state"], line["amount"], line["tender"]) == ("PAID", "paid", 1250, "quick_pay")
    counter.agree()
    assert no_payment_code(counter.log.read_text("utf-8"))
    for file in counter.folder.glob("kiosk.db*"):
        if file.is_file():
            assert no_payment_code(file.read_bytes().decode("latin-1"))


def test_native_from_a_screenshot_of_the_window(counter: Counter) -> None:
    """The QR is read off the X server by another decoder than the one that drew it, and paid by the stand-in's customer.

    And the sound card is given the tone and then the amount, in the merchant's language.
    """
    keys(counter, "9", "0", "0", "F2")
    counter.shows("ShowingQr")
    read: list[str] = []

    def seen() -> bool:
        read[:] = [code.text for code in zxingcpp.read_barcodes(window(counter), formats=zxingcpp.BarcodeFormat.QRCode)]
        return len(read) == 1

    counter.until(seen, "one QR in the window")
    counter.bench("phone/scan", code_url=read[0])
    number = counter.bank()[0]["out_trade_no"]
    counter.bench("phone/pay", out_trade_no=number, password="123456")
    counter.shows("PaidScreen")
    assert [(line["state"], line["tender"]) for line in counter.orders()] == [("PAID", "native")]
    counter.agree()
    if shutil.which("espeak-ng"):
        speech = espeak.render(received(Money(900, "HKD"), "en"))
        counter.until(lambda: speech in counter.heard(), "the amount, spoken")
        assert 0 < counter.heard().find(tones.pcm(Sound.PAID)) < counter.heard().find(speech)


def test_password_decline_and_cancel_by_key(counter: Counter, tmp_path: Path) -> None:
    """Three sales after one another: one that wants a password, one without money, one cancelled; the books agree."""
    counter.bench("trouble", name="password", value="next")
    photo = phone_showing(counter, tmp_path)
    keys(counter, "5", "0", "0", "KP_Add")
    counter.shows("Scanning")
    hold(counter, photo)
    counter.shows("Password")
    counter.bench("phone/pay", out_trade_no=counter.bank()[0]["out_trade_no"], password="123456")
    counter.shows("PaidScreen")
    (counter.folder / "frames" / "phone.png").unlink()
    counter.bench("phone/done")

    counter.bench("trouble", name="decline", value="NOT_ENOUGH")
    photo = phone_showing(counter, tmp_path)
    keys(counter, "Return", "7", "0", "0", "a")
    counter.shows("Scanning")
    hold(counter, photo)
    counter.shows("DeclinedScreen")
    (counter.folder / "frames" / "phone.png").unlink()

    keys(counter, "Escape", "8", "0", "0", "Return")
    counter.shows("Scanning")
    keys(counter, "Escape")
    counter.shows("CancelledScreen")
    keys(counter, "Return")
    counter.shows("Idle")
    assert sorted(line["state"] for line in counter.orders()) == ["DECLINED", "PAID"]
    counter.agree()


def test_foreign_and_broken_codes_are_told_in_words_and_charge_nothing(counter: Counter, tmp_path: Path) -> None:
    """An Alipay code before the camera: the scan goes on with a hint, and no request leaves."""
    import qrcode  # noqa: PLC0415  the drawing side of this one test

    asked_before = [order["out_trade_no"] for order in counter.bank()]
    keys(counter, "5", "0", "0", "Return")
    counter.shows("Scanning")
    before = window(counter).tobytes()
    photo = tmp_path / "alipay.png"
    qrcode.make("281234567890123456", box_size=8).convert("L").resize((700, 700)).save(photo)
    hold(counter, photo)
    counter.until(lambda: window(counter).tobytes() != before, "the hint")
    assert counter.state()["screen"] == "Scanning"
    keys(counter, "Escape")
    counter.shows("CancelledScreen")
    assert counter.orders() == []
    assert [order["out_trade_no"] for order in counter.bank()] == asked_before


def test_sigterm_during_a_sale_loses_nothing(counter: Counter, tmp_path: Path) -> None:
    """Stopped while the customer types the password, started again: the sale ends PAID without anybody's help."""
    counter.bench("trouble", name="password", value="next")
    photo = phone_showing(counter, tmp_path)
    keys(counter, "6", "0", "0", "Return")
    counter.shows("Scanning")
    hold(counter, photo)
    counter.shows("Password")
    kiosk = counter._running.pop()
    kiosk.terminate()
    assert kiosk.wait(20) == 0
    (line,) = counter.orders()  # read from the file: no kiosk runs
    assert line["state"] == "PAYING"
    counter.bench("phone/pay", out_trade_no=line["out_trade_no"], password="123456")
    counter.run_kiosk()
    counter.until(lambda: [line["state"] for line in counter.orders()] == ["PAID"], "PAID after the restart")
    counter.agree()


def test_held_picture_is_a_payment_code_to_kiosk_decode(counter: Counter, tmp_path: Path) -> None:
    """`kiosk decode` says what the production scanner makes of a picture, and never the digits."""
    photo = tmp_path / "held.png"
    photo.write_bytes(held_picture("134567890123456789"))
    done = counter.kiosk("decode", str(photo), "--json")
    assert done.returncode == 0
    assert '"payment_code": true' in done.stdout
    assert "134567890123456789" not in done.stdout
