"""Draws docs/order.md from the table in kiosk/core/lifecycle.py: `python -m tests.order_diagram` writes it anew."""

from __future__ import annotations

from pathlib import Path

from kiosk.core.lifecycle import ARROWS, On, When
from kiosk.core.model import FINALS, OrderState

FILE = Path(__file__).parent.parent / "docs" / "order.md"


def drawn() -> str:
    """The file's whole text: a diagram of every arrow that leads elsewhere, and the table with those that stay."""
    lines = [
        "# The order's life",
        "",
        "Drawn from `kiosk/core/lifecycle.py` by `python -m tests.order_diagram`; a test holds the two together.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        "    [*] --> ARMED: Quick Pay, amount confirmed",
        "    [*] --> SENT: Native, amount confirmed",
        "    ARMED --> SENT: payment code read, or restart",
    ]
    labels: dict[tuple[OrderState, OrderState], list[str]] = {}
    for arrow in ARROWS:
        if arrow.state is not arrow.to:
            labels.setdefault((arrow.state, arrow.to), []).append(_label(arrow.on, arrow.when))
    lines += [f"    {was} --> {to}: {' / '.join(texts)}" for (was, to), texts in labels.items()]
    lines += [f"    {state} --> [*]" for state in OrderState if state in FINALS and state is not OrderState.VOID]
    lines += ["```", "", "| state | " + " | ".join(On) + " |", "| --- " * (len(On) + 1) + "|"]
    for state in dict.fromkeys(arrow.state for arrow in ARROWS):
        cells = [
            "; ".join(_cell(state, arrow.to, arrow.when) for arrow in ARROWS if (arrow.state, arrow.on) == (state, on))
            for on in On
        ]
        lines.append(f"| {state} | " + " | ".join(cells) + " |")
    lines += ["", "Every other state is final: no answer changes it.", ""]
    return "\n".join(lines)


def _label(on: On, when: When) -> str:
    return f"{on} ({when})" if when else str(on)


def _cell(state: OrderState, to: OrderState, when: When) -> str:
    place = "stay" if to is state else str(to)
    return f"{place}, if {when}" if when else place


if __name__ == "__main__":
    FILE.write_text(drawn(), "utf-8")
