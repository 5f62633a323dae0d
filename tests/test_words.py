"""The catalogues: each language has every text, sure and up to date, with the same blanks; and what the program reads is that."""

from __future__ import annotations

import gettext
import string
from copy import deepcopy
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from deploy import words as deployed
from kiosk.core.languages import LANGUAGES
from kiosk.display.english import ENGLISH
from kiosk.display.words import LOCALE, words_of
from kiosk.owner.english import PAGE
from kiosk.owner.words import page_words

BOTH = {**ENGLISH, **PAGE}
TRANSLATED = [language for language in LANGUAGES if language != "en"]  # English is in the program
each_language = pytest.mark.parametrize("language", TRANSLATED)
_english = deployed.template()


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _messages(catalogue: Catalog) -> dict[str, Message]:
    return {str(message.context): message for message in deployed.texts(catalogue)}


def test_every_text_of_the_program_is_in_the_template_under_its_key() -> None:
    assert {key: message.id for key, message in _messages(_english).items()} == {
        key: text if len(text) == 2 else text[0] for key, text in BOTH.items()
    }
    with deployed.TEMPLATE.open("rb") as file:
        assert _messages(read_po(file)).keys() == BOTH.keys(), "run: make words"


def test_there_is_a_catalogue_for_each_language_and_no_other() -> None:
    assert set(deployed.languages()) == set(TRANSLATED)


@each_language
def test_a_catalogue_is_complete_sure_and_up_to_date(language: str) -> None:
    catalogue = deployed.read(language)
    before = _messages(catalogue)
    assert {key: message.id for key, message in before.items()} == {
        key: message.id for key, message in _messages(_english).items()
    }, "run: make words"
    assert not catalogue.obsolete
    assert [key for key, message in before.items() if message.fuzzy or not all(deployed.strings(message))] == []
    assert all(text.strip("| ") == text for message in before.values() for text in deployed.strings(message))


@each_language
def test_every_form_of_a_text_has_the_blanks_of_its_english(language: str) -> None:
    for key, message in _messages(deployed.read(language)).items():
        wanted = _fields(BOTH[key][0])
        assert len(BOTH[key]) == 1 or "count" in wanted, key
        assert all(_fields(text) == wanted for text in deployed.strings(message)), key


@each_language
def test_what_is_read_is_what_the_catalogue_says(language: str) -> None:
    """Else a .mo is older than its .po: make setup."""
    screens, page = words_of(language), page_words(language)
    for key, message in _messages(deployed.read(language)).items():
        words = screens if key in ENGLISH else page
        assert words.table[key] == deployed.strings(message)[-1]
    with (LOCALE / language / "LC_MESSAGES/kiosk.mo").open("rb") as file:
        assert gettext.GNUTranslations(file).info()["language"] == language


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["1 refund: x", "2 refunds: x", "5 refunds: x", "21 refunds: x"]),
        ("zh_CN", [f"退款 {n} 笔：x" for n in (1, 2, 5, 21)]),
        ("fr", [f"{n} remboursement{'s' * (n > 1)}\u00a0: x" for n in (1, 2, 5, 21)]),
        ("ru", ["1 возврат: x", "2 возврата: x", "5 возвратов: x", "21 возврат: x"]),
    ],
)
def test_a_number_has_the_form_that_its_language_wants(language: str, said: list[str]) -> None:
    words = page_words(language)
    assert [words("day.refunded", count=count, amount="x") for count in (1, 2, 5, 21)] == said


def test_a_new_text_waits_for_its_translators_a_changed_one_too_and_one_that_is_gone_leaves(
    tmp_path: Path,
) -> None:
    """And meanwhile they are said in English."""
    english = deepcopy(_english)
    english.delete("Not paid", context="declined.customer")
    english.delete("Key in the amount", context="idle.merchant")
    english.add("Key in the amount now", context="idle.merchant")
    english.add("Quite new", context="new.text")
    catalogue = deployed.read("ja")
    deployed.update(catalogue, english)
    after = _messages(catalogue)
    assert "declined.customer" not in after
    assert (deployed.strings(after["new.text"]), after["idle.merchant"].fuzzy) == ([""], True)
    assert '#| msgid "Key in the amount"' in deployed.text_of(catalogue)
    place = tmp_path / "ja/LC_MESSAGES/kiosk.po"
    deployed.write(catalogue, place)
    deployed.compile_one(place)
    read = gettext.translation("kiosk", tmp_path, ["ja"])
    assert read.pgettext("new.text", "Quite new") == "Quite new"
    assert read.pgettext("idle.merchant", "Key in the amount now") == "Key in the amount now"
    assert read.pgettext("declined.merchant", "Not paid") == words_of("ja")("declined.merchant")


def test_two_texts_under_one_key_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployed, "SOURCES", [deployed.SOURCES[0]] * 2)
    with pytest.raises(ValueError, match=r"'signs.connecting'.*there already"):
        deployed.template()


def test_nothing_is_written_where_nothing_has_changed(tmp_path: Path) -> None:
    place = tmp_path / "kiosk.po"
    deployed.write(deployed.read("ko"), place)
    place.write_text(place.read_text("utf-8").replace("Generated-By: Babel", "Generated-By: an older Babel"), "utf-8")
    before = place.read_text("utf-8")
    deployed.write(deployed.read("ko"), place)
    assert place.read_text("utf-8") == before
