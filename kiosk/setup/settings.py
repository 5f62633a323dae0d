"""From what was given to a whole kiosk.toml: the merchant's tables, the board's parts, and defaults for the rest. Opens nothing.

merchant.toml is a kiosk.toml of which only the merchant's part must be there: [merchant], and of [wechat_pay] what differs. What
it says goes before what is guessed here. Whether all of it is right, config/ says.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import tomlkit

from kiosk.setup.board import Board

LARGEST = 32 * 1024  # characters of merchant.toml
_HOSTS = ["https://apihk.mch.weixin.qq.com", "https://apius.mch.weixin.qq.com"]
_CUSTOMERS = "zh_CN"
_OURS = ("ledger", "control")  # where things lie on this machine is not the merchant's to say

Tables = dict[str, dict[str, object]]


class NotMerchantData(ValueError):
    """The text is no merchant.toml; the words say why."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie on this machine. `state`: ledger and what was given; `settings`: kiosk.toml and what is public."""

    state: Path
    settings: Path
    control: Path

    @property
    def door(self) -> Path:
        """Where the owner's page asks."""
        return self.control.with_name("owner.sock")

    @property
    def page_wanted(self) -> Path:
        """The empty file by which the owner's page is asked for."""
        return self.control.with_name("owner.wanted")

    @property
    def given(self) -> Path:
        """What was given so far."""
        return self.state / "setup.json"


def read_merchant(text: str) -> Tables:
    """The tables of merchant.toml. NotMerchantData when it is not TOML, or lacks [merchant]."""
    tables = read_tables(text, "merchant.toml")
    if "merchant" not in tables:
        raise NotMerchantData("merchant.toml lacks the table [merchant]. Write it as README shows.")
    return tables


def read_tables(text: str, name: str) -> Tables:
    """The tables of such a file. NotMerchantData when it is not TOML, or has more than tables."""
    if len(text) > LARGEST:
        raise NotMerchantData(f"{name} is longer than {LARGEST} characters, which no merchant's data are.")
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise NotMerchantData(f"{name} is not TOML: {error}. Correct that line.") from None
    except (ValueError, RecursionError):
        raise NotMerchantData(f"{name} is not TOML. Write it as README shows.") from None
    for key, table in tables.items():
        if not isinstance(table, dict):
            raise NotMerchantData(f"{key[:40]!r} of {name} stands above all tables. Move it into its table.")
    return tables


def whole(merchant: str, language: str, zone: str, serial: str | None, board: Board, places: Places) -> str:
    """The text of kiosk.toml. `serial`: of the merchant's certificate, if that was given. NotMerchantData as read_merchant."""
    given = read_merchant(merchant)
    tables: Tables = {
        "merchant": {"time_zone": zone},
        "wechat_pay": {
            "hosts": _HOSTS,
            "merchant_key": "merchant_key.pem",
            "api_v3_key": "api_v3_key.txt",
            "platform_keys": "certificates",
            **({} if serial is None else {"merchant_serial": serial}),
        },
        "display": board.display() | {"merchant_language": language, "customer_language": _CUSTOMERS},
        "keypad": board.keys(),
        "camera": board.camera(),
        "till": {},
        "ledger": {"path": str(places.state / "kiosk.db")},
        "control": {"socket": str(places.control)},
    }
    for brought in (board.known, given):
        for name, table in brought.items():
            if name not in _OURS:
                tables[name] = tables.get(name, {}) | dict(table)
    tables["display"]["merchant_language"] = language  # chosen on this screen, by whoever stands before it
    return f"# Written by the kiosk's set-up. What may stand here: README.md\n\n{tomlkit.dumps(tables)}"


def merchant_text(tables: Tables) -> str:
    """The tables as a merchant.toml has them."""
    return tomlkit.dumps(tables)
