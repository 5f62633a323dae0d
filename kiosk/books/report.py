"""What came of reconciling some days, for people: in lines, as CSV that no spreadsheet is attacked with, and as one HTML file.

Pure: takes what `kiosk reconcile --json` prints (books()), and makes text of it. The page needs no script and no network.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta, tzinfo
from html import escape
from typing import Any

from kiosk.core.differences import Difference, Reconciliation
from kiosk.core.money import Money, exponent, major
from kiosk.core.statements import as_time
from kiosk.exports.forms import safe
from kiosk.payment.statement import FEE_UNIT

Books = Mapping[str, Any]
WHAT = {
    "only_ours": "only in the kiosk's books",
    "only_theirs": "only in WeChat's statement",
    "amount": "another amount",
    "state": "another state",
}
STANDING = {"open": "being asked", "settled": "settled", "attention": "to look at"}
COLUMNS = (
    *("day", "time_beijing", "what", "moved", "number", "out_trade_no", "ours", "theirs", "our_amount", "their_amount"),
    *("currency", "standing", "note"),
)


def books(
    days: Iterable[Reconciliation], counts: Mapping[tuple[str, str], int], differences: Iterable[Difference]
) -> dict[str, Any]:
    """As JSON has it; times in ms, amounts in smallest units, fees in millionths."""
    told = []
    for each in days:
        standing = {how: counts.get((each.day, how), 0) for how in STANDING}
        told.append({**asdict(each), "source": str(each.source), "sums": [_sums(sums) for sums in each.sums], **standing})
    return {"days": told, "differences": [_difference(each) for each in differences], "settlements": []}


def unsettled(told: Books) -> int:
    """How many differences are not settled."""
    return sum(day["open"] + day["attention"] for day in told["days"])


def as_text(told: Books, kiosk: str) -> str:
    """A few lines for a person at a prompt."""
    lines = []
    for day in told["days"]:
        sums = "; ".join(_sums_line(each) for each in day["sums"]) or "no trades"
        left = [f"{day[how]} {STANDING[how]}" for how in ("open", "attention", "settled") if day[how]]
        lines.append(f"{day['day']} (Beijing) {kiosk}: {day['agreed']} agree; {', '.join(left) or 'no difference'}; {sums}")
        if day["others"]:
            lines.append(f"  {day['others']} rows of other kiosks or numbers, not judged")
    lines += [f"  {_line(each)}" for each in told["differences"] if each["standing"] != "settled"]
    lines += [_settlement_line(batch) for batch in told["settlements"]]
    return "\n".join(lines)


def as_csv(told: Books) -> bytes:
    """The differences, RFC 4180 in UTF-8 with a mark at its beginning; and before them a line for each day and currency."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for day in told["days"]:
        for sums in day["sums"]:
            currency = sums["currency"]
            ours, theirs = (_signed(sums[side]["net"], currency) for side in ("ours", "theirs"))
            note = f"{day['agreed']} agree"
            writer.writerow([day["day"], "", "day", "", "", "", "", "", ours, theirs, currency, "", note])
    for each in told["differences"]:
        ours, theirs = (each[f"{side}_amount"] for side in ("our", "their"))
        row = [each["day"], as_time(each["at"]), each["what"], each["moved"], each["number"], each["out_trade_no"]]
        row += [each["ours"] or "", each["theirs"] or "", *(_whole(amount, each["currency"]) for amount in (ours, theirs))]
        writer.writerow([safe(str(cell)) for cell in [*row, each["currency"], each["standing"], each["note"] or ""]])
    return out.getvalue().encode("utf-8-sig")


def as_html(told: Books, *, title: str, zone: tzinfo, made_at: int) -> str:
    """One file: a picture of the days, the days, the differences with their next step, the settlements."""
    currencies = sorted({sums["currency"] for day in told["days"] for sums in day["sums"]})
    left = unsettled(told)
    verdict = "Everything agrees." if not left else f"{left} {'difference is' if left == 1 else 'differences are'} not settled."
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="{"good" if not left else "bad"}">{"✓" if not left else "!"} {verdict}</p>',
        *(picture(told["days"], currency) for currency in currencies),
        _LEGEND if currencies else "",
        _days_table(told["days"]),
        _differences_table([each for each in told["differences"] if each["standing"] != "settled"], "To look at, or being asked"),
        _differences_table([each for each in told["differences"] if each["standing"] == "settled"], "Settled"),
        _settlements_table(told["settlements"]),
        _foot(zone, made_at),
    ]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width">\n<style>{_STYLE}</style></head>\n<body>\n'
        + "\n".join(part for part in parts if part)
        + "\n</body></html>\n"
    )


def _foot(zone: tzinfo, made_at: int) -> str:
    made = datetime.fromtimestamp(made_at / 1000, zone).isoformat(timespec="seconds")
    days = f"Days are Beijing days (UTC+8), as WeChat counts them; the shop's own day is of {escape(str(zone))}."
    return f"<p class=foot>{days} Made {made}.</p>"


