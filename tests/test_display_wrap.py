"""Lines break where a reader expects it. Measured here in characters, so that the arithmetic can be followed by eye."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.display.wrap import lines, plain


def _wrap(text: str, width: int, *, cut: bool = False) -> list[str] | None:
    return lines(text, width, len, cut=cut)


def test_a_line_breaks_at_spaces_and_the_lines_are_about_even() -> None:
    assert _wrap("please hand over the goods", 20) == ["please hand", "over the goods"]


def test_a_line_breaks_at_marks_which_are_not_shown() -> None:
    assert _wrap("请在手机上|输入密码", 6) == ["请在手机上", "输入密码"]
    assert _wrap("请在手机上|输入密码", 9) == ["请在手机上输入密码"]


def test_a_part_that_is_too_wide_is_not_cut_unless_allowed() -> None:
    assert _wrap("请在手机上输入密码", 5) is None
    assert _wrap("请在手机上输入密码", 5, cut=True) == ["请在手机上", "输入密码"]
    assert _wrap("WeChat", 3, cut=True) is None


@pytest.mark.parametrize("width", [3, 4, 5])
def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one(width: int) -> None:
    found = _wrap("正在核实。请勿（再次）付款，谢谢！", width, cut=True)
    assert found is not None
    assert not any(line[0] in "。，！）" or line[-1] == "（" for line in found)


@pytest.mark.parametrize("width", [3, 4, 5, 6, 7])
def test_a_thai_cut_keeps_vowels_and_tones_with_their_letters(width: int) -> None:
    found = _wrap("ร้านที่นี่เก็บเงินแล้วไม่ต้องชำระซ้ำ", width, cut=True)
    assert found is not None
    assert "".join(found) == "ร้านที่นี่เก็บเงินแล้วไม่ต้องชำระซ้ำ"
    joined = "\u0e30\u0e31\u0e33\u0e34\u0e35\u0e37\u0e47\u0e48\u0e49\u0e4d"
    assert not any(line[0] in joined or line[-1] in "เแโใไ" for line in found)


@given(st.text("ab 请付。（|", max_size=40), st.integers(1, 12), st.booleans())
def test_wrapping_loses_no_character_and_keeps_the_width(text: str, width: int, cut: bool) -> None:
    found = _wrap(text, width, cut=cut)
    if found is not None:
        assert all(len(line) <= width for line in found)
        assert "".join(found).replace(" ", "") == plain(text).replace(" ", "")
