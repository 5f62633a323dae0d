"""A support bundle tells what is wrong and nothing of anybody: lists of what may be told, and an afternoon of marked secrets."""

from __future__ import annotations

import gzip
import io
import json
import logging
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kiosk import config as configuration
from kiosk.cli import main
from kiosk.config import Config
from kiosk.core import screens
from kiosk.core.checkup import Bundle, BundleEnd, Verdict
from kiosk.core.model import Answer, Unknown, Why
from kiosk.doctor.checks import Check
from kiosk.sandbox.answers import openid
from kiosk.sandbox.bank import CUSTOMER
from kiosk.sandbox.server import open_sandbox
from kiosk.steward.fake import FakeSteward
from kiosk.support import bundle, recent, stick
from kiosk.support.bundle import ORDER_KEYS, Part
from kiosk.support.recent import RecentLines
from kiosk.support.redacted import LEFT_OUT, SHOWN, redacted
from kiosk.support.running import Support
from tests.canaries import Everything
from tests.test_secrets import TROUBLES, Afternoon


def unpacked(content: bytes) -> dict[str, bytes]:
    """The files of a bundle, those of the tars within it too."""
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        for entry in tar.getmembers():
            file = tar.extractfile(entry)
            assert file is not None, entry.name
            inner = file.read()
            name = entry.name.removeprefix("kiosk-support/")
            assert not name.startswith(("/", "..")), name
            found[name] = inner
            if name.endswith(".tar"):
                found |= {f"{name}/{inside}": text for inside, text in unpacked(inner).items()}
    return found


# -- kiosk.toml ----------------------------------------------------------------------------------------------------------


def test_of_kiosk_toml_only_what_is_listed_is_shown(tmp_path: Path) -> None:
    """The shop, its numbers, its files and its network are left out; so is a key that nobody knows."""
    server, prepared = open_sandbox(tmp_path)
    server.stop()
    text = (
        prepared.config.read_text("utf-8") + '\n[new]\nsecret = "hunter2"\n[printer]\ndriver = "escpos"\nhost = "192.168.1.87"\n'
    )
    prepared.config.write_text(text, "utf-8")
    told = redacted(prepared.config)
    assert 'currency = "HKD"' in told
    assert "size = [800, 480]" in told
    assert told.count(LEFT_OUT) >= 8
    for hidden in ("hunter2", "192.168.1.87", prepared.merchant.name, *prepared.merchant.ids().values(), "api_v3_key.txt"):
        assert hidden not in told


def test_a_secret_in_the_wrong_place_is_not_shown_either(tmp_path: Path) -> None:
    """As a value of a key that may be shown, as a key's name, as a table's, in a file that is no TOML, in one that is no text."""
    secret = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6"
    file = tmp_path / "kiosk.toml"
    for text in (
        f'[display]\ndriver = "{secret}"\n',
        f'[display]\n{secret} = "x"\n',
        f"[{secret}]\nx = 1\n",
        f"{secret} = 1\n",
        f'[merchant]\nkiosk_id = "134567890123456789"\n{secret} {secret}\n',
        f"[display]\nsize = [{', '.join([repr(secret)] * 20)}]\n",
    ):
        file.write_text(text, "utf-8")
        told = redacted(file)
        assert secret not in told
        assert secret.lower() not in told.lower()
    file.write_bytes(b"\xff\xfe" + secret.encode())
    assert secret not in redacted(file)
    assert "cannot be read" in redacted(tmp_path / "gone")


def test_no_key_that_is_shown_holds_a_secret_or_a_person() -> None:
    """Whoever adds one to the list has to think of this."""
    never = {"name", "merchant_key", "api_v3_key", "merchant_serial", "platform_keys", "host", "folder", "notify_url", "ca_file"}
    never |= {"sp_appid", "sp_mchid", "sub_mchid", "appid", "mchid", "script", "merchant_certificate", "password", "pin"}
    assert not {key for keys in SHOWN.values() for key in keys} & never


