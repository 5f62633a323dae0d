"""An afternoon in which everything goes wrong, with marked secrets: none turns up anywhere but where it belongs.

Marked are the merchant's key, the APIv3 key, each payment code shown and the customer's openid.
"""

from __future__ import annotations

import ast
import json
import logging
import os
import stat
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import kiosk
from kiosk.control.answers import Answers
from kiosk.control.unix_socket import ask
from kiosk.core import screens
from kiosk.core.commands import Insert
from kiosk.core.events import Probed
from kiosk.core.model import Answer, Order, OrderState, Refund, Tender
from kiosk.core.money import Money
from kiosk.core.secret import PaymentCode
from kiosk.display.recording import RecordingDisplay
from kiosk.notifications import Notifications
from kiosk.payment.ledger import SqliteLedger
from kiosk.payment.wechat import Deadlines, open_provider
from kiosk.payment.wechat.verifier import signed_string
from kiosk.sandbox.answers import openid
from kiosk.sandbox.bank import CUSTOMER
from kiosk.sandbox.phone import held_picture
from kiosk.sandbox.records import OrderRow
from kiosk.sandbox.trouble import DECLINES
from tests.canaries import Canaries, Everything
from tests.desk import Desk
from tests.figures import tell
from tests.rig import Rig
from tests.wechat_stub import Received, Stub

HASTE = Deadlines(connect_s=1, charge_s=0.2, place_s=0.12, ask_s=0.12, undo_s=0.12, refund_s=0.12, probe_s=0.3)
COUNTS = [
    *("drop_before", "drop_after", "silent_after", "error_before", "error_after", "rate_limited", "unsigned_2xx", "unsigned_4xx"),
    *("signtest", "stale_timestamp", "unknown_serial", "tampered"),
]
TROUBLES: list[dict[str, object]] = [
    {},
    *({name: 1} for name in COUNTS),
    *({"error_after": 1, "error_status": status} for status in ("502", "503")),
    *({"decline": code} for code in DECLINES),
    *(
        {"pay_error": code, "pay_error_when": when}
        for code in ("SYSTEM_ERROR", "BANK_ERROR")
        for when in ("after", "before", "nothing")
    ),
    *({"password": "next", "userpaying_shape": shape} for shape in "123"),
    *(
        {name: True}
        for name in ("wrong_amount", "wrong_mchid", "wrong_number", "number_id", "transaction_id_name", "unknown_fields")
    ),
    {"offline": "refuse"},
    {"offline": "silent"},
    {"drip_ms": 3},
    {"unknown_codes": "refuse"},
]


class Afternoon(Rig):
    """A rig whose secrets are marked, and that can sell under trouble without waiting for what comes after."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.canaries = Canaries()
        self.canaries.add("the APIv3 key", (folder / "api_v3_key.txt").read_text("ascii").strip())
        self.canaries.add_key("the merchant's key", (folder / "merchant_key.pem").read_bytes())
        self._amounts = count(11)

    def start(self) -> None:
        super().start()
        self.provider._deadlines = HASTE

    def new_code(self) -> str:
        """A code of the customer's phone, marked."""
        code = self.bank.new_code()
        self.canaries.add("a payment code", code)
        return code

    def sell(self, trouble: dict[str, object]) -> None:
        """One Quick Pay sale under this trouble, up to its charge's answer; then the till is left."""
        self.runtime.post(Probed(True, None, self.clock.now()))  # whatever the last trouble was, the way is free again
        self.press(" ".join(str(next(self._amounts))))
        self.press("OK")
        self.sees(screens.Scanning)
        number = self.runtime.ask(lambda _, kiosk: kiosk.till.out_trade_no)
        for name, value in trouble.items():
            self.bank.trouble.set(name, value)
        if "unknown_codes" in trouble:
            self.scanner.show(self._foreign())
        else:
            self.scanner.show(self.new_code())
        self.until(lambda: not isinstance(self.views[-1].screen, screens.Scanning), "a charge")
        self.until(lambda: self.runtime.ask(lambda _, kiosk: not any(n == number for n, _ in kiosk.in_flight)), "its answer")
        self.bank.trouble.reset()
        self.press("CANCEL CANCEL CANCEL")  # ends the wait, leaves what then is shown, and means nothing at the start
        self.sees(screens.Idle)

    def call(self, trouble: dict[str, object]) -> list[Answer]:
        """Every call of the client, under this trouble each time."""
        order = self.order()
        native = replace(order, out_trade_no=order.out_trade_no + "N", tender=Tender.NATIVE, expires_at=order.opened_at + 600_000)
        refund = Refund(f"{order.out_trade_no}-R1", order.out_trade_no, order.money, order.opened_at)
        code = PaymentCode(self.new_code())
        calls: list[Callable[[], Answer]] = [
            lambda: self.provider.charge(order, code, lambda: None),
            lambda: self.provider.place(native, lambda: None),
            lambda: self.provider.ask(order),
            lambda: self.provider.refund(refund, order),
            lambda: self.provider.ask_refund(refund, order),
            lambda: self.provider.reverse(order),
            lambda: self.provider.close(native),
            self.provider.probe,
        ]
        answers = []
        for each in calls:
            for name, value in trouble.items():
                self.bank.trouble.set(name, value)
            answers.append(each())
            self.bank.trouble.reset()
        return answers

    def order(self) -> Order:
        """A row that was never in the ledger."""
        number, now = f"K07-260105-zz{next(self._amounts):06d}", self.clock.now()
        return Order(number, f"S-{number}", Tender.QUICK_PAY, Money(500, "HKD"), now, OrderState.SENT, sent_at=now, anchor_at=now)

    def _foreign(self) -> str:
        code = "14" + "".join(str(self.bank.below(10)) for _ in range(16))
        self.canaries.add("a payment code", code)
        return code


