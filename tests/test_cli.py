"""The command's words, its exit codes and what it prints; answers come from a running kiosk or from the ledger alone."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from kiosk import __version__
from kiosk.cli import main
from kiosk.config.example import EXAMPLE
from kiosk.control import enquiry
from kiosk.control.unix_socket import Answer, ControlServer, Request
from kiosk.core.commands import Insert, Record, Update
from kiosk.core.model import Order, OrderState, Refund, RefundState, Sale, SaleState, Tender
from kiosk.core.money import Money
from kiosk.core.shifts import day_bounds
from kiosk.payment.ledger import SqliteLedger
from kiosk.sandbox.phone import held_picture

HONG_KONG = ZoneInfo("Asia/Hong_Kong")
NOON = day_bounds(date(2026, 1, 5), HONG_KONG)[0] + 12 * 3_600_000  # 2026-01-05 12:00 in the shop
CODE = "134567890123456789"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a right kiosk.toml; the shop is in Hong Kong."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "merchant_key.pem").write_text("-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----\n")
    (tmp_path / "api_v3_key.txt").write_text("a" * 32)
    (tmp_path / "kiosk.toml").write_text(EXAMPLE.replace("#time_zone", "time_zone"))
    return tmp_path


def kiosk(*words: str | Path) -> Result:
    """Call the command within this process; stdout and stderr apart."""
    return CliRunner().invoke(main, [str(word) for word in words])


def lines(result: Result) -> list[dict[str, Any]]:
    """What was printed, one JSON object a line."""
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def sold(number: str, at: int, state: OrderState = OrderState.PAID, tender: Tender = Tender.QUICK_PAY) -> list[Record]:
    """The rows of one sale over 12.50."""
    money = Money(1250, "HKD")
    sale = Sale(f"S-{number}", money, at)
    order = Order(number, sale.sale_id, tender, money, at, OrderState.SENT, sent_at=at + 1, anchor_at=at + 1)
    records: list[Record] = [Insert(sale, "keyed"), Insert(order, "armed")]
    if state is OrderState.PAID:
        paid = replace(order, state=state, transaction_id=f"42{number[4:]}", paid_at=at + 500, settled_at=at + 600)
        records += [Update(paid, "charge"), Update(replace(sale, state=SaleState.PAID), "paid")]
    return records


def put(shop: Path, *records: Record) -> None:
    """Commit into the shop's ledger."""
    with closing(SqliteLedger.open(shop / "kiosk.db", generation=lambda: "a1", now=NOON)) as ledger:
        ledger.commit(records, NOON)


@contextmanager
def running(shop: Path, handler: Callable[[Request], Answer]) -> Iterator[list[Request]]:
    """A kiosk's socket with `handler` behind it; yields what was asked, but for its state."""
    asked: list[Request] = []

    def answer(request: Request) -> Answer:
        if request == {"do": "state"}:
            return {"ok": True}
        asked.append(request)
        return handler(request)

    server = ControlServer(shop / "kiosk.db.sock", answer)
    server.open()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield asked
    finally:
        server.stop()
        thread.join(10)


def test_the_commands_are_those_of_the_readme() -> None:
    """Neither fewer nor more."""
    words = ["ask", "bundle", "decode", "demo", "doctor", "enrol-code", "export", "operator", "orders", "owner"]
    words += ["reconcile", "recover", "refund", "report", "run", "sandbox", "setup", "shift"]
    assert sorted(main.commands) == words


@pytest.mark.usefixtures("shop")
def test_a_shop_that_never_sold_has_no_orders() -> None:
    """Asking makes no ledger."""
    assert lines(kiosk("orders")) == []
    assert lines(kiosk("report", "--json")) == [
        {"day": None, "zone": "Asia/Hong_Kong", "day_starts": "00:00", "totals": [], "open": 0}
    ]
    assert not Path("kiosk.db").exists()


def test_an_order_is_one_line_with_the_shops_own_time(shop: Path) -> None:
    """Exactly the fixed keys; amounts are ints, times have the shop's offset."""
    refund = Refund("K07-260105-a10001-R1", "K07-260105-a10001", Money(250, "HKD"), NOON + 60_000)
    put(shop, *sold("K07-260105-a10001", NOON), Insert(refund, "asked"))
    put(shop, Update(replace(refund, state=RefundState.ACCEPTED, refund_id="50"), "refund"))
    assert lines(kiosk("orders", "--day", "2026-01-05")) == [
        {
            "sale": "S-K07-260105-a10001",
            "amount": 1250,
            "currency": "HKD",
            "tender": "quick_pay",
            "out_trade_no": "K07-260105-a10001",
            "transaction_id": "42260105-a10001",
            "state": "PAID",
            "sale_state": "paid",
            "opened_at": "2026-01-05T12:00:00.000+08:00",
            "settled_at": "2026-01-05T12:00:00.600+08:00",
            "refunded": 250,
        }
    ]


