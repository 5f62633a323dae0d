"""The bench page's routes: each answers what the page needs, each refusal is JSON in words, no answer may be cached."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from pyzbar import pyzbar

from kiosk.core.events import Key
from kiosk.sandbox.bank import PASSWORD, Bank
from kiosk.sandbox.bench import KEYPAD, blueprint
from kiosk.sandbox.wallet import PICTURE
from tests.bench_kiosk import DeskKiosk


class Bench:
    """A bank, a kiosk and the page's server, asked without a socket."""

    def __init__(self, folder: Path, *, with_kiosk: bool = True) -> None:
        self.bank, self.frames = Bank(), folder / "frames"
        self.kiosk = DeskKiosk(self.bank, self.frames)
        app = Flask("test")
        app.register_blueprint(
            blueprint(self.bank, control=self.kiosk.control if with_kiosk else None, frames=self.frames if with_kiosk else None)
        )
        self.client: FlaskClient = app.test_client()

    def now(self) -> dict[str, Any]:
        return self.client.get("/bench/now").get_json()

    def post(self, path: str, /, **body: object) -> tuple[int, dict[str, Any]]:
        response = self.client.post(f"/bench/{path}", json=body)
        return response.status_code, response.get_json()

    def key(self, keys: str) -> None:
        for key in keys.split():
            assert self.post("key", key=key)[0] == 200


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Nothing sold yet."""
    return Bench(tmp_path)


def test_page_has_the_keypad_of_the_matrix(bench: Bench) -> None:
    """All sixteen logical keys in the order of the 4x4 matrix, and no stylesheet or script from anywhere else."""
    page = bench.client.get("/bench/").get_data(as_text=True)
    places = [page.index(f'data-key="{key}"') for key, _matrix, _keyboard in KEYPAD]
    assert places == sorted(places)
    assert {key for key, _matrix, _keyboard in KEYPAD} == set(Key) - {Key.CLEAR_ALL}
    assert "".join(matrix for _key, matrix, _keyboard in KEYPAD) == "123A456B789C*0#D"
    assert "//" not in page.replace("<!doctype html>", "")
    assert bench.client.get("/bench").status_code == 308


def test_everything_in_one_answer(bench: Bench) -> None:
    """`now` carries kiosk, phone, every switch with its value, and the ledger."""
    now = bench.now()
    assert now["kiosk"] == {"here": True, "running": True, "screen": "Idle", "problem": None}
    assert now["phone"]["page"] == "code"
    assert {switch["name"]: switch["value"] for switch in now["trouble"]} == bench.bank.trouble.values()
    assert all(switch["group"] and switch["title"] and switch["explanation"] for switch in now["trouble"])
    assert (now["orders"], now["count"]) == ([], 0)


def test_the_last_slip_can_be_looked_at(bench: Bench) -> None:
    """What the demo's printer drew; until then there is none, and the page offers none."""
    assert bench.now()["printed"] is False
    assert bench.client.get("/bench/slip.png").status_code == 404
    slips = bench.frames.parent / "slips"
    slips.mkdir()
    for number in (1, 2):
        (slips / f"slip-{number:06}.png").write_bytes(b"picture %d" % number)
    assert bench.now()["printed"] is True
    assert bench.client.get("/bench/slip.png").get_data() == b"picture 2"


def test_screen_is_sent_once_and_again_when_it_changed(bench: Bench) -> None:
    """The picture has a tag; with it, nothing is sent until a key changed the screen."""
    first = bench.client.get("/bench/screen.png")
    assert Image.open(io.BytesIO(first.data)).size == (800, 480)
    tag = {"If-None-Match": first.headers["ETag"]}
    assert bench.client.get("/bench/screen.png", headers=tag).status_code == 304
    bench.key("7")
    assert bench.client.get("/bench/screen.png", headers=tag).status_code == 200


def test_keys_reach_the_kiosk_and_unknown_ones_do_not(bench: Bench) -> None:
    """Logical names only; what is no key is refused with the list of those that are."""
    bench.key("1 2 OK CLEAR_ALL MENU")
    assert bench.kiosk.keys == ["1", "2", "OK", "CLEAR_ALL", "MENU"]
    status, answer = bench.post("key", key="POWER")
    assert (status, bench.kiosk.keys[-1]) == (400, "MENU")
    assert "POWER" in answer["problem"]
    assert "CANCEL" in answer["problem"]


