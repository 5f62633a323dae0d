"""`kiosk sandbox --dir DIR`: a folder that a kiosk can start from, kept from one start to the next."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tomllib

import pytest
from cryptography.hazmat.primitives import serialization

from kiosk.core.errors import ConfigError
from kiosk.sandbox.bank import Bank
from kiosk.sandbox.desk import Desk
from kiosk.sandbox.keys import Keys
from kiosk.sandbox.prepare import prepare
from kiosk.sandbox.records import Kind, Wanted
from kiosk.sandbox.server import open_sandbox


def test_the_folder_holds_what_a_kiosk_needs(tmp_path):
    server, prepared = open_sandbox(tmp_path)
    server.stop()
    config = tomllib.loads(prepared.config.read_text())
    facts = json.loads((tmp_path / "sandbox.json").read_text())
    assert config["merchant"]["mode"] == "institution"
    for name in ("sp_appid", "sp_mchid", "sub_mchid"):
        assert config["merchant"][name] == facts[name] == prepared.merchant.ids()[name]
    assert config["wechat_pay"]["hosts"] == [facts["url"]] == [server.url]
    assert config["wechat_pay"]["merchant_serial"] == facts["merchant_serial"]
    assert facts["page"] == server.page
    assert len(facts["merchant_serial"]) == len(facts["platform_serial"]) == 40
    assert len((tmp_path / config["wechat_pay"]["api_v3_key"]).read_bytes()) == 32
    key = serialization.load_pem_private_key((tmp_path / config["wechat_pay"]["merchant_key"]).read_bytes(), None)
    assert key.key_size == 2048
    serialization.load_pem_public_key((tmp_path / "platform_public_key.pem").read_bytes())
    assert (tmp_path / config["camera"]["folder"]).is_dir()
    assert prepared.config_fits


def test_secrets_are_readable_by_their_owner_only(tmp_path):
    Keys(tmp_path)
    for name in ("merchant_key.pem", "api_v3_key.txt", "bank/platform_key.pem"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_a_direct_merchant_has_two_numbers_and_stays_direct(tmp_path):
    prepare(tmp_path, url="http://127.0.0.1:1", page="http://127.0.0.1:2/bench", mode="direct")
    again = prepare(tmp_path, url="http://127.0.0.1:1", page="http://127.0.0.1:2/bench")
    merchant = tomllib.loads(again.config.read_text())["merchant"]
    assert merchant["mode"] == "direct"
    assert (merchant["appid"], merchant["mchid"]) == (again.merchant.appid, again.merchant.mchid)
    assert "sub_mchid" not in merchant


def test_a_second_start_keeps_keys_config_and_port(tmp_path):
    server, _ = open_sandbox(tmp_path)
    server.stop()
    (tmp_path / "kiosk.toml").write_text((tmp_path / "kiosk.toml").read_text() + "# mine\n")
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    again, prepared = open_sandbox(tmp_path)
    again.stop()
    assert {file: file.read_bytes() for file in before} == before
    assert (again.url, again.page) == (server.url, server.page)
    assert prepared.config_fits


def test_a_config_for_another_address_is_kept_and_told(tmp_path):
    prepare(tmp_path, url="http://127.0.0.1:1", page="http://127.0.0.1:2/bench")
    moved = prepare(tmp_path, url="http://127.0.0.1:3", page="http://127.0.0.1:2/bench")
    assert not moved.config_fits
    assert "127.0.0.1:1" in moved.config.read_text()
    anew = prepare(tmp_path, url="http://127.0.0.1:3", page="http://127.0.0.1:2/bench", overwrite=True)
    assert anew.config_fits


def test_the_ledger_outlives_a_restart_and_a_torn_last_line_and_holds_no_code(tmp_path):
    file = tmp_path / "orders.jsonl"
    bank = Bank(file=file)
    code = bank.new_code()
    Desk(bank).charge(Wanted(Kind.MICROPAY, "K07-1-000001", "snacks", 1250, "HKD", "digest"), code)
    url = Desk(bank).place(Wanted(Kind.NATIVE, "K07-1-000002", "snacks", 900, "HKD", "digest"))
    assert code not in file.read_text()
    with file.open("a") as torn:
        torn.write('{"out_trade_no": "K07-1-0000')
    again = Bank(file=file)
    assert again.orders() == bank.orders()
    assert again.balance() == bank.balance()
    assert again.scan(url).total == 900
    again.approve("K07-1-000002")
    third = Bank(file=file)
    assert third.orders() == again.orders()


def test_a_port_that_is_taken_is_named_with_the_remedy(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port}: .*choose another"):
            open_sandbox(tmp_path, port=port)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_prints_both_addresses_and_stops_when_told(tmp_path, number):
    code = f"from pathlib import Path; from kiosk.sandbox.server import serve; serve(0, Path({str(tmp_path)!r}))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        printed = [process.stdout.readline() for _ in range(3)]
        facts = json.loads((tmp_path / "sandbox.json").read_text())
        process.send_signal(number)
        assert process.wait(10) == 0
    assert facts["url"] in printed[0]
    assert facts["page"] in printed[1]
    assert str(tmp_path / "kiosk.toml") in printed[2]