# -- the log -------------------------------------------------------------------------------------------------------------


def logged(tell: Callable[[logging.Logger], object], name: str = "kiosk.x") -> str:
    """What a bundle has of a log line."""
    lines, logger = RecentLines(), logging.getLogger(name)
    level = logger.level
    logger.addHandler(lines)
    logger.setLevel(logging.DEBUG)
    try:
        tell(logger)
    finally:
        logger.setLevel(level)
        logger.removeHandler(lines)
    return lines.text()


def test_a_constant_message_and_listed_fields_are_told() -> None:
    """With the time and the level; fields that are not listed are not."""
    told = logged(lambda log: log.warning("the card is slow", extra={"why": "old", "amount": 1250, "path": "/home/wong"}))
    assert "WARNING kiosk.x: the card is slow (why=old)" in told


def test_what_was_put_together_is_told_by_its_place_alone() -> None:
    """An argument, a name, a traceback's text."""
    customer = "Wong Siu Ming"
    built = f"hello {customer}"

    def fails(log: logging.Logger) -> None:
        try:
            int(customer)
        except ValueError:
            log.exception("it failed")

    assert "test_support_bundle.py:" in logged(lambda log: log.info(built))
    for told in (
        logged(lambda log: log.info(built)),
        logged(lambda log: log.info("hello %s", customer)),
        logged(fails),
        logged(lambda log: log.info("hello", extra={"customer": customer})),
    ):
        assert "Wong" not in told
    assert "ValueError" in logged(fails)
    assert "test_support_bundle.py" in logged(fails)


@pytest.mark.parametrize(
    "secret",
    ["134679258013467925", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "4200001234202611261234567890", "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6"],
)
def test_a_listed_field_that_holds_a_secret_is_left_out(secret: str) -> None:
    """Whoever put it there; our own numbers are told."""
    told = logged(lambda log: log.info("x", extra={"problem": f"no {secret} here", "out_trade_no": "K07-261126-aa0001"}))
    assert secret not in told
    assert "out_trade_no=K07-261126-aa0001" in told


def test_other_loggers_and_debug_are_not_kept_and_the_rest_is_bounded() -> None:
    """urllib3 logs addresses, a flood must not fill the memory."""
    assert logged(lambda log: log.warning("GET /x"), "urllib3") == ""
    assert logged(lambda log: log.debug("x")) == ""
    many = logged(lambda log: [log.info("again") for _ in range(recent.MOST + 10)])
    assert len(many.splitlines()) == recent.MOST


# -- the bundle ----------------------------------------------------------------------------------------------------------


def config_of(folder: Path) -> Config:
    """As the kiosk reads it."""
    return configuration.load(folder / "kiosk.toml")


def test_a_part_with_a_secret_in_it_is_not_packed(tmp_path: Path) -> None:
    """The last line of defence: it is named instead. A part that is too large is cut, a tar left out."""
    server, prepared = open_sandbox(tmp_path)
    server.stop()
    config = config_of(prepared.folder)
    leaks = [Part("a.txt", b"x" + config.wechat_pay.api_v3_key + b"x"), Part("b.txt", config.wechat_pay.merchant_key[:300])]
    large = [Part("c.txt", b"y" * (bundle.PART_MOST + 9)), Part("system.tar", b"y" * (bundle.SYSTEM_MOST + 1))]
    with tarfile.open(fileobj=io.BytesIO(bundle.packed([*leaks, *large], bundle.secrets_of(config), 0))) as tar:
        sizes = {entry.name.removeprefix("kiosk-support/"): entry.size for entry in tar.getmembers()}
    assert set(sizes) == {"a.txt.left-out.txt", "b.txt.left-out.txt", "c.txt", "system.tar"}
    assert (sizes["c.txt"], sizes["system.tar"]) == (bundle.PART_MOST, 0)


