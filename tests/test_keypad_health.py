"""What people see of a keypad that is unwell, in a whole kiosk: words while idle, and the other keys still key an amount."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.core.events import Health, Part
from kiosk.core.screens import Idle, Keying, OutOfOrder
from tests.rig import Rig

STUCK = 'stuck on the keypad: key "5" (GPIO 6 and 16)'


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    made.start()
    yield made
    made.close()


def test_a_stuck_key_is_named_while_nobody_stands_in_front_and_the_others_still_key_an_amount(rig: Rig) -> None:
    rig.runtime.post(Health(Part.KEYPAD, STUCK))
    rig.sees(OutOfOrder, problem=STUCK)
    rig.press("1 2")
    assert rig.sees(Keying).money.amount in {1, 12}
    rig.press("CANCEL")
    rig.sees(OutOfOrder, problem=STUCK)
    rig.runtime.post(Health(Part.KEYPAD, None))
    rig.sees(Idle)


def test_a_ledger_opened_afresh_forgets_no_part_that_is_unwell(rig: Rig) -> None:
    rig.runtime.post(Health(Part.KEYPAD, STUCK))
    rig.sees(OutOfOrder, problem=STUCK)
    before = rig.runtime.ask(lambda _ledger, kiosk: kiosk.since)
    rig.runtime.reload()
    rig.until(lambda: rig.runtime.ask(lambda _ledger, kiosk: kiosk.since) != before, "another ledger")
    assert rig.runtime.ask(lambda _ledger, kiosk: kiosk.problems) == {Part.KEYPAD: STUCK}
