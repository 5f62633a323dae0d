"""Operators by the owner's page: names and roles into kiosk.toml, PINs to the kiosk; a PIN is nowhere but as a digest."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from kiosk import pins as store
from kiosk.config.operators import read_operators
from kiosk.config.reader import Table
from kiosk.operators.door import PinDoor
from kiosk.operators.keeper import PLACES_MOST, OperatorPins
from kiosk.owner import settings
from kiosk.owner.kiosk_link import SocketKiosk
from kiosk.steward.words import What
from tests.canaries import Canaries, Everything
from tests.owner_rig import Client, Page
from tests.test_owner_site import fresh, inside, quick

__all__ = ["fresh", "inside", "quick"]

LONG = "739182640518"


def people(fresh: Page) -> dict[str, str]:
    return settings.operators(fresh.shop_file.text)


def new(name: str, role: str, pin: str = "", again: str | None = None) -> dict[str, str]:
    return {"name": name, "role": role, "new": pin, "again": pin if again is None else again, "do": "save"}


# -- the page ------------------------------------------------------------------------------------------------------


def test_the_owner_names_them_gives_pins_and_removes_them(fresh: Page, inside: Client) -> None:
    """With a name that needs quoting; all other lines of kiosk.toml stay."""
    before = fresh.shop_file.text
    odd = 'O\'Neil "Lo"'
    assert inside.post("/operators", new("Lee", "manager", "8642")).to == "/?told=saved"
    assert inside.post("/operators", new(odd, "cashier", LONG)).to == "/?told=saved"
    assert people(fresh) == {"Lee": "manager", odd: "cashier"}
    assert fresh.kiosk.kept == {"Lee": "8642", odd: LONG}
    assert fresh.steward.restarts == [What.KIOSK] * 2
    assert (
        inside.post("/operators", {"was": odd, "role": "cashier", "new": "135 79", "again": "13579"}).to == "/operators?told=pin"
    )
    assert fresh.kiosk.kept[odd] == "13579"
    assert len(fresh.steward.restarts) == 2, "a PIN alone wants no restart"
    assert inside.post("/operators", {"was": odd, "role": "manager", "new": "", "again": ""}).to == "/?told=saved"
    assert people(fresh)[odd] == "manager"
    assert inside.post("/operators", {"was": "Lee", "do": "remove"}).to == "/?told=saved"
    assert people(fresh) == {odd: "manager"}
    assert fresh.kiosk.kept == {odd: "13579"}
    assert inside.post("/operators", {"was": odd, "do": "remove"}).to == "/?told=saved"
    assert fresh.shop_file.text.split() == before.split()


def test_where_nobody_is_named_the_one_manager_gets_a_pin(fresh: Page, inside: Client) -> None:
    """And kiosk.toml stays as it is."""
    before = fresh.shop_file.text
    assert "no PIN" in inside.get("/operators").text
    assert inside.post("/operators", {"was": "manager", "role": "manager", "new": "8642", "again": "8642"}).status == 303
    assert fresh.kiosk.kept == {"manager": "8642"}
    assert fresh.shop_file.text == before
    assert "has a PIN" in inside.get("/operators?told=pin").text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (new("Lee", "manager", "8642", "8643"), "The two PINs differ."),
        (new("Lee", "manager", "864"), "A PIN has 4 to 12 digits."),
        (new("Lee", "manager", "1234"), "guessed too easily"),
        (new("Lee", "owner", "8642"), "This cannot stand here."),
        (new("x" * 25, "manager"), "1 to 24 characters"),
        (new(" ", "manager"), "1 to 24 characters"),
        (new("Mei", "cashier", "8642"), "leaves nobody to set a PIN"),
        ({"was": "nobody", "role": "manager", "new": "8642", "again": "8642"}, "This cannot stand here."),
        ({"was": "nobody", "do": "remove"}, "1 to 24 characters"),
    ],
)
def test_of_what_is_wrong_nothing_is_done(fresh: Page, inside: Client, form: dict[str, str], said: str) -> None:
    """And it is said."""
    before = fresh.shop_file.text
    answer = inside.post("/operators", form)
    assert answer.status == 400
    assert said in answer.text
    for pin in filter(None, (form.get("new"), form.get("again"))):
        assert f'"{pin}"' not in answer.text
    assert (fresh.shop_file.text, fresh.kiosk.kept, fresh.steward.restarts) == (before, {}, [])


def test_a_name_is_given_once_and_the_last_manager_stays(fresh: Page, inside: Client) -> None:
    inside.post("/operators", new("Lee", "manager", "8642"))
    inside.post("/operators", new("Mei", "cashier"))
    assert "is there already" in inside.post("/operators", new("Lee", "cashier", "1357")).text
    assert "leaves nobody" in inside.post("/operators", {"was": "Lee", "do": "remove"}).text
    assert people(fresh) == {"Lee": "manager", "Mei": "cashier"}
    assert fresh.kiosk.kept == {"Lee": "8642"}


def test_what_the_page_writes_is_what_the_kiosk_reads() -> None:
    """Comments of those who stay, too."""
    text = '[merchant]\nname = "x"\n\n[operators]\n# since 2024\nLee = "manager"  # nights\nMei = "cashier"\n'
    after = settings.with_operators(text, {"Lee": "manager", "陳小姐 / ../x": "cashier", "a.b = [c]": "cashier"})
    assert "# since 2024" in after
    assert 'Lee = "manager"  # nights' in after
    found = read_operators(Table("operators", tomllib.loads(after)["operators"], []))
    assert [one.name for one in found] == ["Lee", "陳小姐 / ../x", "a.b = [c]"]


# -- the kiosk's side ----------------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path) -> OperatorPins:
    return OperatorPins(tmp_path / "operators", ("Mei",))


def link(kept: OperatorPins) -> SocketKiosk:
    """The page's side of the door, without the socket."""
    return SocketKiosk(Path("nowhere"), zone=pytest.fail, ask=lambda _, request, __: PinDoor(kept).answer(request))


