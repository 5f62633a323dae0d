"""The story told beside the kiosk: truth, way and belief in words, and whether they fit."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.core.model import OrderState
from kiosk.sandbox.records import Entry, Kind, OrderRow, State
from kiosk.sandbox.story import BELIEFS, CALLS, Fate, Fates, tell

AT = 1_767_600_000_000


def row(state: State, *moved: str, kind: Kind = Kind.MICROPAY) -> OrderRow:
    made = OrderRow(kind, "K07-1", "Harbour Snacks", 1250, "HKD", 1150, 92_000_000, "x", AT, state, success_time=AT)
    made.entries = [Entry(each, AT, 1250, 1150) for each in moved]
    return made


def told(order: OrderRow | None, state: str | None, *fates: Fate, **more: Any) -> dict[str, str]:
    belief = None if state is None else {"state": state}
    return tell(order, fates, belief, **{"offline": "no", "standing": [], **more})


@pytest.mark.parametrize(
    ("order", "says"),
    [
        (None, "WeChat has heard of no such order. Nothing was taken."),
        (row(State.NOTPAY), "WeChat has the order. Nothing was taken yet."),
        (row(State.NOTPAY, kind=Kind.NATIVE), "WeChat has made the QR. Nothing was taken yet."),
        (row(State.USERPAYING), "WeChat waits for the customer to confirm. Nothing was taken yet."),
        (row(State.SUCCESS, "payment"), "WeChat took HK$12.50 at "),
        (row(State.REVOKED), "WeChat has reversed the order. Nothing was taken."),
        (row(State.REVOKED, "payment", "reversal"), ", and gave it back."),
        (row(State.CLOSED, kind=Kind.NATIVE), "WeChat has closed the order. Nothing was taken."),
        (row(State.PAYERROR), "WeChat has refused the payment. Nothing was taken."),
    ],
)
def test_the_truth_is_said_of_every_state(order: OrderRow | None, says: str) -> None:
    """Whether money was taken, and whether it went back."""
    assert says in told(order, "SENT")["wechat"]


def test_every_state_of_an_order_has_a_belief_in_words() -> None:
    """But the one that never left, of which nothing is told."""
    assert BELIEFS.keys() == {str(state) for state in OrderState} - {"ARMED"}


@pytest.mark.parametrize(
    ("order", "state", "mood"),
    [
        (row(State.SUCCESS, "payment"), "PAID", "agree"),
        (row(State.SUCCESS, "payment"), "DECLINED", "differ"),
        (row(State.SUCCESS, "payment"), "SENT", "open"),
        (row(State.SUCCESS, "payment"), "ATTENTION", "differ"),
        (row(State.REVOKED, "payment", "reversal"), "REVERSED", "agree"),
        (row(State.REVOKED, "payment", "reversal"), "PAID", "differ"),
        (row(State.NOTPAY), "PAID", "differ"),
        (None, "VOID", "agree"),
        (None, None, "open"),
    ],
)
def test_it_says_whether_money_and_belief_fit(order: OrderRow | None, state: str | None, mood: str) -> None:
    """Paid with the money at the shop, or not paid with the money at the customer; anything else is said to differ."""
    assert told(order, state)["mood"] == mood


def test_what_struck_is_still_told_after_what_went_well() -> None:
    """The lost answer explains why the kiosk asked, although its question has been answered since."""
    fates = Fates()
    assert fates.newest is None
    fates.note("K07-1", Fate("charge", "answered", AT))
    fates.note("K07-1", Fate("charge", "drop_after", AT))  # the same request: first it went well, then it was cut
    for later in (1000, 2000, 3000):
        fates.note("K07-1", Fate("query", "answered", AT + later))
    fates.note("K07-2", Fate("charge", "answered", AT))
    first, _, second = told(row(State.SUCCESS, "payment"), "PAID", *fates.of("K07-1"))["wire"].partition(". ")
    assert first.endswith("The answer to the charge was lost on its way")
    assert second.endswith("The question was answered.")
    assert fates.newest == "K07-2"
    assert fates.of("K07-9") == ()


def test_it_forgets() -> None:
    """An afternoon's orders do not fill the memory."""
    fates = Fates()
    for number in range(1000):
        fates.note(str(number), Fate("charge", "answered", AT))
    assert (fates.of("0"), len(fates.of("999"))) == ((), 1)


def test_offline_and_false_answers_are_said_first() -> None:
    """They explain what no single request does."""
    lost = Fate("charge", "drop_after", AT)
    assert told(None, "SENT", lost, offline="refuse")["wire"] == "Offline: nothing gets through."
    assert told(None, "SENT", lost, offline="silent")["wire"] == "Offline: requests leave, and nothing comes back."
    assert told(None, "SENT", lost, standing=["wrong_amount", "notify_off"])["wire"] == "Answers name another amount."
    assert told(None, None)["kiosk"] == "No kiosk to ask."


@pytest.mark.parametrize("call", CALLS)
def test_each_call_has_a_name_in_a_sentence(call: str) -> None:
    """No raw name of a switch or a call is read."""
    assert "_" not in told(None, "SENT", Fate(call, "server_error", AT, "x"))["wire"]