@pytest.fixture
def afternoon(tmp_path: Path) -> Iterator[Afternoon]:
    """Open, and closed at its end in any case."""
    made = Afternoon(tmp_path)
    made.start()
    try:
        yield made
    finally:
        made.close()


def test_none_turns_up_in_an_afternoon_of_trouble(afternoon: Afternoon) -> None:
    """Log of every logger at DEBUG, journal fields, screens, ledger and its WAL, socket answers, exceptions, other files."""
    rig, found = afternoon, list[str]()
    with Everything() as log, _no_thread_dies():
        for trouble in TROUBLES:
            rig.sell(trouble)
        outcomes = {type(answer.outcome).__name__ for trouble in TROUBLES for answer in rig.call(trouble)}
        assert outcomes == {"Paid", "Declined", "Ended", "Pending", "NotFound", "Unknown"}
        payer = openid(next(row for row in rig.bank.book.values() if row.holder == CUSTOMER))
        rig.canaries.add("the customer's openid", payer)
        found += rig.canaries.look("an answer", [rig.call({}), _from_a_broken_server(rig)])
        found += rig.canaries.look("a notification's answer", _notifications(rig, payer))
        found += rig.canaries.look("an exception", _exceptions(rig))
        found += rig.canaries.look("the control socket", _control(rig))
        for name in ("kiosk.db", "kiosk.db-wal"):  # by another process: this one would lose its lock on the file
            found += rig.canaries.look(name, subprocess.run(["cat", rig.folder / name], capture_output=True, check=True).stdout)
    assert len({line.partition(" ")[0] for line in log.told}) > 3, "the log was not listened to"
    assert any("urllib3" in line for line in log.told)
    assert any("PRIORITY" in line for line in log.sent)
    found += [hit for line in log.told for hit in rig.canaries.look("the log", line)]
    found += [hit for line in log.sent for hit in rig.canaries.look("the journal", line)]
    found += rig.canaries.look("a screen", rig.views)
    found += rig.canaries.look_into(rig.folder, spare=["merchant_key.pem", "api_v3_key.txt", "bank", "kiosk.db", "kiosk.db-wal"])
    assert (rig.folder / "certificates.json").exists()
    assert rig.canaries.looked > 500_000
    tell("secrets", found=len(set(found)), mb=rig.canaries.looked / 1e6)
    assert sorted(set(found)) == []


@contextmanager
def _no_thread_dies() -> Iterator[None]:
    dead: list[str] = []
    before, threading.excepthook = threading.excepthook, lambda args: dead.append(repr(args))
    try:
        yield
    finally:
        threading.excepthook = before
    assert dead == []


