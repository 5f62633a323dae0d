"""A PIN as it is keyed is shown and stored by no accident."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest

from kiosk import pins as store
from kiosk.config.operators import read_operators, read_refunds
from kiosk.config.reader import Table
from kiosk.core.commands import CheckPin, KeepPin
from kiosk.core.errors import KioskError
from kiosk.core.events import Event, PinChecked, PinKept, PinsKnown
from kiosk.core.operators import ALONE, MOST_PIN, NAME_MOST, NoPin, Operator, PinDigits, RefundRules, Role, is_name
from kiosk.operators.keeper import OperatorPins, PinKeeper
from tests.canaries import Canaries, Everything

SECRET = "73918264"


def test_a_name_is_printable_not_blank_and_short_enough_for_a_report() -> None:
    assert all(is_name(each) for each in ("Mei", "陳大文", "Anne-Marie B.", "x" * NAME_MOST))
    assert not any(is_name(each) for each in ("", "  ", "Mei\n", "\x1b[2J", "x" * (NAME_MOST + 1)))


def test_a_pin_is_in_no_text() -> None:
    pin = PinDigits(SECRET)
    assert {repr(pin), str(pin), f"{pin}", f"{pin!r:>9}".strip(), "%s" % pin} == {"<PIN>"}  # noqa: UP031  that way, too
    with pytest.raises(ValueError, match="not a PIN") as caught:
        PinDigits(SECRET + "x")
    assert SECRET not in str(caught.value)


def test_a_pin_is_not_stored() -> None:
    for away in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            away(PinDigits(SECRET))


def test_it_grows_and_shrinks_by_a_digit_and_is_never_too_long() -> None:
    pin = PinDigits()
    for digit in SECRET:
        pin = pin.more(digit)
    assert pin == PinDigits(SECRET)
    assert len(pin) == len(SECRET)
    assert pin.less() == PinDigits(SECRET[:-1])
    assert PinDigits().less() == PinDigits()
    full = PinDigits("1" * MOST_PIN)
    assert full.more("2") is full


def test_two_pins_of_the_same_digits_are_one() -> None:
    """Values that hold one can be compared and kept in a set."""
    assert {PinDigits(SECRET), PinDigits(SECRET)} == {PinDigits(SECRET)}
    assert PinDigits(SECRET) != SECRET


# -- where their digests are ---------------------------------------------------------------------------------------

NAMES = ("Mei", "陳小姐 / ../x")
LONG = "739182640518"


def pins(folder: Path) -> OperatorPins:
    return OperatorPins(folder / "operators", NAMES)


def done(keeper: PinKeeper, *acts: CheckPin | KeepPin) -> None:
    """The keeper does them and stops."""
    for act in acts:
        keeper.take(act)
    beats = iter(range(len(acts) + 1))
    keeper.run(lambda: keeper.stop() if next(beats) == len(acts) - 1 else None)


def test_each_operator_has_an_own_pin_and_an_own_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name may hold what a file's name may not; whoever guesses one shuts out nobody else."""
    monkeypatch.setattr(store, "_SCRYPT", {"n": 2, "r": 8, "p": 1})
    kept = pins(tmp_path)
    assert kept.known() == frozenset()
    kept.keep(NAMES[0], "1357")
    kept.keep(NAMES[1], "8642")
    assert kept.known() == frozenset(NAMES)
    assert [path.parent.parent for path in sorted(tmp_path.rglob("pin.json"))] == [tmp_path / "operators"] * 2
    for _ in range(4):
        kept.of(NAMES[0]).try_("9999")
    assert kept.of(NAMES[0]).try_("1357").wait_s > 0
    assert pins(tmp_path).of(NAMES[0]).try_("1357").wait_s > 0, "also after a restart"
    assert kept.of(NAMES[1]).try_("8642").right


def test_a_name_that_kiosk_toml_does_not_have_has_no_pin(tmp_path: Path) -> None:
    with pytest.raises(KioskError, match=r"'Ann' is not in \[operators\].*Mei"):
        pins(tmp_path).keep("Ann", "1357")


def test_the_keeper_tells_what_came_of_it_and_of_no_pin_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In no log, no file, no event: only by its name and whether it was right."""
    monkeypatch.setattr(store, "_SCRYPT", {"n": 2, "r": 8, "p": 1})
    canaries, events = Canaries(), list[Event]()
    canaries.add("a PIN", LONG)
    pin, wrong, easy = PinDigits(LONG), PinDigits("739182640519"), PinDigits("1234")
    with Everything() as log:
        keeper = PinKeeper(pins(tmp_path), events.append)
        acts = (KeepPin("a", "Mei", pin), CheckPin("b", "Mei", pin), CheckPin("c", "Mei", wrong), KeepPin("d", "Mei", easy))
        done(keeper, *acts)
        done(PinKeeper(pins(tmp_path), events.append), CheckPin("e", "nobody", pin))
    assert events == [
        PinsKnown(()),
        PinsKnown(("Mei",)),
        PinKept("a"),
        PinChecked("b", right=True),
        PinChecked("c", right=False),
        PinKept("d", NoPin.EASY),
        PinsKnown(("Mei",)),
        PinChecked("e", right=False),
    ]
    assert any("a PIN was keyed" in line for line in log.told)
    found = [hit for line in (*log.told, *log.sent) for hit in canaries.look("the log", line)]
    found += canaries.look_into(tmp_path)
    found += canaries.look("an event or an act", [events, acts])
    assert found == []
    assert canaries.looked > 1000


def test_operators_and_rules_are_read_with_all_their_mistakes() -> None:
    """In the file's order; a shop without the table has one manager."""
    problems: list[str] = []
    assert read_operators(Table("operators", None, problems)) == (ALONE,)
    assert read_operators(Table("operators", {"Mei": "cashier", "Lee": "manager"}, problems)) == (
        Operator("Mei", Role.CASHIER),
        Operator("Lee", Role.MANAGER),
    )
    assert read_refunds(Table("refunds", {"most": 500, "cashiers": True}, problems)) == RefundRules(500, None, cashiers=True)
    assert problems == []
    read_operators(Table("operators", {"Mei": "boss"}, problems))
    read_operators(Table("operators", {"Mei": "cashier"}, problems))
    read_operators(Table("operators", {f"n{count}": "manager" for count in range(10)}, problems))
    read_operators(Table("operators", {"x" * 25: "manager"}, problems))
    read_refunds(Table("refunds", {"most": 0}, problems))
    for words in ('"boss" is not known', "leaves nobody to set a PIN", "one too many: 10", "is not a name", "most"):
        assert any(words in problem for problem in problems), (words, problems)
