"""Which sentence a customer is told with each screen: once, and only what is their business."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from kiosk.core import screens
from kiosk.core.model import Decline
from kiosk.core.money import Money
from kiosk.core.scanning import ScanHint
from kiosk.display.customer import CustomerScreen, seen
from kiosk.display.english.aloud import ALOUD
from kiosk.display.guidance import Guide, sentence
from tests.display_views import ALONE, VIEWS

SIGNS = screens.Signs(screens.Network.ONLINE, clock_known=True, unresolved=0)
MONEY = Money(1250, "HKD")
IDLE = screens.Idle("Harbour Snacks")
SCANNING = screens.Scanning(MONEY, 60_000)
QR = screens.ShowingQr(MONEY, "weixin://wxpay/bizpayurl?pr=1", 60_000)


def told(*shown: screens.Screen, training: bool = False) -> list[str | None]:
    """What the guide tells while these are shown one after the other."""
    heard: list[str | None] = []
    guide = Guide(heard.append)
    for screen in shown:
        guide.show(screens.View(screen, SIGNS, training))
    return heard


def test_a_sale_is_told_step_by_step() -> None:
    """A payment that has come is the Announcer's to tell: the screen only ends what was being said."""
    steps = (
        IDLE,
        screens.Keying(MONEY),
        SCANNING,
        screens.Charging(MONEY, "a1"),
        screens.Password(MONEY, "a1", 9),
        screens.PaidScreen(MONEY, "a1"),
        IDLE,
    )
    assert told(*steps) == [None, "say.scanning", "say.charging", "say.password", None, None]


def test_nothing_is_told_twice_while_its_screen_stands() -> None:
    """Neither when its countdown is another, nor when a hint comes and goes."""
    later = screens.Scanning(MONEY, 61_000)
    hints = [screens.Scanning(MONEY, 60_000, hint) for hint in (ScanHint.CLOSER, ScanHint.ALIPAY, ScanHint.STILL, ScanHint.LINK)]
    assert told(SCANNING, later, *hints, SCANNING) == ["say.scanning", "say.wrong_code"]


def test_it_is_told_again_to_the_next_customer() -> None:
    wrong = replace(SCANNING, hint=ScanHint.ALIPAY)
    once = ["say.scanning", "say.wrong_code"]
    assert told(SCANNING, wrong, screens.Keying(MONEY), SCANNING, wrong) == [*once, None, *once]


def test_who_has_scanned_the_code_is_told_to_confirm() -> None:
    assert told(QR, replace(QR, paying=True), QR) == ["say.qr", "say.qr_paying"]


def test_a_tip_that_is_being_keyed_leaves_the_question_alone() -> None:
    asked = screens.Tipping(MONEY, ((10, Money(125, "HKD")),), 60_000)
    assert told(asked, replace(asked, own=Money(3, "HKD"))) == ["say.tipping"]


def test_money_that_comes_twice_is_told_of() -> None:
    paid = screens.PaidScreen(MONEY, "a1")
    assert told(paid, replace(paid, other_refunded=True)) == [None, "say.paid_twice"]


@pytest.mark.parametrize(
    "before",
    [[], [screens.Starting()], [screens.OutOfOrder("a"), screens.OutOfOrder("b")], [screens.OwnersPage("https://x", "ab")]],
)
def test_a_kiosk_before_which_nobody_stands_does_not_complain(before: list[screens.Screen]) -> None:
    assert "say.out_of_order" not in told(*before, screens.OutOfOrder("the ledger is broken"))


def test_a_customer_in_front_is_told_that_it_fails() -> None:
    assert told(screens.Charging(MONEY, "a1"), screens.OutOfOrder("the ledger is broken"))[-1] == "say.out_of_order"


def test_a_training_is_silent() -> None:
    assert set(told(IDLE, SCANNING, screens.Charging(MONEY, "a1"), screens.Unresolved(MONEY, "a1"), training=True)) == {None}


@pytest.mark.parametrize("reason", Decline)
def test_no_reason_is_told_aloud_that_shames(reason: Decline) -> None:
    key = sentence(screens.DeclinedScreen(MONEY, reason, ""))
    assert key is not None
    assert "money" not in ALOUD[key][0]


def test_of_what_is_not_known_no_sentence_says_how_it_ended() -> None:
    """Nor that one may try again."""
    for screen in (screens.Unresolved(MONEY, ""), screens.Charging(MONEY, "")):
        text = ALOUD[sentence(screen) or ""][0]
        assert not any(word in text for word in ("Not paid", "successful", "try again", "not charged"))
    assert sentence(screens.CancelledScreen(MONEY, "", refunding=True)) == "say.refunding"


def test_each_sentence_is_told_on_some_screen() -> None:
    """All screens of the gallery as a customer sees them, each hint and each reason: none is without its words, none is dead."""
    shown: list[CustomerScreen] = [seen(view, "").screen for view in (VIEWS | ALONE).values()]
    shown += [screens.Scanning(MONEY, 0, hint) for hint in ScanHint] + [
        screens.DeclinedScreen(MONEY, reason, "") for reason in Decline
    ]
    assert {type(screen) for screen in shown} == set(get_args(CustomerScreen))
    keys = {sentence(screen) for screen in shown} - {None}
    assert keys == ALOUD.keys() - {"say.paid"}  # the Announcer's
