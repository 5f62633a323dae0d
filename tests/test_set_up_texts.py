"""What strangers may hold before the camera during the set-up: a Wi-Fi's QR, parts of an enrolment, and everything else."""

from __future__ import annotations

import base64
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.camera.symbol import Format, Symbol
from kiosk.camera.texts import LONGEST, fits, fitting
from kiosk.core.enrolment import MOST_PARTS, PART, Collected, parts, read_part
from kiosk.core.multitap import AGAIN_MS, LETTERS, Tapped
from kiosk.core.scanning import LookFor
from kiosk.core.secret import is_payment_code
from kiosk.core.wifi import WifiNetwork, is_password, read_wifi, wifi_text
from kiosk.core.zones import ZONES, ahead, offered
from kiosk.setup import vault

CODE = "134567890123456789"

# --- a Wi-Fi ---


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("WIFI:T:WPA;S:Harbour;P:12345678;;", WifiNetwork("Harbour", "12345678")),
        ("WIFI:S:Harbour;T:WPA;P:12345678;H:true;;", WifiNetwork("Harbour", "12345678", hidden=True)),
        ("WIFI:T:nopass;S:Guests;;", WifiNetwork("Guests", None)),
        ("WIFI:T:nopass;S:Guests;P:;;", WifiNetwork("Guests", None)),
        ("WIFI:S:Guests;;", WifiNetwork("Guests", None)),
        ("WIFI:S:Harbour;P:12345678;;", WifiNetwork("Harbour", "12345678")),
        (r"WIFI:T:WPA;S:semi\;colon\:and\\slash;P:quo\"te\,12;;", WifiNetwork(r"semi;colon:and\slash", 'quo"te,12')),
        ('WIFI:T:WPA;S:"Harbour";P:"12345678";;', WifiNetwork("Harbour", "12345678")),
        (r"WIFI:T:WPA;S:\"Harbour\";P:12345678;;", WifiNetwork('"Harbour"', "12345678")),
        ("WIFI:T:SAE;S:港;P:12345678;R:1;;", WifiNetwork("港", "12345678")),
        ("WIFI:T:WPA;S:x;P:" + "0a" * 32 + ";;", WifiNetwork("x", "0a" * 32)),
        ("WIFI:T:WPA;S:x;P:with spaces in it;", WifiNetwork("x", "with spaces in it")),
    ],
)
def test_a_wifis_qr_is_read_with_its_escapes(text: str, network: WifiNetwork) -> None:
    assert read_wifi(text) == network


@pytest.mark.parametrize(
    "text",
    [
        "",
        CODE,
        "WIFI:",
        "WIFI:;;",
        "wifi:T:WPA;S:x;P:12345678;;",
        "WIFI:T:WPA;S:x;P:1234567;;",  # too short for any
        "WIFI:T:WPA;S:;P:12345678;;",
        "WIFI:T:WPA;S:x;;",  # protected, and no password
        "WIFI:T:WEP;S:x;P:12345;;",
        "WIFI:T:WPA2-EAP;S:x;P:12345678;I:me;;",
        "WIFI:T:WPA;S:x;S:y;P:12345678;;",
        "WIFI:T:WPA;S:x;P:12345678",  # cut off
        "WIFI:T:WPA;S:x;P:12345678;;and more",
        "WIFI:T:WPA;S:x\n;P:12345678;;",
        "WIFI:T:WPA;S:x\x1b[2J;P:12345678;;",
        "WIFI:T:WPA;S:" + "x" * 33 + ";P:12345678;;",
        "WIFI:T:WPA;S:" + "港" * 11 + ";P:12345678;;",  # 33 bytes
        "WIFI:T:WPA;S:x;P:passwörter;;",
        "WIFI:T:WPA;S:x;P:\ud83d\udc4d2345678;;",
        "WIFI:T:WPA;S:x;P:12345678;" + "X:y;" * 100 + ";",
        "https://example.com/WIFI:T:WPA;S:x;P:12345678;;",
    ],
)
def test_what_is_no_wifis_qr_is_none(text: str) -> None:
    assert read_wifi(text) is None


_SSIDS = st.text(st.characters(blacklist_categories=["C", "Z"]), min_size=1, max_size=8)
_PASSWORDS = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=8, max_size=63)


