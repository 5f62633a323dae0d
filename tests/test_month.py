"""Some days of the played month, so that it goes on being playable: a card is lost on the second evening."""

from __future__ import annotations

from pathlib import Path

from tests.month import Month


def test_books_and_z_reports_match_after_the_loss_of_a_card(tmp_path: Path) -> None:
    """The month asserts it of each day, kiosk and slip."""
    month = Month(2, tmp_path, days=3, sales=8, lost=1)
    try:
        month.play()
        assert all(ours == theirs > 0 for ours, theirs in map(month.totals, month.tills))
        assert len(month.slips.of) == 6
    finally:
        month.stand.server.stop()
