"""Outlines on the view: the right place on a picture that is smaller and mirrored, never outside, and without a flicker."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.camera.frame import mirrored
from kiosk.camera.marks import KEEP_S, Marks
from kiosk.camera.symbol import NOWHERE, Corners
from kiosk.camera.wire import MAX_OUTLINES, Picture, Unpacker, pack
from kiosk.core.scanning import Outline, Reading

VIEW = Picture(320, 180, bytes(320 * 180 * 3))
FRAME = (1280, 720)
SQUARE: Corners = ((100, 200), (300, 200), (300, 400), (100, 400))


def outlines(*corners: Corners, view: Picture = VIEW, frame: tuple[int, int] = FRAME) -> tuple[Outline, ...]:
    return Marks().on(view, frame, [(Reading.UNSURE, one) for one in corners], 0.0).outlines


def test_left_is_right_on_the_screen_and_the_corners_go_round_as_before() -> None:
    (outline,) = outlines(SQUARE)
    assert outline == Outline(Reading.UNSURE, ((244, 50), (294, 50), (294, 100), (244, 100)))


@pytest.mark.parametrize("frame", [(1280, 720), (640, 480), (1921, 1081)])
@pytest.mark.parametrize("size", [(320, 180), (320, 240), (240, 320)])
def test_what_is_outlined_in_the_frame_is_outlined_in_its_view(frame: tuple[int, int], size: tuple[int, int]) -> None:
    """A white patch, seen small and mirrored: the outline lies around it."""
    grey = np.zeros((frame[1], frame[0]), np.uint8)
    left, top, right, bottom = frame[0] // 8, frame[1] // 4, frame[0] // 3, frame[1] // 2
    grey[top:bottom, left:right] = 255
    rows, columns = (np.arange(side) * whole // side for side, whole in ((size[1], frame[1]), (size[0], frame[0])))
    small = np.repeat(grey[rows][:, columns, None], 3, axis=2)
    view = mirrored(small)
    (outline,) = outlines(((left, top), (right, top), (right, bottom), (left, bottom)), view=view, frame=frame)
    down, across = np.nonzero(np.frombuffer(view.rgb, np.uint8).reshape(size[1], size[0], 3)[:, :, 0])
    (x, y), _, (far_x, far_y), _ = outline.corners
    assert abs(x - across.min()) <= 2
    assert abs(y - down.min()) <= 2
    assert abs(far_x - across.max()) <= 2
    assert abs(far_y - down.max()) <= 2


anywhere = st.tuples(st.integers(-3000, 3000), st.integers(-3000, 3000))


@given(st.lists(st.tuples(anywhere, anywhere, anywhere, anywhere), max_size=9))
def test_wherever_a_decoder_says_the_wire_takes_it(corners: list[Corners]) -> None:
    marked = Marks().on(VIEW, FRAME, [(Reading.REFUSED, one) for one in corners], 0.0)
    assert len(marked.outlines) <= MAX_OUTLINES
    assert Unpacker().feed(pack(marked)) == [marked]


def test_what_was_seen_nowhere_has_no_outline() -> None:
    assert outlines(NOWHERE) == ()
    assert outlines(((5, 5), (9, 5), (9, 9), (5, 5))) == ()
    assert len(outlines(NOWHERE, SQUARE)) == 1


def test_an_outline_outlives_a_frame_that_was_not_read_and_no_more() -> None:
    marks = Marks()
    seen = marks.on(VIEW, FRAME, [(Reading.UNSURE, SQUARE)], 10.0).outlines
    assert marks.on(VIEW, FRAME, [], 10.0 + KEEP_S - 0.01).outlines == seen
    assert marks.on(VIEW, FRAME, [], 10.0 + KEEP_S + 0.01).outlines == ()
    assert marks.on(VIEW, FRAME, [], 10.0 + KEEP_S - 0.01).outlines == ()


def test_a_new_outline_takes_the_place_of_the_last_at_once() -> None:
    marks = Marks()
    marks.on(VIEW, FRAME, [(Reading.UNSURE, SQUARE)], 10.0)
    (outline,) = marks.on(VIEW, FRAME, [(Reading.REFUSED, SQUARE)], 10.1).outlines
    assert outline.reading is Reading.REFUSED