def _from_a_broken_server(rig: Afternoon) -> list[Answer]:
    """One that sends back what it was sent: as a status line, as a head line it cannot have, as a header, as a body."""

    def echo(way: int) -> Callable[[Received], bytes]:
        def answer(request: Received) -> bytes:
            body = request.body.replace(b"\n", b" ")
            return (
                b"HTTP/1.1 200 " + body + b"\r\nContent-Length: 0\r\n\r\n",
                body + b"\r\n\r\n",
                b"HTTP/1.1 200 OK\r\n" + body + b"\r\nContent-Length: 0\r\n\r\n",
                b"HTTP/1.1 400 No\r\nRequest-ID: " + body + b"\r\nWechatpay-Serial: " + body + b"\r\nContent-Length: 0\r\n\r\n",
                b"HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n" % len(body) + body,
                b"HTTP/1.1 400 No\r\nContent-Length: 99\r\n\r\n" + body[:99],
                b"HTTP/1.1 302 No\r\nLocation: http://127.0.0.1/" + body + b"\r\nContent-Length: 0\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + b"\r\n",
            )[way]

        return answer

    answers = []
    for way in range(8):
        with Stub(echo(way)) as stub:
            provider = open_provider(
                merchant=rig.merchant,
                merchant_category_code="5814",
                hosts=[stub.url],
                merchant_key_pem=(rig.folder / "merchant_key.pem").read_bytes(),
                merchant_serial=rig.prepared.keys.merchant_serial,
                api_v3_key=(rig.folder / "api_v3_key.txt").read_bytes().strip(),
                platform_keys="certificates",
                notify_url=rig.notify_url,
                description="Harbour Snacks",
                device_id="K07",
                clock=rig.clock,
                nonce=lambda: "n0nce",
                certificate_cache=None,
                deadlines=replace(HASTE, charge_s=30),  # a busy machine needs a while to get there
            )
            answers.append(provider.charge(rig.order(), PaymentCode(rig.new_code()), lambda: None))
            assert stub.received, "the broken server was not asked"
            provider.stop()
    return answers