def test_a_pin_goes_to_its_digest_and_to_no_other_place(kept: OperatorPins, tmp_path: Path) -> None:
    """Of somebody whom kiosk.toml names after the next start, too; in no log, file, answer or exception."""
    canaries = Canaries()
    canaries.add("a PIN", LONG)
    with Everything() as log:
        assert link(kept).set_pin("Lee", LONG) is None
        assert link(kept).set_pin("Mei", LONG + LONG) == "form"
        assert link(kept).set_pin("Mei", "1111") == "easy"
        assert link(kept).pins(["Mei", "Lee"]) == {"Lee"}
        (tmp_path / "other").write_text("in the way")
        assert link(OperatorPins(tmp_path / "other", ())).set_pin("Lee", LONG) == "disk"
    assert any("a PIN was set" in line for line in log.told)
    found = [hit for line in (*log.told, *log.sent) for hit in canaries.look("the log", line)]
    assert found + canaries.look_into(tmp_path) == []
    assert OperatorPins(tmp_path / "operators", ("Lee",)).of("Lee").try_(LONG).right


def test_wrong_ones_shut_the_door_as_ever_until_the_owner_sets_another(kept: OperatorPins) -> None:
    link(kept).set_pin("Mei", "8642")
    for _ in range(4):
        kept.of("Mei").try_("9999")
    assert kept.of("Mei").try_("8642").wait_s > 0
    link(kept).pins(["Mei"])
    assert kept.of("Mei").try_("8642").wait_s > 0
    link(kept).set_pin("Mei", "1357")
    assert kept.of("Mei").try_("1357").right


def test_a_pin_that_is_removed_is_gone(kept: OperatorPins, tmp_path: Path) -> None:
    link(kept).set_pin("Mei", "8642")
    link(kept).drop_pin("Mei")
    link(kept).drop_pin("Mei")
    assert kept.known() == frozenset()
    assert list((tmp_path / "operators").iterdir()) == []


def test_whoever_took_the_page_over_fills_no_card_and_names_no_file(kept: OperatorPins, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_SCRYPT", {"n": 2, "r": 1, "p": 1})
    told = [link(kept).set_pin(f"name {number}", "8642") for number in range(PLACES_MOST + 3)]
    assert told == [None] * PLACES_MOST + ["disk"] * 3
    bad: list[dict[str, object]] = [
        {"do": "new_pin", "operator": "x" * 25, "pin": "8642"}, {"do": "new_pin", "operator": "a\nb", "pin": "8642"},
        {"do": "new_pin", "operator": "Mei", "pin": 8642}, {"do": "new_pin", "operator": "Mei", "pin": "1" * 25},
        {"do": "no_pin", "operator": None}, {"do": "pins", "names": "Mei"}, {"do": "pins", "names": ["Mei"] * 10},
        {"do": "pins", "names": [7]},
    ]  # fmt: skip
    for request in bad:
        assert "problem" in PinDoor(kept).answer(request), request
