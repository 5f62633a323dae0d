"""What is kept of the pictures: as many bytes as there is room for, the ones used last."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kiosk.display.kept import Kept


def _kept(most: int) -> Kept[str]:
    kept: Kept[str] = Kept(len)
    kept.make_room(most)
    return kept


def _made(kept: Kept[str], *values: str) -> list[str]:
    """Those that had to be made, each being its own key."""
    made: list[str] = []

    def make(value: str) -> str:
        made.append(value)
        return value

    for value in values:
        assert kept.get(value, lambda value=value: make(value)) == value  # type: ignore[misc]
    return made


def test_what_is_kept_is_made_once() -> None:
    assert _made(_kept(10), "aaa", "bb", "aaa", "bb") == ["aaa", "bb"]


def test_what_was_not_used_for_longest_goes_first() -> None:
    kept = _kept(6)
    assert _made(kept, "aaa", "bb", "aaa", "cc") == ["aaa", "bb", "cc"]
    assert _made(kept, "aaa", "cc", "bb") == ["bb"]


def test_one_that_is_too_large_is_made_and_lets_the_others_go() -> None:
    kept = _kept(4)
    assert _made(kept, "aa", "bb", "ccccc", "ccccc", "aa") == ["aa", "bb", "ccccc", "aa"]
    assert kept.weight == len("aa")


def test_room_only_grows() -> None:
    kept = _kept(4)
    kept.make_room(2)
    assert _made(kept, "aa", "bb", "aa") == ["aa", "bb"]


@given(st.integers(1, 40), st.lists(st.text("ab", min_size=1, max_size=12), max_size=60))
def test_never_more_bytes_than_there_is_room_but_for_the_newest(most: int, values: list[str]) -> None:
    """And the weight is that of what is there."""
    kept = _kept(most)
    for value in values:
        _made(kept, value)
        assert kept.weight <= max(most, len(value))
        assert kept.weight == sum(map(len, kept._values.values()))
