"""The set-up as it is decided: by keys alone from a box to "ready", each step from what is missing, whatever comes when."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.enrolment import PASSPHRASE_DIGITS, parts
from kiosk.core.events import Health, Key, Part, Pressed, TextSeen
from kiosk.core.languages import LANGUAGES
from kiosk.core.scanning import LookFor
from kiosk.core.setup import START, turn
from kiosk.core.setup_nouns import (
    NEEDED,
    Act,
    Done,
    Facts,
    Failed,
    Happening,
    JoinNetwork,
    KeepLanguage,
    Known,
    Listed,
    ListNetworks,
    Look,
    MakeKey,
    Opened,
    OpenEnrolment,
    OpenHotspot,
    PageFacts,
    Prove,
    Reach,
    ReadStick,
    SetZone,
    StartAnew,
    Step,
    WantPage,
)
from kiosk.core.setup_screens import (
    Doing,
    Inviting,
    Question,
    SetupBusy,
    SetupChoice,
    SetupEntry,
    SetupInvite,
    SetupLook,
    SetupScreen,
    SetupTold,
    Told,
)
from kiosk.core.setup_view import screen
from kiosk.core.wifi import WifiNetwork, read_wifi, wifi_text
from kiosk.display.setup_keys import setup_keys, setup_meant

NOW = 1_790_000_000_000
WIFI = WifiNetwork("Harbour", "12345678")
SEALED = "ABCDEFGH" * 90
DIGITS = "4719206355810046"
PAGE = PageFacts("https://192.0.2.7:8443/", "4F:0B", "4719 2063")
ALL = frozenset(NEEDED)


@dataclass
class World:
    """A kiosk that is set up, and a steward who does what is asked: `refuses` names what it will not."""

    facts: Facts = field(default_factory=Facts)
    wifi: WifiNetwork = WIFI
    stick: frozenset[str] | None = ALL
    enrolment: frozenset[str] = ALL
    flaw: Told | None = None
    refuses: dict[type[Act], Told] = field(default_factory=dict)
    done: list[Act] = field(default_factory=list)
    now: int = 0
    pace: int = 2000  # ms between two things that happen

    def __post_init__(self) -> None:
        self.setup = START
        self.looking: Look | None = None
        self.restarts: list[bool] = []
        self.wanted = False  # the owner's page
        self.happen(Known(self.facts))

    @property
    def screen(self) -> SetupScreen:
        return screen(self.setup, NOW)

    def happen(self, happening: Happening) -> None:
        self.now += self.pace
        self.setup, acts = turn(self.setup, happening, self.now)
        for act in acts:
            self.done.append(act)
            if isinstance(act, WantPage):
                self.wanted = True
            elif isinstance(act, Look):
                self.looking = act if act.look_for is not None else None
            else:
                self.happen(self.carry_out(act))

    def press(self, keys: str) -> None:
        for key in keys.split():
            self.happen(Pressed(Key(key)))

    def show(self, text: str) -> None:
        """Hold a QR before the camera: it is handed over if it is what is looked for."""
        if self.looking is not None:
            self.happen(TextSeen(self.looking.ticket, text))

    def restart(self) -> None:
        """The plug is pulled, and in again: keys that were sealed can be read now."""
        self.setup, self.looking = START, None
        self.facts = replace(self.facts, stale=False)
        self.happen(Known(self.facts))

    def carry_out(self, act: Act) -> Happening:
        refused = self.refuses.get(type(act))
        if refused is not None:
            return Failed(refused, "The steward says no.")
        told: Told | None = None
        match act:
            case KeepLanguage(language):
                self.change(language=language)
            case SetZone(zone):
                self.change(zone=zone)
            case ListNetworks():
                return Listed((Reach("Guests", 90, secure=False), Reach(self.wifi.ssid, 80, secure=True)))
            case JoinNetwork(network):
                if network.password not in (None, self.wifi.password):
                    return Failed(Told.WIFI)
                self.change(online=True)
            case OpenHotspot():
                return Opened(WifiNetwork("Kiosk-2F6A", "rice-lamp-4719"))
            case ReadStick():
                if self.stick is None:
                    return Failed(Told.NO_STICK)
                self.change(held=self.facts.held | self.stick, stale=True)
                told = Told.STICK_READ
            case OpenEnrolment(sealed, digits):
                if (sealed, digits) != (SEALED, DIGITS):
                    return Failed(Told.PASSPHRASE)
                self.change(held=self.facts.held | self.enrolment, stale=True)
            case MakeKey():
                self.change(held=self.facts.held | {"merchant_key.pem"}, request="PEM", stale=True)
                told = Told.KEY_MADE
            case Prove():
                return Failed(self.flaw, "exactly this") if self.flaw else Done(self.facts, Told.READY, "Harbour Snacks")
            case StartAnew(sell):
                self.restarts.append(sell)
                return Done(self.facts) if sell else Known(self.facts)
        return Done(self.facts, told)

    def change(self, **facts: Any) -> None:
        self.facts = replace(self.facts, **facts)


def _asks(world: World, question: Question) -> bool:
    return isinstance(world.screen, SetupChoice) and world.screen.question is question


def test_from_the_box_to_ready_with_a_stick_and_nothing_but_digits_ok_and_the_phones_wifi() -> None:
    world = World()
    assert _asks(world, Question.LANGUAGE)
    world.press("4")
    assert world.screen.language == "ja"
    assert _asks(world, Question.NETWORK)
    world.press("1")
    assert isinstance(world.screen, SetupLook)
    assert world.looking is not None
    assert world.looking.look_for is LookFor.WIFI
    world.show(wifi_text(WIFI))
    assert world.looking is None
    assert JoinNetwork(WIFI) in world.done
    assert _asks(world, Question.ZONE)
    assert world.screen.lines[0].word == "zone.Asia_Tokyo"  # type: ignore[union-attr]
    world.press("1")
    assert world.facts.zone == "Asia/Tokyo"
    assert _asks(world, Question.MERCHANT)
    world.press("1")
    assert world.screen == SetupTold("ja", 5, Told.STICK_READ)
    world.press("OK")
    assert world.screen == SetupBusy("ja", 5, Doing.RESTARTING)
    assert world.restarts == [False]
    world.restart()
    assert world.screen == SetupTold("ja", 5, Told.READY, about="Harbour Snacks")
    world.press("OK")
    assert world.restarts == [False, True]


def test_with_qr_codes_in_any_order_and_the_digits() -> None:
    world = World(Facts("en", online=True, zone="Asia/Tokyo"))
    world.press("2")
    texts = parts(SEALED)
    for text in texts[::-1]:
        assert isinstance(world.screen, SetupLook)
        world.show(text)
        world.show(wifi_text(WIFI))  # not what is looked for
    assert isinstance(world.screen, SetupEntry)
    world.press(" ".join(DIGITS[:-1]) + " 9")
    assert world.screen == SetupTold("en", 4, Told.PASSPHRASE)
    world.press("OK " + " ".join(DIGITS[:3]) + " 9 CLEAR " + " ".join(DIGITS[3:]))
    assert world.screen == SetupBusy("en", 5, Doing.RESTARTING)
    assert len(DIGITS) == PASSPHRASE_DIGITS


def test_a_wifi_from_the_list_with_a_password_in_letters() -> None:
    world = World(Facts("en"), wifi=WifiNetwork("Harbour", "cab12345"), pace=100)
    world.press("2 2")
    world.press("2 2 2 SCAN 2 SCAN 2 2")
    assert isinstance(world.screen, SetupEntry)
    assert world.screen.shown == "••b"
    for key, times in (("1", 8), ("2", 4), ("3", 4), ("4", 4), ("5", 4)):  # each the digit among its letters
        world.press(f"SCAN {' '.join(key * times)}")
    world.press("OK")
    assert world.facts.online


def test_an_open_wifi_is_joined_at_once_and_a_wrong_password_leads_back_to_it() -> None:
    world = World(Facts("en"))
    world.press("2 1")
    assert world.facts.online
    other = World(Facts("en"))
    other.press("2 2 1 1 1 1 1 1 1 1 OK")
    assert isinstance(other.screen, SetupTold)
    assert other.screen.told is Told.WIFI
    other.press("OK")
    assert isinstance(other.screen, SetupEntry)
    assert other.screen.about == "Harbour"
    other.press("CANCEL")
    assert _asks(other, Question.NETWORK)


def test_a_password_that_can_be_none_is_not_tried() -> None:
    world = World(Facts("en"))
    world.press("2 2 1 1 OK")
    assert isinstance(world.screen, SetupEntry)
    assert not [act for act in world.done if isinstance(act, JoinNetwork)]


def test_the_kiosks_own_wifi_shows_its_qr_and_then_the_owners_page() -> None:
    world = World(Facts("en"))
    world.press("3")
    shown = world.screen
    assert isinstance(shown, SetupInvite)
    assert read_wifi(shown.code) == WifiNetwork("Kiosk-2F6A", "rice-lamp-4719")
    world.press("OK")
    assert world.screen == SetupInvite("en", 2, Inviting.PAGE, "")
    assert world.wanted
    world.happen(Known(world.facts, PAGE))
    assert isinstance(world.screen, SetupInvite)
    assert world.screen.code == PAGE.url
    assert dict(world.screen.facts) == {"address": PAGE.url, "code": PAGE.code, "fingerprint": PAGE.fingerprint}
    world.happen(Known(replace(world.facts, online=True)))  # the page has told the steward of a Wi-Fi
    assert _asks(world, Question.ZONE)


def test_a_cable_that_is_plugged_in_leads_on_by_itself() -> None:
    world = World(Facts("en"))
    world.change(online=True)
    world.happen(Known(world.facts))
    assert _asks(world, Question.ZONE)


def test_what_the_owners_page_brings_leads_on_by_itself() -> None:
    world = World(Facts("en", online=True, zone="Asia/Tokyo"))
    world.press("3")
    world.change(held=ALL, stale=True)
    world.happen(Known(world.facts))
    assert world.restarts == [False]


def test_whoever_is_keying_is_not_led_away() -> None:
    world = World(Facts("en"))
    world.press("2 2 1 1 1")
    world.happen(Known(replace(world.facts, online=True)))
    assert isinstance(world.screen, SetupEntry)


def test_a_key_made_here_asks_for_its_certificate_and_the_rest() -> None:
    world = World(Facts("en", online=True, zone="Asia/Tokyo"), stick=frozenset({"merchant.toml", "api_v3_key.txt"}))
    world.press("4 1 9 0 0 OK")
    assert world.done[-1] == MakeKey("1900")
    assert isinstance(world.screen, SetupTold)
    assert world.screen.told is Told.KEY_MADE
    world.press("OK")
    assert world.screen == SetupInvite("en", 4, Inviting.REQUEST, "")
    world.press("OK")
    shown = world.screen
    assert isinstance(shown, SetupChoice)
    assert shown.missing == ("merchant.toml", "api_v3_key.txt")
    assert [line.word for line in shown.lines] == ["way.stick", "way.enrol_qr", "way.page", "way.request"]
    world.press("1 OK")
    assert world.restarts == [False]


def test_what_is_keyed_is_shown_as_it_can_be_compared() -> None:
    """A merchant's number as it is, a passphrase's digits in groups of four."""
    world = World(Facts("en", online=True, zone="Asia/Tokyo"))
    world.press("4 1 9 0 0 0")
    assert isinstance(world.screen, SetupEntry)
    assert world.screen.shown == "19000"
    world.press("CANCEL 2")
    for text in parts(SEALED):
        world.show(text)
    world.press("4 7 1 9 2")
    assert isinstance(world.screen, SetupEntry)
    assert world.screen.shown == "4719 2"


def test_what_is_to_be_uploaded_can_be_seen_again() -> None:
    """A key that was made is not made twice: its place in the list leads to its request."""
    world = World(Facts("en", online=True, zone="Asia/Tokyo", held=frozenset({"merchant_key.pem"}), request="PEM"))
    world.press("4")
    assert world.screen == SetupInvite("en", 4, Inviting.REQUEST, "")
    assert not [act for act in world.done if isinstance(act, MakeKey)]


@pytest.mark.parametrize("flaw", [told for told in Told if told not in (Told.READY, Told.STICK_READ, Told.KEY_MADE)])
def test_each_flaw_is_told_and_can_be_tried_once_more_or_given_another_way(flaw: Told) -> None:
    world = World(Facts("en", online=True, zone="Asia/Tokyo", held=ALL), flaw=flaw)
    assert world.screen == SetupTold("en", 5, flaw, "exactly this")
    world.press("CANCEL")
    assert _asks(world, Question.MERCHANT)
    world.press("OK")
    assert world.screen == SetupTold("en", 5, flaw, "exactly this")
    world.flaw = None
    world.press("OK")
    assert isinstance(world.screen, SetupTold)
    assert world.screen.told is Told.READY


def test_keys_that_even_a_new_process_cannot_read_are_told_of_instead_of_restarting_for_ever() -> None:
    world = World(Facts("en", online=True, zone="Asia/Tokyo", held=ALL, stale=True, stuck=True))
    assert isinstance(world.screen, SetupTold)
    assert world.screen.told is Told.STEWARD
    assert world.restarts == []
    world.press("OK")
    assert world.restarts == [False]


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        (Facts(), Step.LANGUAGE),
        (Facts(online=True, zone="UTC", held=ALL), Step.LANGUAGE),
        (Facts("en"), Step.NETWORK),
        (Facts("en", zone="UTC", held=ALL), Step.NETWORK),
        (Facts("en", online=True), Step.ZONE),
        (Facts("en", online=True, zone="UTC"), Step.MERCHANT),
        (Facts("en", online=True, zone="UTC", held=ALL - {"merchant.toml"}), Step.MERCHANT),
        (Facts("en", online=True, zone="UTC", held=ALL), Step.PROOF),
    ],
)
def test_the_step_is_what_is_missing_first(facts: Facts, step: Step) -> None:
    assert facts.step is step


def test_pulled_at_any_moment_it_goes_on_with_what_is_missing() -> None:
    """After each key of the whole way the plug is pulled: the same keys from the step shown lead to ready."""
    steps = {Question.LANGUAGE: "2", Question.NETWORK: "2 1", Question.WIFI: "1", Question.ZONE: "3", Question.MERCHANT: "1 OK"}
    for cut in range(6):
        world = World()
        for _ in range(cut):
            if isinstance(world.screen, SetupChoice):
                world.press(steps[world.screen.question].split()[0])
        before = world.facts
        world.restart()
        assert world.facts == replace(before, stale=False)
        for _ in range(6):
            if isinstance(world.screen, SetupChoice):
                world.press(steps[world.screen.question])
            elif world.restarts:
                world.restart()
                break
        assert isinstance(world.screen, SetupTold), (cut, world.screen)
        assert world.screen.told is Told.READY


def test_a_text_of_an_earlier_look_does_nothing() -> None:
    world = World(Facts("en"))
    world.press("1")
    first = world.looking
    world.press("CANCEL 1")
    assert first is not None
    world.happen(TextSeen(first.ticket, wifi_text(WIFI)))
    assert isinstance(world.screen, SetupLook)


def test_a_code_that_is_no_wifi_leaves_the_camera_looking() -> None:
    """A link on a poster, say."""
    world = World(Facts("en"))
    world.press("1")
    world.show("https://www.example.net/")
    assert isinstance(world.screen, SetupLook)
    world.show(wifi_text(WIFI))
    assert world.facts.online


def test_a_camera_that_does_not_work_is_said_where_it_is_needed() -> None:
    world = World(Facts("en"))
    world.press("1")
    world.happen(Health(Part.CAMERA, "no camera"))
    assert isinstance(world.screen, SetupLook)
    assert world.screen.blind
    world.happen(Health(Part.CAMERA, None))
    assert not world.screen.blind


def test_a_steward_that_is_away_is_told_and_asked_again() -> None:
    world = World(Facts("en", online=True), refuses={SetZone: Told.STEWARD})
    world.press("1")
    assert isinstance(world.screen, SetupTold)
    assert world.screen.told is Told.STEWARD
    world.press("OK")
    assert _asks(world, Question.ZONE)


def test_nothing_can_be_pressed_while_something_goes_on() -> None:
    after, _ = turn(START, Known(Facts("en", online=True, zone="UTC", held=ALL)), 0)
    for key in Key:
        assert turn(after, Pressed(key), 0) == (after, ())


def test_ready_stays_ready_whatever_the_poll_finds() -> None:
    world = World(Facts("ja", online=True, zone="UTC", held=ALL))
    world.happen(Known(Facts()))
    assert world.screen == SetupTold("ja", 5, Told.READY, about="Harbour Snacks")


_HAPPENINGS = st.one_of(
    st.sampled_from(list(Key)).map(Pressed),
    st.sampled_from([wifi_text(WIFI), *parts(SEALED), "134567890123456789", ""]).map(lambda text: text),
)


@given(
    st.lists(_HAPPENINGS, max_size=60),
    st.sampled_from([Facts(), Facts("en"), Facts("th", online=True), Facts("ko", online=True, zone="UTC")]),
)
def test_no_sequence_of_keys_and_codes_ends_anywhere_without_a_way_on(events: list[Pressed | str], facts: Facts) -> None:
    world = World(facts)
    for event in events:
        if isinstance(event, str):
            world.show(event)
        else:
            world.happen(event)
        shown = world.screen
        named = {key for key, _ in setup_keys(shown)} | set(setup_meant(shown))
        assert named or isinstance(shown, SetupBusy)
        assert shown.language in LANGUAGES
        if isinstance(shown, SetupBusy):
            assert shown.doing is Doing.RESTARTING
            assert world.restarts
            world.restart()


def test_the_keys_that_stand_out_are_those_that_do_something() -> None:
    """But for OK on a list, which goes on to a later step, and the digits of a list's other pages."""
    for prepare in ("", "1", "2", "2 2", "3", "3 OK", "MENU"):
        for facts in (Facts("en"), Facts("en", online=True), Facts("en", online=True, zone="UTC")):
            world = World(facts)
            world.press(prepare)
            shown = world.screen
            if isinstance(shown, SetupBusy | SetupTold):
                continue
            named = {key for key, _ in setup_keys(shown) if key in set(Key)} | set(setup_meant(shown))
            does = {key for key in Key if turn(world.setup, Pressed(key), world.now) != (world.setup, ())}
            idle = {Key.CLEAR, Key.CLEAR_ALL, Key.SCAN, Key.OK}  # nothing is keyed yet
            assert does - {Key.CLEAR_ALL, Key.MENU, Key.OK} <= named, (prepare, shown)
            assert named - idle <= does, (prepare, shown)
