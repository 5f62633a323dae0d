"""A sale's way through the kiosk, against a client that does nothing else; and what must not lie on that way."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import pytest

from tests.bench.conftest import Table
from tests.bench.desk import BareClient, Desk, Kiosk, XScreen, quiet, stopping
from tests.bench.subject import MARK

ROUNDS = 25
TRACED = 4
QUIET_S = 0.15
FRAME_MS = 1000 / 60


@dataclass(frozen=True, slots=True)
class Round:
    """One sale and one charge of the peer, in ms; `opened` counts connections made between OK and the paid screen."""

    leaves: float  # from the decoded code until the whole request has come to the other side
    shows: float  # from the last byte of the answer until the paid screen is in the window
    peer: float
    opened: int
    warmed: int  # connections made while the amount was keyed


@pytest.fixture(scope="module")
def rounds(desk: Desk, screen: XScreen) -> list[Round]:
    """Sales and charges in turn, each after all connections were closed, as servers close idle ones."""
    bare = BareClient(desk)
    with stopping(Kiosk(desk, screen.display)) as kiosk:
        _round(desk, kiosk, bare)
        return [_round(desk, kiosk, bare) for _ in range(ROUNDS)]


def test_a_charge_leaves_about_as_soon_as_a_bare_one(rounds: list[Round], table: Table) -> None:
    """From the decoded code to the request on the wire: at most one and a half times what the bare client takes."""
    left, bare = [each.leaves for each in rounds], [each.peer for each in rounds]
    ours, peer = _best(left), _best(bare)
    table.row("  the same, best quarter of rounds", f"{ours:.2f} ms", f"bare requests {peer:.2f} ms", ours / peer)
    ours, peer = median(left), median(bare)
    table.row("decoded code -> request on the wire", f"{ours:.2f} ms", f"bare requests {peer:.2f} ms", ours / peer, 1.5)


def test_the_paid_screen_comes_within_two_frames(rounds: list[Round], table: Table) -> None:
    """The answer is read, verified, committed, decided and painted in the time of two frames of 60 a second."""
    shown = [each.shows for each in rounds]
    ours = _best(shown)
    table.row("  the same, best quarter of rounds", f"{ours:.1f} ms", f"a frame {FRAME_MS:.1f} ms", ours / FRAME_MS)
    ours = median(shown)
    table.row("answer -> paid screen", f"{ours:.1f} ms", f"a frame {FRAME_MS:.1f} ms", ours / FRAME_MS, 2)


def test_no_handshake_lies_on_the_way(rounds: list[Round], table: Table) -> None:
    """The connection is made while the amount is keyed: none between OK and the paid screen."""
    assert all(each.warmed for each in rounds), "no connection was made at all: this bench measures nothing"
    most = max(each.opened for each in rounds)
    table.row("connections made, OK -> paid screen", f"{most}", f"{ROUNDS} sales, each after all were closed", most, 0)


def test_no_disk_sync_lies_before_the_request(desk: Desk, screen: XScreen, table: Table, tmp_path: Path) -> None:
    """Between the decoded code and the last byte of the request no thread or process of the kiosk asks for a disk sync."""
    if shutil.which("strace") is None or subprocess.run(["strace", "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace is missing or may not trace here: deploy/setup.sh tests")
    trace = tmp_path / "trace"
    calls = "trace=write,sendto,fsync,fdatasync,sync,syncfs,sync_file_range,msync"
    tracer = ("strace", "-f", "--seccomp-bpf", "-yy", "-e", calls, "-o", str(trace))
    with stopping(Kiosk(desk, screen.display, tracer)) as kiosk:
        for _ in range(TRACED):
            kiosk.sell()
    syncs = _syncs_before_leaving(trace.read_text("utf-8", "replace"), desk.wire.url.rpartition(":")[2])
    assert len(syncs) == TRACED
    table.row("disk syncs, decoded code -> request", f"{max(syncs)}", f"{TRACED} sales under strace", max(syncs), 0)


def _round(desk: Desk, kiosk: Kiosk, bare: BareClient) -> Round:
    wire = desk.wire
    wire.drop()
    quiet()
    began = time.monotonic_ns()
    sale = kiosk.sell()
    time.sleep(QUIET_S)
    charge = wire.charge(sale["seen_at"])
    answer = wire.of("answer", charge["at"], link=charge["link"])[0]
    bare.warm()
    quiet()
    bare_at = bare.charge()
    time.sleep(QUIET_S)
    return Round(
        leaves=_ms(charge["at"] - sale["seen_at"]),
        shows=_ms(sale["paid_at"] - answer["at"]),
        peer=_ms(wire.charge(bare_at)["at"] - bare_at),
        opened=len(wire.of("open", sale["ok_at"], sale["paid_at"])),
        warmed=len(wire.of("open", began, sale["ok_at"])),
    )


def _syncs_before_leaving(trace: str, port: str) -> list[int]:
    """Of each sale: the syncs that begin after the code was seen and before the last write of the request."""
    found = []
    for sale in trace.split(repr(MARK.decode())[1:-1])[1:]:
        lines = sale.splitlines()[1:]
        to_wire = [number for number, line in enumerate(lines) if f":{port}]" in line and re.search(r" (write|sendto)\(", line)]
        thread = lines[to_wire[0]].split()[0]
        last = max(number for number in to_wire if lines[number].split()[0] == thread)
        found.append(sum(1 for line in lines[:last] if re.search(r" (f(data)?sync|sync|syncfs|sync_file_range|msync)\(", line)))
    return found


def _best(figures: list[float]) -> float:
    """The first quartile: what is left when other programs of this machine had their say."""
    return quantiles(figures, n=4)[0]


def _ms(ns: Any) -> float:
    return float(ns) / 1e6
