"""The table [posting] of kiosk.toml: the accounts that sales are posted to, as the shop's bookkeeping numbers them."""

from __future__ import annotations

from dataclasses import dataclass, fields

from kiosk.config.reader import Table


@dataclass(frozen=True, slots=True)
class PostingConfig:
    """Accounts by what is booked there. `clearing`: what WeChat owes the shop until it settles."""

    clearing: str = "1150"
    sales: str = "4000"
    tips: str = "4050"
    refunds: str = "4090"


def read_posting(table: Table) -> PostingConfig:
    """Read the table; what is wrong is noted in `table`."""
    remedy = 'Write an account of your bookkeeping in quotes, as "4000".'
    default = PostingConfig()
    form = r"[0-9A-Za-z][0-9A-Za-z. _/-]{0,29}"  # beginning so, no spreadsheet takes it for a formula
    read = {
        one.name: table.text(one.name, remedy, form=form, default=getattr(default, one.name)) for one in fields(PostingConfig)
    }
    return PostingConfig(**read)
