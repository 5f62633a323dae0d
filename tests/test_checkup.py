"""The check-up: one key away from the last orders, and nothing of it touches an order."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.core import checkup_screens, screens, trying
from kiosk.core.checkup import COLOURS, Bundle, BundleEnd, Finding, Kind, Verdict
from kiosk.core.commands import Announce, MakeBundle, Play, Print, Sound, StartCheckup, StartScan, StopCheckup, StopScan, TryVoice
from kiosk.core.events import BundleMade, Checked, CheckupOver, CodeRead, Health, Key, Part
from kiosk.core.model import Call, Ended, OrderState
from kiosk.core.scanning import LookFor, ScanHint
from kiosk.core.slips import Receipts, Sample
from kiosk.core.state import wake_at
from tests.flow import Flow


def opened(**settings: Any) -> tuple[Flow, str]:
    """A kiosk whose check-up was just opened, and its ticket."""
    flow = Flow(**settings)
    flow.press("MENU MENU 1")
    return flow, flow.one(StartCheckup).ticket


def test_menu_twice_opens_it_and_cancel_stops_it() -> None:
    """Whoever leaves ends what was begun."""
    flow, _ = opened()
    flow.sees(checkup_screens.Checkup)
    assert flow.screen.busy
    flow.press("CANCEL")
    flow.sees(screens.Idle)
    assert flow.one(StopCheckup)


def test_each_finding_is_shown_as_it_comes_and_what_needs_somebody_first() -> None:
    """And the same thing looked at again takes the place of what was found before."""
    flow, ticket = opened()
    camera = Finding(Kind.CAMERA, Verdict.OK)
    clock = Finding(Kind.CLOCK, Verdict.WARN, "30 s")
    power = Finding(Kind.POWER, Verdict.FAIL)
    flow.happen(Checked(ticket, camera))
    assert (flow.screen.lines, flow.screen.care, flow.screen.busy) == ((camera,), 0, True)
    for finding in (clock, power):
        flow.happen(Checked(ticket, finding))
    assert (flow.screen.lines, flow.screen.care) == ((power, clock, camera), 2)
    flow.happen(Checked(ticket, Finding(Kind.CLOCK, Verdict.OK)))
    flow.happen(CheckupOver(ticket))
    assert (flow.screen.care, flow.screen.busy) == (1, False)


def test_a_late_finding_of_another_check_up_is_nothing() -> None:
    """Nor one that comes when nobody looks any more."""
    flow, ticket = opened()
    flow.now += 5
    flow.press("CANCEL")
    flow.happen(Checked(ticket, Finding(Kind.CAMERA, Verdict.FAIL)))
    flow.sees(screens.Idle)
    flow.press("MENU MENU 1")
    assert flow.one(StartCheckup).ticket != ticket
    flow.happen(Checked(ticket, Finding(Kind.CAMERA, Verdict.FAIL)))
    flow.happen(CheckupOver(ticket))
    assert (flow.screen.lines, flow.screen.busy) == ((), True)


def test_ok_turns_the_pages_and_the_last_one_is_for_the_hands() -> None:
    """Round and round; each page begins three further on."""
    flow, ticket = opened()
    found = [Finding(kind, Verdict.OK) for kind in list(Kind)[:7]]
    for finding in found:
        flow.happen(Checked(ticket, finding))
    seen = []
    for _ in range(5):
        seen.append(flow.screen.lines)
        flow.press("OK")
    assert [len(lines) for lines in seen] == [7, 4, 1, 0, 7]
    assert flow.screen.pages == 4


def test_it_goes_back_by_itself_and_the_kiosk_wakes_for_it() -> None:
    """Nobody finds it open in the morning."""
    flow, _ = opened()
    assert wake_at(flow.kiosk, flow.now) <= flow.now + trying.CHECKUP_FOR
    flow.pass_time(trying.CHECKUP_FOR + 1)
    flow.sees(screens.Idle)
    assert flow.all(StopCheckup)


def test_an_order_goes_on_behind_it() -> None:
    """Its answer is written down, and no key of the check-up is a sale's."""
    flow = Flow()
    number = flow.charge()
    flow.pass_time(60_000)
    flow.press("OK MENU MENU 1 1 CANCEL 6")
    flow.sees(checkup_screens.Checkup)
    flow.answer(Call.REVERSE, Ended(OrderState.REVERSED), number)
    assert flow.state(number) is OrderState.REVERSED
    flow.sees(checkup_screens.Checkup)
    assert flow.numbers() == [number]


