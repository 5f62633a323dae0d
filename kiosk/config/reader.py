"""One table of kiosk.toml while it is read: hands out typed values and collects every mistake as a sentence for the owner.

Knows TOML's types, where key files may lie, and how a mistake is worded. Must not know what any key means (the tables' files do).
What might be a secret is never repeated: not the content of a key file, and not a key pasted in the place of a file name.
"""

from __future__ import annotations

import difflib
import json
import re
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

_FILE_LIMIT_BYTES = 65_536
_SHOWN_LIMIT = 200
_OPEN_TO_OTHERS = stat.S_IROTH | stat.S_IWOTH

# 32 letters and digits are the form of an APIv3 key (contract 1.7); five dashes open a PEM block.
_LIKE_A_KEY = re.compile(r"\A[0-9A-Za-z]{32}\Z|-----|\n")
# Where a file's name is expected: a long run without a dot, slash at most as in base64, is rather the secret itself.
_LIKE_NO_FILE_NAME = re.compile(r"\A[0-9A-Za-z+/=]{24,}\Z")


class Table:
    """The table `name`. Each reader returns the value, or after a mistake the default (or something empty) in its place."""

    def __init__(self, name: str, raw: object, problems: list[str]) -> None:
        self.name = name
        self._problems = problems
        self._asked: list[str] = []
        self._raw: dict[str, object] = {}
        if isinstance(raw, dict):
            self._raw = raw
        elif raw is not None:
            problems.append(f"[{name}] is {_type_of(raw)}, not a table. Write [{name}] on a line of its own, its keys below it.")

    def has(self, key: str) -> bool:
        """Whether the file sets the key. Counts as asking for it."""
        self._asked.append(key)
        return key in self._raw

    def names(self) -> tuple[str, ...]:
        """The keys of a table in which they are not words of ours, in the file's order."""
        return tuple(self._raw)

    def below(self, key: str) -> Table | None:
        """The table within this one, [name.key]; None when the file has none."""
        return Table(f"{self.name}.{key}", self._raw[key], self._problems) if self.has(key) else None

    def text(self, key: str, remedy: str, *, form: str | None = None, default: str | None = None) -> str:
        """A text on one line that, with `form`, matches it as a whole."""
        value = self._typed(key, str, remedy, required=default is None)
        if not isinstance(value, str):
            return default or ""
        if not value:
            self.wrong(key, value, "is empty", remedy)
        elif not value.isprintable():
            self.wrong(key, value, "holds a control character", remedy)
        elif form is not None and not re.fullmatch(form, value, re.ASCII):
            self.wrong(key, value, "is not of the right form", remedy)
        else:
            return value
        return default or ""

    def choice(self, key: str, choices: Sequence[str], *, default: str | None = None) -> str:
        """One of a few words; after a mistake the default or the empty word."""
        remedy = f"Write one of {_listed(choices)}."
        value = self._typed(key, str, remedy, required=default is None)
        if isinstance(value, str):
            if value in choices:
                return value
            self.wrong(key, value, "is not known here" + did_you_mean(value, choices), remedy)
        return default or ""

    def number(self, key: str, remedy: str, *, bounds: tuple[int, int], default: int) -> int:
        """A whole number within bounds."""
        value = self._typed(key, int, remedy, required=False)
        if isinstance(value, int):
            if bounds[0] <= value <= bounds[1]:
                return value
            self.wrong(key, value, f"is not between {bounds[0]} and {bounds[1]}", remedy)
        return default

    def numbers(self, key: str, remedy: str, *, bounds: tuple[int, int], default: tuple[int, ...]) -> tuple[int, ...]:
        """A list of whole numbers within bounds, as many as the default has."""
        value = self._typed(key, list, remedy, required=False)
        if isinstance(value, list):
            if len(value) == len(default) and all(type(item) is int and bounds[0] <= item <= bounds[1] for item in value):
                return tuple(value)
            what = f"is not a list of {len(default)} whole numbers between {bounds[0]} and {bounds[1]}"
            self.wrong(key, value, what, remedy)
        return default

    def flag(self, key: str, remedy: str, *, default: bool) -> bool:
        """A yes or no."""
        value = self._typed(key, bool, remedy, required=False)
        return value if isinstance(value, bool) else default

    def items(self, key: str, remedy: str, *, may_be_empty: bool = False) -> list[object]:
        """A list; what is in it is for the caller to look at."""
        value = self._typed(key, list, remedy, required=True)
        if isinstance(value, list):
            if value or may_be_empty:
                return value
            self.wrong(key, value, "is empty", remedy)
        return []

    def file_name(self, key: str, remedy: str) -> str | None:
        """The name of a file that holds a secret; None, with the mistake noted, when there is none, or the secret itself."""
        value = self.raw(key, remedy)
        if value is None:
            return None
        if not isinstance(value, str):
            self.wrong_file(key, value, "is not a text in quotes", remedy)
        elif _LIKE_A_KEY.search(value):
            self.wrong_file(key, value, "looks like the key itself", f"Put it into a file that only the kiosk can read. {remedy}")
        elif not value:
            self.wrong(key, value, "is empty", remedy)
        else:
            return value
        return None

    def raw(self, key: str, remedy: str) -> object:
        """The value of whatever type; None, with the mistake noted, when it is missing."""
        if not self.has(key):
            self._problems.append(f"[{self.name}] {key} is missing. {remedy}")
        return self._raw.get(key)

    def peek(self, key: str) -> object:
        """The value as it is, None when there is none; nothing is noted."""
        return self._raw.get(key)

    def wrong(self, key: str, value: object, what: str, remedy: str) -> None:
        """Note a mistake: the key, its value as written, what is wrong with it, and what to write instead."""
        self._problems.append(f"[{self.name}] {key} = {_shown(value)} {what}. {remedy}")

    def wrong_file(self, key: str, value: object, what: str, remedy: str) -> None:
        """Note a mistake about a file's name, which may be the secret itself pasted in the wrong place."""
        if not isinstance(value, str) or _LIKE_NO_FILE_NAME.match(value) or _LIKE_A_KEY.search(value):
            self._problems.append(f"[{self.name}] {key} = (not shown) {what}. {remedy}")
        else:
            self.wrong(key, value, what, remedy)

    def misplaced(self, key: str, why: str, remedy: str) -> None:
        """Note a key that is known but may not stand here; its value is not repeated."""
        if self.has(key):
            self._problems.append(f"[{self.name}] {key} {why}. {remedy}")

    def end(self) -> None:
        """Note each key nobody asked for. Its value is not repeated: nobody knows what it is."""
        for key in self._raw:
            if key not in self._asked:
                hint = did_you_mean(key, self._asked)
                self._problems.append(f"[{self.name}] {shown_key(key)} is not a key of this table{hint}. Correct or remove it.")

    def _typed(self, key: str, kind: type[object], remedy: str, *, required: bool) -> object:
        if not self.has(key):
            if required:
                self._problems.append(f"[{self.name}] {key} is missing. {remedy}")
            return None
        value = self._raw[key]
        if type(value) is kind:  # exactly: True is no number
            return value
        self.wrong(key, value, f"is {_type_of(value)}, not {_KINDS[kind]}", remedy)
        return None


