"""An edit of the ledger's file does not pass unnoticed, whoever made it: a person with sqlite3, or a card that flips bits."""

from __future__ import annotations

import contextlib
import hmac
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import config, ledgers
from kiosk.core.commands import Insert, Update
from kiosk.core.errors import LedgerError
from kiosk.core.model import Call, OrderState
from kiosk.payment import audit
from kiosk.payment.chain import OPEN_KEY, ChainKey
from kiosk.payment.history import Loss
from kiosk.payment.ledger import SqliteLedger
from kiosk.payment.ledger_file import LedgerFile, migrations
from kiosk.payment.ledger_rows import columns
from kiosk.payment.versions import SCHEMA
from kiosk.payment.wechat.crypto import derive
from kiosk.sandbox.prepare import prepare
from tests.flips import KEY, flips, make
from tests.history import history_of
from tests.ledger_samples import keyed, number, order, paid, sale

S = OrderState
OTHER = ChainKey("k2", b"another")
SALE, PAID, REFUNDED = f"S-{number(2)}", number(2), number(11)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A closed ledger of twelve sales."""
    path = tmp_path_factory.mktemp("made") / "kiosk.db"
    make(path, 12)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path, whole: bytes) -> Path:
    """That ledger."""
    (tmp_path / "kiosk.db").write_bytes(whole)
    return tmp_path / "kiosk.db"


def opened(path: Path, key: ChainKey | None = KEY, generation: str = "zz") -> SqliteLedger:
    """The ledger at `path`."""
    return SqliteLedger.open(path, generation=lambda: generation, now=99, key=key)


@contextlib.contextmanager
def by_hand(path: Path) -> Iterator[sqlite3.Connection]:
    """The file as anybody opens it who knows SQLite: the triggers out of the way, and back when it is done."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as base:
        triggers = base.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            base.execute(f"DROP TRIGGER {name}")
        yield base
        for _, sql in triggers:
            base.execute(sql)
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def doubts(path: Path, *keys: ChainKey) -> list[str]:
    """What the check says of a sound file."""
    verdict = audit.check(path, keys or [KEY])
    assert verdict.damage == []
    return verdict.doubts


def test_a_ledger_that_nobody_touched_is_well(path: Path) -> None:
    """Also after it was opened again and sold with."""
    assert audit.check(path, [KEY]) == audit.Verdict(lines=63, reaches=63)
    with contextlib.closing(opened(path)) as ledger:
        ledger.commit(keyed(20), at=9)
    assert audit.check(path, [KEY]) == audit.Verdict(lines=65, reaches=65)


EDITS = [
    (f"UPDATE orders SET amount = 100 WHERE out_trade_no = '{PAID}'", f"order {PAID}: amount is 100, and 1250 by its history"),
    (f"UPDATE orders SET state = 'VOID' WHERE out_trade_no = '{PAID}'", f"order {PAID}: state is 'VOID', and 'PAID' by its"),
    (f"UPDATE orders SET note = 'x' WHERE out_trade_no = '{PAID}'", f"order {PAID}: note is 'x', and None by its history"),
    (f"UPDATE orders SET asks = 9 WHERE out_trade_no = '{PAID}'", f"order {PAID}: asks is 9, and 0 by its history"),
    (f"UPDATE sales SET amount = 1 WHERE sale_id = '{SALE}'", f"sale {SALE}: amount is 1, and 1250 by its history"),
    (f"UPDATE sales SET state = 'unpaid' WHERE sale_id = '{SALE}'", f"sale {SALE}: state is 'unpaid', and 'paid' by its"),
    ("UPDATE refunds SET amount = 1", f"refund {REFUNDED}-R1: amount is 1, and 1250 by its history"),
    ("DELETE FROM refunds", f"refund {REFUNDED}-R1 is gone; by its history it was DONE"),
    (f"DELETE FROM orders WHERE out_trade_no = '{PAID}'", f"order {PAID} is gone; by its history it was PAID"),
    (f"UPDATE history SET changed = replace(changed, '1250', '99') WHERE number = '{PAID}'", f"order {PAID}) was changed"),
    (f"UPDATE history SET at = at + 1 WHERE number = '{PAID}'", f"(order {PAID}) was changed"),
    (f"UPDATE history SET why = 'other' WHERE number = '{PAID}'", f"(order {PAID}) was changed"),
    ("DELETE FROM history WHERE seq = 30", "history 31 ("),
    ("UPDATE history SET seq = 1000 WHERE seq = 63", "history 1000 ("),
    ("UPDATE history SET mac = zeroblob(16) WHERE seq = 30", "history 30 ("),
    ("UPDATE history SET mac = NULL, key_id = NULL WHERE seq = 30", "is bound to nothing: it was put in by somebody else"),
    ("UPDATE history SET key_id = 'old' WHERE seq BETWEEN 20 AND 30", "history 31 ("),
    (
        "INSERT INTO sales (sale_id, amount, currency, opened_at, state) VALUES ('S-x', 1, 'HKD', 1, 'paid')",
        "sale S-x has no history: it was put in by somebody else",
    ),
    ("UPDATE counters SET highest = 3", f"order {number(4)} is beyond the counter of its day, 3"),
    ("UPDATE meta SET generation = 'bb'", "its last rows, or meta, were changed"),
    ("DELETE FROM history WHERE seq > 60", "the history went as far as row 63, and that is not what stands there"),
]


