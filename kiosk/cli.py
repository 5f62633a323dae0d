"""The command `kiosk`: words in, exit code out. What each command does is elsewhere, and loaded only when it is called.

Exit codes: 0 done, 1 the thing asked about is not well, 2 wrong words or wrong configuration.
"""

# long: one function a command

from __future__ import annotations

import gc
import json
import re
import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kiosk import __version__
from kiosk.core.errors import ConfigError, KioskError

if TYPE_CHECKING:
    from kiosk.config import Config
    from kiosk.core.shifts import Shift

_NOT_WELL = 1
_WRONG_WORDS = 2
_CONFIG = "kiosk.config"
_REFUND_S = 20.0
_A_DAY = len("2026-01-05")


class _Door(click.Group):
    """Tells our own errors in one message on stderr instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  as click has it
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            _tell(error, ctx.meta.get(_CONFIG))
            ctx.exit(_WRONG_WORDS)
        except KioskError as error:
            click.echo(f"kiosk: {error}", err=True)
            ctx.exit(_NOT_WELL)


def _day(_ctx: click.Context, _param: click.Parameter, value: str | None) -> date | None:
    if value is None:
        return None
    try:
        if re.fullmatch(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}", value, re.ASCII):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise click.BadParameter(f"{value!r} is not a day. Write it as 2026-01-05.")


def _day_or_month(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if re.fullmatch(r"2[0-9]{3}-(0[1-9]|1[0-2])", value, re.ASCII) or not value:
        return value
    day = _day(ctx, param, value)
    assert day is not None
    return day.isoformat()


def _generation(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is None or re.fullmatch(r"[a-z0-9]{2}", value, re.ASCII):
        return value
    raise click.BadParameter(f"{value!r} is no generation: in K07-260105-a70001 it is a7.")


def _number(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    if re.fullmatch(r"[0-9A-Za-z_-]{1,32}", value, re.ASCII):
        return value
    raise click.BadParameter(f"{value[:40]!r} is no order's number: up to 32 letters, digits, - and _.")


def _remember(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.meta[_CONFIG] = value  # shared by the group and its command


_config = click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    expose_value=False,
    callback=_remember,
    help="The configuration; else /etc/kiosk/kiosk.toml, else ./kiosk.toml.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(cls=_Door, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(version)s")
@_config
def main() -> None:
    """A payment kiosk for shops without a POS: WeChat Pay, Quick Pay and Native."""


@main.command()
@_config
def run() -> None:
    """Run the kiosk; what systemd starts."""
    gc.disable()  # what a start makes stays: looking through it time and again is a fifth of the start; see app.py
    if _setup_wanted():
        from kiosk.setup import door  # noqa: PLC0415  loaded when called

        gc.enable()
        sys.exit(door.run())
    config = _load()
    from kiosk import app  # noqa: PLC0415  loaded when called

    sys.exit(app.run(config))


@main.command()
@click.option("--demo", "desk", is_flag=True, help="On this desk, with stand-ins for the steward and for WeChat Pay.")
def setup(desk: bool) -> None:  # noqa: FBT001  a flag of the command line
    """Set the kiosk up on its own screen; `kiosk run` does so by itself while there is no kiosk.toml."""
    if desk:
        from kiosk.setup.desk import demo as play  # noqa: PLC0415  loaded when called

        sys.exit(play())
    if not _setup_wanted():
        raise KioskError("This kiosk is set up, or no steward is here to set it up. Try it: kiosk setup --demo")
    from kiosk.setup import door  # noqa: PLC0415  as above

    sys.exit(door.run())


@main.command(name="enrol-code")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("enrolment.html"), metavar="FILE", show_default=True
)
def enrol_code(folder: Path, out: Path) -> None:
    """Turn a folder with merchant.toml and keys into QR codes that a kiosk takes, and the digits that open them."""
    from kiosk.setup import enrol  # noqa: PLC0415  loaded when called

    digits, texts = enrol.enrolment(folder)
    out.write_text(enrol.page(texts, enrol.name_of(folder)), "utf-8")
    click.echo(f"{out}: {len(texts)} QR codes. Show them to the kiosk's camera, from a screen or printed.")
    click.echo(f"The digits, shown only now: {' '.join(digits[at : at + 4] for at in range(0, len(digits), 4))}")
    click.echo("Send them another way than the QR codes.")


@main.command()
def demo() -> None:
    """Try it: a stand-in for WeChat Pay, a kiosk and a page in the browser; no money moves."""
    from kiosk.sandbox.demo import demo as play  # noqa: PLC0415  loaded when called

    sys.exit(play())


@main.command()
@_config
@click.option(
    "--day", callback=_day, metavar="DAY", help="The shop's day, as 2026-01-05; else all that is open, and the last day."
)
@_json
def orders(day: date | None, as_json: bool) -> None:  # noqa: ARG001, FBT001  always JSON, one object a line
    """List orders, one JSON object a line."""
    config = _load()
    from kiosk.control import enquiry  # noqa: PLC0415  loaded when called

    for line in enquiry.orders(config, day):
        _print(line)


@main.command(name="ask")
@click.argument("number", callback=_number)
@_config
@_json
def ask_(number: str, as_json: bool) -> None:  # noqa: FBT001  a flag of the command line
    """Ask WeChat about one order, by the kiosk's number or by WeChat's own, as the customer's phone shows it."""
    config = _load()
    from kiosk.core.money import Money  # noqa: PLC0415  loaded when called
    from kiosk.recovery.lookup import ask_wechat  # noqa: PLC0415  as above

    found = ask_wechat(config, number)
    if as_json:
        _print(found)
        return
    about = [found["state"]]
    if found["amount"] is not None:
        about.append(str(Money(found["amount"], found["currency"])))
    about += [f"{name} {found[name]}" for name in ("paid_at", "out_trade_no", "transaction_id") if found[name] is not None]
    click.echo(", ".join(about))


