"""Every screen has its words, in every language, in fonts that hold them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kiosk.core.errors import DriverError
from kiosk.core.languages import LANGUAGES
from kiosk.core.model import Decline, OrderState
from kiosk.core.money import Money, in_words
from kiosk.core.scanning import ScanHint
from kiosk.core.screens import AmountHint
from kiosk.display import fonts
from kiosk.display.canvas import Canvas, _thai, _wide
from kiosk.display.fonts import FACE_OF, Script, path_of, runs
from kiosk.display.frame import LEGENDS
from kiosk.display.light import Rest
from kiosk.display.painter import Painter
from kiosk.display.words import Words, words_of
from tests.display_views import ALONE, NOW, TRAINING, VIEWS
from tests.measuring import measuring
from tests.past_views import VIEWS as PAST_VIEWS
from tests.set_up_views import views

Canvas((8, 8))  # readies the font libraries

needs_words = pytest.mark.parametrize("language", LANGUAGES)


def test_every_hint_reason_state_and_key_has_words() -> None:
    table = words_of("en").table
    wanted = {f"amount_hint.{hint}" for hint in AmountHint}
    wanted |= {f"scan_hint.{hint}.{who}" for hint in ScanHint for who in ("customer", "merchant")}
    wanted |= {f"decline.{reason}.{who}" for reason in Decline for who in ("customer", "merchant")}
    wanted |= {f"state.{state}" for state in OrderState}
    wanted |= {f"keys.{word}" for keys in LEGENDS.values() for _, word in keys}
    assert wanted <= set(table)


class _Asked(dict[str, str]):
    """A table that remembers which of its keys were asked for."""

    def __init__(self, table: dict[str, str]) -> None:
        super().__init__(table)
        self.keys_asked: set[str] = set()

    def __getitem__(self, key: str) -> str:
        self.keys_asked.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
        if key in self:
            self.keys_asked.add(key)
        return super().get(key, default)


def test_every_word_is_on_some_screen() -> None:
    """All views painted once: a word that none asks for is dead, or its screen has no view in the gallery."""
    asked = _Asked(words_of("en").table)
    for keys in (False, True):
        painter = measuring(Painter((800, 480), "en", "zh_CN", keys=keys))
        painter._merchant = painter._customer = Words("en", asked)
        for view in (VIEWS | ALONE | TRAINING | PAST_VIEWS | views()).values():
            painter.paint(view, NOW)
        painter.paint(VIEWS["idle"], NOW, None, Rest.CALM)
    elsewhere = {key for key in asked if key.startswith(("slip.", "say."))}  # test_printer_slips.py, test_guidance.py
    assert set(asked) - asked.keys_asked == elsewhere


@needs_words
def test_no_word_of_a_technician_reaches_the_customer(language: str) -> None:
    """The owner does read some, while the kiosk is set up: a key goes by the name that the merchant platform gives it."""
    banned = re.compile(r"retry|error|null|timeout|out_trade_no|auth_code|\bAPI", re.IGNORECASE)
    merchants_alone = ("finding.", "remedy.", "setup.")  # a check-up names what the merchant platform names
    theirs = {key: text for key, text in words_of(language).table.items() if not key.startswith(merchants_alone)}
    assert not [key for key, text in theirs.items() if banned.search(text)]


def _holds(char: str, language: str, *, bold: bool) -> bool:
    (script, _), *_ = runs(char)
    if script is Script.THAI:
        return _thai(20, bold=bold).metrics(char)[0] is not None
    return _wide(language, bold=bold).get_metrics(char)[0] is not None


@needs_words
@pytest.mark.parametrize("bold", [False, True])
def test_the_fonts_hold_every_character_of_every_word_and_amount(language: str, *, bold: bool) -> None:
    text = "".join(words_of(language).table.values())
    for currency in ("HKD", "CNY", "JPY", "KRW", "THB", "TWD", "SGD", "MOP", "EUR", "GBP", "USD", "AUD", "NZD", "MYR"):
        text += in_words(Money(123456789, currency), language) + currency
    text += "0123456789:–.…’ Harbour Snacks Café Señor 海港小食 港式點心 カフェ 한국식당 ร้านอาหาร"
    assert sorted({char for char in text if not _holds(char, language, bold=bold)}) == []


def test_a_character_that_is_in_no_font_is_noticed() -> None:
    """Else the test above could not fail."""
    assert not _holds("\U0001f600", "en", bold=False)
    assert _wide("en", bold=False).get_metrics("ก")[0] is None


def test_each_language_gets_its_own_strokes_of_the_same_character() -> None:
    """直 and 骨 are written differently in Beijing, Taipei and Tokyo: the faces are really different ones."""
    names = {language: _wide(language, bold=True).name for language in LANGUAGES}
    assert [names[language][-2:] for language in ("zh_CN", "zh_TW", "ja", "ko")] == ["SC", "TC", "JP", "KR"]
    pictures = {
        language: bytes(_wide(language, bold=False).render_raw("骨直", size=60)[0]) for language in ("zh_CN", "zh_TW", "ja")
    }
    assert len(set(pictures.values())) == 3
    assert set(FACE_OF) == set(LANGUAGES)


def test_thai_marks_stand_over_their_letters_and_not_beside_them() -> None:
    """ที่ is one letter wide: the vowel and the tone mark take no room of their own, and the tone mark stands above the vowel."""
    font = _thai(60, bold=False)
    assert font.size("ที่")[0] == font.size("ท")[0]
    one, two = (font.render(text, True, (255, 255, 255)).get_bounding_rect() for text in ("ที", "ที่"))
    assert two.top < one.top - 3


def test_a_missing_font_names_the_package_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    path_of.cache_clear()
    monkeypatch.setattr(Path, "is_file", lambda _: False)
    monkeypatch.setattr(fonts, "_ask_fontconfig", lambda *_: None)
    try:
        with pytest.raises(DriverError, match=r"NotoSansCJK-Regular\.ttc.*apt install fonts-noto-cjk"):
            fonts.check("en")
    finally:
        path_of.cache_clear()


def test_a_thai_kiosk_needs_the_thai_font_and_others_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thai(script: Script, *, bold: bool) -> str:
        if script is Script.THAI:
            raise DriverError("install fonts-tlwg-loma-ttf")
        return f"{script}{bold}"

    monkeypatch.setattr(fonts, "path_of", no_thai)
    fonts.check("en", "zh_CN")
    with pytest.raises(DriverError, match="loma"):
        fonts.check("en", "th")


def test_fontconfig_is_asked_where_a_font_lies_elsewhere() -> None:
    found = fonts._ask_fontconfig("Noto Sans CJK SC", "NotoSansCJK-Regular.ttc")
    assert found is None or Path(found).is_file()
    assert fonts._ask_fontconfig("Noto Sans CJK SC", "no-such-file.ttf") is None


def test_a_language_without_words_is_refused_by_name() -> None:
    with pytest.raises(DriverError, match=r"'it'.*en, zh_CN"):
        words_of("it")
