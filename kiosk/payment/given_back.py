"""Which refunds count as given back, in SQL: one place for every query that tells of it (core/refunds.py: is_given)."""

# ruff: noqa: S608  what is put into SQL text here are expressions of this file
from __future__ import annotations

from typing import Final

GIVEN: Final = "('ACCEPTED', 'DONE')"
"""States of a refund that WeChat has taken on."""

REFUNDED: Final = (
    f"(SELECT coalesce(sum(r.amount), 0) FROM refunds r WHERE r.out_trade_no = o.out_trade_no AND r.state IN {GIVEN}) AS refunded"
)
"""A column of a query over orders `o`: what of each was given back, in smallest units."""