def test_none_of_an_afternoons_secrets_is_in_it(tmp_path: Path) -> None:
    """A kiosk that sold under every trouble there is; its log listened to at every level; with the steward's part."""
    rig = Afternoon(tmp_path / "shop")
    rig.start()
    try:
        config = config_of(rig.folder)
        support = Support(
            config, rig.runtime, rig.provider, rig.runtime.post, FakeSteward(tmp_path / "steward").bundle, lambda: None
        )
        logging.getLogger().addHandler(support.log)
        with Everything():
            for trouble in TROUBLES:
                rig.sell(trouble)
        payer = openid(next(row for row in rig.bank.book.values() if row.holder == CUSTOMER))
        rig.canaries.add("the customer's openid", payer)
        for name, number in rig.prepared.merchant.ids().items():
            if len(number) >= 12:
                rig.canaries.add(name, number)
        for row in rig.bank.book.values():
            if row.transaction_id:
                rig.canaries.add("a number of WeChat's", row.transaction_id)
        files = unpacked(support.tar(whole=True))
        kept = support.put_bundle([Check("x", Verdict.OK, "y")])
        on_disk = gzip.decompress((rig.folder / "support" / kept.name).read_bytes())
    finally:
        logging.getLogger().removeHandler(support.log)
        rig.close()
    found = [hit for name, content in files.items() for hit in rig.canaries.look(name, content)]
    found += rig.canaries.look("the file", on_disk)
    assert sorted(set(found)) == []
    assert {"about.json", "doctor.json", "kiosk.toml", "latencies.json", "orders.json", "log.txt", "system.tar"} <= files.keys()
    orders = json.loads(files["orders.json"])
    assert len(orders) >= len(TROUBLES)
    assert {key for order in orders for key in order} == set(ORDER_KEYS)
    assert {"PAID", "DECLINED", "REVERSED"} & {order["state"] for order in orders}
    assert b"WeChat Pay answered" in files["log.txt"]
    assert json.loads(files["latencies.json"])["scan_to_paid"]["count"] >= 1
    assert rig.prepared.merchant.name.encode() not in b"".join(files.values())


def test_the_stick_has_it_or_else_the_kiosk(tmp_path: Path) -> None:
    """A stick that takes nothing is passed over; the kiosk keeps the newest alone, closed to others."""
    rig = Afternoon(tmp_path / "shop")
    rig.start()
    try:
        config, place = config_of(rig.folder), tmp_path / "stick"
        place.mkdir()
        (rig.folder / "support").mkdir(mode=0o700)
        (rig.folder / "support" / "kiosk-K07-20200101-0000.tar.gz").write_bytes(b"old")
        for found, end, where in ((place, BundleEnd.STICK, place), (tmp_path / "gone", BundleEnd.KEPT, rig.folder / "support")):
            support = Support(config, rig.runtime, rig.provider, rig.runtime.post, lambda: b"", lambda found=found: found)  # type: ignore[misc]
            made = support.put_bundle([Check("x", Verdict.OK, "y")])
            assert made.end is end
            assert [file.name for file in where.iterdir()] == [made.name]
        (rig.folder / "support" / made.name).unlink()
        (rig.folder / "support").rmdir()
        (rig.folder / "support").write_text("in the way")
        assert support.put_bundle([Check("x", Verdict.OK, "y")]) == Bundle(BundleEnd.FAILED)
    finally:
        rig.close()


class Silent:
    """A loop whose ledger does not open, and a client that reaches nobody."""

    platform_ends_at = None

    def ask(self, *_: object, **__: object) -> Any:
        raise TimeoutError

    def probe(self) -> Answer:
        return Answer(Unknown(Why.NOT_SENT))


def test_a_kiosk_that_cannot_open_its_ledger_makes_one_all_the_same(tmp_path: Path) -> None:
    """Then it is needed most: what could not be looked at is said."""
    server, prepared = open_sandbox(tmp_path)
    server.stop()
    silent = Silent()
    support = Support(config_of(prepared.folder), silent, silent, lambda _: None, lambda: b"", lambda: None)
    files = unpacked(support.tar())
    checks = {check["name"]: check for check in json.loads(files["doctor.json"])}
    assert "could not be looked at" in checks["camera"]["found"]
    assert not checks["wechat"]["ok"]
    assert json.loads(files["orders.json"]) == []