@main.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(exists=True, path_type=Path))
@click.option("--any", "any_symbols", is_flag=True, help="Print whatever QR and Code 128 say, payment codes too.")
@_config
@_json
def decode(paths: tuple[Path, ...], any_symbols: bool, as_json: bool) -> None:  # noqa: ARG001, FBT001  always JSON, as orders
    """Show what the scanner makes of image files or folders, one JSON object a line."""
    from kiosk.camera.command import decode_paths  # noqa: PLC0415  loaded when called

    for line in decode_paths(paths, any_symbols=any_symbols):
        _print(line)


@main.command()
@click.argument("out_trade_no")
@click.option("--amount", type=click.IntRange(min=1), metavar="N", help="In the smallest unit; else all that is left.")
@click.option("--reason", metavar="TEXT", help="For the books and the customer: returned, faulty, ... or in other words.")
@_config
@_json
def refund(out_trade_no: str, amount: int | None, reason: str | None, as_json: bool) -> None:  # noqa: FBT001  a flag of the command line
    """Give money back: all that is left of an order, or a part."""
    from kiosk.core.refunds import REASON_FORM, is_reason  # noqa: PLC0415  loaded when called

    if reason is not None and not is_reason(reason):
        raise click.BadParameter(REASON_FORM, param_hint="--reason")
    config = _load()
    from kiosk.control.unix_socket import ControlUnavailable, ask  # noqa: PLC0415  loaded when called

    running = True
    try:
        answer = ask(
            config.control.socket, {"do": "refund", "out_trade_no": out_trade_no, "amount": amount, "reason": reason}, _REFUND_S
        )
        if "problem" in answer:
            raise KioskError(str(answer["problem"]))
        number = str(answer["out_refund_no"])
    except ControlUnavailable:
        from kiosk import app  # noqa: PLC0415  loaded when called

        running = False
        number = app.queue_refund(config, out_trade_no, amount, reason)
    if as_json:
        _print({"out_trade_no": out_trade_no, "out_refund_no": number, "running": running})
    else:
        click.echo(f"Refund {number} is queued." if running else f"Refund {number} is queued; it leaves when the kiosk runs.")


