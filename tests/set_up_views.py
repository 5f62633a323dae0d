"""Views of every screen of the set-up, in any language."""

from __future__ import annotations

from dataclasses import replace

from kiosk.core.enrolment import PASSPHRASE_DIGITS
from kiosk.core.screens import View
from kiosk.core.setup_nouns import NEEDED, Ask, Facts, Reach, Setup
from kiosk.core.setup_screens import (
    GOOD,
    LINES,
    STEPS,
    Doing,
    Inviting,
    Looking,
    Question,
    SetupBusy,
    SetupEntry,
    SetupInvite,
    SetupLook,
    SetupScreen,
    SetupTold,
    Told,
    Typing,
)
from kiosk.core.setup_view import screen
from kiosk.core.wifi import WifiNetwork, wifi_text
from kiosk.core.zones import ZONES
from tests.display_views import NOW, OFFLINE, ONLINE

_FACTS = Facts("en", online=True, zone="Asia/Hong_Kong")
_REACHED = tuple(
    Reach(name, 96 - 7 * place, secure=True)
    for place, name in enumerate(
        ("Harbour Snacks", "海港小食", "TP-LINK_5G_0A1B2C", "DIRECT-roku-of-the-neighbour-x1y2", "Guests", "ร้านน้ำ", "Café")
    )
)
_SSID = "DIRECT-roku-of-the-neighbour-x1y2"
_PAGE = "https://192.168.178.42:8443/"
_FINGERPRINT = "4F0B915AC27E33D0186BF4A952EE079C61B82D95703ACF148ED629B35FE0471C"


def _asked(question: Question, page: int = 0, facts: Facts = _FACTS) -> SetupScreen:
    return screen(Setup(facts, Ask(question, page, _REACHED)), NOW)


def screens() -> dict[str, SetupScreen]:
    """All of them, in English."""
    hotspot = WifiNetwork("Kiosk-2F6A", "rice-lamp-4719")
    some = replace(_FACTS, held=frozenset(NEEDED[1:2]), request="-----BEGIN CERTIFICATE REQUEST-----")
    page = (("address", _PAGE), ("code", "47192063"), ("fingerprint", _FINGERPRINT))
    return {
        "language": _asked(Question.LANGUAGE),
        "language_more": _asked(Question.LANGUAGE, 1),
        "network": _asked(Question.NETWORK),
        "wifi": _asked(Question.WIFI),
        "wifi_next": _asked(Question.WIFI, 1),
        **{f"zone_{page}": _asked(Question.ZONE, page) for page in range(-(-len(ZONES) // LINES))},
        "merchant": _asked(Question.MERCHANT),
        "merchant_some": _asked(Question.MERCHANT, facts=some),
        "merchant_most": _asked(Question.MERCHANT, facts=replace(_FACTS, held=frozenset(NEEDED[1:]))),
        "merchant_key": _asked(Question.MERCHANT, facts=replace(_FACTS, held=frozenset((NEEDED[0], NEEDED[2])))),
        "look_wifi": SetupLook("en", 2, Looking.WIFI),
        "look_enrolment": SetupLook("en", 4, Looking.ENROLMENT),
        "look_some": SetupLook("en", 4, Looking.ENROLMENT, 3, 12),
        "look_blind": SetupLook("en", 4, Looking.ENROLMENT, blind=True),
        "passphrase": SetupEntry("en", 4, Typing.PASSPHRASE, "4719 2063 5", length=PASSPHRASE_DIGITS),
        "wifi_password": SetupEntry("en", 2, Typing.WIFI_PASSWORD, "•••••••a", about=_SSID),
        "wifi_password_long": SetupEntry("en", 2, Typing.WIFI_PASSWORD, "•" * 62 + "W", about="Guests"),
        "merchant_number": SetupEntry("en", 4, Typing.MERCHANT_NUMBER, "1900007777"),
        **{f"busy_{doing}": SetupBusy("en", 2, doing, _SSID if doing is Doing.JOINING else "") for doing in Doing},
        "invite_hotspot": SetupInvite(
            "en",
            2,
            Inviting.HOTSPOT,
            wifi_text(hotspot),
            (("network", hotspot.ssid), ("password", hotspot.password or "")),
            next=True,
        ),
        "invite_page": SetupInvite("en", 4, Inviting.PAGE, _PAGE, page),
        "invite_page_waiting": SetupInvite("en", 4, Inviting.PAGE, ""),
        "invite_request": SetupInvite("en", 4, Inviting.REQUEST, ""),
        **{f"told_{told}": SetupTold("en", STEPS, told, "" if told in GOOD else _DETAIL, _ABOUT.get(told, "")) for told in Told},
    }


_DETAIL = (
    '[merchant] currency = "HK" is not a currency of ISO 4217 that is known here. Write the settlement currency in capitals.'
)
_ABOUT = {
    Told.READY: "海港小食 Harbour Snacks",
    Told.STICK_READ: "merchant.toml, merchant_key.pem, api_v3_key.txt, merchant_cert.pem",
}


def views(language: str = "en") -> dict[str, View]:
    """All of them in one language."""
    return {
        name: View(
            replace(one, language=language), replace(OFFLINE, unresolved=0, offline_since=None) if one.step < 3 else ONLINE
        )
        for name, one in screens().items()
    }
