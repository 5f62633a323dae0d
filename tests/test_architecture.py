"""docs/architecture.md shows the code as it is."""

from __future__ import annotations

import pytest

from tests import architecture
from tests.test_floors import Sources, sources


def test_the_drawings_in_the_docs_are_the_code() -> None:
    """`python -m tests.architecture` draws them anew."""
    text = architecture.FILE.read_text("utf-8")
    assert architecture.drawn(text) == text, "stale: python -m tests.architecture"


def test_no_arrow_leads_up_nor_from_a_hand_to_a_decision_nor_from_the_loop_to_a_hand() -> None:
    arrows = {line.strip() for line in architecture.floors(sources()) if "-->" in line}
    assert "f5 --> f4" in arrows
    assert {tuple(sorted(arrow.split(" --> "))) for arrow in arrows} == {tuple(arrow.split(" --> ")[::-1]) for arrow in arrows}
    assert not arrows & {"f3 --> f2", "f4 --> f3"}


def test_the_scanner_cannot_come_to_load_a_network_library_nor_the_owners_page_the_ledger() -> None:
    """By what their first modules reach, imports inside functions too."""
    rows = {line.split(" | ")[0]: line for line in architecture.processes(sources()) if line.startswith("| `")}
    assert not {"requests", "urllib3", "cryptography", "flask", "waitress"} & set(_libraries(rows["| `kiosk-scanner`"]))
    assert not {"pygame", "requests", "sqlite3"} & set(_libraries(rows["| `kiosk-owner`"]))
    assert not {"flask", "pygame", "requests", "urllib3", "waitress"} & set(_libraries(rows["| `kiosk-steward`"]))


def _libraries(row: str) -> list[str]:
    return row.rstrip(" |").rpartition(" | ")[2].split(", ")


@pytest.mark.parametrize(
    ("change", "drawing"),
    [
        ({"kiosk/core/brake.py": "from kiosk.core.money import Money"}, architecture.floors),
        ({"kiosk/keypad/pedal.py": "from kiosk.core import events"}, architecture.rooms),
        ({"kiosk/release/boot.py": "import requests"}, architecture.processes),
        ({"kiosk/doctor/command.py": "threading.Thread(target=look, name='a look')"}, architecture.threads),
    ],
)
def test_a_change_of_the_code_makes_a_drawing_stale(change: Sources, drawing) -> None:
    assert list(drawing(sources() | change)) != list(drawing(sources()))