def _notifications(rig: Afternoon, payer: str) -> list[object]:
    """A genuine one with the openid in it, a forged one, one that is sealed with another key."""
    notifications = Notifications(rig.provider.open_notification, rig.runtime, rig.merchant, rig.clock)
    order: OrderRow = next(iter(rig.bank.book.values()))
    plain = {**rig.prepared.merchant.ids(), "id": "42", "out_trade_no": order.out_trade_no, "trade_state": "SUCCESS"}
    plain |= {"payer": {"sp_openid": payer}}
    sealed = rig.prepared.keys.encrypt(json.dumps(plain).encode(), "transaction")
    receipts: list[object] = []
    for resource in (sealed, sealed | {"nonce": "0" * 12}, sealed | {"ciphertext": payer}):
        body = json.dumps({"id": f"n-{len(receipts)}", "event_type": "TRANSACTION.SUCCESS", "resource": resource}).encode()
        at = str(rig.clock.now() // 1000)
        pair = rig.prepared.keys.current
        headers = {"Wechatpay-Timestamp": at, "Wechatpay-Nonce": "n", "Wechatpay-Serial": pair.serial}
        signature = pair.sign(signed_string(at, "n", body))
        receipts += [notifications.take(headers | {"Wechatpay-Signature": made}, body) for made in (signature, signature[::-1])]
    assert {receipt.status for receipt in receipts} == {200, 400, 401}  # type: ignore[attr-defined]
    return receipts


def _exceptions(rig: Afternoon) -> list[str]:
    """What is raised with a secret at hand: repr, text, and the traceback as it would be printed."""
    code, order = PaymentCode(rig.new_code()), rig.order()

    def left() -> None:
        raise RuntimeError(code, order)

    def refused(ledger: Any, _: object) -> None:
        assert isinstance(ledger, SqliteLedger)
        ledger.commit([Insert(order, "x")], 0)

    key = (rig.folder / "api_v3_key.txt").read_text("ascii")
    attempts: list[Callable[[], object]] = [
        lambda: rig.provider.charge(order, code, left),
        lambda: rig.runtime.ask(refused),
        lambda: PaymentCode(code.reveal() + "0"),
        lambda: open_provider(**_arguments(rig, merchant_key_pem=(rig.folder / "merchant_key.pem").read_bytes()[:900])),
        lambda: open_provider(**_arguments(rig, api_v3_key=key[:-1].encode())),
        lambda: open_provider(
            **_arguments(rig, platform_keys=[("PUB_KEY_ID_1", (rig.folder / "merchant_key.pem").read_bytes())])
        ),
        lambda: json.dumps({"code": code}),
        lambda: rig.provider._transport.exchange(None, limits=code, left=left),  # type: ignore[arg-type]
    ]
    told = []
    for attempt in attempts:
        try:
            attempt()
        except Exception as error:  # noqa: BLE001  whatever it is
            told += [repr(error), str(error), traceback.format_exc()]
        else:
            pytest.fail("nothing was raised")
    return told


def _arguments(rig: Afternoon, **changed: object) -> dict[str, Any]:
    return {
        "merchant": rig.merchant,
        "merchant_category_code": "5814",
        "hosts": [rig.server.url],
        "merchant_key_pem": (rig.folder / "merchant_key.pem").read_bytes(),
        "merchant_serial": rig.prepared.keys.merchant_serial,
        "api_v3_key": (rig.folder / "api_v3_key.txt").read_bytes().strip(),
        "platform_keys": "certificates",
        "notify_url": rig.notify_url,
        "description": "x",
        "device_id": "K07",
        "clock": rig.clock,
        "nonce": lambda: "n",
        "certificate_cache": None,
        **changed,
    }


def _control(rig: Afternoon) -> list[object]:
    """All that may be asked, and some that may not."""
    display = RecordingDisplay()
    notifications = Notifications(rig.provider.open_notification, rig.runtime, rig.merchant, rig.clock)
    answers = Answers(rig.runtime, lambda: display, lambda: rig.views[-1], rig.keypad, notifications)
    paid = next(line.out_trade_no for line in rig.lines() if line.state == "PAID")
    requests: list[dict[str, object]] = [
        *({"do": do} for do in ("state", "screen", "orders", "report", "key", "refund", "notification", "x")),
        {"do": "orders", "start": 0, "end": 1 << 60, "include_open": True},
        {"do": "report", "start": 0, "end": 1 << 60},
        {"do": "refund", "out_trade_no": paid, "amount": 1},
        {"do": "refund", "out_trade_no": paid, "amount": 1 << 40},
    ]
    return [answers.answer(request) for request in requests]


# -- the checker bites ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "leak",
    [
        lambda code, _: logging.getLogger("kiosk.x").debug("charging %s", code),
        lambda code, _: logging.getLogger("urllib3.connectionpool").debug("sent", extra={"body": {"auth_code": code}}),
        lambda code, rig: rig.views.insert(0, code),
        lambda code, rig: (rig.folder / "note.txt").write_text(" ".join(code)),
        lambda code, rig: (rig.folder / f"frame-{code}.png").write_bytes(b""),
        lambda code, _: logging.getLogger("kiosk.x").error("failed", exc_info=ValueError({"auth_code": int(code)})),
    ],
    ids=["message", "field", "screen", "file", "file name", "exception"],
)
def test_a_kiosk_that_leaks_is_caught(afternoon: Afternoon, leak: Callable[[str, Rig], object]) -> None:
    """The same checker over the same places, after one sale by a client that tells."""
    rig = afternoon
    charge = rig.provider.charge

    def telling(order: Order, code: PaymentCode, left: Callable[[], None]) -> Answer:
        leak(code.reveal(), rig)
        return charge(order, code, left)

    rig.provider.charge = telling  # type: ignore[method-assign]
    with Everything() as log:
        rig.sell({})
    places = {"log": log.told, "screen": rig.views}
    found = [hit for where, told in places.items() for hit in rig.canaries.look(where, told)]
    found += rig.canaries.look_into(rig.folder, spare=["merchant_key.pem", "api_v3_key.txt", "bank", "kiosk.db", "kiosk.db-wal"])
    assert found
    assert {hit.partition(" shows ")[2] for hit in found} == {"a payment code"}


