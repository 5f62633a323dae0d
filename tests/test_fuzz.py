"""A short run of each fuzzer with a fixed seed, the inputs that once found something, and proof that a fuzzer would notice."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

import pytest

from kiosk.camera import sightings
from kiosk.payment.wechat import answers, strict_json, verifier
from kiosk.payment.wechat.crypto import PlatformKey
from tests.fuzz import counter_targets, engine, provider_targets, signatures
from tests.fuzz.__main__ import all_targets
from tests.fuzz.target import Target

TARGETS = all_targets()
SHORT = {"row": 90, "keys": 60, "config": 120, "certificates": 300, "notification": 300}  # the others are quicker

FOUND = {  # by a longer run, and since repaired
    "symbol": [b"\x01" + b"(01)a" * 300 + b" ", b"\x00" + b"(01)09501101530003(17)250101" * 60 + b"\x00\x07"],
    "config": [b"a = " + b"9" * 5000, b"[till]\nmax_amount = 0x" + b"f" * 5000, b"a = " + b"[" * 5000, b"[" + b"k" * 9000 + b"]"],
    "control": [
        b"[" * 60_000,
        b'{"do": "refund", "out_trade_no": "\\ud800"}',
        b'{"do": "orders", "start": 0, "end": 9223372036854775808}',
        b'{"do": "report", "start": -9223372036854775809, "end": 1}',
    ],
}


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_is_too_odd(name: str) -> None:
    """Each reader takes whatever comes: it answers or refuses as documented, and costs what its length allows."""
    report = engine.run(TARGETS[name], seed=1, inputs=SHORT.get(name, 1000))
    assert report.inputs >= len(TARGETS[name].seeds)
    assert report.weighed
    assert report.flaws == []


@pytest.mark.parametrize(("name", "data"), [(name, data) for name, found in FOUND.items() for data in found])
def test_what_was_found_stays_repaired(name: str, data: bytes) -> None:
    """Raises nothing, comes to an end, and is not dear."""
    assert engine.weighed(TARGETS[name], data) is None


def test_none_of_a_few_thousand_forgeries_passes() -> None:
    """Of every kind some."""
    tally = signatures.forge(4000, seed=2)
    assert tally.passed == []
    assert len(tally.tried) == 15
    assert min(tally.tried.values()) > 50


# -- the fuzzers bite ----------------------------------------------------------------------------------------------------


def _accepts_a_line_feed(monkeypatch: pytest.MonkeyPatch) -> Target:
    monkeypatch.setattr(sightings, "is_payment_code", lambda text: re.match(r"^1[0-5]\d{16}$", text) is not None)
    return counter_targets.SYMBOL


def _takes_true_for_one(monkeypatch: pytest.MonkeyPatch) -> Target:
    def integer(data: dict[str, object] | None, name: str) -> object:
        value = None if data is None else data.get(name)
        return value if isinstance(value, int | float) and value >= 0 else None

    monkeypatch.setattr(answers, "integer", integer)
    return provider_targets.ANSWER


def _believes_a_missing_state(monkeypatch: pytest.MonkeyPatch) -> Target:
    known = strict_json.text
    monkeypatch.setattr(
        answers,
        "text",
        lambda data, name, longest=64: known(data, name, longest) or ("SUCCESS" if name == "trade_state" else None),
    )
    return provider_targets.ANSWER


def _forgets_the_signature(monkeypatch: pytest.MonkeyPatch) -> Target:
    monkeypatch.setattr(PlatformKey, "verifies", lambda *_: True)
    return provider_targets.HEADERS


def _nests_without_end(monkeypatch: pytest.MonkeyPatch) -> Target:
    def deep(text: str) -> object:
        if "[[[" in text:
            raise RecursionError
        return sightings.Foreign.OTHER

    monkeypatch.setattr(counter_targets, "foreign_kind", deep)
    return counter_targets.SYMBOL


@pytest.mark.parametrize(
    "broken", [_accepts_a_line_feed, _takes_true_for_one, _believes_a_missing_state, _forgets_the_signature, _nests_without_end]
)
def test_a_reader_that_is_broken_is_caught(
    broken: Callable[[pytest.MonkeyPatch], Target], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within some thousand inputs."""
    target = broken(monkeypatch)
    assert any(engine.run(target, seed=seed, inputs=500).flaws for seed in range(20))


def test_what_costs_too_much_is_caught() -> None:
    """In lines and in memory, by count; and what never returns, by the alarm."""

    def many_lines(data: bytes) -> None:
        for _ in range(300):
            _ = data

    assert engine.weighed(Target("lines", (b"x",), many_lines, lines=100, lines_a_byte=1), b"x") == engine.Flaw(
        "too many lines", b"x"
    )
    hoard = Target("hoard", (b"x",), lambda _: bytearray(5_000_000) and None)
    assert engine.weighed(hoard, b"x") == engine.Flaw("too much memory", b"x")


def test_an_input_that_never_ends_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the pattern did that splits a text in every way there is."""
    monkeypatch.setattr(engine, "HANGS_AFTER_S", 1)
    monkeypatch.setattr(sightings, "_GS1", re.compile(r"(?:\([0-9]{2,4}\)[!-~]+)+"))
    flaw = engine.fed(counter_targets.SYMBOL, FOUND["symbol"][0])
    assert flaw is not None
    assert "_Hangs" in flaw.what


@pytest.mark.parametrize("spared", ["nonce", "window", "spelling"])
def test_a_verifier_that_is_broken_lets_a_forgery_pass(spared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The form of the nonce, the window of time, the one spelling: each is missed when it is gone."""
    match spared:
        case "nonce":
            monkeypatch.setattr(verifier, "_NONCE", re.compile(r"[\s\S]+"))
        case "window":
            monkeypatch.setattr(verifier, "WINDOW_S", 10**9)
        case _:
            monkeypatch.setattr("kiosk.payment.wechat.crypto._from_base64", lambda text: base64.b64decode(text, validate=True))
    assert signatures.forge(3000, seed=3).passed
