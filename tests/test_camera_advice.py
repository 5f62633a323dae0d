"""What is told of a picture, at its thresholds; and when: not at once, not flickering, and no more when the cause has gone."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.camera.advice import AGREE, HOLD_S, SILENT_S, Advice, Area, advise
from kiosk.camera.sightings import PERSIST_S, Refused, Sightings, Verdict
from kiosk.camera.symbol import Format, Symbol
from kiosk.core.scanning import Reading, ScanHint

GOOD = Area(
    box=(560, 288, 160, 160),
    picture=(1280, 720),
    fill=0.9,
    ink=10,
    paper=220,
    sharp=(0.4, 0.4),
    blown=0.0,
    blown_around=0.0,
    inside=220,
)
"""A QR as it should be: whole, sharp, bright, and of a good size."""

SMALL = replace(GOOD, box=(600, 300, 96, 96))
BLURRED = replace(GOOD, sharp=(0.1, 0.1))
ALIPAY = [Symbol(Format.QR, b"281234567890123456", ((10, 10), (90, 10), (90, 90), (10, 90)))]


@pytest.mark.parametrize(
    ("area", "hint"),
    [
        (GOOD, None),
        (replace(GOOD, box=(600, 300, 112, 208)), ScanHint.CLOSER),
        (replace(GOOD, box=(600, 300, 128, 128)), None),
        (replace(GOOD, box=(600, 300, 112, 224)), None),
        (replace(GOOD, box=(500, 200, 176, 80)), ScanHint.CLOSER),  # bars: thinner lines than a QR's
        (replace(GOOD, box=(500, 200, 192, 80)), None),
        (replace(GOOD, box=(500, 200, 80, 176)), ScanHint.CLOSER),
        (replace(GOOD, box=(0, 288, 160, 160)), ScanHint.MIDDLE),
        (replace(GOOD, box=(560, 0, 160, 160)), ScanHint.MIDDLE),
        (replace(GOOD, box=(1120, 288, 160, 160)), ScanHint.MIDDLE),
        (replace(GOOD, box=(560, 560, 160, 160)), ScanHint.MIDDLE),
        (replace(SMALL, box=(0, 300, 96, 96)), ScanHint.MIDDLE),  # what is cut off looks small
        (replace(GOOD, box=(16, 16, 160, 160)), None),
        (replace(GOOD, box=(400, 0, 383, 200)), ScanHint.MIDDLE),
        (replace(GOOD, box=(400, 0, 384, 200)), ScanHint.FURTHER),
        (replace(GOOD, box=(400, 100, 400, 400)), None),  # large, and all of it is seen
        (replace(GOOD, sharp=(0.17, 0.17)), None),
        (replace(GOOD, sharp=(0.15, 0.4)), ScanHint.STILL),  # moved across
        (replace(GOOD, sharp=(0.4, 0.15)), ScanHint.STILL),
        (replace(GOOD, box=(500, 200, 224, 80), sharp=(0.5, 0.02)), None),  # bars have no edges the other way
        (replace(GOOD, box=(500, 200, 224, 80), sharp=(0.15, 0.02)), ScanHint.STILL),
        (replace(BLURRED, box=(400, 100, 400, 400)), ScanHint.FURTHER),  # too near to be sharp
        (replace(GOOD, blown=0.5), ScanHint.GLARE),
        (replace(GOOD, blown=0.49), None),
        (replace(GOOD, blown_around=0.1), ScanHint.GLARE),
        (replace(GOOD, blown_around=0.09), None),
        (replace(SMALL, blown_around=0.5), ScanHint.CLOSER),  # the surer of the two
        (replace(GOOD, ink=10, paper=54), ScanHint.BRIGHTER),
        (replace(GOOD, ink=10, paper=55), None),
        (replace(GOOD, ink=80, paper=109), ScanHint.BRIGHTER),
        (replace(GOOD, ink=80, paper=110), None),  # light enough: a wall
        (replace(BLURRED, paper=89), None),  # no code has so little contrast: cloth, a face
        (replace(GOOD, fill=0.49, inside=59), ScanHint.BRIGHTER),  # a dark phone before a light shop
        (replace(GOOD, fill=0.49, inside=60), None),
        (replace(BLURRED, fill=0.3, box=(464, 64, 352, 592)), ScanHint.STILL),  # of a blurred phone only the outline is busy
        (replace(BLURRED, fill=0.3, box=(464, 64, 352, 592), paper=179), None),  # a face is no screen
        (replace(BLURRED, fill=0.3, box=(464, 128, 352, 592)), None),  # nor is a shirt
        (replace(GOOD, fill=0.3, box=(288, 64, 704, 656)), ScanHint.FURTHER),  # so near that its modules are wide apart
        (replace(GOOD, fill=0.3, box=(288, 64, 704, 300)), None),
        (replace(GOOD, fill=0.9, box=(0, 0, 1280, 720)), None),  # the whole picture is busy: the shop
    ],
)
def test_each_cause_has_its_words_and_what_is_well_has_none(area: Area, hint: ScanHint | None) -> None:
    assert advise(area) is hint


shares = st.floats(0, 1)
levels = st.integers(0, 255)
sides = st.integers(0, 1264)
areas = st.builds(
    Area,
    st.tuples(sides, sides, st.integers(16, 1280), st.integers(16, 1280)),
    st.just((1280, 720)),
    shares,
    levels,
    levels,
    st.tuples(st.floats(0, 5), st.floats(0, 5)),
    shares,
    shares,
    levels,
)


@given(areas)
def test_whatever_is_measured_the_words_are_of_advice_and_the_outline_in_the_picture(area: Area) -> None:
    assert advise(area) in {None, *list(ScanHint)[list(ScanHint).index(ScanHint.CLOSER) : -1]}
    assert all(0 <= x < 1280 and 0 <= y < 720 for x, y in area.corners) or area.box[0] >= 1280 or area.box[1] >= 720


def told(*frames: tuple[float, Area | None]) -> list[tuple[float, ScanHint]]:
    """When and what is told of frames in which nothing is read."""
    sightings = Sightings()
    verdicts = []
    for at, area in frames:
        assert sightings.judge([], at) is None
        verdicts.append((at, sightings.advise(area, at)))
    return [(at, verdict.hint) for at, verdict in verdicts if verdict is not None]


def every(area: Area | None, begin: float, end: float) -> list[tuple[float, Area | None]]:
    """Ten frames a second."""
    return [(round(begin + step / 10, 1), area) for step in range(round((end - begin) * 10))]


def test_nothing_is_told_for_the_first_second_and_then_once_a_second() -> None:
    assert told(*every(SMALL, 0, 3.2)) == [(1.1, ScanHint.CLOSER), (2.1, ScanHint.CLOSER), (3.1, ScanHint.CLOSER)]
    assert SILENT_S == 1.0


def test_another_hint_waits_until_the_last_could_be_read() -> None:
    hints = told(*every(SMALL, 0, 1.4), *every(BLURRED, 1.4, 4))
    assert hints[0] == (1.1, ScanHint.CLOSER)
    assert hints[1] == (2.6, ScanHint.STILL)
    assert HOLD_S == 1.5


@given(st.lists(st.sampled_from([SMALL, BLURRED, replace(GOOD, blown=1.0), GOOD, None]), max_size=120))
def test_no_hint_gives_way_to_another_before_its_time(seen: list[Area | None]) -> None:
    hints = told(*((step / 10, area) for step, area in enumerate(seen)))
    assert all(at >= SILENT_S for at, _ in hints)
    for (before, one), (after, other) in pairwise(hints):
        assert after - before >= (HOLD_S if one is not other else SILENT_S) - 1e-9


def test_what_changes_with_each_frame_is_not_told_at_all() -> None:
    glaring = replace(GOOD, blown=1.0)
    assert told(*((step / 10, (SMALL, BLURRED, glaring)[step % 3]) for step in range(60))) == []


def test_one_frame_that_differs_does_not_silence_a_hint() -> None:
    frames = [(step / 10, GOOD if step % 7 == 0 else SMALL) for step in range(40)]
    assert [hint for _, hint in told(*frames)] == [ScanHint.CLOSER] * 3


def test_when_the_picture_is_empty_again_nothing_more_is_told() -> None:
    last = told(*every(SMALL, 0, 2.2), *every(None, 2.2, 6))[-1]
    assert last == (2.1, ScanHint.CLOSER)


def test_a_read_begins_the_silence_anew() -> None:
    sightings = Sightings()
    hints: list[tuple[float, Verdict]] = []
    for step in range(40):
        at = step / 10
        verdict = sightings.judge(ALIPAY if step == 12 else [], at)
        if step != 12:
            verdict = sightings.advise(SMALL, at)
        if verdict is not None:
            hints.append((at, verdict))
    assert hints[0] == (1.1, Refused(ScanHint.CLOSER))
    assert hints[1] == (2.3, Refused(ScanHint.CLOSER))  # not at 2.1: 1.2 was read, SILENT_S before it was over at 2.2


def test_what_was_read_is_told_before_what_may_help() -> None:
    """A foreign code that now and then cannot be read is still that foreign code."""
    sightings = Sightings()
    hints = set()
    for step in range(60):
        symbols = ALIPAY if step % 5 == 0 else []
        verdict = sightings.judge(symbols, step / 10) or (None if symbols else sightings.advise(SMALL, step / 10))
        hints |= {verdict.hint} if isinstance(verdict, Refused) else set()
    assert hints == {ScanHint.ALIPAY}
    assert PERSIST_S >= 0.5


def test_the_outline_stands_while_the_advice_does() -> None:
    sightings = Sightings()
    for step in range(11):
        assert sightings.readings([]) == []
        sightings.advise(SMALL, step / 10)
    assert sightings.readings([]) == [(Reading.UNREAD, SMALL.corners)]
    sightings.advise(GOOD, 1.1)
    assert sightings.readings([]) == []
    sightings.advise(SMALL, 1.2)
    assert sightings.readings([]) == [(Reading.UNREAD, SMALL.corners)]
    sightings.judge(ALIPAY, 1.3)
    assert sightings.readings([]) == []
    assert sightings.readings(ALIPAY) == [(Reading.REFUSED, ALIPAY[0].corners)]


def test_advice_needs_some_looks_that_agree() -> None:
    advice = Advice()
    assert [advice.on(SMALL, at) for at in (0.0, 5.0)] == [None, None]
    assert advice.on(SMALL, 6.0) is ScanHint.CLOSER
    assert AGREE == 3