def test_the_day_is_the_shops_own(shop: Path) -> None:
    """Midnight is where the shop is, not at Greenwich."""
    start, end = day_bounds(date(2026, 1, 5), HONG_KONG)
    moments = {"a10001": start - 1, "a10002": start, "a10003": end - 1, "a10004": end}
    put(shop, *(record for name, at in moments.items() for record in sold(f"K07-260105-{name}", at)))
    found = lines(kiosk("orders", "--day", "2026-01-05", "--json"))
    assert [line["out_trade_no"][-6:] for line in found] == ["a10002", "a10003"]
    assert found[0]["opened_at"] == "2026-01-05T00:00:00.000+08:00"


def test_without_a_day_all_that_is_open_and_the_last_day_are_listed(shop: Path) -> None:
    """An old open order is not forgotten, an old paid one is not repeated."""
    day = 24 * 3_600_000
    put(shop, *sold("K07-260102-a10001", NOON - 3 * day, OrderState.SENT), *sold("K07-260104-a10001", NOON - day))
    put(shop, *sold("K07-260105-a10001", NOON), *sold("K07-260105-a10002", NOON + 1000, OrderState.SENT, Tender.NATIVE))
    found = lines(kiosk("orders"))
    assert [line["out_trade_no"] for line in found] == ["K07-260102-a10001", "K07-260105-a10001", "K07-260105-a10002"]
    assert found[0]["settled_at"] is None
    assert [line["out_trade_no"] for line in lines(kiosk("orders", "--day", "2026-01-04"))] == ["K07-260104-a10001"]


def test_a_day_may_have_23_hours() -> None:
    """Summer time begins at night."""
    berlin = ZoneInfo("Europe/Berlin")
    start, end = day_bounds(date(2026, 3, 29), berlin)
    assert end - start == 23 * 3_600_000
    assert enquiry.rfc3339(end - 1, berlin) == "2026-03-29T23:59:59.999+02:00"
    assert enquiry.rfc3339(start, berlin) == "2026-03-29T00:00:00.000+01:00"


def test_a_running_kiosk_is_asked_and_its_ledger_left_alone(shop: Path) -> None:
    """The answers of the running kiosk are printed as those of the ledger are."""
    with closing(SqliteLedger.in_memory()) as ledger:
        ledger.commit(sold("K07-260105-a10001", NOON), NOON)

        def handler(request: Request) -> Answer:
            start, end = request.get("start"), request.get("end")
            if not isinstance(start, int) or not isinstance(end, int):
                return {"last_opened_at": NOON}
            if request["do"] == "report":
                return {"totals": [asdict(total) for total in held["totals"]]}
            return {"orders": [asdict(line) for line in held["lines"]] if end else []}

        held: dict[str, list[Any]] = {"lines": ledger.lines(0, NOON * 2), "totals": ledger.totals(0, NOON * 2)}
    start, end = day_bounds(date(2026, 1, 5), HONG_KONG)
    with running(shop, handler) as asked:
        (line,) = lines(kiosk("orders"))
        assert (line["out_trade_no"], line["opened_at"]) == ("K07-260105-a10001", "2026-01-05T12:00:00.000+08:00")
        assert asked == [{"do": "orders"}, {"do": "orders", "start": start, "end": end, "include_open": True}]
        asked.clear()
        (found,) = lines(kiosk("report", "--day", "2026-01-05", "--json"))
        assert asked[0] == {"do": "report", "start": start, "end": end}
        assert found["totals"][0]["net"] == 1250
    assert not (shop / "kiosk.db").exists()


def test_a_running_kiosk_that_says_no_is_heard(shop: Path) -> None:
    """Exit 1, its words on stderr, nothing on stdout; the ledger is not opened behind its back."""
    with running(shop, lambda _: {"problem": "the ledger is being repaired"}):
        for words in (["orders"], ["report"], ["refund", "K07-260105-a10001"]):
            done = kiosk(*words)
            assert (done.exit_code, done.stdout) == (1, "")
            assert "the ledger is being repaired" in done.stderr
    assert not (shop / "kiosk.db").exists()


