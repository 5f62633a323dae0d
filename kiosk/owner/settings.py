"""kiosk.toml as an owner understands it: a few fields of a form, put into the file with all its other lines as they were.

Knows TOML and the fields; whether the whole is right is the steward's to say, which reads it as the kiosk does. The one file with
`tomlkit`, which keeps comments and order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from kiosk.config.sound import GUIDE, SPEAK
from kiosk.config.till import MODES
from kiosk.core.errors import KioskError
from kiosk.core.languages import LANGUAGES
from kiosk.core.model import Tender

TABLES = r"\[(?P<table>[A-Za-z_]+)\] (?P<key>[A-Za-z_]+)"


class NotToml(KioskError):
    """The text is not TOML. `str()` says where."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: where it stands in kiosk.toml, and what may be written into it. `kind`: text, number, choice.

    `default`: what counts when the key is left out; None: then it is left out again when the field is empty.
    """

    table: str
    key: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = 60  # characters of a text, or the largest number
    default: object = None

    @property
    def name(self) -> str:
        """In the form, and among the words."""
        return f"{self.table}.{self.key}"


EVERYDAY = (
    Field("merchant", "name"),
    Field("display", "merchant_language", "choice", tuple(LANGUAGES), default="en"),
    Field("display", "customer_language", "choice", tuple(LANGUAGES), default="zh_CN"),
    Field("till", "default_tender", "choice", tuple(map(str, Tender)), default=str(Tender.QUICK_PAY)),
    Field("till", "mode", "choice", tuple(MODES), default="counter"),
    Field("till", "result_seconds", "number", most=3600, default=0),
    Field("display", "brightness", "number", least=10, most=100, default=100),
    Field("display", "dim_after_s", "number", most=86_400, default=120),
    Field("sound", "speak", "choice", SPEAK, default="merchant"),
    Field("sound", "guide", "choice", GUIDE, default="none"),
    Field("sound", "volume", "number", most=100, default=100),
    Field("merchant", "time_zone", most=40),
    Field("owner", "listen", most=60),
)
PRINTER = (
    Field("printer", "connection", "choice", ("none", "usb", "network"), default="none"),
    Field("printer", "host", most=60),
    Field("printer", "width_mm", "choice", ("58", "80"), default="58"),
    Field("printer", "receipts", "choice", ("paid", "asked"), default="paid"),
)
MERCHANT = (
    Field("merchant", "mode", "choice", ("institution", "direct")),
    Field("merchant", "appid", most=32),
    Field("merchant", "mchid", most=32),
    Field("merchant", "sp_appid", most=32),
    Field("merchant", "sp_mchid", most=32),
    Field("merchant", "sub_mchid", most=32),
    Field("merchant", "merchant_category_code", most=4),
    Field("merchant", "currency", most=3),
    Field("merchant", "kiosk_id", most=10),
    Field("wechat_pay", "notify_url", most=255),
    Field("wechat_pay", "merchant_serial", most=64),
)
FIRST = """\
[merchant]

[wechat_pay]

[owner]
listen = "0.0.0.0:8443"
"""
"""What a kiosk that has no kiosk.toml yet is given: what is the merchant's; its set-up knows the rest."""


def read(text: str) -> dict[str, Any]:
    """The tables as plain values. NotToml."""
    try:
        value: dict[str, Any] = tomlkit.parse(text).unwrap()
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise NotToml(str(error)) from None
    return value


def values(text: str, fields: tuple[Field, ...]) -> dict[str, str]:
    """What each field says now, by its name. NotToml."""
    raw = read(text)
    shown = {}
    for field in fields:
        table = raw.get(field.table)
        value = table.get(field.key, field.default) if isinstance(table, dict) else field.default
        shown[field.name] = "" if value is None else str(value)
    if "printer" in raw and any(field.table == "printer" for field in fields):
        shown["printer.connection"] = str(raw["printer"].get("connection", "usb")) if isinstance(raw["printer"], dict) else "usb"
    return shown


def wrong(given: Mapping[str, str], fields: tuple[Field, ...]) -> dict[str, Field]:
    """The fields whose text cannot be taken, by name."""
    return {field.name: field for field in fields if field.name in given and not _fits(field, given[field.name])}


def _fits(field: Field, text: str) -> bool:
    match field.kind:
        case "number":
            return bool(re.fullmatch(r"[0-9]{1,6}", text, re.ASCII)) and field.least <= int(text) <= field.most
        case "choice":
            return text in field.choices
        case _:
            return len(text) <= field.most and (text.isprintable() or not text)


def changed(text: str, given: Mapping[str, str], fields: tuple[Field, ...]) -> str:
    """The file with what was given; lines of other keys stay as they are. The fields fit (see wrong()). NotToml."""
    before = values(text, fields)
    document = tomlkit.parse(text)
    if given.get("printer.connection") == "none":
        document.pop("printer", None)
        fields = tuple(field for field in fields if field.table != "printer")
    for field in fields:
        new = given.get(field.name, before[field.name]).strip()
        fresh = field.table not in document and given.get("printer.connection") not in (None, "none") and field.table == "printer"
        if new == before[field.name] and not fresh:
            continue
        if field.table not in document:
            document.add(tomlkit.nl())
            document.add(field.table, tomlkit.table())
        table: Any = document[field.table]
        if field.table == "printer" and "driver" not in table:
            table["driver"] = "escpos"
        if not new:
            table.pop(field.key, None)
        elif field.kind == "number" or field.key == "width_mm":
            table[field.key] = int(new)
        else:
            table[field.key] = new
    if "printer" in document and document["printer"].get("connection") != "network":
        document["printer"].pop("host", None)
    return tomlkit.dumps(document)


def operators(text: str) -> dict[str, str]:
    """Who works at the kiosk, by name, and as what; empty where nobody is named. NotToml."""
    table = read(text).get("operators")
    return {str(name): str(role) for name, role in table.items()} if isinstance(table, dict) else {}


def with_operators(text: str, people: Mapping[str, str]) -> str:
    """The file with these operators and no others; nobody: without the table. Comments of those who stay, stay. NotToml."""
    before = operators(text)
    document = tomlkit.parse(text)
    if not people:
        document.pop("operators", None)
        return tomlkit.dumps(document)
    if not before:
        document.pop("operators", None)
        document.add(tomlkit.nl())
        document.add("operators", tomlkit.table())
    table: Any = document["operators"]
    for name in before.keys() - people.keys():
        table.remove(name)
    for name, role in people.items():
        if before.get(name) != role:
            table[name] = role
    return tomlkit.dumps(document)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One of the steward's sentences, and the line of the text it is about (from 1); None: of no one line."""

    words: str
    line: int | None


def placed(text: str, problems: str) -> list[Mistake]:
    """The mistakes that kiosk.toml's reader named, one a line of `problems`, each with its place in `text`."""
    return [Mistake(problem, _line(text, problem)) for problem in problems.splitlines() if problem.strip()]


def _line(text: str, problem: str) -> int | None:
    told = re.search(r"at line ([0-9]+)", problem)
    if told:
        return int(told[1])
    named = re.search(TABLES, problem)
    table = named["table"] if named else (re.match(r"\[([A-Za-z_]+)\]", problem) or ["", ""])[1]
    if not table:
        return None
    begun = None
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(rf"\s*\[{re.escape(table)}\]", line):
            begun = number
        elif begun is not None and re.match(r"\s*\[", line):
            return begun
        elif begun is not None and named and re.match(rf"\s*{re.escape(named['key'])}\s*=", line):
            return number
    return begun
