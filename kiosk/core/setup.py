"""The set-up, as it is decided: keys, texts off QRs and what came of an act in; the screen and the next acts out. Pure.

The step is never kept: it is what is missing first of the facts, which lie on the disk or with the steward. So a plug that is
pulled loses nothing but what was being keyed. One act is under way at a time, and keys mean nothing meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from kiosk.core.enrolment import PASSPHRASE_DIGITS, read_part
from kiosk.core.events import Health, Key, Part, Pressed, TextSeen
from kiosk.core.languages import LANGUAGES
from kiosk.core.multitap import Tapped
from kiosk.core.scanning import LookFor
from kiosk.core.setup_nouns import (
    ASKED,
    STEP_OF,
    Act,
    Ask,
    Done,
    Facts,
    Failed,
    Happening,
    Invite,
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
    Prove,
    ReadStick,
    See,
    Setup,
    SetZone,
    StartAnew,
    Step,
    Tell,
    Type,
    Wait,
    WantPage,
)
from kiosk.core.setup_screens import LINES, Doing, Inviting, Looking, Question, Told, Typing, Way
from kiosk.core.setup_view import lines, ways
from kiosk.core.wifi import WifiNetwork, is_password, read_wifi
from kiosk.core.zones import offered

_NUMBER_MOST = 32  # digits of a merchant number (contract 2)
_TEXT_MOST = 64

Turn = tuple[Setup, tuple[Act, ...]]


START = Setup(Facts(), Wait(Doing.STARTING))
"""Before anybody has said how things are."""


def turn(setup: Setup, happening: Happening, now: int) -> Turn:
    """What follows. `now` in ms of any clock that does not go back."""
    match happening:
        case Pressed(key):
            return _press(setup, key, now)
        case TextSeen(ticket, text):
            return _seen(setup, ticket, text)
        case Health(part, problem):
            return (replace(setup, blind=problem is not None) if part is Part.CAMERA else setup), ()
        case Known(facts, page):
            return _known(replace(setup, page=page or setup.page), facts)
        case Done(facts, told, about):
            after = replace(setup, facts=facts)
            return _onward(after) if told is None else (replace(after, at=Tell(told, about=about)), ())
        case Failed(told, detail):
            back = setup.at.back if isinstance(setup.at, Wait) else None
            return replace(setup, at=Tell(told, detail, back=back)), ()
        case Listed(networks):
            at = Ask(Question.WIFI, 0, networks) if networks else Tell(Told.NO_WIFI, back=Ask(Question.NETWORK))
            return replace(setup, at=at), ()
        case Opened(network):
            return replace(setup, at=Invite(Inviting.HOTSPOT, network)), ()
        case _:
            assert_never(happening)


# --- keys ---


def _press(setup: Setup, key: Key, now: int) -> Turn:
    match setup.at:
        case Ask(question) if key is Key.CANCEL:
            return _back(setup, question)
        case Ask(question) if key is Key.OK and setup.facts.step > STEP_OF[question]:
            return _onward(setup)
        case Ask(question, page) as at if key is Key.MENU:
            pages = -(-len(lines(setup, at, 0)) // LINES)
            return replace(setup, at=replace(at, page=(page + 1) % pages)), ()
        case Ask() as at if key.isdigit():
            return _choose(setup, at, int(key))
        case See(looking) if key is Key.CANCEL:
            question = Question.NETWORK if looking is Looking.WIFI else Question.MERCHANT
            return replace(setup, at=Ask(question)), (Look(),)
        case Type() as at:
            return _type(setup, at, key, now)
        case Invite(Inviting.HOTSPOT) if key is Key.OK:
            return replace(setup, at=Invite(Inviting.PAGE)), (WantPage(),)
        case Invite(inviting) if key in {Key.OK, Key.CANCEL}:
            back = Question.MERCHANT if setup.facts.online or inviting is Inviting.REQUEST else Question.NETWORK
            return replace(setup, at=Ask(back)), ()
        case Tell() as at if key in {Key.OK, Key.CANCEL}:
            return _told(setup, at, key)
        case _:
            return setup, ()


def _choose(setup: Setup, at: Ask, digit: int) -> Turn:
    """The line of the list with this digit."""
    place = at.page * LINES + digit - 1
    if not (0 < digit <= LINES and place < len(lines(setup, at, 0))):
        return setup, ()
    match at.question:
        case Question.LANGUAGE:
            language = tuple(LANGUAGES)[place]
            known = replace(setup, facts=replace(setup.facts, language=language))  # what follows is in it at once
            return _wait(known, Doing.KEEPING, at, KeepLanguage(language))
        case Question.ZONE:
            zone = offered(setup.facts.language or "en")[place]
            return _wait(setup, Doing.ZONE, at, SetZone(zone))
        case Question.WIFI:
            reach = at.networks[place]
            if reach.secure:
                return replace(setup, at=Type(Typing.WIFI_PASSWORD, ssid=reach.ssid)), ()
            return _join(setup, WifiNetwork(reach.ssid, None), at)
        case Question.NETWORK | Question.MERCHANT:
            return _go(setup, at, ways(setup, at.question)[place])
        case _:
            assert_never(at.question)


def _go(setup: Setup, at: Ask, way: Way) -> Turn:
    """The chosen way."""
    match way:
        case Way.PHONE_QR:
            return _look(setup, Looking.WIFI, LookFor.WIFI)
        case Way.ENROL_QR:
            return _look(setup, Looking.ENROLMENT, LookFor.ENROLMENT)
        case Way.WIFI_LIST:
            return _wait(setup, Doing.LISTING, at, ListNetworks())
        case Way.HOTSPOT:
            return _wait(setup, Doing.HOTSPOT, at, OpenHotspot())
        case Way.STICK:
            return _wait(setup, Doing.STICK, at, ReadStick())
        case Way.PAGE:
            return replace(setup, at=Invite(Inviting.PAGE)), (WantPage(),)
        case Way.REQUEST:
            return replace(setup, at=Invite(Inviting.REQUEST)), ()
        case Way.MAKE_KEY:
            return replace(setup, at=Type(Typing.MERCHANT_NUMBER)), ()
        case _:
            assert_never(way)


def _type(setup: Setup, at: Type, key: Key, now: int) -> Turn:
    """A key while something is keyed."""
    if key is Key.CANCEL:
        back = Question.NETWORK if at.typing is Typing.WIFI_PASSWORD else Question.MERCHANT
        return replace(setup, at=Ask(back)), ()
    tapped = at.tapped
    letters = at.typing is Typing.WIFI_PASSWORD
    if key is Key.CLEAR:
        tapped = tapped.back()
    elif key is Key.CLEAR_ALL:
        tapped = Tapped()
    elif key.isdigit() and len(tapped.text) < (_NUMBER_MOST if at.typing is Typing.MERCHANT_NUMBER else _TEXT_MOST):
        tapped = tapped.tap(key, now) if letters else Tapped(tapped.text + key)
    elif key is Key.SCAN and letters:
        tapped = tapped.settle()
    changed = replace(at, tapped=tapped)
    ready = key is Key.OK or (at.typing is Typing.PASSPHRASE and len(tapped.text) == PASSPHRASE_DIGITS)
    return _typed(setup, changed) if ready else (replace(setup, at=changed), ())


def _typed(setup: Setup, at: Type) -> Turn:
    """It is all keyed; nothing happens while it cannot be right."""
    text = at.tapped.text
    match at.typing:
        case Typing.WIFI_PASSWORD if is_password(text):
            return _join(setup, WifiNetwork(at.ssid, text), replace(at, tapped=at.tapped.settle()))
        case Typing.PASSPHRASE if len(text) == PASSPHRASE_DIGITS:
            return _wait(setup, Doing.OPENING, replace(at, tapped=Tapped()), OpenEnrolment(at.sealed, text))
        case Typing.MERCHANT_NUMBER if text:
            return _wait(setup, Doing.KEY, Ask(Question.MERCHANT), MakeKey(text))
        case _:
            return replace(setup, at=at), ()


def _told(setup: Setup, at: Tell, key: Key) -> Turn:
    """Whoever has read it goes on: once more, or another way."""
    if at.told is Told.READY:
        return (replace(setup, at=Wait(Doing.RESTARTING)), (StartAnew(sell=True),)) if key is Key.OK else (setup, ())
    if at.told is Told.KEY_MADE:
        return replace(setup, at=Invite(Inviting.REQUEST)), ()
    if at.back is not None:
        return replace(setup, at=at.back), ()
    if key is Key.CANCEL and setup.facts.step is Step.PROOF:
        return replace(setup, at=Ask(Question.MERCHANT)), ()
    return _onward(replace(setup, facts=replace(setup.facts, stuck=False)))


def _back(setup: Setup, question: Question) -> Turn:
    """The question before."""
    before = {
        Question.WIFI: Question.NETWORK,
        Question.NETWORK: Question.LANGUAGE,
        Question.ZONE: Question.NETWORK,
        Question.MERCHANT: Question.ZONE,
    }.get(question)
    return (setup, ()) if before is None else (replace(setup, at=Ask(before)), ())


# --- what was seen and what is known ---


def _seen(setup: Setup, ticket: str, text: str) -> Turn:
    """A QR before the camera."""
    at = setup.at
    if not isinstance(at, See) or at.ticket != ticket:
        return setup, ()
    if at.looking is Looking.WIFI:
        network = read_wifi(text)
        if network is None:
            return setup, ()
        after, acts = _join(setup, network, Ask(Question.NETWORK))
        return after, (Look(), *acts)
    part = read_part(text)
    collected = at.collected if part is None else at.collected.add(part)
    if collected.whole is None:
        return replace(setup, at=replace(at, collected=collected)), ()
    return replace(setup, at=Type(Typing.PASSPHRASE, sealed=collected.whole)), (Look(),)


def _known(setup: Setup, facts: Facts) -> Turn:
    """Somebody plugged in a cable, or gave something on the owner's page: where it was asked for, it goes on by itself."""
    if setup.at == START.at:
        return _onward(replace(setup, facts=facts))
    if isinstance(setup.at, Tell) and setup.at.told is Told.READY:
        return setup, ()  # it is over, and what was given is forgotten
    moved = facts.step is not setup.facts.step
    after = replace(setup, facts=replace(facts, stuck=setup.facts.stuck))
    return _onward(after) if moved and isinstance(setup.at, Ask | Invite) else (after, ())


def _onward(setup: Setup) -> Turn:
    """To what is missing first."""
    step = setup.facts.step
    if step is not Step.PROOF:
        return replace(setup, at=Ask(ASKED[step])), ()
    if setup.facts.stuck:
        return replace(setup, at=Tell(Told.STEWARD)), ()
    if setup.facts.stale:
        return replace(setup, at=Wait(Doing.RESTARTING)), (StartAnew(sell=False),)
    return replace(setup, at=Wait(Doing.PROVING)), (Prove(),)


def _wait(setup: Setup, doing: Doing, back: Ask | Type, act: Act, about: str = "") -> Turn:
    return replace(setup, at=Wait(doing, about, back)), (act,)


def _join(setup: Setup, network: WifiNetwork, back: Ask | Type) -> Turn:
    return _wait(setup, Doing.JOINING, back, JoinNetwork(network), network.ssid)


def _look(setup: Setup, looking: Looking, look_for: LookFor) -> Turn:
    ticket = f"setup {setup.looks + 1}"
    return replace(setup, looks=setup.looks + 1, at=See(looking, ticket)), (Look(ticket, look_for),)
