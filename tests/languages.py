"""In which languages a test asks: the first whenever tests run, each further one where the whole is asked for.

Knows no screen and no slip.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from kiosk.core.languages import LANGUAGES


def first_daily(values: Iterable[Any]) -> list[Any]:
    """As parameters, all but the first marked `whole`."""
    first, *others = values
    return [first, *(pytest.param(value, marks=pytest.mark.whole) for value in others)]


each_language = pytest.mark.parametrize("language", first_daily(LANGUAGES))
