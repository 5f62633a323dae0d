"""Threats of docs/security.md that no other file is about; and the page itself: each test it names exists."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.core import screens
from kiosk.display.recording import RecordingDisplay
from tests.desk import Desk, desk
from tests.rig import Rig

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "security.md"


class Clone(Rig):
    """A second kiosk over a copy of the first one's folder, keys and ledger, at the same WeChat."""

    def __init__(self, first: Rig, folder: Path) -> None:
        vars(self).update(vars(first))
        self.folder = folder
        self.display = RecordingDisplay(first.settings.shop)
        self.views, self.sounds, self.announced = self.display.views, [], []


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Rig, Clone]]:
    """One that has sold and was copied while it was off; both run."""
    first = Rig(tmp_path / "first")
    first.start()
    first.press("5 OK")
    first.sees(screens.Scanning)
    first.scanner.show(first.bank.new_code())
    first.sees(screens.PaidScreen)
    first.press("OK")
    first.stop()
    first.views.clear()  # of its next life nothing is known yet
    shutil.copytree(first.folder, tmp_path / "second", ignore=shutil.ignore_patterns("bank"))
    clone = Clone(first, tmp_path / "second")
    for kiosk in (first, clone):
        kiosk.start()
    yield first, clone
    clone.stop()
    first.close()


def sold(kiosk: Rig, keys: str) -> type[screens.Screen]:
    """A sale up to where it leads."""
    kiosk.press(keys)
    kiosk.sees(screens.Scanning)
    kiosk.scanner.show(kiosk.bank.new_code())
    ends = (screens.PaidScreen, screens.DeclinedScreen, screens.AttentionScreen, screens.Unresolved, screens.CancelledScreen)
    kiosk.until(lambda: isinstance(kiosk.views[-1].screen, ends), "an end")
    return type(kiosk.views[-1].screen)


@pytest.mark.parametrize("keys", ["1 2 5 0 OK", "3 0 0 OK"])
def test_a_cloned_kiosk_takes_no_money_under_the_others_number_and_undoes_none(pair: tuple[Rig, Clone], keys: str) -> None:
    """T6. The same numbers, whatever the amount: the second says that it is not paid, and what the first took stays taken."""
    first, clone = pair
    assert sold(first, "1 2 5 0 OK") is screens.PaidScreen
    assert sold(clone, keys) is not screens.PaidScreen
    clone.press("OK")
    (mine,) = (line for line in first.lines() if line.amount == 1250)
    (theirs,) = (line for line in clone.lines() if line.out_trade_no == mine.out_trade_no)
    book = {order["out_trade_no"]: order for order in first.bank.orders()}
    assert (mine.state, theirs.state in ("DECLINED", "ATTENTION")) == ("PAID", True)
    assert (book[mine.out_trade_no]["debits"], book[mine.out_trade_no]["trade_state"]) == (1, "SUCCESS")
    assert sum(order["debits"] for order in book.values()) == 2


def test_a_clone_whose_answer_is_lost_does_not_take_the_others_payment_for_its_own(pair: tuple[Rig, Clone]) -> None:
    """T6. The very same number and amount: what WeChat has under it was begun at another moment."""
    first, clone = pair
    assert sold(first, "1 2 5 0 OK") is screens.PaidScreen
    clone.bank.trouble.set("strikes", "sale")
    clone.bank.trouble.set("drop_after", 1)
    assert sold(clone, "1 2 5 0 OK") is screens.AttentionScreen
    (mine,) = (line for line in first.lines() if line.amount == 1250)
    (theirs,) = (line for line in clone.lines() if line.out_trade_no == mine.out_trade_no)
    assert (mine.state, theirs.state) == ("PAID", "ATTENTION")
    book = {order["out_trade_no"]: order for order in first.bank.orders()}
    assert (book[mine.out_trade_no]["debits"], book[mine.out_trade_no]["trade_state"]) == (1, "SUCCESS")


def listening(pids: list[int]) -> list[str]:
    """TCP addresses, not of this machine alone, at which one of these processes listens (proc(5), net/tcp and fd)."""
    found = []
    for pid in pids:
        sockets = {link.readlink().name for link in _links(Path(f"/proc/{pid}/fd"))}
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/{pid}/net/{table}").read_text("ascii").splitlines()[1:]:
                words = line.split()
                if words[3] == "0A" and f"socket:[{words[9]}]" in sockets:
                    found.append(words[1])
    return found


def _links(folder: Path) -> Iterator[Path]:
    for link in folder.iterdir():
        if link.is_symlink():
            yield link


def test_a_kiosk_listens_nowhere(tmp_path: Path) -> None:
    """T14. Neither it nor its scanner; the stand-in beside it shows that one who listens is seen."""
    with desk(tmp_path) as running:
        kiosk, stand_in = _pid(running, "run"), _pid(running, "sandbox")
        children = [int(word) for file in Path(f"/proc/{kiosk}/task").glob("*/children") for word in file.read_text().split()]
        assert listening([kiosk, *children]) == []
        assert listening([stand_in]) != []


def _pid(running: Desk, word: str) -> int:
    return next(process.pid for process in running._running if word in process.args)


# -- the page ------------------------------------------------------------------------------------------------------------


def named(text: str) -> list[tuple[str, str]]:
    """File and test of each that the page names, as `tests/test_x.py::test_y`."""
    return re.findall(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`", text)


def missing(pairs: list[tuple[str, str]]) -> list[str]:
    """Those that are not there."""
    return [f"{file}::{test}" for file, test in pairs if not _has(file, test)]


def _has(file: str, test: str) -> bool:
    path = ROOT / file
    tree = ast.parse(path.read_text("utf-8") if path.exists() else "")
    return any(isinstance(node, ast.FunctionDef) and node.name == test for node in ast.walk(tree))


def test_every_test_that_the_page_names_exists() -> None:
    """A test that is renamed takes its line with it."""
    pairs = named(PAGE.read_text("utf-8"))
    assert len(pairs) > 40
    assert missing(pairs) == []
    none = [("tests/test_threats.py", "test_of_nothing"), ("tests/test_none.py", "test_x")]
    assert missing(none) == ["tests/test_threats.py::test_of_nothing", "tests/test_none.py::test_x"]


def test_every_threat_and_every_area_has_its_row() -> None:
    """T1 to T14, each with a test or the sentence that says why there is none; the thirteen areas of EN 303 645."""
    text = PAGE.read_text("utf-8")
    threats = {row[1]: row[2] for row in re.finditer(r"(?m)^\| (T\d+) \|(.*)$", text)}
    assert list(threats) == [f"T{number}" for number in range(1, 15)]
    for number, row in threats.items():
        assert named(row) or "cannot be tested here" in row, number
    assert [row[1] for row in re.finditer(r"(?m)^\| (5\.\d+) \|", text)] == [f"5.{number}" for number in range(1, 14)]