class Files:
    """Finds and reads what keys name: absolute, relative to kiosk.toml, or for keys a name in the credentials' directory."""

    def __init__(self, base: Path, credentials: Path | None) -> None:
        self._base = base
        self._credentials = credentials
        self.warnings: list[str] = []

    def beside(self, name: str) -> Path:
        """Where a thing called `name` in kiosk.toml lies; it need not exist."""
        return self._base / name

    def key_file(self, name: str) -> Path:
        """Where a key file called `name` lies: one of the credentials, if there is one of this name."""
        if self._credentials is not None and "/" not in name and (self._credentials / name).exists():
            return self._credentials / name
        return self.beside(name)

    def own_file(self, name: object) -> Path | None:
        """The key file called `name`, if it lies beside kiosk.toml: what systemd hands over is as old as the kiosk's start."""
        if not isinstance(name, str) or not name:
            return None
        path = self.key_file(name)
        return path if path == self.beside(name) else None

    def read(self, table: Table, key: str, name: str, remedy: str, *, secret: bool) -> bytes | None:
        """The file's content; None, with the mistake noted, when it cannot be had."""
        try:
            path = self.key_file(name)
            with path.open("rb") as file:
                mode = stat.S_IMODE(path.stat().st_mode)
                content = file.read(_FILE_LIMIT_BYTES + 1)
        except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
            why = error.strerror if isinstance(error, OSError) else "not a file name"
            table.wrong_file(key, name, f"cannot be read ({why})", remedy)
            return None
        if len(content) > _FILE_LIMIT_BYTES:
            table.wrong_file(key, name, f"is larger than {_FILE_LIMIT_BYTES} bytes, which no key is", remedy)
            return None
        if secret and mode & _OPEN_TO_OTHERS:
            self.warnings.append(
                f"[{table.name}] {key}: every user of this machine can open {path} (mode {mode:04o}). Run: chmod 600 {path}"
            )
        return content


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """' (did you mean "currency"?)', or nothing when no known word is near."""
    by_lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f' (did you mean "{by_lower[near[0]]}"?)' if near else ""


def shown_key(key: str) -> str:
    """A key or the name of a table, as far as it fits a sentence; never what looks like a secret in its place."""
    if _LIKE_A_KEY.search(key.strip()):
        return "(not shown)"
    return key if re.fullmatch(r"[0-9A-Za-z_-]{1,40}", key) else json.dumps(key[:40])


_KINDS: dict[type[object], str] = {
    str: "a text in quotes",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    float: "a number with a point",
}


def _type_of(value: object) -> str:
    return _KINDS.get(type(value), "a date or time")


def _shown(value: object) -> str:
    """The value as TOML writes it, on one line; never what looks like a key."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):  # a number of thousands of digits (written in hex), tables within tables
        return "(not shown)"
    if len(text) > _SHOWN_LIMIT or any(_LIKE_A_KEY.search(item) for item in _texts(value)):
        return "(not shown)"
    return text


def _texts(value: object) -> list[str]:
    match value:
        case str() | int():
            return [str(value)]
        case list():
            return [text for item in value for text in _texts(item)]
        case dict():
            return [text for item in value.values() for text in _texts(item)]
        case _:
            return []


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)