def test_the_camera_reads_anything_and_hands_over_nothing() -> None:
    """The kinds alone; a payment code held there pays for nothing; CANCEL stops the camera."""
    flow, _ = opened()
    flow.press("1")
    scan = flow.one(StartScan)
    assert scan.look_for is LookFor.ANYTHING
    flow.happen(CodeRead(scan.ticket, "QRCode"))
    flow.happen(CodeRead(scan.ticket, "QRCode"))
    flow.happen(CodeRead("another", "Code128"))
    flow.code(ticket=scan.ticket)
    assert flow.screen.read == ("QRCode",)
    flow.press("CANCEL")
    flow.sees(checkup_screens.Checkup)
    assert flow.one(StopScan)
    assert flow.numbers() == []


def test_without_a_camera_it_is_not_tried() -> None:
    """The finding says why."""
    flow, _ = opened()
    flow.happen(Health(Part.CAMERA, "unplugged", ScanHint.UNPLUGGED))
    flow.press("1")
    flow.sees(checkup_screens.Checkup)
    assert Play(Sound.FAILED) in flow.acts


def test_each_key_lights_up_and_cancel_twice_goes_back() -> None:
    """CANCEL once is a key like the others; findings that come meanwhile are kept."""
    flow, ticket = opened()
    flow.press("2 1 OK CANCEL MENU")
    assert flow.screen.pressed == {Key.D1, Key.OK, Key.CANCEL, Key.MENU}
    flow.happen(Checked(ticket, Finding(Kind.POWER, Verdict.OK)))
    flow.press("CANCEL CANCEL")
    assert flow.screen.lines == (Finding(Kind.POWER, Verdict.OK),)
    flow.press("2")
    flow.pass_time(trying.KEYS_FOR + 1)
    flow.sees(checkup_screens.Checkup)


def test_the_colours_come_by_turns() -> None:
    """All of them, then back."""
    flow, _ = opened()
    flow.press("3")
    seen = []
    while isinstance(flow.screen, checkup_screens.ColourTest):
        seen.append(flow.screen.shows)
        flow.press("5")
    assert tuple(seen) == COLOURS
    flow.press("3 CANCEL")
    flow.sees(checkup_screens.Checkup)


def test_sound_is_a_tone_and_a_word() -> None:
    """Neither is a payment's, and nothing is written down."""
    flow, _ = opened()
    flow.press("4")
    assert Play(Sound.TEST) in flow.acts
    assert flow.one(TryVoice).at == flow.now
    assert not flow.all(Announce)
    assert flow.numbers() == []


@pytest.mark.parametrize("receipts", [None, Receipts.PAID])
def test_a_test_slip_needs_a_printer(receipts: Receipts | None) -> None:
    """It is no receipt of any sale."""
    flow, _ = opened(receipts=receipts)
    flow.press("5")
    printed = [act.slip for act in flow.acts if isinstance(act, Print)]
    assert printed == ([] if receipts is None else [Sample("Harbour Snacks", flow.now)])
    assert flow.screen.prints == (receipts is not None)


def test_one_bundle_at_a_time_and_where_it_is() -> None:
    """Pressed again while it is made, the key asks for no second one."""
    flow, _ = opened()
    flow.press("6 6")
    assert len(flow.all(MakeBundle)) == 1
    assert flow.screen.bundle == Bundle(BundleEnd.MAKING)
    flow.happen(BundleMade(Bundle(BundleEnd.STICK, "kiosk-K07.tar.gz")))
    assert flow.screen.bundle == Bundle(BundleEnd.STICK, "kiosk-K07.tar.gz")
    flow.press("6")
    assert len(flow.all(MakeBundle)) == 2


def test_a_bundle_is_shown_wherever_the_check_up_is_by_now_and_one_of_an_earlier_check_up_not() -> None:
    """Made while somebody tries something: it stands there on the way back."""
    late = Bundle(BundleEnd.STICK, "kiosk-K07.tar.gz")
    for trial, leave in (("1", "CANCEL"), ("2", "CANCEL CANCEL"), ("3", "CANCEL")):
        flow, _ = opened()
        flow.press(f"6 {trial}")
        flow.happen(BundleMade(late))
        flow.press(leave)
        assert flow.screen.bundle == late
    other, _ = opened()
    other.happen(BundleMade(late))
    assert other.screen.bundle is None
