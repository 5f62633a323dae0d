"""Whatever network and server do, each call says "unknown" within its deadline: never paid, never declined."""

from __future__ import annotations

import pytest

from kiosk.core.model import Paid, Unknown, Why
from kiosk.payment.wechat import Deadlines
from tests.network_faults import FAULTS, HELD, PAID, TOTAL_S, TRIES, Fault, call, client
from tests.wechat_stub import Authority, Platform, Received, Stub


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize("name", ["charge", "probe"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_unknown_within_the_deadline(authority: Authority, fault: Fault, name: str) -> None:
    """The reason is the true one; NOT_SENT exactly when `left` was never called; the deadline holds to a tenth."""
    with fault.open(authority) as url:  # type: ignore[attr-defined]
        for _ in range(TRIES):
            answer, left, took_s = call(client(url, authority), name)
            assert isinstance(answer.outcome, Unknown)
            if answer.outcome == Unknown(Why.NOT_SENT, "TimeoutError") and fault.why is not Why.NOT_SENT:
                continue  # the machine was too busy to connect
            assert answer.outcome.why is fault.why
            assert fault.detail is None or answer.outcome.detail == fault.detail
            assert (answer.reached, answer.server_time) == (False, None)
            if name == "charge":
                assert left == (0 if fault.why is Why.NOT_SENT else 1)
            if took_s <= TOTAL_S * HELD:
                return
        pytest.fail(f"took {took_s:.2f} s of {TOTAL_S} s: {answer}")


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_an_answer_cut_at_any_byte_is_no_answer(authority: Authority, tls: bool) -> None:
    """A true, signed SUCCESS closed after its first k bytes, for every k: unknown; whole, it is what it says."""
    whole, step = b"", 5 if tls else 1  # TLS hands the same bytes to the same reader
    cut_at = 0

    def answer(request: Received) -> object:
        nonlocal whole
        now = int(provider._clock.now() // 1000)
        number = request.json()["out_trade_no"] if request.body else request.target.split("/")[-1].partition("?")[0]
        whole = Platform(now=now).reply(200, PAID % str(number).encode())
        return lambda connection: connection.sendall(whole[:cut_at])

    with Stub(answer, authority.server() if tls else None) as stub:
        provider = client(
            stub.url, authority, Deadlines(ask_s=60, charge_s=60)
        )  # the cut is what ends each, however busy it is here
        for cut_at in range(0, 10_000, step):
            if cut_at >= len(whole) > 0:
                break
            outcome = call(provider, "ask" if cut_at % 2 else "charge")[0].outcome
            assert isinstance(outcome, Unknown), f"cut at {cut_at}"
            assert outcome.why is Why.CUT, f"cut at {cut_at}"
        assert len(stub.received) == -(-len(whole) // step) > 500 / step
        cut_at = len(whole)
        assert isinstance(call(provider, "ask")[0].outcome, Paid)
