"""Where lines break and which size fits: arithmetic over a measuring function. Knows no font and no drawing library.

A "|" in a text marks where its line may break, besides its spaces. Where nothing else helps, a line is also cut between
two Chinese, Japanese or Thai characters, by the rules of those scripts.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Measure = Callable[[str], float]  # of two parts together: the sum of both

MARK = "|"
_EVEN = 2  # pixels: lines need not be made more even than this

_SPACE = r" \t\n\r"  # a no-break space holds together what stands beside it, as an amount and its currency
_SCRIPT = re.compile(r"[\u0e00-\u0e7f\u3000-\u9fff\uf900-\ufaff\uff00-\uff60]")
_NOT_FIRST = "、。，．！？：；）」』】》・ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ…%,.!?:;)”’"
_NOT_LAST = "（「『【《(“‘￥¥$＄"
_THAI_JOINED = re.compile(r"[\u0e30-\u0e3a\u0e45-\u0e4e]")  # vowels and marks that belong to what stands before
_THAI_LEADING = "เแโใไ"


def plain(text: str) -> str:
    """The text without its marks."""
    return text.replace(MARK, "")


def lines(text: str, width: float, measure: Measure, *, cut: bool) -> list[str] | None:
    """Break `text` into as few lines as fit in `width`, of about the same length; None when a part alone is too wide.

    `cut`: parts may be broken where the script allows, though no mark is there.
    """
    atoms = _measured(_atoms(text), measure)
    best = _greedy(atoms, width)
    if best is None and cut:
        atoms = _measured([piece for atom in _atoms(text) for piece in _pieces(atom)], measure)
        best = _greedy(atoms, width)
    if best is None:
        return None
    narrow, wide = 0.0, width  # the narrowest column that needs no more lines makes them even
    count = len(best)
    while count > 1 and wide - narrow > _EVEN:
        middle = (narrow + wide) / 2
        tried = _greedy(atoms, middle)
        if tried is not None and len(tried) == count:
            best, wide = tried, middle
        else:
            narrow = middle
    return best


def _atoms(text: str) -> list[str]:
    return [atom for part in text.split(MARK) for atom in re.findall(rf"[^{_SPACE}]+[{_SPACE}]*|[{_SPACE}]+", part)]


def _pieces(atom: str) -> list[str]:
    """Cut an atom wherever its script allows, for a column that is too narrow for it."""
    pieces = [""]
    for before, here in zip(" " + atom, atom, strict=False):
        joined = here in _NOT_FIRST or _THAI_JOINED.match(here) or before in _NOT_LAST or before in _THAI_LEADING
        if not joined and (_SCRIPT.match(here) or _SCRIPT.match(before)):
            pieces.append("")
        pieces[-1] += here
    return [piece for piece in pieces if piece]


def _measured(atoms: list[str], measure: Measure) -> list[tuple[str, float, float]]:
    """Each with its width, and the one it has at the end of a line, where its spaces do not count."""
    return [(atom, measure(atom), measure(atom.rstrip())) for atom in atoms]


def _greedy(atoms: list[tuple[str, float, float]], width: float) -> list[str] | None:
    found: list[str] = []
    line, wide = "", 0.0
    for atom, whole, last in atoms:
        if line and last and wide + last > width:
            found.append(line.rstrip())
            line, wide = "", 0.0
        if not line and last > width:
            return None
        line += atom
        wide += whole
    if line.strip():
        found.append(line.rstrip())
    return found