def test_kiosk_that_is_not_running_is_said_so(bench: Bench) -> None:
    """The phone and the ledger go on; screen, keys and the phone's camera say what is missing."""
    bench.kiosk.running = False
    now = bench.now()
    assert now["kiosk"]["running"] is False
    assert "not running: nobody listens" in now["kiosk"]["problem"]
    assert now["phone"]["page"] == "code"
    for status, answer in (bench.post("key", key="OK"), bench.post("phone/scan")):
        assert (status, "The kiosk is not running" in answer["problem"]) == (503, True)
    assert bench.client.get("/bench/screen.png").status_code == 503


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"problem": "the display is not open yet"}, "The kiosk cannot do that: the display is not open yet"),
        ({"ok": True}, "The kiosk has no picture of its screen yet."),
        ({"ok": True, "png": "not base64!"}, "The kiosk has no picture of its screen yet."),
    ],
)
def test_kiosk_without_a_picture_is_no_crash(tmp_path: Path, answer: dict[str, object], words: str) -> None:
    """A kiosk that refuses, or answers without a picture, gives words and not a picture of nothing."""
    app = Flask("test")
    app.register_blueprint(blueprint(Bank(), control=lambda _question: answer, frames=tmp_path))
    response = app.test_client().get("/bench/screen.png")
    assert (response.status_code, response.get_json()["problem"]) == (503, words)


def test_quick_pay_from_hand_to_ledger(bench: Bench) -> None:
    """Amount, hold, paid: the phone shows the result, the ledger both amounts, the camera nothing any more."""
    bench.key("1 2 5 0 SCAN")
    assert bench.post("phone/hold", held=True)[1]["held"] is True
    assert (bench.frames / PICTURE).exists()
    assert bench.now()["kiosk"]["screen"] == "PaidScreen"
    now = bench.now()
    assert (now["phone"]["page"], now["phone"]["result"]["kind"]) == ("result", "paid")
    assert (now["orders"][0]["trade_state"], now["orders"][0]["total"]["en"]) == ("SUCCESS", "HK$12.50")
    assert now["orders"][0]["payer_total"]["en"] == "CN¥11.50"
    assert now["phone"]["balance"]["amount"] == 100_000_000 - 1150
    assert not (bench.frames / PICTURE).exists()
    assert bench.post("phone/done")[1]["page"] == "code"


def test_password_by_the_page(bench: Bench) -> None:
    """A wrong password is refused in the phone's words; the right one pays; after that there is nothing to decline."""
    bench.post("trouble", name="password", value="always")
    bench.key("1 2 5 0 SCAN")
    bench.post("phone/hold", held=True)
    bench.now()
    bill = bench.now()["phone"]["bill"]
    assert bill["asks_password"] is True
    assert bench.post("phone/pay", out_trade_no=bill["out_trade_no"], password="111111") == (409, {"problem": "Wrong password."})
    assert bench.post("phone/pay", out_trade_no=bill["out_trade_no"], password=PASSWORD)[1]["page"] == "result"
    assert bench.post("phone/decline", out_trade_no=bill["out_trade_no"])[0] == 409


def test_scan_reads_the_kiosks_screen(bench: Bench) -> None:
    """Without a QR there the phone says what to do; with one it shows the bill, and Pay pays it."""
    status, answer = bench.post("phone/scan")
    assert (status, answer["problem"]) == (409, "There is no QR on the kiosk's screen. Key an amount there and press QR.")
    bench.key("8 8 0 QR")
    phone = bench.post("phone/scan")[1]
    assert (phone["page"], phone["bill"]["total"]["amount"]) == ("bill", 880)
    number = phone["bill"]["out_trade_no"]
    assert bench.post("phone/dismiss", out_trade_no=number)[1]["page"] == "code"
    bench.post("phone/scan")
    assert bench.post("phone/pay", out_trade_no=number)[1]["result"]["kind"] == "paid"
    assert bench.now()["kiosk"]["screen"] == "PaidScreen"