@pytest.mark.parametrize(
    "disguise",
    [
        lambda secret: f'{{"auth_code":"{secret}"}}'.encode(),
        lambda secret: secret[:14].encode(),
        lambda secret: secret[5:].encode(),
        lambda secret: " ".join(secret[at : at + 4] for at in range(0, 18, 4)).encode(),
        lambda secret: secret.encode().hex().encode(),
        lambda secret: __import__("base64").b64encode(f'{{"x":"{secret}"}}'.encode()),
        lambda secret: __import__("hashlib").sha256(secret.encode()).hexdigest().encode(),
        lambda secret: b"\x00\xff" + secret.encode() + b"\x00",
    ],
)
def test_a_secret_is_known_in_disguise(disguise: Callable[[str], bytes]) -> None:
    """In part, in groups, coded, or hashed without a key."""
    canaries = Canaries()
    canaries.add("a payment code", "134679258013467925")
    assert canaries.look("here", disguise("134679258013467925")) == ["here shows a payment code"]
    assert canaries.look("here", disguise("148520369714852036")) == []


# -- real processes ------------------------------------------------------------------------------------------------------

DEBUG = (
    "import logging, sys; from kiosk import service; plain = service.set_up_logging;"
    "service.set_up_logging = lambda: plain(logging.DEBUG); from kiosk.cli import main; sys.argv[0] = 'kiosk'; main()"
)


class LoudDesk(Desk):
    """A desk whose kiosk logs everything."""

    def start(self, *words: str) -> subprocess.Popen[str]:
        if "run" not in words:
            return super().start(*words)
        with self.log.open("ab") as log:
            process = subprocess.Popen([sys.executable, "-c", DEBUG, *words], stdout=log, stderr=log, text=True)
        self._running.append(process)
        self.kiosk_pid = process.pid
        return process

    def press(self, keys: str) -> None:
        for key in keys.split():
            assert ask(self.folder / "kiosk.db.sock", {"do": "key", "key": key}) == {"ok": True}


def test_none_turns_up_around_real_processes(tmp_path: Path) -> None:
    """Environment, command line, log, screens, socket, files, and their modes, of the kiosk and its scanner; no core files."""
    desk = LoudDesk(tmp_path / "desk")
    desk.folder.mkdir()
    before = os.umask(0)  # what must be closed is closed by itself
    try:
        desk.open()
    finally:
        os.umask(before)
    canaries, found = Canaries(), list[str]()
    try:
        canaries.add("the APIv3 key", (desk.folder / "api_v3_key.txt").read_text("ascii").strip())
        canaries.add_key("the merchant's key", (desk.folder / "merchant_key.pem").read_bytes())
        canaries.add("the customer's openid", _openid_of_the_desk())
        for number, (trouble, screen) in enumerate(
            [({}, "PaidScreen"), ({"decline": "NOT_ENOUGH"}, "DeclinedScreen"), ({"drop_after": 1}, "Charging")]
        ):
            code = "12" + str(time.time_ns())[-4:] + f"{number}70592836{number}41"[:12]
            canaries.add("a payment code", code)
            for name, value in trouble.items():
                desk.bench("trouble", name=name, value=value)
            desk.press(f"{number + 1} 5 0 OK")
            desk.shows("Scanning")
            (desk.folder / "frames" / ".shown.tmp").write_bytes(held_picture(code))
            (desk.folder / "frames" / ".shown.tmp").rename(desk.folder / "frames" / "shown.png")
            desk.until(lambda wanted=screen: desk.state().get("screen") in {wanted, "PaidScreen"}, f"{screen} after the scan")  # type: ignore[misc]
            (desk.folder / "frames" / "shown.png").unlink()
            found += canaries.look("a screen", ask(desk.folder / "kiosk.db.sock", {"do": "screen"}))
            desk.press("OK")  # which means nothing while charging: that one stays open
        pids = _family(desk.kiosk_pid)
        commands = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids]
        assert len([words for words in commands if b"kiosk.camera" in words]) in {1, 2}  # the scanner, and by and by its spare
        for pid, words in zip(pids, commands, strict=True):
            found += canaries.look("a command line", words)
            found += canaries.look("an environment", Path(f"/proc/{pid}/environ").read_bytes())
            limits = {line[:25].strip(): line[25:].split() for line in Path(f"/proc/{pid}/limits").read_text().splitlines()}
            assert limits["Max core file size"][:2] == ["0", "0"], words
        found += canaries.look(
            "the socket", [ask(desk.folder / "kiosk.db.sock", {"do": do}) for do in ("state", "orders", "report", "x")]
        )
        found += canaries.look("the command", desk.kiosk("orders", "--json").stdout)
        found += canaries.look_into(desk.folder, spare=["merchant_key.pem", "api_v3_key.txt", "bank"])
        assert (desk.folder / "kiosk.db-wal").stat().st_size > 0
        _check_modes(desk.folder)
    finally:
        desk.close()
    log = desk.log.read_text("utf-8")
    assert "DEBUG urllib3" in log
    found += canaries.look("the log", log)
    found += canaries.look_into(desk.folder, spare=["merchant_key.pem", "api_v3_key.txt", "bank"])
    assert sorted(set(found)) == []


