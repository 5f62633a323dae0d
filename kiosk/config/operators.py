"""The tables [operators] and [refunds] of kiosk.toml: who works here, and what may be given back at the kiosk.

Without [operators] there is one, a manager. PINs do not stand here: they are kept beside the ledger, as digests.
"""

from __future__ import annotations

from kiosk.config.reader import Table
from kiosk.core.operators import ALONE, MOST_OPERATORS, NAME_MOST, Operator, RefundRules, Role

_MOST = 999_999_999  # as many digits as an amount has
_ROLE = 'Write who works here, as: mei = "cashier" and lee = "manager".'
_LIMIT = "Write it in the currency's smallest unit, as 50000 for HKD 500.00, or leave the key out."


def read_operators(table: Table) -> tuple[Operator, ...]:
    """The operators in the order they stand; what is wrong is noted in `table`."""
    found = []
    for name in table.names():
        role = table.choice(name, [role.value for role in Role], default=Role.CASHIER.value)
        if not name.isprintable() or not 0 < len(name.strip()) <= NAME_MOST:
            table.wrong(name, role, "is not a name", f"A name has 1 to {NAME_MOST} characters, none of them a control character.")
        found.append(Operator(name, Role(role)))
    if len(found) > MOST_OPERATORS:
        table.wrong(found[-1].name, "", f"is one too many: {len(found)}", f"Each is chosen by a digit: {MOST_OPERATORS} at most.")
    if found and not any(one.role is Role.MANAGER for one in found):
        table.wrong(found[0].name, found[0].role.value, "leaves nobody to set a PIN", 'Make one of them "manager".')
    return tuple(found) or (ALONE,)


def read_refunds(table: Table) -> RefundRules:
    """What may be given back at the kiosk; what is wrong is noted in `table`."""
    return RefundRules(
        most=_limit(table, "most"),
        most_a_day=_limit(table, "most_a_day"),
        cashiers=table.flag("cashiers", "Write true when cashiers may give money back, too.", default=False),
    )


def _limit(table: Table, key: str) -> int | None:
    return table.number(key, _LIMIT, bounds=(1, _MOST), default=0) or None if table.has(key) else None
