"""What a folder needs so that a kiosk can sell against the stand-in: kiosk.toml, keys, sandbox.json. Existing things are kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.sandbox.keys import Keys
from kiosk.sandbox.records import Merchant
from kiosk.written import put

MERCHANTS = {
    "institution": Merchant(),
    "direct": Merchant(appid="wx1234567890abcdef", mchid="1900009999", sub_mchid=None),
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """The folder as it stands. `config_fits` is False when a kept kiosk.toml does not name this stand-in's address."""

    folder: Path
    config: Path
    merchant: Merchant
    keys: Keys
    url: str
    page: str
    config_fits: bool


def merchant_of(folder: Path, mode: str = "institution") -> Merchant:
    """The merchant this folder was prepared for before, else the one of `mode`."""
    known = read_facts(folder)
    return MERCHANTS[known.get("mode", mode)]


def read_facts(folder: Path) -> dict[str, Any]:
    """sandbox.json, or nothing."""
    file = folder / "sandbox.json"
    facts: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return facts


def prepare(
    folder: Path, *, url: str, page: str, mode: str = "institution", keys: Keys | None = None, overwrite: bool = False
) -> Prepared:
    """Write what is missing into `folder`; `overwrite` makes kiosk.toml anew. `url`: of the API; `page`: of the bench page."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "frames").mkdir(exist_ok=True)
    keys = keys or Keys(folder)
    merchant = MERCHANTS[mode] if overwrite else merchant_of(folder, mode)
    config = folder / "kiosk.toml"
    if overwrite or not config.exists():
        config.write_text(_config(merchant, keys, url), "utf-8")
    facts = {
        "url": url,
        "page": page,
        "mode": "direct" if merchant.sub_mchid is None else "institution",
        **merchant.ids(),
        "merchant_serial": keys.merchant_serial,
        "platform_serial": keys.current.serial,
        "pub_key_id": keys.pub_key_id,
    }
    put(folder / "sandbox.json", json.dumps(facts, indent=1).encode() + b"\n")  # whole when it is there: others wait for it
    fits = f'"{url}"' in config.read_text("utf-8")
    return Prepared(folder, config, merchant, keys, url, page, fits)


def _config(merchant: Merchant, keys: Keys, url: str) -> str:
    mode = "direct" if merchant.sub_mchid is None else "institution"
    ids = "\n".join(f'{name} = "{value}"' for name, value in merchant.ids().items())
    return f"""# A kiosk for the desk: it sells against the stand-in for WeChat Pay. No real money moves.
[merchant]
name = "{merchant.name}"
mode = "{mode}"
{ids}
merchant_category_code = "5814"
currency = "{merchant.currency}"
kiosk_id = "K07"

[wechat_pay]
hosts = ["{url}"]
merchant_key = "merchant_key.pem"
merchant_serial = "{keys.merchant_serial}"
api_v3_key = "api_v3_key.txt"
platform_keys = "certificates"
notify_url = "https://pay.example.net/wechat/notify"

[display]
driver = "pygame"
size = [800, 480]
fullscreen = false
merchant_language = "en"
customer_language = "zh_CN"

[keypad]
driver = "keyboard"
remote = true  # the bench page presses keys, too

[camera]
driver = "folder"
folder = "frames"

[till]
default_tender = "quick_pay"

[ledger]
path = "kiosk.db"
"""