def _openid_of_the_desk() -> str:
    return "o" + __import__("hashlib").sha256(CUSTOMER.encode()).hexdigest()[:27]


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task").glob("*/children")
    return [pid, *(inner for file in children for child in file.read_text().split() for inner in _family(int(child)))]


def _check_modes(folder: Path) -> None:
    """What holds secrets, money or the way to the kiosk is its owner's alone, whatever the umask."""
    private = ["merchant_key.pem", "api_v3_key.txt", "kiosk.db", "kiosk.db-wal", "kiosk.db.sock", "bank/platform_key.pem"]
    assert {name: f"{stat.S_IMODE((folder / name).stat().st_mode):o}" for name in private} == dict.fromkeys(private, "600")


# -- the source ----------------------------------------------------------------------------------------------------------

SOURCES = sorted(Path(kiosk.__file__).parent.rglob("*.py"))
MODULES = {"pickle", "cPickle", "marshal", "shelve", "dill", "telnetlib", "ftplib"}
CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load", "tempfile.mktemp"}
CALLS |= {"ssl._create_unverified_context"}


def dangers(source: str) -> list[str]:
    """Lines that run or unpack what somebody else wrote, or that leave TLS unverified."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found += [f"{node.lineno}: import {each.name}" for each in names if each.name.split(".")[0] in MODULES]
            case ast.ImportFrom(module=str(module), names=names):
                found += [f"{node.lineno}: from {module}"] if module.split(".")[0] in MODULES else []
                found += [
                    f"{node.lineno}: from {module} import {each.name}" for each in names if f"{module}.{each.name}" in CALLS
                ]
            case ast.Call(func=func, keywords=keywords):
                if isinstance(func, ast.Name | ast.Attribute) and (name := ast.unparse(func)) in CALLS:
                    found.append(f"{node.lineno}: {name}()")
                for each in keywords:
                    off = each.arg == "verify" and ast.unparse(each.value) == "False"
                    found += [f"{node.lineno}: {each.arg}={ast.unparse(each.value)}"] if off or each.arg == "shell" else []
            case _:
                pass
    return found


def test_no_source_runs_what_others_wrote() -> None:
    """No pickle, no eval, no shell."""
    assert len(SOURCES) > 300
    found = {str(file): wrong for file in SOURCES if (wrong := dangers(file.read_text("utf-8")))}
    assert found == {}


@pytest.mark.parametrize(
    "planted",
    [
        *("import pickle", "from pickle import loads", "import marshal as m", "eval('1')", "exec(x)"),
        "subprocess.run('ls', shell=True)",
        *("subprocess.run(x, shell=wanted)", "os.system('ls')", "from os import system", "yaml.load(f)", "tempfile.mktemp()"),
        *("from tempfile import mktemp", "requests.get(u, verify=False)", "__import__('x')"),
    ],
)
def test_a_planted_danger_is_named(planted: str) -> None:
    """Each by its line."""
    assert dangers(f"x = 1\n{planted}\n")
    assert dangers("def f(pattern):\n    return re.compile(pattern), self.exec_, json.load(f)\n") == []


def test_it_starts_isolated_from_folder_and_environment(tmp_path: Path) -> None:
    """With -I -B neither a module lying about nor PYTHONPATH gets in, and nothing is written."""
    (tmp_path / "logging.py").write_text("raise SystemExit('a stranger was imported')")
    command = [sys.executable, "-I", "-B", "-m", "kiosk", "--version"]
    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, kiosk.__version__), done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["logging.py"]