@given(_SSIDS, st.none() | _PASSWORDS, st.booleans())
def test_whatever_the_kiosk_writes_it_reads_back(ssid: str, password: str | None, hidden: bool) -> None:
    network = WifiNetwork(ssid, password, hidden)
    assert read_wifi(wifi_text(network)) == network


@given(st.text(max_size=80), st.text(alphabet='WIFI:TSPH;\\"trueWPA12345678', max_size=60))
def test_no_text_at_all_upsets_the_readers(noise: str, near: str) -> None:
    for text in (noise, f"WIFI:{near}", f"KE1/{noise}", f"WIFI:T:WPA;S:{near};P:12345678;;"):
        network = read_wifi(text)
        assert network is None or (network.ssid.isprintable() and (network.password is None or is_password(network.password)))
        part = read_part(text)
        assert part is None or 1 <= part.number <= part.of <= MOST_PARTS


def test_a_password_is_shown_by_no_repr() -> None:
    assert "12345678" not in repr(WifiNetwork("x", "12345678"))
    assert "ABCD" not in repr(read_part(parts("ABCD")[0]))
    assert "12345678" not in repr(Tapped("12345678"))


# --- an enrolment in parts ---

WHOLE = base64.b32encode(bytes(range(256)) * 6).decode().rstrip("=")


def _collected(texts: list[str]) -> Collected:
    collected = Collected()
    for text in texts:
        part = read_part(text)
        assert part is not None
        collected = collected.add(part)
    return collected