def test_a_stick_is_found_where_it_may_be_written_to(tmp_path: Path) -> None:
    """Not a read-only one, not another disk; a blank in its name is no end of it."""
    place = tmp_path / "media" / "MY STICK"
    place.mkdir(parents=True)
    mounts = tmp_path / "mounts"
    coded = str(place).replace(" ", r"\040")
    places = (f"{tmp_path}/media/",)
    mounts.write_text(f"/dev/vda1 / ext4 rw 0 0\n/dev/sda1 {coded} vfat rw,nosuid 0 0\n")
    assert stick.mounted(mounts, places) == place
    mounts.write_text(f"/dev/sda1 {coded} vfat ro,nosuid 0 0\nbroken\n")
    assert stick.mounted(mounts, places) is None
    assert stick.mounted(tmp_path / "gone") is None


def test_at_the_prompt_it_is_made_without_a_kiosk_too(tmp_path: Path) -> None:
    """Also when kiosk.toml is wrong: then what is left is told, by the keys of the mistakes."""
    server, prepared = open_sandbox(tmp_path / "desk")
    server.stop()
    done = CliRunner().invoke(main, ["--config", str(prepared.config), "bundle", str(tmp_path)])
    assert done.exit_code == 0, done.output
    files = unpacked(gzip.decompress(Path(done.output.strip()).read_bytes()))
    assert {"doctor.json", "orders.json", "system-missing.txt"} <= files.keys()
    text = prepared.config.read_text("utf-8").replace('currency = "HKD"', 'currency = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6"')
    prepared.config.write_text(text, "utf-8")
    done = CliRunner().invoke(main, ["--config", str(prepared.config), "bundle", str(tmp_path / "named.tar.gz")])
    assert done.exit_code == 0, done.output
    files = unpacked(gzip.decompress((tmp_path / "named.tar.gz").read_bytes()))
    assert files["mistakes.txt"] == b"[merchant] currency\n"
    assert b"A1b2C3d4" not in b"".join(files.values())
    refused = CliRunner().invoke(main, ["--config", str(prepared.config), "bundle", str(tmp_path / "gone" / "x")])
    assert (refused.exit_code, "Name another place" in refused.output) == (1, True)


def test_a_running_kiosk_is_looked_at_from_its_own_screen(tmp_path: Path) -> None:
    """The real lane, the real loop and client: every kind of finding comes, and a sale right after it is paid."""
    rig = Afternoon(tmp_path / "shop")
    rig.start()
    support = Support(config_of(rig.folder), rig.runtime, rig.provider, rig.runtime.post, lambda: b"", lambda: None)
    rig.runtime.use_examiner(support.lane)
    lane = threading.Thread(target=support.lane.run, args=(lambda: None,), daemon=True)
    lane.start()
    try:
        rig.press("MENU MENU 1")
        rig.until(lambda: isinstance(rig.views[-1].screen, screens.Checkup) and not rig.views[-1].screen.busy, "the end of it")
        shown = rig.views[-1].screen
        assert isinstance(shown, screens.Checkup)
        kinds = {finding.kind.value for finding in shown.lines}
        wanted = {"camera", "keys", "ledger", "screen", "sound", "link", "address", "name", "tls", "wechat", "clock", "room"}
        wanted |= {"merchant_certificate", "platform_certificate", "api_key", "backups", "wear", "temperature", "power"}
        assert wanted | {"sales_speed", "start_speed", "reading", "voice"} == kinds
        rig.press("6")
        rig.until(lambda: getattr(rig.views[-1].screen, "bundle", None) not in (None, Bundle(BundleEnd.MAKING)), "a bundle")
        rig.press("CANCEL")
        rig.sell({})
        assert rig.lines()[-1].state == "PAID"
    finally:
        support.lane.stop()
        lane.join(20)
        rig.close()