def picture(days: Sequence[Mapping[str, Any]], currency: str) -> str:
    """An SVG of these days: a column for what WeChat's statement leaves of each, and a mark below it for how its books stand."""
    all_days = _calendar(days)
    nets = {day["day"]: sums["theirs"]["net"] for day in days for sums in day["sums"] if sums["currency"] == currency}
    highest = max([*nets.values(), 1])
    step, height, base = 24, 120, 150
    bars: list[str] = []
    for at, name in enumerate(all_days):
        x, day = 70 + at * step, next((each for each in days if each["day"] == name), None)
        net = nets.get(name, 0)
        tall = round(max(net, 0) * height / highest)
        label = f"{name}: not compared yet"
        if day is not None:
            what = mood(day)
            label = f"{name}: {_signed(net, currency)} {currency}, {day['agreed']} agree, {_standing_words(day)}"
            bars.append(f'<rect class="bar {what}" x="{x}" y="{base - tall}" width="{step - 6}" height="{tall}"/>')
            bars.append(f'<text class="mark {what}" x="{x + (step - 6) / 2}" y="{base + 17}">{_MARKS[what]}</text>')
        else:
            bars.append(f'<text class="mark" x="{x + (step - 6) / 2}" y="{base + 17}">·</text>')
        bars.append(f'<text class="day" x="{x + (step - 6) / 2}" y="{base + 32}">{int(name[8:])}</text>')
        bars.append(
            f'<rect class="over" x="{x}" y="20" width="{step - 6}" height="{base + 14}"><title>{escape(label)}</title></rect>'
        )
    width = 80 + len(all_days) * step
    top = _signed(highest, currency)
    return (
        f'<svg viewBox="0 0 {width} {base + 42}" preserveAspectRatio="xMinYMid" role="img" '
        f'aria-label="{escape(currency)} of each day, and whether it agrees">'
        f'<text class="axis" x="64" y="{base - height + 4}">{top}</text><text class="axis" x="64" y="{base + 1}">0</text>'
        f'<text class="axis" x="64" y="16">{escape(currency)}</text>'
        f'<line x1="68" x2="{width - 8}" y1="{base}" y2="{base}"/>{"".join(bars)}</svg>'
    )


def _calendar(days: Sequence[Mapping[str, Any]]) -> list[str]:
    """Every day from the first to the last, also those in between that are missing."""
    if not days:
        return []
    first, last = date.fromisoformat(days[0]["day"]), date.fromisoformat(days[-1]["day"])
    return [(first + timedelta(days=each)).isoformat() for each in range((last - first).days + 1)]


def mood(day: Mapping[str, Any]) -> str:
    """How a day's books stand, in one word."""
    if day["attention"]:
        return "attention"
    return "open" if day["open"] else "settled" if day["settled"] else "agrees"


_LEGEND = (
    "<p class=legend>✓ agrees &nbsp; ± a difference was settled &nbsp; ? being asked &nbsp; ! to look at &nbsp; "
    "· not compared</p>"
)
_MARKS = {"attention": "!", "open": "?", "settled": "±", "agrees": "✓"}


def _standing_words(day: Mapping[str, Any]) -> str:
    told = [f"{day[how]} {words}" for how, words in STANDING.items() if day[how]]
    return ", ".join(told) or "no difference"


def _days_table(days: Sequence[Mapping[str, Any]]) -> str:
    rows = []
    for day in days:
        for sums in day["sums"] or [None]:
            cells = [escape(day["day"]), f'<span class="{mood(day)}">{_MARKS[mood(day)]} {_standing_words(day)}</span>']
            cells.append(str(day["agreed"]))
            if sums is None:
                cells += ["", "", "", "", "no trades"]
            else:
                currency, ours, theirs = sums["currency"], sums["ours"], sums["theirs"]
                back = theirs["reversed"] + theirs["refunded"]
                fee = f"{sums['fee'] / FEE_UNIT:.{exponent(currency)}f}"
                left = _signed(theirs["net"], currency)
                if ours["net"] != theirs["net"]:
                    left = f'<span class="attention">{left}, here {_signed(ours["net"], currency)}</span>'
                cells += [str(theirs["paid_count"]), _whole(theirs["paid"], currency), _whole(back, currency), fee]
                cells.append(f"{left} {escape(currency)}")
            rows.append(cells)
    heads = ("Beijing day", "Books", "Agree", "Payments", "Paid", "Given back", "WeChat's fee", "Left of it")
    return _table("Days", heads, rows, numbers=range(2, 8))


def _differences_table(differences: Sequence[Mapping[str, Any]], title: str) -> str:
    rows = []
    for each in differences:
        sides = [_side(each, side) for side in ("our", "their")]
        when = f"{each['day']} {as_time(each['at'])[11:]}"
        cells = [when, each["number"], each["moved"], WHAT[each["what"]], *sides, STANDING[each["standing"]], each["note"] or ""]
        rows.append([escape(str(cell)) for cell in cells])
    heads = ("When (Beijing)", "Number", "", "Difference", "Kiosk", "WeChat", "", "What it is, and what to do")
    return _table(title, heads, rows) if rows else ""