def test_a_ledger_that_another_process_holds_is_not_opened(shop: Path) -> None:
    """A kiosk that cannot be asked still owns it: exit 1 and who to look for."""
    put(shop, *sold("K07-260105-a10001", NOON))
    holding = (
        "import sys\nfrom pathlib import Path\nfrom kiosk.payment.ledger import SqliteLedger\n"
        "l = SqliteLedger.open(Path(sys.argv[1]), generation=str, now=0)\nprint('held', flush=True)\nsys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holding, shop / "kiosk.db"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        done = kiosk("orders")
        holder.communicate(timeout=20)
    assert done.exit_code == 1
    assert str(shop / "kiosk.db") in done.stderr


def test_a_report_adds_up_what_was_paid_and_given_back(shop: Path) -> None:
    """In figures for programs, in words for people."""
    put(
        shop,
        *sold("K07-260105-a10001", NOON),
        *sold("K07-260105-a10002", NOON),
        *sold("K07-260105-a10003", NOON, OrderState.SENT),
    )
    refund = Refund("K07-260105-a10001-R1", "K07-260105-a10001", Money(250, "HKD"), NOON + 60_000)
    put(shop, Insert(refund, "asked"))
    put(shop, Update(replace(refund, state=RefundState.ACCEPTED, refund_id="50"), "refund"))
    (found,) = lines(kiosk("report", "--json"))
    assert (found["day"], found["open"]) == ("2026-01-05", 1)
    (total,) = found["totals"]
    assert (total["tender"], total["paid_count"], total["paid"], total["refunded"], total["net"]) == (
        "quick_pay",
        2,
        2500,
        250,
        2250,
    )
    assert kiosk("report").stdout.splitlines() == [
        "Harbour Snacks, K07, 2026-01-05 from 00:00, Asia/Hong_Kong",
        "quick_pay  paid 2 x, 25.00 HKD; refunded 1 x, 2.50 HKD",
        "net        22.50 HKD",
        "1 not resolved yet: kiosk orders",
    ]
    assert kiosk("report", "--day", "2026-01-04").stdout.splitlines() == [
        "Harbour Snacks, K07, 2026-01-04 from 00:00, Asia/Hong_Kong",
        "1 not resolved yet: kiosk orders",
    ]


def test_a_refund_goes_to_the_running_kiosk(shop: Path) -> None:
    """With the amount as given, or none for all that is left."""
    with running(shop, lambda _: {"ok": True, "out_refund_no": "K07-260105-a10001-R1"}) as asked:
        done = kiosk("refund", "K07-260105-a10001", "--amount", "250")
        assert (done.exit_code, done.stdout) == (0, "Refund K07-260105-a10001-R1 is queued.\n")
        (printed,) = lines(kiosk("refund", "K07-260105-a10001", "--json"))
        assert printed["out_refund_no"] == "K07-260105-a10001-R1"
    assert [request["amount"] for request in asked] == [250, None]
    assert asked[0] == {"do": "refund", "out_trade_no": "K07-260105-a10001", "amount": 250, "reason": None}


def test_a_refund_is_queued_in_the_ledger_when_no_kiosk_runs(shop: Path) -> None:
    """It is committed, and leaves when the kiosk does; one that cannot be is refused with exit 1."""
    now = time.time_ns() // 1_000_000
    put(shop, *sold("K07-260105-a10001", now))
    done = kiosk("refund", "K07-260105-a10001", "--amount", "250")
    assert done.exit_code == 0, done.stderr
    with closing(SqliteLedger.open(shop / "kiosk.db", generation=str, now=now)) as ledger:
        (refund,) = ledger.refunds_of("K07-260105-a10001")
    assert (refund.money, refund.state) == (Money(250, "HKD"), RefundState.REQUESTED)
    assert refund.out_refund_no in done.stdout
    for words in (["K07-260105-a10001", "--amount", "1001"], ["K07-260105-a19999"]):
        refused = kiosk("refund", *words)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert refused.stderr.startswith("kiosk: ")


def test_decode_tells_what_the_scanner_makes_of_a_picture(shop: Path) -> None:
    """A payment code by its digest; its digits only with --any."""
    (shop / "frames").mkdir()
    (shop / "frames" / "code.png").write_bytes(held_picture(CODE))
    done = kiosk("decode", shop / "frames")
    (found,) = lines(done)
    assert found["payment_code"] is True
    assert found["digits_sha256"] == hashlib.sha256(CODE.encode()).hexdigest()
    assert CODE not in done.stdout
    (symbols,) = lines(kiosk("decode", shop / "frames" / "code.png", "--any"))
    assert CODE in {symbol["text"] for symbol in symbols["symbols"]}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["order"], "No such command 'order'"),
        (["orders", "--day", "2026-02-30"], "'2026-02-30' is not a day. Write it as 2026-01-05."),
        (["orders", "--day", "20260105"], "'20260105' is not a day"),
        (["orders", "--day", "yesterday"], "'yesterday' is not a day"),
        (["report", "--day", "9999-12-31"], "'9999-12-31' is not a day"),
        (["reconcile", "today"], "'today' is not a day"),
        (["refund"], "Missing argument 'OUT_TRADE_NO'"),
        (["refund", "K07", "--amount", "0"], "'--amount'"),
        (["refund", "K07", "--amount", "12.50"], "'--amount'"),
        (["decode"], "Missing argument 'PATH...'"),
        (["decode", "gone.png"], "'gone.png' does not exist"),
        (["sandbox", "--port", "70000"], "'--port'"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_wrong_words_exit_2_and_are_named(words: list[str], says: str) -> None:
    """On stderr, with nothing on stdout."""
    done = kiosk(*words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr


def test_a_wrong_configuration_exits_2_with_all_mistakes(shop: Path) -> None:
    """One message, no traceback: the file, then each key with value and remedy."""
    text = EXAMPLE.replace('currency = "HKD"', 'currency = "HK"').replace('kiosk_id = "K07"', 'kiosk_id = "K-07"')
    (shop / "wrong.toml").write_text(text)
    for words in (["run"], ["orders"], ["report"], ["refund", "K07-1"]):
        done = kiosk("--config", shop / "wrong.toml", *words)
        assert (done.exit_code, done.stdout) == (2, "")
        first, *rest = done.stderr.splitlines()
        assert first == f"kiosk: {shop}/wrong.toml: 2 mistakes"
        assert [line.split(" = ")[0] for line in rest] == ["  [merchant] currency", "  [merchant] kiosk_id"]
    (shop / "wrong.toml").write_text(EXAMPLE.replace('currency = "HKD"', 'currency = "HK"'))
    done = kiosk("orders", "--config", shop / "wrong.toml")
    assert done.stderr.startswith(f'kiosk: {shop}/wrong.toml: [merchant] currency = "HK" is not a currency')
    assert len(done.stderr.splitlines()) == 1


def test_the_configuration_is_named_before_or_after_the_command(shop: Path) -> None:
    """And the one after counts when there are two."""
    (shop / "kiosk.toml").rename(shop / "mine.toml")
    assert kiosk("--config", shop / "mine.toml", "orders").exit_code == 0
    assert kiosk("orders", "--config", shop / "mine.toml").exit_code == 0
    assert kiosk("--config", shop / "gone.toml", "orders", "--config", shop / "mine.toml").exit_code == 0
    gone = kiosk("orders", "--config", shop / "gone.toml")
    assert (gone.exit_code, gone.stderr.count("gone.toml")) == (2, 1)


def python(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A real process of this Python."""
    environment = {name: value for name, value in os.environ.items() if name != "CREDENTIALS_DIRECTORY"}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_recovering_is_refused_while_a_kiosk_runs(shop: Path) -> None:
    """Two processes must not write one ledger: it says what to do, and asks the running kiosk for nothing else."""
    with running(shop, lambda _: {"ok": True}) as asked:
        result = kiosk("recover", "--generation", "a1")
    assert (result.exit_code, asked) == (1, [])
    assert "stop it first" in result.output
    assert not (shop / "kiosk.db").exists()


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("word", ["a", "A1", "a1b", "\uff411", "a1\n", ""])
def test_a_generation_is_two_small_letters_or_digits(word: str) -> None:
    """Whatever else is told with an example, before anything is asked."""
    result = kiosk("recover", "--generation", word)
    assert result.exit_code == 2
    assert "K07-260105-a70001" in result.output


def test_the_module_is_the_command(shop: Path) -> None:
    """`python -m kiosk` does what `kiosk` does, in a real process with real exit codes."""
    put(shop, *sold("K07-260105-a10001", NOON))
    done = python("-m", "kiosk", "orders", folder=shop)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["out_trade_no"] == "K07-260105-a10001"
    assert python("-m", "kiosk", "--version", folder=shop).stdout == f"{__version__}\n"
    (shop / "kiosk.toml").write_text("[merchant]")
    wrong = python("-m", "kiosk", "orders", folder=shop)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("kiosk: kiosk.toml: ")
    assert "Traceback" not in wrong.stderr


def test_a_question_loads_nothing_heavy(shop: Path) -> None:
    """`kiosk orders` starts fast because pictures, windows, HTTP and cryptography stay where they are."""
    program = (
        "import sys\nfrom kiosk.cli import main\nmain(['orders'], standalone_mode=False)\n"
        "print(sorted({'PIL', 'cryptography', 'flask', 'numpy', 'pygame', 'qrcode', 'requests', 'systemd'} & set(sys.modules)))"
    )
    assert python("-c", program, folder=shop).stdout == "[]\n"


def test_a_day_and_the_next_leave_no_gap() -> None:
    """Every moment belongs to exactly one day of the shop."""
    for zone in (HONG_KONG, ZoneInfo("America/Sao_Paulo"), ZoneInfo("Australia/Lord_Howe")):
        day = date(2026, 1, 1)
        while day.year == 2026:
            assert day_bounds(day, zone)[1] == day_bounds(day + timedelta(days=1), zone)[0]
            day += timedelta(days=1)
