"""What runs out is told from thirty days before on, loudly in the last week, and nothing is refused because of it."""

from __future__ import annotations

import pytest

from kiosk.core import screens
from kiosk.core.events import EndsKnown, PageTold
from kiosk.core.expiry import DAY, Ends, Expiring, Lasting, expiring
from tests.flow import START, Flow

AT = START + 100 * DAY
MERCHANT = Ends(Lasting.MERCHANT, AT)


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (31 * DAY, None),
        (30 * DAY + 1, None),
        (30 * DAY, (30, False)),
        (8 * DAY, (8, False)),
        (7 * DAY + 1, (7, False)),
        (7 * DAY, (7, True)),
        (DAY - 1, (0, True)),
        (0, (0, True)),
        (-1, (-1, True)),
        (-400 * DAY, (-400, True)),
    ],
)
def test_it_is_told_in_time(left: int, told: tuple[int, bool] | None) -> None:
    """By whole days; on the last day none is left; afterwards it is over."""
    found = expiring([MERCHANT], AT - left)
    assert (found and (found.days, found.loud)) == told
    assert found is None or found.over == (left < 0)


def test_what_ends_first_is_told() -> None:
    """One sign, and the nearest date."""
    others = [Ends(Lasting.PLATFORM, AT + 5 * DAY), MERCHANT, Ends(Lasting.PAGE, AT + DAY)]
    assert expiring(others, AT - DAY) == Expiring(Lasting.MERCHANT, AT, 1, loud=True)
    assert expiring([], AT) is None


def test_the_idle_screen_counts_down_and_no_other() -> None:
    """Nobody who pays sees it; a kiosk that does not know the time says nothing of dates."""
    flow = Flow()
    flow.happen(EndsKnown((Ends(Lasting.MERCHANT, flow.now + 3 * DAY),)))
    assert flow.signs.expiring is not None
    flow.press("5")
    assert flow.signs.expiring is None
    unset = Flow(online=False)
    unset.happen(EndsKnown((Ends(Lasting.MERCHANT, unset.now),)))
    assert unset.signs.expiring is None


def test_the_owners_page_tells_its_own_certificates_end() -> None:
    """Its folder is closed to the kiosk; a page that is gone has no end to be told."""
    flow = Flow()
    flow.happen(PageTold("https://192.168.1.5:8443/", "AB" * 32, "", flow.now + 9 * DAY))
    assert flow.signs.expiring is not None
    assert (flow.signs.expiring.what, flow.signs.expiring.days) == (Lasting.PAGE, 9)
    flow.happen(EndsKnown((Ends(Lasting.MERCHANT, flow.now + 3 * DAY),)))
    assert flow.signs.expiring.what is Lasting.MERCHANT
    flow.happen(EndsKnown(()))
    flow.happen(PageTold("https://192.168.1.5:8443/", "AB" * 32, ""))
    assert flow.signs.expiring is None


def test_nothing_is_refused_after_the_day() -> None:
    """WeChat says what it takes."""
    flow = Flow()
    flow.happen(EndsKnown((Ends(Lasting.MERCHANT, flow.now - DAY), Ends(Lasting.PLATFORM, flow.now - DAY))))
    flow.press("5 OK")
    flow.sees(screens.Scanning)