def _side(each: Mapping[str, Any], side: str) -> str:
    """What one side has of it; a dash when it has nothing."""
    amount = each[f"{side}_amount"]
    return "—" if amount is None else f"{each[f'{side}s'] or '—'} {_whole(amount, each['currency'])} {each['currency']}"


def _settlements_table(batches: Sequence[Mapping[str, Any]]) -> str:
    rows = []
    for each in batches:
        amounts = [_whole(each[name], each["currency"]) for name in ("paid", "refunded", "fee", "settled")]
        cells = [each["settled_on"], f"{each['first']} – {each['last']}", each["batch_id"], *amounts, each["currency"]]
        rows.append([escape(str(cell)) for cell in cells])
    heads = ("Settled on", "Trades of", "Batch", "Paid", "Given back", "Fee", "To the bank", "")
    return _table("Settlements", heads, rows, numbers=range(3, 7)) if rows else ""


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: range = range(0)) -> str:
    """Cells are HTML. `numbers`: the columns that stand right, below each other."""
    lines = [_row("th", map(escape, heads), numbers), *(_row("td", cells, numbers) for cells in rows)]
    return f"<h2>{escape(title)}</h2><div class=wide><table>{''.join(lines)}</table></div>"


def _row(tag: str, cells: Iterable[str], numbers: range) -> str:
    return (
        "<tr>" + "".join(f"<{tag}{' class=n' if at in numbers else ''}>{cell}</{tag}>" for at, cell in enumerate(cells)) + "</tr>"
    )


def _line(each: Mapping[str, Any]) -> str:
    amount = each["their_amount"] if each["their_amount"] is not None else each["our_amount"]
    what = f"{each['number']}: {WHAT[each['what']]} ({each['ours'] or '-'} here, {each['theirs'] or '-'} there)"
    return f"{what}, {_whole(amount, each['currency'])} {each['currency']}: {each['note'] or STANDING[each['standing']]}"


def _sums_line(sums: Mapping[str, Any]) -> str:
    currency, ours, theirs = sums["currency"], sums["ours"]["net"], sums["theirs"]["net"]
    same = f"{_signed(theirs, currency)} {currency} on both sides"
    return same if ours == theirs else f"{_signed(ours, currency)} here, {_signed(theirs, currency)} {currency} there"


def _settlement_line(batch: Mapping[str, Any]) -> str:
    settled = f"{_whole(batch['settled'], batch['currency'])} {batch['currency']}"
    return f"settled on {batch['settled_on']}: {settled} for {batch['first']} to {batch['last']} (batch {batch['batch_id']})"


def _sums(sums: Any) -> dict[str, Any]:  # noqa: ANN401  differences.Sums
    told = asdict(sums)
    for side in ("ours", "theirs"):
        told[side]["net"] = getattr(sums, side).net
    return told


def _difference(each: Difference) -> dict[str, Any]:
    money = each.their_money or each.our_money
    told = asdict(each)
    for side in ("our", "their"):
        amount: Money | None = getattr(each, f"{side}_money")
        del told[f"{side}_money"]
        told[f"{side}_amount"] = None if amount is None else amount.amount
    return {**told, "currency": "" if money is None else money.currency}


def _whole(amount: int | None, currency: str) -> str:
    return "" if amount is None else major(Money(amount, currency))


def _signed(amount: int, currency: str) -> str:
    return ("-" if amount < 0 else "") + major(Money(abs(amount), currency))


_STYLE = (
    "body{font:16px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#16211d;background:#fff}"
    "h1{font-size:1.5rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}.wide{overflow-x:auto}"
    "table{border-collapse:collapse;font-size:.88rem;width:100%}"
    "td,th{padding:.3rem .6rem;border-bottom:1px solid #d5dcd9;text-align:left;"
    "vertical-align:top;font-variant-numeric:tabular-nums}th{font-weight:600}.n{text-align:right;white-space:nowrap}td:first-child{white-space:nowrap}.good,.agrees,.settled{color:#086b3f}"
    ".bad,.attention{color:#a3160f;font-weight:600}.open{color:#7a4b00}.legend,.foot{font-size:.82rem;color:#4a5753}"
    "svg{width:100%;max-height:16rem}"
    "svg text{font:10px system-ui,sans-serif;text-anchor:middle;fill:#16211d}svg .axis{text-anchor:end}"
    "svg line{stroke:#16211d}"
    "svg .bar{fill:#4f9d7a;stroke:#086b3f}svg .bar.settled{fill:#cfe6da}"
    "svg .bar.attention{fill:#e7a39f;stroke:#a3160f;stroke-width:2}"
    "svg .bar.open{fill:#f3d08a;stroke:#7a4b00;stroke-dasharray:3 2}svg .mark{font-size:13px;font-weight:700}"
    "svg .over{fill:transparent}"
    "@media print{body{margin:0}}"
)
