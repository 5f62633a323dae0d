"""Which screen stands for where the person is in the set-up. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from kiosk.core.enrolment import PASSPHRASE_DIGITS
from kiosk.core.languages import LANGUAGES
from kiosk.core.setup_nouns import STEP_OF, Ask, Invite, See, Setup, Step, Tell, Type, Wait
from kiosk.core.setup_screens import (
    LINES,
    Inviting,
    Line,
    Looking,
    Question,
    SetupBusy,
    SetupChoice,
    SetupEntry,
    SetupInvite,
    SetupLook,
    SetupScreen,
    SetupTold,
    Typing,
    Way,
)
from kiosk.core.wifi import WifiNetwork, wifi_text
from kiosk.core.zones import ahead, offered


def screen(setup: Setup, now: int) -> SetupScreen:
    """What the person sees. `now`: Unix ms."""
    language = setup.facts.language or "en"
    match setup.at:
        case Ask() as at:
            return _choice(setup, at, language, now)
        case See(looking, _, collected):
            return SetupLook(language, _step(setup), looking, collected.got, len(collected.texts), setup.blind)
        case Type(typing, tapped, ssid):
            length = PASSPHRASE_DIGITS if typing is Typing.PASSPHRASE else 0
            return SetupEntry(language, _step(setup), typing, _shown(typing, tapped.text), ssid, length)
        case Wait(doing, about):
            return SetupBusy(language, _step(setup), doing, about)
        case Invite(inviting, network):
            return _invitation(setup, inviting, network, language)
        case Tell(told, detail, about):
            return SetupTold(language, _step(setup), told, detail, about)
        case _:
            assert_never(setup.at)


def _step(setup: Setup) -> Step:
    """Of the place where the person is, which may lie before what is missing; a question has its own (STEP_OF)."""
    match setup.at:
        case See(Looking.WIFI) | Type(Typing.WIFI_PASSWORD) | Invite(Inviting.HOTSPOT):
            return Step.NETWORK
        case See(Looking.ENROLMENT) | Type():
            return Step.MERCHANT
        case _:
            return setup.facts.step


def _choice(setup: Setup, at: Ask, language: str, now: int) -> SetupChoice:
    found = lines(setup, at, now)
    first = at.page * LINES
    return SetupChoice(
        language,
        STEP_OF[at.question],
        at.question,
        tuple(found[first : first + LINES]),
        more=len(found) > LINES,
        back=at.question is not Question.LANGUAGE,
        missing=setup.facts.missing if at.question is Question.MERCHANT and setup.facts.held else (),
    )


def lines(setup: Setup, at: Ask, now: int) -> Sequence[Line]:
    """All lines of the list, on however many pages. `now`: Unix ms."""
    match at.question:
        case Question.LANGUAGE:
            return [Line(name, language=language) for language, name in LANGUAGES.items()]
        case Question.WIFI:
            return [Line(reach.ssid, beside=f"{reach.signal} %") for reach in at.networks]
        case Question.ZONE:
            zones = offered(setup.facts.language or "en")
            return [Line(word=f"zone.{zone.replace('/', '_')}", beside=ahead(zone, now)) for zone in zones]
        case Question.NETWORK | Question.MERCHANT:
            return [Line(word=f"way.{way}") for way in ways(setup, at.question)]
        case _:
            assert_never(at.question)


def ways(setup: Setup, question: Question) -> tuple[Way, ...]:
    """The ways that a list of them offers, in its order."""
    if question is Question.NETWORK:
        return Way.PHONE_QR, Way.WIFI_LIST, Way.HOTSPOT
    made = Way.MAKE_KEY if setup.facts.request is None else Way.REQUEST
    return Way.STICK, Way.ENROL_QR, Way.PAGE, made


def _invitation(setup: Setup, inviting: Inviting, network: WifiNetwork | None, language: str) -> SetupInvite:
    step = _step(setup)
    if network is not None:
        facts = (("network", network.ssid), ("password", network.password or ""))
        return SetupInvite(language, step, inviting, wifi_text(network), facts, next=True)
    if inviting is Inviting.REQUEST:
        return SetupInvite(language, step, inviting, "", ())
    page = setup.page
    if page is None:
        return SetupInvite(language, step, inviting, "")
    return SetupInvite(
        language, step, inviting, page.url, (("address", page.url), ("code", page.code), ("fingerprint", page.fingerprint))
    )


def _shown(typing: Typing, text: str) -> str:
    """Of a password the last letter only; digits in groups of four."""
    if typing is Typing.WIFI_PASSWORD:
        return "•" * (len(text) - 1) + text[-1:]
    if typing is Typing.PASSPHRASE:
        return " ".join(text[place : place + 4] for place in range(0, len(text), 4))
    return text
