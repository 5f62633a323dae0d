"""A screen that is mounted on its side: where a picture turned clockwise by quarters comes to lie, and the way back. Pure."""

from __future__ import annotations

_Rect = tuple[int, int, int, int]
_Size = tuple[int, int]


def turned_size(size: _Size, degrees: int) -> _Size:
    """The size after turning."""
    return (size[1], size[0]) if degrees % 180 else size


def turned(rect: _Rect, size: _Size, degrees: int) -> _Rect:
    """Where a part of a picture of `size` lies after turning."""
    x, y, width, height = rect
    match degrees:
        case 90:
            return size[1] - y - height, x, height, width
        case 180:
            return size[0] - x - width, size[1] - y - height, width, height
        case 270:
            return y, size[0] - x - width, height, width
        case _:
            return rect


def turned_back(point: tuple[int, int], size: _Size, degrees: int) -> tuple[int, int]:
    """Which point of a picture of `size` is seen at `point` after turning."""
    x, y, _, _ = turned((*point, 1, 1), turned_size(size, degrees), -degrees % 360)
    return x, y