def test_bench_without_a_kiosk_takes_a_link_by_hand(tmp_path: Path) -> None:
    """The stand-in alone: a QR's link is typed in; one that the bank does not know is refused in its words."""
    bench = Bench(tmp_path, with_kiosk=False)
    now = bench.now()
    assert (now["kiosk"]["here"], now["phone"]["can_hold"]) == (False, False)
    bench.kiosk.control({"do": "key", "key": "5"})
    bench.kiosk.control({"do": "key", "key": "QR"})
    assert bench.post("phone/scan", code_url=f" {bench.kiosk.code_url}\n")[1]["bill"]["total"]["amount"] == 5
    status, answer = bench.post("phone/scan", code_url="https://example.net/")
    assert (status, "unknown" in answer["problem"]) == (409, True)
    assert bench.post("phone/hold", held=True)[0] == 409
    assert bench.post("phone/scan")[0] == 503


def test_trouble_is_set_read_back_and_reset(bench: Bench) -> None:
    """A switch takes what fits it, says what would fit otherwise, and all go back together."""
    assert bench.post("trouble", name="slow_ms", value=4000)[1]["slow_ms"] == 4000
    assert bench.post("trouble", name="offline", value="refuse")[1]["offline"] == "refuse"
    assert bench.post("trouble", name="notify_off", value=True)[1]["notify_off"] is True
    wrong = (("slow_ms", "soon", "whole number"), ("offline", "maybe", "silent"), ("luck", 1, "no switch is called"))
    for name, value, words in wrong:
        status, answer = bench.post("trouble", name=name, value=value)
        assert (status, words in answer["problem"]) == (400, True)
    values = bench.post("trouble/reset")[1]
    assert values == {switch["name"]: switch["default"] for switch in bench.bank.trouble.catalog()}


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("key", {}, "'key'"),
        ("key", {"key": 5}, "type str"),
        ("phone/hold", {"held": "yes"}, "type bool"),
        ("phone/pay", {}, "'out_trade_no'"),
        ("phone/pay", {"out_trade_no": "K07-none"}, "no such order"),
        ("phone/fly", {}, "cannot 'fly'"),
        ("trouble", {"name": "slow_ms"}, "'value'"),
        ("trouble", ["slow_ms"], "JSON object"),
    ],
)
def test_wrong_requests_are_refused_in_words(bench: Bench, path: str, body: object, words: str) -> None:
    """Whatever is missing or of the wrong kind is named, as JSON."""
    response = bench.client.post(f"/bench/{path}", json=body)
    assert 400 <= response.status_code < 500
    assert words in response.get_json()["problem"]


def test_other_sites_cannot_press_keys(bench: Bench) -> None:
    """A form of another page can send no JSON type: text and forms are refused before anything happens."""
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        response = bench.client.post("/bench/key", data=json.dumps({"key": "OK"}), content_type=kind)
        assert (response.status_code, "problem" in response.get_json()) == (415, True)
    assert bench.kiosk.keys == []


def test_folder_that_cannot_be_written_is_named(bench: Bench) -> None:
    """A file where the camera's folder should be: the page is told, with the name of it."""
    bench.frames.write_text("in the way")
    status, answer = bench.post("phone/hold", held=True)
    assert (status, str(bench.frames) in answer["problem"]) == (500, True)


def test_code_is_in_no_answer_address_or_log(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """The digits leave the server as drawings only, which nothing may keep."""
    caplog.set_level(logging.DEBUG)
    bench.post("phone/hold", held=True)
    (symbol, _same) = pyzbar.decode(Image.open(bench.frames / PICTURE))
    digits = symbol.data.decode()
    paths = ("", "now", "phone/qr.svg", "phone/code128.svg")
    texts = [bench.client.get(f"/bench/{path}").get_data(as_text=True) for path in paths]
    assert len(digits) == 18
    assert all(digits not in text for text in [*texts, caplog.text])


@pytest.mark.parametrize("path", ["", "now", "screen.png", "phone/qr.svg", "phone/code128.svg", "static/bench.js"])
def test_no_answer_is_kept_or_framed(bench: Bench, path: str) -> None:
    """Nothing is stored by a browser but checked static files; scripts come from this server alone."""
    headers = bench.client.get(f"/bench/{path}").headers
    assert headers["Cache-Control"] == ("no-cache" if path.startswith("static") else "no-store")
    assert headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert headers["X-Content-Type-Options"] == "nosniff"