@main.command()
@click.option("--set-pin", "name", metavar="NAME", help="Give this operator the PIN on the first line of standard input.")
@_config
@_json
def operator(name: str | None, as_json: bool) -> None:  # noqa: FBT001  a flag of the command line
    """List who works here and whether they have a PIN, or give one of them a PIN."""
    from kiosk.operators import command  # noqa: PLC0415  loaded when called

    config = _load()
    if name is not None:
        line = click.prompt("PIN", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
        command.set_pin(config, name, line)
        return
    for one in command.listed(config):
        if as_json:
            _print(one)
        else:
            click.echo(f"{one['name']:<24} {one['role']:<8} {'has a PIN' if one['pin'] else 'no PIN yet'}")


@main.command()
@_config
@click.option("--day", callback=_day, metavar="DAY", help="The shop's day, as 2026-01-05; else the last one with an order.")
@click.option("--shift", "z", type=click.IntRange(1, 2**62), metavar="N", help="The Z report of this number.")
@click.option("--x", is_flag=True, help="The X report: what the open shift counts so far.")
@_json
def report(day: date | None, z: int | None, x: bool, as_json: bool) -> None:  # noqa: FBT001  flags of the command line
    """Show the totals of a day, or of a shift."""
    config = _load()
    if (day is not None) + (z is not None) + x > 1:
        raise click.UsageError("Name one of --day, --shift and --x.")
    if z is not None or x:
        from kiosk.control import shift_desk  # noqa: PLC0415  loaded when called

        _show_shift(shift_desk.read(config, z), as_json=as_json)
        return
    from kiosk.control import enquiry  # noqa: PLC0415  loaded when called
    from kiosk.core.money import Money  # noqa: PLC0415  as above

    found = enquiry.report(config, day)
    if as_json:
        _print(found)
        return
    day_of = f"{found['day']} from {found['day_starts']}, {found['zone']}" if found["day"] else "no orders yet"
    click.echo(f"{config.merchant.name}, {config.merchant.kiosk_id}, {day_of}")
    for total in found["totals"]:
        paid, refunded, late = (Money(total[key], total["currency"]) for key in ("paid", "refunded", "late"))
        click.echo(
            f"{total['tender']:<10} paid {total['paid_count']} x, {paid}; refunded {total['refund_count']} x, {refunded}"
            + (f"; in it tips {Money(total['tips'], total['currency'])}" if total["tips"] else "")
            + (f"; late money given back {total['late_count']} x, {late}" if total["late_count"] else "")
        )
    for currency in sorted({total["currency"] for total in found["totals"]}):
        net = sum(total["net"] for total in found["totals"] if total["currency"] == currency)
        sign = "-" if net < 0 else ""
        click.echo(f"{'net':<10} {sign}{Money(abs(net), currency)}")
    if found["open"]:
        click.echo(f"{found['open']} not resolved yet: kiosk orders")


@main.command()
@click.argument("do", type=click.Choice(["open", "close"]))
@click.option("--by", metavar="NAME", help="Who opens or closes it.")
@click.option("--hand-over", is_flag=True, help="Close it over what is not resolved yet: the next shift takes that over by name.")
@_config
@_json
def shift(do: str, by: str | None, hand_over: bool, as_json: bool) -> None:  # noqa: FBT001  flags of the command line
    """Open a shift, or close it with its Z report."""
    config = _load()
    from kiosk.control import shift_desk  # noqa: PLC0415  loaded when called

    if do == "open":
        _show_shift(shift_desk.open_shift(config, by), as_json=as_json)
        return
    over = frozenset(one.number for one in shift_desk.read(config, None).handed_over) if hand_over else frozenset()
    _show_shift(shift_desk.close_shift(config, by, over), as_json=as_json)


def _show_shift(found: Shift, *, as_json: bool) -> None:
    from kiosk.clock import SteadyClock  # noqa: PLC0415  as above
    from kiosk.control import shift_desk  # noqa: PLC0415  as above

    if as_json:
        _print(shift_desk.printed(found))
    else:
        click.echo("\n".join(shift_desk.as_text(found, SteadyClock().now())))


@main.command()
@click.argument("kind", type=click.Choice(["orders", "sales", "refunds", "shifts", "all"]))
@click.argument("path", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--first", callback=_day, metavar="DAY", required=True, help="The first day of the shop, as 2026-01-05.")
@click.option("--last", callback=_day, metavar="DAY", required=True, help="The last one; it is included.")
@click.option("--form", type=click.Choice(["csv", "json", "posting"]), default="csv", show_default=True)
@_config
def export(kind: str, path: Path | None, first: date, last: date, form: str) -> None:
    """Write orders, sales, refunds or shifts of some days to FILE, or into it when it is a folder; else print them.

    A posting file is double entry: of sales an entry for each, refunds included; of shifts one for each Z and tender.
    KIND all is a ZIP of sales, refunds, shifts and postings in every form.
    """
    config = _load()
    from kiosk.exports import command  # noqa: PLC0415  loaded when called
    from kiosk.exports.source import Export  # noqa: PLC0415  as above

    wanted = Export(kind, form, first, last)
    if path is None:
        command.write(config, wanted, sys.stdout.buffer)
    else:
        click.echo(command.write_file(config, wanted, path))


@main.command()
@click.argument("day", callback=_day_or_month, default="", metavar="[DAY|MONTH]")
@click.option(
    "--statement", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE", help="Else it is fetched."
)
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Also a report with a picture.")
@click.option("--csv", "table", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Also the differences.")
@click.option("--seen", metavar="NUMBER", help="Only say that you have looked at what differs of this order or refund.")
@_config
@_json
def reconcile(
    day: str,
    statement: Path | None,
    html: Path | None,
    table: Path | None,
    seen: str | None,
    as_json: bool,  # noqa: FBT001  a flag of the command line
) -> None:
    """Hold WeChat's statement of a Beijing day (else yesterday), or of a month, against the ledger."""
    if statement is not None and len(day) != _A_DAY:
        raise click.UsageError("A statement's file is of one day: name it, as 2026-01-05.")
    config = _load()
    from kiosk.books import command  # noqa: PLC0415  loaded when called
    from kiosk.books import report as reports  # noqa: PLC0415  as above

    now = time.time_ns() // 1_000_000
    days = command.days_of(day, now)
    if seen is not None:
        count = command.look_at(config, days[0], seen)
        click.echo(f"{count} settled." if count else f"Nothing waits for a person under {seen} on {days[0]}.")
        sys.exit(0 if count else _NOT_WELL)
    with click.progressbar(length=1000, label=day or days[0], file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        books = command.reconcile(config, days, statement, lambda share, _at: bar.update(max(0, round(share * 1000) - bar.pos)))
    batches = command.settlements(config, days[0], days[-1])
    books["settlements"] = [] if isinstance(batches, str) else batches
    kiosk = f"{config.merchant.name}, {config.merchant.kiosk_id}"
    if html is not None:
        span = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
        page = reports.as_html(books, title=f"{kiosk}: books of {span}", zone=config.merchant.time_zone, made_at=now)
        html.write_text(page, "utf-8")
    if table is not None:
        table.write_bytes(reports.as_csv(books))
    if as_json:
        _print(books)
    else:
        click.echo(reports.as_text(books, config.merchant.kiosk_id))
        for lacking, why in books["lacking"].items():
            click.echo(f"kiosk: {lacking}: {why}", err=True)
        if isinstance(batches, str):
            click.echo(f"kiosk: settlements are not listed: {batches}", err=True)
    sys.exit(_NOT_WELL if books["lacking"] or reports.unsettled(books) else 0)


@main.command()
@click.option("--day", callback=_day, metavar="DAY", help="The shop's day, as 2026-01-05; else today and yesterday.")
@click.option(
    "--generation",
    callback=_generation,
    metavar="GG",
    help="The two characters after the date in the lost order numbers; else it is searched, for minutes.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be recovered.")
@_config
@_json
def recover(day: date | None, generation: str | None, dry_run: bool, as_json: bool) -> None:  # noqa: FBT001  flags of the command line
    """After the loss of the card: walk the order numbers at WeChat and rebuild the day. The kiosk must not run."""
    config = _load()
    from kiosk.recovery import command  # noqa: PLC0415  loaded when called

    report = command.recover(
        config, day=day, generation=generation, dry_run=dry_run, tell=lambda line: click.echo(line, err=True)
    )
    if as_json:
        _print(report.as_json())
    else:
        click.echo(report.as_text())
    sys.exit(0 if report.well else _NOT_WELL)


@main.command()
@_config
@_json
def doctor(as_json: bool) -> None:  # noqa: FBT001  a flag of the command line
    """Check everything the kiosk needs, and say what to do."""
    from kiosk.doctor import command as doctors  # noqa: PLC0415  loaded when called

    checks = doctors.examine(click.get_current_context().meta.get(_CONFIG))
    if as_json:
        _print([check.as_json() for check in checks])
    else:
        for check in checks:
            click.echo(check.as_text())
    sys.exit(_NOT_WELL if any(check.failed for check in checks) else 0)


@main.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@_config
def bundle(path: Path) -> None:
    """Write a support bundle to FILE, or into it when it is a folder: what a supporter needs, and no secret."""
    from kiosk.support import command  # noqa: PLC0415  loaded when called

    click.echo(command.write(path, click.get_current_context().meta.get(_CONFIG)))


@main.command()
@_config
@click.option("--set-pin", is_flag=True, help="Read the new PIN from stdin, and keep it.")
@click.option("--wanted", is_flag=True, help="Say by the exit code whether kiosk.toml wants the page.")
def owner(set_pin: bool, wanted: bool) -> None:  # noqa: FBT001  flags of the command line
    """Serve the owner's page; what systemd starts."""
    from kiosk import config  # noqa: PLC0415  `kiosk --help` needs none

    path = click.get_current_context().meta.get(_CONFIG) or next(filter(Path.exists, config.PLACES), config.PLACES[0])
    if set_pin:
        from kiosk.owner.command import set_pin as keep  # noqa: PLC0415  loaded when called

        keep(path, sys.stdin.readline())
    elif wanted:
        from kiosk.owner.place import wanted as place  # noqa: PLC0415  as above

        sys.exit(0 if place(path) is not None else _NOT_WELL)
    else:
        from kiosk.owner.server import serve  # noqa: PLC0415  as above

        sys.exit(serve(path, tell=click.echo))


@main.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Where WeChat Pay's stand-in listens; else any."
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("sandbox"),
    metavar="DIR",
    show_default=True,
    help="Where kiosk.toml and the keys are written.",
)
def sandbox(port: int, folder: Path) -> None:
    """Serve the stand-in for WeChat Pay until stopped."""
    from kiosk.sandbox.server import serve  # noqa: PLC0415  loaded when called

    serve(port, folder)


def _setup_wanted() -> bool:
    from kiosk.setup.wanted import wanted  # noqa: PLC0415  light, and asked at each start

    return wanted(click.get_current_context().meta.get(_CONFIG))


def _load() -> Config:
    from kiosk import config  # noqa: PLC0415  `kiosk --help` needs none

    meta = click.get_current_context().meta
    meta[_CONFIG] = config.find(meta.get(_CONFIG))
    return config.load(meta[_CONFIG])


def _tell(error: ConfigError, path: Path | None) -> None:
    if len(error.problems) == 1:
        where = "" if path is None or str(path) in str(error) else f"{path}: "
        click.echo(f"kiosk: {where}{error}", err=True)
        return
    click.echo(f"kiosk: {path}: {len(error.problems)} mistakes" if path else f"kiosk: {len(error.problems)} mistakes", err=True)
    for problem in error.problems:
        click.echo(f"  {problem}", err=True)


def _print(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))