def test_the_parts_make_the_whole_in_any_order_and_however_often() -> None:
    texts = parts(WHOLE)
    assert len(texts) == -(-len(WHOLE) // PART)
    assert all(len(text) <= LONGEST for text in texts)
    assert _collected(texts[::-1] + texts[:2]).whole == WHOLE
    assert _collected(texts[1:]).whole is None
    assert _collected(texts[1:]).got == len(texts) - 1


def test_parts_of_two_sets_never_mix() -> None:
    one, other = parts(WHOLE), parts(WHOLE[::-1])
    assert _collected([*one[:2], other[2], *one[3:]]).whole is None
    assert _collected([*other[:2], *one]).whole == WHOLE


def test_a_part_that_says_something_else_begins_anew_and_a_false_whole_is_none() -> None:
    texts = parts(WHOLE)
    forged = texts[0][:-1] + ("A" if texts[0][-1] != "A" else "B")
    assert _collected([*texts[:-1], forged]).got == 1
    assert _collected([forged, *texts[1:]]).whole is None


def test_there_are_no_more_parts_than_anybody_holds_up() -> None:
    with pytest.raises(ValueError, match="more than"):
        parts("A" * (PART * MOST_PARTS + 1))
    assert read_part("KE1/ABCDEFGH/01/25/AAAA") is None
    assert read_part("KE1/ABCDEFGH/00/02/AAAA") is None
    assert read_part("KE1/ABCDEFGH/03/02/AAAA") is None
    assert read_part("KE1/ABCDEFGH/01/02/" + "A" * (PART + 1)) is None
    assert read_part("KE1/ABCDEFGH/０１/02/AAAA") is None


# --- what the camera hands over ---


def test_each_look_hands_over_its_own_form_and_never_a_payment_code() -> None:
    wifi, part = "WIFI:T:WPA;S:x;P:12345678;;", parts("ABCD")[0]
    for look_for in LookFor:
        assert not fits(CODE, look_for)
        assert fits(wifi, look_for) is (look_for is LookFor.WIFI)
        assert fits(part, look_for) is (look_for is LookFor.ENROLMENT)
    seen = [Symbol(Format.QR, text.encode()) for text in (CODE, wifi, part, wifi, "https://example.com")]
    assert fitting(seen, LookFor.WIFI) == [wifi]
    assert fitting(seen, LookFor.ENROLMENT) == [part]
    assert fitting([Symbol(Format.CODE128, wifi.encode())], LookFor.WIFI) == []
    assert fitting(seen, LookFor.PAYMENT) == fitting(seen, LookFor.RECEIPT) == []


@given(st.from_regex(r"\A1[0-5][0-9]{16}\Z").map(lambda text: text), st.text(max_size=5), st.text(max_size=5))
def test_nothing_that_is_handed_over_is_a_payment_code(code: str, before: str, after: str) -> None:
    for text in (code, before + code + after):
        if fits(text, LookFor.WIFI) or fits(text, LookFor.ENROLMENT):
            assert not is_payment_code(text)


# --- sealed ---

FILES = {"merchant.toml": '[merchant]\nname = "港"\n'.encode(), "api_v3_key.txt": b"x" * 32}


@pytest.fixture(scope="module")
def sealed() -> tuple[str, str]:
    digits = vault.new_passphrase()
    return vault.seal(FILES, digits), digits


def test_the_digits_open_it_and_other_digits_do_not(sealed: tuple[str, str]) -> None:
    text, digits = sealed
    assert vault.unseal(text, digits) == FILES
    other = digits[:-1] + str((int(digits[-1]) + 1) % 10)
    with pytest.raises(vault.WrongDigits):
        vault.unseal(text, other)
    assert not any(content.decode() in text for content in FILES.values())


def test_the_same_files_and_digits_never_look_the_same_twice(sealed: tuple[str, str]) -> None:
    assert vault.seal(FILES, sealed[1]) != sealed[0]


@pytest.mark.parametrize("digits", ["", "1234", "١" * 16, "123456789012345a"])
def test_what_is_not_sixteen_digits_is_not_tried(sealed: tuple[str, str], digits: str) -> None:
    with pytest.raises(vault.WrongDigits):
        vault.unseal(sealed[0], digits)


def test_one_changed_letter_anywhere_is_noticed(sealed: tuple[str, str]) -> None:
    text, digits = sealed
    for place in (0, 30, len(text) // 2, len(text) - 2):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(vault.WrongDigits):
            vault.unseal(changed, digits)


@pytest.mark.parametrize(
    "plain",
    [b"", b"[]", b'"text"', b'{"merchant.toml": 1}', b"{", b'{"a": "\\ud800"}', b"[" * 5000, b'"' + b"x" * 70_000 + b'"'],
    ids=lambda plain: repr(plain[:20]),
)
def test_whatever_was_sealed_by_somebody_who_knows_the_digits_is_an_enrolment_or_refused(plain: bytes) -> None:
    with pytest.raises(vault.NoEnrolment):
        vault._files(zlib.compress(plain))


def test_a_bomb_is_not_unpacked() -> None:
    bomb = zlib.compress(json.dumps({"merchant.toml": "x" * 50_000_000}).encode())
    with pytest.raises(vault.NoEnrolment):
        vault._files(bomb)


# --- letters and zones ---


def test_a_key_again_within_a_second_is_its_next_letter() -> None:
    tapped = Tapped()
    for at in (0, 300, 600):
        tapped = tapped.tap("2", at)
    assert tapped.text == "c"
    tapped = tapped.tap("2", 600 + AGAIN_MS)
    assert tapped.text == "ca"
    assert tapped.settle().tap("2", 600 + AGAIN_MS + 1).text == "caa"
    assert tapped.back().text == "c"
    assert tapped.tap("3", 601).text == "cad"


def test_every_letter_of_a_password_can_be_keyed() -> None:
    assert {chr(code) for code in range(32, 127)} <= set("".join(LETTERS.values()))
    for key, letters in LETTERS.items():
        tapped = Tapped()
        for letter in letters:
            tapped = tapped.tap(key, 0)
            assert tapped.text == letter
        assert tapped.tap(key, 0).text == letters[0]


def test_the_zones_exist_and_home_comes_first() -> None:
    assert [offered(language)[0] for language in ("en", "zh_TW", "ja", "th", "ko")] == [
        "Asia/Hong_Kong",
        "Asia/Taipei",
        "Asia/Tokyo",
        "Asia/Bangkok",
        "Asia/Seoul",
    ]
    assert all(sorted(offered(language)) == sorted(ZONES) for language in ("en", "ja"))
    assert ahead("Asia/Hong_Kong", 0) == "+08:00"
    assert ahead("America/New_York", 1_767_600_000_000) == "-05:00"
    for zone in ZONES:
        ahead(zone, 0)
