"""The catalogues of kiosk/locale: `python -m deploy.words` finds the English texts, brings each language up to them, compiles.

`compile FILE.po ...` only makes the .mo files beside these: the program reads them, and no source holds them. Needs Babel.
"""

from __future__ import annotations

import sys
from copy import deepcopy
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from kiosk.core.languages import LANGUAGES

HERE = Path(__file__).resolve().parents[1]
_OF_SCREENS = ("selling", "care", "set_up", "paper", "aloud")
SOURCES = [f"kiosk/display/english/{name}.py" for name in _OF_SCREENS] + ["kiosk/owner/english.py"]
LOCALE = HERE / "kiosk/locale"
TEMPLATE = LOCALE / "kiosk.pot"
KEYWORDS = {"said": ((1, "c"), 2), "counted": ((1, "c"), 2, 3)}
_BEGUN = datetime(
    2026, 11, 26, tzinfo=UTC
)  # stands in every catalogue: the day of its last change would be a conflict at every merge
_HEADER = "# The kiosk's words{}. For translators: docs/languages.md.\n#"


def template() -> Catalog:
    """The English texts, in the order of the sources. ValueError when two share a key."""
    found = _catalog(None, "")
    keys: set[str] = set()
    for source in SOURCES:
        place = HERE / source
        for file in sorted(place.glob("*.py")) if place.is_dir() else [place]:
            for _, message, comments, key in extract_from_file(
                "python", file, keywords=KEYWORDS, comment_tags=["For translators:"]
            ):
                if key is None or key in keys:
                    raise ValueError(f"{file}: the key {key!r} of {message!r} is there already")
                keys.add(key)
                found.add(message, auto_comments=comments, context=key)
    return found


def languages() -> list[str]:
    """Those that have a catalogue, and those of the kiosk that are to have one; English is in the program."""
    begun = {place.parent.parent.name for place in LOCALE.glob("*/LC_MESSAGES/kiosk.po")}
    return sorted(begun | (LANGUAGES.keys() - {"en"}))


def place_of(language: str) -> Path:
    """Where its catalogue is, or would be."""
    return LOCALE / language / "LC_MESSAGES/kiosk.po"


def read(language: str) -> Catalog:
    """Its catalogue; an empty one when there is none yet."""
    place = place_of(language)
    if not place.exists():
        return _catalog(language, f" in {language}")
    with place.open("rb") as file:
        return read_po(file, locale=language)


def write(catalogue: Catalog, place: Path) -> None:
    """The file, unless nothing but the version of Babel would change."""
    text = text_of(catalogue)
    if place.exists() and _unsigned(place.read_text("utf-8")) == _unsigned(text):
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, "utf-8")


def update(catalogue: Catalog, english: Catalog) -> None:
    """Bring it up to the English: new texts are empty, changed ones fuzzy, those that are gone leave."""
    before = {message.context: message for message in texts(catalogue)}
    fresh = deepcopy(english)  # the catalogue takes the messages themselves
    catalogue.update(fresh, no_fuzzy_matching=True, update_header_comment=False)
    catalogue.obsolete.clear()
    for message in texts(catalogue):
        old = before.get(message.context)
        if old is not None and old.id != message.id and old.pluralizable == message.pluralizable:
            message.string = old.string
            message.flags.add("fuzzy")
            message.previous_id = [old.id] if isinstance(old.id, str) else list(old.id)


def compile_all(top: Path = HERE) -> None:
    """Each .mo beside its .po, of the source that lies in `top`."""
    for place in sorted((top / "kiosk/locale").glob("*/LC_MESSAGES/kiosk.po")):
        compile_one(place)


def compile_one(place: Path) -> None:
    """The .mo beside this .po. What is not translated, or not sure, is not in it."""
    with place.open("rb") as file:
        catalogue = read_po(file, locale=place.parents[1].name)
    made = BytesIO()
    write_mo(made, catalogue)
    fresh = place.with_suffix(".mo.new")  # a kiosk may be reading the old one
    fresh.write_bytes(made.getvalue())
    fresh.replace(place.with_suffix(".mo"))


def main() -> None:
    """All of it, or with `compile FILE.po ...` the last part, for these alone."""
    if sys.argv[1:2] == ["compile"]:
        for name in sys.argv[2:]:
            compile_one(Path(name).resolve())
    else:
        english = template()
        write(english, TEMPLATE)
        for language in languages():
            catalogue = read(language)
            update(catalogue, english)
            write(catalogue, place_of(language))
            lacking = [message.context for message in texts(catalogue) if message.fuzzy or not all(strings(message))]
            if lacking:
                print(f"{language}: {len(lacking)} texts to translate or to look at: {', '.join(map(str, lacking))}")
        compile_all()


def _catalog(language: str | None, of: str) -> Catalog:
    return Catalog(
        locale=language,
        project="kiosk",
        version="1",
        header_comment=_HEADER.format(of),
        msgid_bugs_address="kiosk@localhost",
        last_translator="the kiosk's makers <kiosk@localhost>",
        language_team="the kiosk's makers",
        creation_date=_BEGUN,
        fuzzy=False,
    )


def texts(catalogue: Catalog) -> list[Message]:
    """All but its header."""
    return [message for message in catalogue if message.id]


def strings(message: Message) -> list[str]:
    """The translation; of a counted text each of its forms."""
    return [str(text or "") for text in message.string] if isinstance(message.string, (tuple, list)) else [message.string or ""]


def text_of(catalogue: Catalog) -> str:
    """The file."""
    made = BytesIO()
    write_po(made, catalogue, width=0, no_location=True, ignore_obsolete=True, include_previous=True)
    return made.getvalue().decode("utf-8")


def _unsigned(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith('"Generated-By:')]


if __name__ == "__main__":
    main()
