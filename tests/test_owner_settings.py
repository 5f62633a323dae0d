"""kiosk.toml through the owner's form, what a mistake is about, exports that trick no spreadsheet, words in every language."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kiosk import config
from kiosk.config.example import EXAMPLE
from kiosk.core.errors import ConfigError
from kiosk.core.languages import LANGUAGES
from kiosk.exports import forms
from kiosk.exports.rows import COLUMNS, Shop, rows_of
from kiosk.owner import settings
from kiosk.owner.settings import EVERYDAY, FIRST, MERCHANT, PRINTER, NotToml, changed, placed, values, wrong
from kiosk.owner.shop import ShopFile
from kiosk.owner.words import page_words

FIELDS = EVERYDAY + PRINTER


def test_what_the_form_does_not_touch_stays_as_it_was():
    """Saved as it was shown, the file is the same byte for byte; one thing changed, one line differs."""
    shown = values(EXAMPLE, FIELDS)
    assert changed(EXAMPLE, shown, FIELDS) == EXAMPLE
    text = changed(EXAMPLE, {**shown, "merchant.name": "Pier 4"}, FIELDS)
    differ = [(a, b) for a, b in zip(EXAMPLE.splitlines(), text.splitlines(), strict=True) if a != b]
    assert differ == [('name = "Harbour Snacks"', 'name = "Pier 4"')]


def test_defaults_are_shown_and_not_written():
    shown = values(EXAMPLE, FIELDS)
    assert shown["display.brightness"] == "100"
    assert shown["printer.connection"] == "none"
    text = changed(EXAMPLE, {**shown, "sound.volume": "40", "owner.listen": "0.0.0.0:8443"}, FIELDS)
    raw = tomllib.loads(text)
    assert raw["sound"] == {"volume": 40}
    assert raw["owner"] == {"listen": "0.0.0.0:8443"}
    assert "listen" not in tomllib.loads(changed(text, {**values(text, FIELDS), "owner.listen": ""}, FIELDS))["owner"]


def test_what_every_kiosk_must_say_is_written_even_when_it_is_the_first_choice():
    text = changed(FIRST, {"merchant.mode": "institution", "merchant.currency": "HKD"}, MERCHANT)
    assert tomllib.loads(text)["merchant"] == {"mode": "institution", "currency": "HKD"}


def test_a_printer_comes_and_goes():
    shown = values(EXAMPLE, FIELDS)
    by_network = {"printer.connection": "network", "printer.host": "192.168.1.87", "printer.width_mm": "80"}
    text = changed(EXAMPLE, {**shown, **by_network}, FIELDS)
    assert tomllib.loads(text)["printer"] == {
        "driver": "escpos", "connection": "network", "host": "192.168.1.87", "width_mm": 80
    }  # fmt: skip
    text = changed(text, {**values(text, FIELDS), "printer.connection": "usb"}, FIELDS)
    assert "host" not in tomllib.loads(text)["printer"]
    text = changed(text, {**values(text, FIELDS), "printer.connection": "none"}, FIELDS)
    assert "printer" not in tomllib.loads(text)


@pytest.mark.parametrize("name", ['"]\n[owner]\nlisten = "0.0.0.0:1"', "'''", '\\" = 1 #', "日本 🍜"])
def test_a_name_is_a_name_and_no_toml(name: str):
    given = {"merchant.name": name}
    if not name.isprintable():
        assert list(wrong(given, FIELDS)) == ["merchant.name"]
    text = changed(EXAMPLE, given, FIELDS)
    assert tomllib.loads(text)["merchant"]["name"] == name
    assert tomllib.loads(text)["owner"] == {}


def test_what_cannot_stand_in_a_field_is_named():
    given = {"display.brightness": "5", "sound.volume": "101", "till.result_seconds": "-1", "display.merchant_language": "nl"}
    assert set(wrong({**given, "sound.speak": "none", "merchant.time_zone": ""}, FIELDS)) == set(given)
    assert wrong({"display.brightness": "１０"}, FIELDS)


def test_a_mistake_is_found_at_its_line():
    text = '# ours\n[merchant]\nname = ""\ncurency = "HKD"\n\n[display]\nbrightness = 5\n'
    lines = [
        "[merchant] currency is missing. Write it.",
        "[merchant] curency is not a key",
        "[display] brightness = 5 is not",
        "odd",
    ]
    assert [m.line for m in placed(text, "\n".join(lines))] == [2, 4, 7, None]
    with pytest.raises(NotToml) as caught:
        settings.read("[merchant]\nname = \n")
    assert placed("", str(caught.value))[0].line == 2


@pytest.mark.parametrize("text", ["=1+2", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_no_cell_is_a_formula(text: str):
    order = {
        "opened_at": 1_767_600_000_123, "settled_at": None, "out_trade_no": text, "transaction_id": None, "tender": "native",
        "state": "PAID", "amount": 1250, "refunded": 250, "currency": "HKD", "sale": 'a"b,c',
    }  # fmt: skip
    zone = ZoneInfo("Asia/Hong_Kong")
    (row_made,) = rows_of("orders", order, Shop(zone))
    made = b"".join(forms.as_csv(COLUMNS["orders"], [row_made]))
    head, row = csv.reader(io.StringIO(made.decode("utf-8-sig"), newline=""))
    told: dict[str, Any] = dict(zip(head, row, strict=True))
    assert told["out_trade_no"] == "'" + text
    assert (told["amount"], told["refunded"], told["sale"]) == ("12.50", "2.50", 'a"b,c')
    assert told["opened_at"] == "2026-01-05T16:00:00+08:00"
    assert json.loads(b"".join(forms.as_json([row_made])))[0]["out_trade_no"] == text


def test_every_field_and_choice_has_its_word():
    words = page_words("en").table
    for field in (*FIELDS, *settings.MERCHANT):
        assert f"field.{field.name}" in words or field.key == "merchant_serial", field.name
        for choice in field.choices:
            assert choice in LANGUAGES or f"choice.{field.name}.{choice}" in words, choice


def test_a_file_with_mistakes_is_read_as_far_as_it_goes(tmp_path: Path):
    path = tmp_path / "kiosk.toml"
    file = ShopFile(path)
    assert not file.shop.enrolled
    path.write_text(
        '[merchant]\nname = 7\ncurrency = "XXY"\ntime_zone = "../../etc/passwd"\n[display]\nmerchant_language = "xx"\n'
    )
    assert (file.shop.name, file.shop.currency, file.shop.language, str(file.shop.zone)) == ("7", "HKD", "en", "UTC")
    path.write_text('[merchant]\nname = "Pier 4"\n')
    assert file.shop.name == "Pier 4"
    path.write_text("broken [")
    assert file.shop.name == ""


LISTEN = {
    "192.168.1.5:8443": ("192.168.1.5", 8443),
    "[fd00::5]:8443": ("fd00::5", 8443),
    "wlan0:8443": ("wlan0", 8443),
    "0.0.0.0:65535": ("0.0.0.0", 65535),
}


@pytest.mark.parametrize("written", LISTEN)
def test_where_the_page_listens(tmp_path: Path, written: str):
    path = tmp_path / "kiosk.toml"
    path.write_text(f'[owner]\nlisten = "{written}"\nfolder = "owner"\n')
    read = config.load_owner(path)
    assert (read.host, read.port, read.folder) == (*LISTEN[written], tmp_path / "owner")


@pytest.mark.parametrize(
    "written", ["8443", "0.0.0.0", "1.2.3.4:443", "1.2.3.4:65536", "300.1.1.1:8443", "http://a:1", "wlan 0:8443", ":8443", ""]
)
def test_what_is_no_place_is_said_with_its_remedy(tmp_path: Path, written: str):
    path = tmp_path / "kiosk.toml"
    path.write_text(f'[owner]\nlisten = "{written}"\nlsten = 1\n')
    with pytest.raises(ConfigError) as caught:
        config.load_owner(path)
    first, second = caught.value.problems
    assert first.startswith(f'[owner] listen = "{written}"')
    assert "0.0.0.0:8443" in first
    assert "lsten" in second


def test_without_a_word_of_it_there_is_no_page(tmp_path: Path):
    path = tmp_path / "kiosk.toml"
    path.write_text("[owner]\n")
    assert config.load_owner(path).host is None
