"""The table [printer]: a printer only where it stands, its defaults, and every mistake in words."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from kiosk.config.example import EXAMPLE
from kiosk.config.printer import PRINTERS, WIDTHS_MM, PrinterConfig, read_printer
from kiosk.config.reader import Files, Table
from kiosk.core.slips import Receipts
from kiosk.printer import DOTS, DRIVERS

USB = {"driver": "escpos", "connection": "usb"}
NETWORK = {"driver": "escpos", "connection": "network", "host": "192.168.1.87"}


def read(raw: dict[str, object], problems: list[str] | None = None) -> PrinterConfig:
    found: list[str] = [] if problems is None else problems
    table = Table("printer", raw, found)
    made = read_printer(table, Files(Path("/etc/kiosk"), None))
    table.end()
    assert problems is not None or found == []
    return made


def test_the_example_has_every_key_with_its_default() -> None:
    """Behind two signs, as the table is there as a whole or not at all."""
    lines = re.findall(r"(?m)^## (.*)$", EXAMPLE)
    raw = tomllib.loads("\n".join(lines))["printer"]
    for key in ("usb_id", "device", "host", "folder"):
        assert raw.pop(key)
    assert set(raw) | {"usb_id", "device", "host", "folder"} == set(PrinterConfig.__slots__)
    assert read(raw) == PrinterConfig("escpos")


def test_every_driver_and_width_that_may_be_written_is_there() -> None:
    assert (DRIVERS, tuple(DOTS)) == (PRINTERS, WIDTHS_MM)


def test_each_connection_has_its_own_keys() -> None:
    assert read({**USB, "usb_id": "04b8:0E15"}).usb_id == (0x04B8, 0x0E15)
    serial = read({"driver": "escpos", "connection": "serial", "device": "/dev/ttyUSB0", "baud": 19200})
    assert (serial.device, serial.baud) == ("/dev/ttyUSB0", 19200)
    network = read({**NETWORK, "width_mm": 80, "receipts": "asked", "chinese": "gb18030", "answers": False})
    assert (network.host, network.port, network.width_mm, network.receipts) == ("192.168.1.87", 9100, 80, Receipts.ASKED)
    assert (network.chinese, network.answers) == ("gb18030", False)
    assert read({"driver": "paper", "folder": "slips"}).folder == Path("/etc/kiosk/slips")


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({}, "[printer] driver is missing. Write one of"),
        ({"driver": "escpos"}, '[printer] connection is missing. Write one of "usb", "serial", "network".'),
        ({"driver": "paper"}, "[printer] folder is missing. Write the folder"),
        ({"driver": "escpos", "connection": "network"}, "[printer] host is missing. Write its IPv4"),
        ({"driver": "escpos", "connection": "serial"}, "[printer] device is missing. Write its serial line"),
        ({**NETWORK, "host": "::1"}, '[printer] host = "::1" is not of the right form. Write its IPv4'),
        ({**NETWORK, "port": 0}, "[printer] port = 0 is not between 1 and 65535. Write its port"),
        ({**USB, "usb_id": "4b8:e15"}, '[printer] usb_id = "4b8:e15" is not of the right form. Write vendor'),
        ({**USB, "baud": 9601}, "[printer] baud = 9601 is none of 9600, 19200"),
        ({**USB, "width_mm": 57}, "[printer] width_mm = 57 is not between 58 and 80. Write how wide"),
        ({**USB, "width_mm": 76}, "[printer] width_mm = 76 is none of 58, 80. Write how wide"),
        ({**USB, "receipts": "always"}, '[printer] receipts = "always" is not known here. Write one of "paid", "asked".'),
        ({**USB, "chinese": "gbk"}, '[printer] chinese = "gbk" is not known here'),
        ({**USB, "answers": 0}, "[printer] answers = 0 is a whole number, not true or false."),
        ({**USB, "hots": "x"}, '[printer] hots is not a key of this table (did you mean "host"?)'),
    ],
)
def test_a_mistake_is_told_by_key_value_and_remedy(raw: dict[str, object], says: str) -> None:
    """Alone: nothing wrong is said of the rest."""
    problems: list[str] = []
    read(raw, problems)
    assert [problem for problem in problems if says in problem], problems
    assert len(problems) == 1