@pytest.mark.parametrize(("edit", "words"), EDITS, ids=[f"{n}-{edit[:40]}" for n, (edit, _) in enumerate(EDITS)])
def test_an_edit_by_hand_is_found_and_the_row_is_named(path: Path, edit: str, words: str) -> None:
    """The file is as sound as before, and only its history knows better."""
    with by_hand(path) as base:
        base.execute("PRAGMA foreign_keys = OFF")
        base.execute(edit)
    if edit.startswith("DELETE FROM orders"):  # refers to nothing: already the file's check finds it
        with by_hand(path) as base:
            base.execute(f"DELETE FROM refunds WHERE out_trade_no = '{PAID}'")
    found = doubts(path)
    assert any(words in doubt for doubt in found), found


def test_a_whole_sale_put_in_with_its_history_is_found(path: Path) -> None:
    """Whoever knows how the MAC is made still lacks the key."""
    made = order(30, S.PAID)
    with by_hand(path) as base:
        for noun in (sale(30), made):
            table, _, values = columns(noun)
            base.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES (:{', :'.join(values)})", values)
        end = base.execute("SELECT mac FROM history WHERE seq = 63").fetchone()[0]
        told = json.dumps([64, "order", made.out_trade_no, None, "PAID", "paid", 9, "{}", "k1"], separators=(",", ":"))
        mac = hmac.digest(b"a guess", end + told.encode(), "sha256")[:16]
        row = (64, "order", made.out_trade_no, None, "PAID", "paid", 9, "{}", "k1", mac)
        base.execute("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    assert any(doubt.startswith(f"history 64 (order {made.out_trade_no}) was changed") for doubt in doubts(path))


def test_a_trigger_that_was_taken_away_is_missed(path: Path) -> None:
    """The schema is compared with what this version makes."""
    with contextlib.closing(sqlite3.connect(path)) as base:
        base.execute("DROP TRIGGER orders_never_go_back")
    assert audit.check(path, [KEY]).damage == ["schema: orders_never_go_back is not as it was made"]


def test_of_a_few_hundred_flipped_bits_none_does_harm_unnoticed(tmp_path: Path) -> None:
    """`python -m tests.flips` flips ten thousand."""
    figures = flips(tmp_path, 200, seed=7, sales=30)
    assert figures["unnoticed"] == []
    assert figures["seen"]["reads differently; noticed by the chain"] > 10


def test_rows_under_another_key_cannot_be_checked_and_are_not_called_forged(path: Path) -> None:
    """The merchant's key is changed: the chain goes on, and an edit of what came later is found all the same."""
    with contextlib.closing(opened(path, OTHER)) as ledger:
        assert ledger.generation == "aa"
        ledger.commit(keyed(20), at=9)
    assert audit.check(path, [OTHER]) == audit.Verdict(lines=65, unchecked=63, reaches=65)
    assert audit.check(path, [KEY, OTHER]) == audit.Verdict(lines=65, reaches=65)
    with by_hand(path) as base:
        base.execute("UPDATE history SET why = 'other' WHERE seq = 64")
    assert [doubt[:11] for doubt in doubts(path, OTHER)] == ["history 64 "]


def test_a_row_cannot_be_passed_off_as_one_of_an_older_key(path: Path) -> None:
    """Its key's id is in the next row's MAC."""
    with contextlib.closing(opened(path, OTHER)) as ledger:
        ledger.commit(keyed(20), at=9)
    with by_hand(path) as base:
        base.execute("UPDATE history SET key_id = 'k1', changed = '{}' WHERE seq = 64")
    assert any(doubt.startswith("history 65 ") for doubt in doubts(path, OTHER))


def test_a_cut_off_end_is_seen_at_the_next_opening_and_its_numbers_are_not_made_again(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The last sale, taken out with all its traces: another generation, a loss to be asked for, and a word to the owner."""
    with by_hand(path) as base:
        base.execute("PRAGMA foreign_keys = OFF")
        for statement in (
            f"DELETE FROM orders WHERE out_trade_no = '{number(12)}'",
            f"DELETE FROM sales WHERE sale_id = 'S-{number(12)}'",
            f"DELETE FROM history WHERE number LIKE '%{number(12)}'",
            "UPDATE counters SET highest = 11",
        ):
            base.execute(statement)
    with contextlib.closing(opened(path)) as ledger:
        assert ledger.generation == "zz"
        assert ledger.load(0).counters == {}
        (loss,) = ledger.losses()
        assert (loss.generation, loss.noticed_at, loss.recovered_at) == ("aa", 99, None)
        assert "its last rows, or meta, were changed" in loss.what
    assert "missing or was changed" in caplog.text
    with contextlib.closing(opened(path, generation="yy")) as again:
        assert again.generation == "zz"
        assert len(again.losses()) == 1


def test_a_killed_kiosk_is_not_taken_for_an_edited_one(tmp_path: Path) -> None:
    """Its history goes further than it had said."""
    ledger = opened(tmp_path / "kiosk.db", generation="aa")
    for counter in range(1, 5):
        ledger.commit(keyed(counter), at=9)
    ledger._file.close()  # without the last word
    with contextlib.closing(opened(tmp_path / "kiosk.db")) as again:
        assert (again.generation, again.losses()) == ("aa", [])
    assert audit.check(tmp_path / "kiosk.db", [KEY]).well


def test_a_ledger_of_an_older_version_is_bound_at_its_first_opening(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Its rows, whose history told less, are bound as they are; from then on an edit is found."""
    path, schema = tmp_path / "kiosk.db", tmp_path / "schema"
    schema.mkdir()
    for version, sql in enumerate(migrations(SCHEMA)[:2], 1):
        (schema / f"{version:04}.sql").write_text(sql, encoding="utf-8")
    with contextlib.closing(LedgerFile.open(path, schema)) as file, file.transaction():
        file.change("INSERT INTO meta VALUES (1, 'aa', 0, 0)", ())
        file.change("INSERT INTO counters VALUES ('260105', 1)", ())
        for noun in (sale(1), order(1, S.PAID)):
            table, _, known = columns(noun)
            values = {name: value for name, value in known.items() if name not in {"tip", "lines", "memo"}}  # of later versions
            file.change(f"INSERT INTO {table} ({', '.join(values)}) VALUES (:{', :'.join(values)})", values)
        walked = "INSERT INTO history (kind, number, was, became, why, at, changed) VALUES (?, ?, ?, ?, 'so', 9, '{}')"
        file.change(walked, ("sale", f"S-{number(1)}", None, "open"))
        file.change(walked, ("order", number(1), None, "ARMED"))
        file.change(walked, ("order", number(1), "ARMED", "PAID"))
    with contextlib.closing(opened(path, key=None)) as asked:  # by a command that only asks
        assert asked.order(number(1)) == order(1, S.PAID)
    with contextlib.closing(opened(path)) as ledger:
        assert ledger.generation == "aa"
        assert ledger.load(0).counters == {"260105": 1}
        assert ledger.order(number(1)) == order(1, S.PAID)
        assert [line.became for line in history_of(ledger, number(1))] == ["open", "ARMED", "PAID"]
        ledger.commit(keyed(2), at=9)
    assert "bound for the first time" in caplog.text
    assert audit.check(path, [KEY]) == audit.Verdict(lines=7, reaches=7)
    with by_hand(path) as base:
        base.execute("UPDATE orders SET amount = 1 WHERE state = 'PAID'")
    assert doubts(path) == [f"order {number(1)}: amount is 1, and 1250 by its history"]


def test_a_ledger_of_an_older_version_is_well_before_it_is_bound_and_without_rows_nothing_is(tmp_path: Path) -> None:
    """A backup of before the update: neither damaged nor edited."""
    path, schema = tmp_path / "kiosk.db", tmp_path / "schema"
    schema.mkdir()
    for version, sql in enumerate(migrations(SCHEMA)[:2], 1):
        (schema / f"{version:04}.sql").write_text(sql, encoding="utf-8")
    with contextlib.closing(LedgerFile.open(path, schema)) as file, file.transaction():
        file.change("INSERT INTO meta VALUES (1, 'aa', 0, 0)", ())
    assert audit.check(path, [KEY]) == audit.Verdict()
    with contextlib.closing(opened(path)) as ledger:
        assert ledger.generation == "aa"
    assert audit.check(path, [KEY]) == audit.Verdict()


def test_a_line_of_a_kind_that_there_is_not_is_found(path: Path) -> None:
    """Whatever it says: no MAC fits it, and it stands for no row."""
    with by_hand(path) as base:
        base.execute("PRAGMA ignore_check_constraints = 1")
        base.execute("UPDATE history SET kind = 'gift' WHERE kind = 'refund'")
    assert [line for line in doubts(path) if "MAC" in line or "history" in line]


def test_when_no_generation_is_left_the_ledger_says_so(tmp_path: Path) -> None:
    """Rather than make a number again."""
    with contextlib.closing(opened(tmp_path / "kiosk.db", generation="aa")):
        pass
    with pytest.raises(LedgerError, match="no generation of numbers is left"):
        SqliteLedger.open(
            tmp_path / "kiosk.db", generation=lambda: "aa", now=99, key=KEY, losses=(Loss("aa", 0, "lost with the card"),)
        )


def test_what_was_refused_is_not_what_the_next_row_is_bound_to(path: Path) -> None:
    """A commit that fails in its second row leaves the chain where it was; counts of calls are bound, too."""
    with contextlib.closing(opened(path)) as ledger:
        with pytest.raises(LedgerError):
            ledger.commit([*keyed(20), Insert(order(1), "armed")], at=9)
        ledger.commit(keyed(21), at=9)
        asked = order(21, S.ARMED, asks=1, last_call=Call.ASK, last_outcome="unknown", called_at=9)
        ledger.commit([Update(asked, "asked")], at=9)
        assert ledger.audit([KEY]) == audit.Verdict(lines=66, reaches=66)


def test_a_ledger_opened_to_ask_takes_no_row(path: Path) -> None:
    """Nobody without the key goes on with the history, and asking writes nothing."""
    before = path.read_bytes()
    with contextlib.closing(opened(path, key=None)) as ledger:
        with pytest.raises(LedgerError, match="it was opened to ask"):
            ledger.commit(keyed(20), at=9)
        assert ledger.order(PAID) is not None
    assert path.read_bytes() == before


def test_a_ledger_in_memory_has_a_chain_too() -> None:
    """The simulators' ledgers are the same ledger."""
    with contextlib.closing(SqliteLedger.in_memory()) as ledger:
        ledger.commit(keyed(1), at=9)
        ledger.commit(paid(1), at=10)
        assert ledger.audit([OPEN_KEY]) == audit.Verdict(lines=4, reaches=4)


def test_the_key_is_the_merchants_and_tells_nothing_of_it(tmp_path: Path) -> None:
    """The same however the file's lines end, and the one that every command of the program writes with; it lies in no file."""
    prepare(tmp_path, url="http://127.0.0.1:1", page="http://127.0.0.1:1/")
    read = config.load(tmp_path / "kiosk.toml")
    key = ledgers.key_of(read)
    pem = tmp_path / "merchant_key.pem"
    pem.write_bytes(pem.read_bytes().replace(b"\n", b"\r\n"))
    assert ledgers.key_of(config.load(tmp_path / "kiosk.toml")) == key
    assert (len(key.secret), len(key.id)) == (32, 8)
    assert key.secret.hex() not in repr(key)
    with contextlib.closing(ledgers.to_write(read, _clock())) as ledger:
        ledger.commit(keyed(1), at=9)
    assert audit.check(read.ledger.path, [key]).unchecked == 0
    for file in tmp_path.glob("kiosk.db*"):
        assert key.secret not in file.read_bytes()
        assert key.secret.hex().encode() not in file.read_bytes()


def test_the_key_is_derived_as_rfc_5869_has_it() -> None:
    """Its test case 3: no salt, no info; and two purposes have nothing in common."""
    wanted = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    assert derive(b"\x0b" * 22, "", 42).hex() == wanted
    assert derive(b"secret", "a", 32) != derive(b"secret", "b", 32)


def _clock() -> ledgers.SteadyClock:
    return ledgers.SteadyClock()
