"""The level `update`: steward and releases under a real systemd. Keys are sealed, NetworkManager is asked, releases are tried.

There is no Wi-Fi in a container: what NetworkManager makes of our files is seen, and its refusal; nobody is joined.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import platform
import re
import shutil
import signal
import tarfile
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from kiosk.release import parcel
from kiosk.release.trial import Manifest
from kiosk.steward import wifi
from kiosk.steward.client import SOCKET, SocketSteward
from kiosk.steward.words import StewardRefused, UpdateState, What
from tests.lab import container, manager_root, root
from tests.lab.appliance import CREDENTIALS, STICK, Appliance, wait
from tests.lab.machine import Machine
from tests.lab.report import Level, Report
from tests.lab.root import HERE

FACTORY = "/usr/lib/kiosk/factory"
RELEASES = "/var/lib/kiosk-releases"
EXPOSURE = {"kiosk-steward.service": 2.4, "kiosk-wifi.service": 1.4, "kiosk-release.service": 1.8, "kiosk-update.service": 2.7}
TRIAL_S = 90  # of a machine that is busy
UPDATE_S = 300.0  # a minute of quiet first, then the trial, then two starts
HOSTILE = "caf\u00e9 ;[wifi]\\s= #"
PASSWORD = ' a\\s;"#=b '
CANNOT_DRAW = ("kiosk/display/__init__.py", "def open_display(", "def _open_display(")


class Updatable(Appliance):
    """A kiosk whose program lies as docs/appliance.md says, with what that page says may be written on disks of its own."""

    version = "1.0.0"

    def __init__(self, machine: Machine, folder: Path) -> None:
        super().__init__(machine, folder)
        self.signing = parcel.signing_key(parcel.new_key()[0])
        written = ("/etc/kiosk", "/etc/credstore.encrypted", RELEASES, "/var/lib/NetworkManager")
        self._ours = {place: self.share(place) for place in written}

    def install(self) -> None:
        super().install()
        self.trust()
        top = self.machine.root
        with (top / "etc/kiosk/kiosk.toml").open("a") as settings:
            settings.write('\n[update]\nquiet = "00:00-23:59"\n')
        for place in ("/etc/kiosk", "/etc/credstore.encrypted"):
            shutil.copytree(top / place[1:], self._ours[place], dirs_exist_ok=True)
        self._ours["/etc/credstore.encrypted"].chmod(0o700)

    def trust(self) -> None:
        """Releases that the lab signs are this machine's, and a busy machine's trial may take its time."""
        top = self.machine.root
        keys = top / "usr/lib/kiosk/release-keys"
        keys.mkdir(parents=True, exist_ok=True)
        pem = self.signing.public_key().public_bytes(
            parcel.serialization.Encoding.PEM, parcel.serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (keys / "lab.pub").write_bytes(pem)
        dropin = top / "etc/systemd/system/kiosk-update.service.d/lab.conf"
        dropin.parent.mkdir(parents=True)
        dropin.write_text(f"[Service]\nEnvironment=KIOSK_TRIAL_S={TRIAL_S}\n", "utf-8")

    @property
    def steward(self) -> SocketSteward:
        """Asked as root."""
        return SocketSteward(self.machine.path(str(SOCKET)))

    def build(self, place: Path, version: str, *changes: tuple[str, str, str], migrates: bool = False) -> Path:
        """A release's tree: this very source but for its version and `changes`."""
        shutil.copytree(HERE / "kiosk", place / "kiosk", ignore=shutil.ignore_patterns("__pycache__", "sandbox"))
        schema = place / "kiosk/payment/schema"
        if migrates:
            (schema / f"{len(list(schema.iterdir())) + 1:04}.sql").write_text("CREATE TABLE lab (id INTEGER);\n", "utf-8")
        init = place / "kiosk/__init__.py"
        init.write_text(re.sub(r"(?m)^(__version__ = ).*$", rf'\1"{version}"', init.read_text("utf-8")), "utf-8")
        for name, old, new in changes:
            text = (place / name).read_text("utf-8")
            assert old in text, old
            (place / name).write_text(text.replace(old, new), "utf-8")
        packaged = self.machine.root / FACTORY[1:] / "vendor"
        shutil.copytree(packaged, place / "vendor", ignore=shutil.ignore_patterns("__pycache__"))
        told = Manifest(version, "3.13", platform.machine(), len(list(schema.glob("*.sql"))))
        (place / "release.json").write_text(json.dumps(asdict(told)), "utf-8")
        return place

    def bring(self, version: str, *changes: tuple[str, str, str], migrates: bool = False) -> str:
        """A signed release on the stick, staged; its version."""
        made = self.release(self._disks[STICK], version, *changes, migrates=migrates)
        return self.steward.stage(Path(STICK) / made.name)

    def release(self, place: Path, version: str, *changes: tuple[str, str, str], migrates: bool = False) -> Path:
        """A signed release, in a file in that folder."""
        with tempfile.TemporaryDirectory() as folder:
            tree = self.build(Path(folder) / "tree", version, *changes, migrates=migrates)
            parcel.make(tree, self.signing, place / f"{version}.release")
        return place / f"{version}.release"

    def health(self) -> dict[str, object]:
        """Empty while it does not answer."""
        try:
            return self._ask({"do": "health"})
        except (OSError, ValueError):
            self._hang_up()
            return {}


def missing() -> str | None:
    """What this machine lacks."""
    return container.missing()


def run(report: Report) -> None:
    """One machine: its steward, then one update after another."""
    kept = root.ready()
    manager = manager_root.ready(kept)
    with tempfile.TemporaryDirectory(prefix="kiosk-lab-", ignore_cleanup_errors=True) as folder:
        kiosk = Updatable(Machine(kept, Path(folder), over=(manager,)), Path(folder))
        try:
            kiosk.install()
            kiosk.on()
            _boots(report, kiosk)
            _keys(report, kiosk)
            _network(report, kiosk)
            _bundle(report, kiosk)
            _updates(report, kiosk)
            _undone(report, kiosk)
            _power_cut(report, kiosk)
            _rests(report, kiosk)
        finally:
            if any(not check.well for check in report.checks) and kiosk.alive:
                print(kiosk.machine.journal("-n", "120"))
            kiosk.close()


def _boots(report: Report, kiosk: Updatable) -> None:
    machine = kiosk.machine
    with report.check("the kiosk runs from the package's release; nothing of steward and updates runs, or has run"):
        kiosk.online()
        assert kiosk.health()["version"] == "1.0.0"
        for unit in ("kiosk-steward.service", "kiosk-release.service", "kiosk-update.service", "kiosk-wifi.service"):
            assert machine.shown(unit, "ActiveState")["ActiveState"] == "inactive", unit
    with report.check("asked, the steward is there and tells how things are") as check:
        began = time.monotonic()
        status = kiosk.steward.status()
        check.note = f"the first answer after {time.monotonic() - began:.1f} s"
        assert (status.version, status.slot, status.trial) == ("1.0.0", "factory", False)
        assert machine.inner in status.addresses, status
        assert set(status.sealed) == set(CREDENTIALS)
    with report.check("root, kiosk and kiosk-owner are answered, and nobody else"):
        asks = "from kiosk.steward.client import SocketSteward; print(SocketSteward().status().version)"
        for user, answered in (("kiosk", True), ("kiosk-owner", True), ("nobody", False)):
            said = machine.run(
                *("setpriv", f"--reuid={user}", "--clear-groups", "env", f"PYTHONPATH={FACTORY}:{FACTORY}/vendor"),
                *("/usr/bin/python3", "-c", asks),
                well=False,
            )
            assert (said.strip() == "1.0.0") is answered, (user, said)
    with report.check("exposure as this systemd counts it") as check:
        found = {unit: container._exposure(machine, unit) for unit in EXPOSURE}
        check.note = ", ".join(f"{unit} {value}" for unit, value in found.items())
        assert all(found[unit] <= most for unit, most in EXPOSURE.items()), found
    with report.check("systemd has nothing to say against the units"):
        words = [line for line in machine.journal("_PID=1", "-p", "warning").splitlines() if "kiosk" in line]
        assert not words, "\n".join(words)


def _keys(report: Report, kiosk: Updatable) -> None:
    machine = kiosk.machine
    store = kiosk._ours["/etc/credstore.encrypted"]
    with report.check("a key given anew is sealed; settings that name it are taken, and those with mistakes are not"):
        before = (store / "merchant_key.pem").read_bytes()
        for name in CREDENTIALS:
            kiosk.steward.credential(name, (kiosk.bank.folder / name).read_bytes())
        assert (store / "merchant_key.pem").read_bytes() != before
        assert b"PRIVATE" not in base64.b64decode((store / "merchant_key.pem").read_bytes(), validate=False)
        text = (kiosk._ours["/etc/kiosk"] / "kiosk.toml").read_text("utf-8")
        kiosk.steward.settings(text)
        wrong = text.replace('"00:00-23:59"', '"24:00-25:00"')
        assert "[update] quiet" in _refusal(lambda: kiosk.steward.settings(wrong))
        assert (kiosk._ours["/etc/kiosk"] / "kiosk.toml").read_text("utf-8") == text
    with report.check("started anew by the steward, the kiosk sells with the keys and settings it took"):
        old = machine.pid("kiosk")
        kiosk.steward.restart(What.KIOSK)
        wait(lambda: machine.pid("kiosk") not in {0, old}, lambda: machine.journal("-n", "20"))
        kiosk.online()
        _sells(kiosk, 1250)
    with report.check("a key made here: its request leaves, the key waits sealed, the one in use stays"):
        assert "BEGIN CERTIFICATE REQUEST" in kiosk.steward.make_key("1900009999", "Harbour Snacks")
        assert kiosk.steward.status().next_key
        waiting = "/etc/credstore.encrypted/merchant_key.next.pem"
        opened = machine.run("systemd-creds", "decrypt", "--name=merchant_key.pem", waiting, "-")
        assert "BEGIN PRIVATE KEY" in opened
    with report.check("a time zone is set, or it is told that this root is read-only"), contextlib.suppress(StewardRefused):
        kiosk.steward.time_zone("Asia/Hong_Kong")
        assert kiosk.steward.status().time_zone == "Asia/Hong_Kong"


def _network(report: Report, kiosk: Updatable) -> None:
    machine = kiosk.machine

    def seen(uuid: str, field: str) -> str:
        shown = ("nmcli", "--show-secrets", "--escape", "no", "--get-values", field, "connection", "show", uuid)
        return machine.run(*shown).removesuffix("\n")

    place = machine.path("/run/NetworkManager/system-connections")
    with report.check("NetworkManager reads names and passwords out of our files as they were given, whatever is in them"):
        wait(lambda: "running" in machine.run("nmcli", "--terse", "--fields", "RUNNING", "general", well=False))
        place.mkdir(parents=True, exist_ok=True)
        for name, content, uuid in (
            (wifi.FILE, wifi.client(HOSTILE, PASSWORD, hidden=True), wifi.WIFI_ID),
            (wifi.HOTSPOT_FILE, wifi.access_point("Kiosk-2F6A", PASSWORD), wifi.HOTSPOT_ID),
        ):
            (place / name).write_bytes(content)
            (place / name).chmod(0o600)
            machine.run("nmcli", "connection", "load", f"/run/NetworkManager/system-connections/{name}")
            assert seen(uuid, "802-11-wireless.ssid") == (HOSTILE if uuid == wifi.WIFI_ID else "Kiosk-2F6A")
            assert seen(uuid, "802-11-wireless-security.psk") == PASSWORD
        (place / wifi.HOTSPOT_FILE).unlink()
        (place / wifi.FILE).unlink()
        machine.run("nmcli", "connection", "reload")
    for asked, deed in (
        ("a Wi-Fi is joined", lambda: kiosk.steward.join("Harbour Snacks", "12345678")),
        ("the hotspot opens", lambda: kiosk.steward.hotspot(on=True)),
    ):
        with report.check(
            f"where there is no Wi-Fi, it is told in words that none can be when {asked}, and nothing is left"
        ) as check:
            check.note = _refusal(deed)
            assert "Wi-Fi" in check.note, check.note
            assert not list(place.glob("kiosk-*"))
            assert "wifi.nmconnection" not in kiosk.steward.status().sealed
    _seal_wifi(machine)
    with report.check("no password stood in a command: the journal and the processes know none"):
        assert "12345678" not in machine.journal()


def _seal_wifi(machine: Machine) -> None:
    """As the steward does after a join that went well, which none can here."""
    plain = machine.path("/run/lab-wifi")
    plain.write_bytes(wifi.client(HOSTILE, PASSWORD, hidden=True))
    sealed = f"/etc/credstore.encrypted/{wifi.CREDENTIAL}"
    machine.run("systemd-creds", "encrypt", f"--name={wifi.CREDENTIAL}", "/run/lab-wifi", sealed)
    plain.unlink()


def _refusal(deed: Callable[[], object]) -> str:
    try:
        deed()
    except StewardRefused as refused:
        return str(refused)
    raise AssertionError("it was not refused")


def _bundle(report: Report, kiosk: Updatable) -> None:
    with report.check("a support bundle tells of units, storage and clock, and has no key in it") as check:
        with tarfile.open(fileobj=io.BytesIO(kiosk.steward.bundle())) as tar:
            texts = {entry.name: tar.extractfile(entry).read().decode() for entry in tar}  # type: ignore[union-attr]
        check.note = f"{sum(map(len, texts.values())) // 1024} KiB"
        assert "Id=kiosk.service" in texts["system/units.txt"]
        assert "kiosk ready" in texts["system/journal.txt"]
        assert "not here" in texts["system/power.txt"] or "nothing here" in texts["system/power.txt"]
        api_v3_key = (kiosk.bank.folder / "api_v3_key.txt").read_text().strip()
        key = (kiosk.bank.folder / "merchant_key.pem").read_text().splitlines()[1]
        for text in texts.values():
            assert api_v3_key not in text
            assert key not in text
            assert not re.findall(r"(?<![0-9])1[0-5][0-9]{16}(?![0-9])", text)


def _sells(kiosk: Updatable, amount: int) -> None:
    kiosk.bill(amount)
    kiosk.pay(amount)
    kiosk.reach("PaidScreen")
    kiosk.settled(amount)
    kiosk.key("OK")


def _try(kiosk: Updatable) -> None:
    """What the timer would do, once the kiosk has been left alone for a minute."""
    wait(lambda: (kiosk.ask(do="quiet").get("since_s") or 0) >= 61, lambda: str(kiosk.ask(do="quiet")), 120.0)
    kiosk._hang_up()
    kiosk.machine.run("systemctl", "start", "kiosk-update.service", timeout_s=UPDATE_S)


def _updates(report: Report, kiosk: Updatable) -> None:
    machine = kiosk.machine
    with report.check("a release with one flipped byte, and one that is older, are refused"):
        kiosk._disks[STICK].joinpath("bad.release").write_bytes(b"x")
        assert "no release" in _refusal(lambda: kiosk.steward.stage(Path(STICK) / "bad.release"))
        assert "not newer" in _refusal(lambda: kiosk.bring("0.9.0"))
    with report.check("a signed release is staged from a stick, and taken in its quiet hour") as check:
        began = time.monotonic()
        assert kiosk.bring("1.1.0") == "1.1.0"
        check.note = f"staged in {time.monotonic() - began:.1f} s"
        status = kiosk.steward.status()
        assert status.update is not None
        assert status.update.state is UpdateState.WAITING
        _try(kiosk)
        kiosk.online()
        assert kiosk.health()["version"] == "1.1.0", machine.journal("-u", "kiosk-update")
        assert kiosk.steward.status().slot == "1.1.0"
        _sells(kiosk, 1350)
    with report.check("and runs after the next start of the machine, too"):
        kiosk.off()
        kiosk.on()
        kiosk.online()
        assert kiosk.health()["version"] == "1.1.0"
        assert machine.shown("kiosk-release.service", "Result")["Result"] == "success"
    with report.check("the sealed Wi-Fi is NetworkManager's again after that start, and no file of it on the disk is readable"):
        shown = ("nmcli", "--show-secrets", "--escape", "no", "--get-values", "802-11-wireless-security.psk")
        wait(lambda: machine.run(*shown, "connection", "show", wifi.WIFI_ID, well=False).removesuffix("\n") == PASSWORD)
        assert PASSWORD.encode() not in (kiosk._ours["/etc/credstore.encrypted"] / wifi.CREDENTIAL).read_bytes()


def _undone(report: Report, kiosk: Updatable) -> None:
    with report.check("a release that migrates the ledger and cannot draw is undone; the one before sells, its ledger as it was"):
        kiosk.bring("1.2.0", CANNOT_DRAW, migrates=True)
        _try(kiosk)
        kiosk.online()
        status = kiosk.steward.status()
        assert status.update is not None
        assert (status.slot, status.update.state) == ("1.1.0", UpdateState.UNDONE), status
        assert kiosk.health()["version"] == "1.1.0"
        _sells(kiosk, 1450)
        kiosk.settled(1350)


def _power_cut(report: Report, kiosk: Updatable) -> None:
    machine = kiosk.machine
    with report.check("the power goes during a trial: after the next start the release before sells"):
        kiosk.bring("1.3.0", migrates=True)
        wait(lambda: (kiosk.ask(do="quiet").get("since_s") or 0) >= 61, lambda: "", 120.0)
        kiosk._hang_up()
        machine.run("systemctl", "start", "--no-block", "kiosk-update.service")
        wait(lambda: kiosk.health().get("trial") is True, lambda: machine.journal("-u", "kiosk-update"), 60.0)
        kiosk._hang_up()
        os.kill(machine.leader, signal.SIGKILL)
        kiosk.off()
        kiosk.on()
        kiosk.online()
        status = kiosk.steward.status()
        assert status.update is not None
        assert (status.slot, status.update.state, status.trial) == ("1.1.0", UpdateState.UNDONE, False)
        assert "switched off" in str(status.update.problem)
        _sells(kiosk, 1550)
        kiosk.settled(1450)


def _rests(report: Report, kiosk: Updatable) -> None:
    with report.check("a minute after the last question nothing of the steward runs"):
        wait(lambda: kiosk.machine.shown("kiosk-steward.service", "ActiveState")["ActiveState"] == "inactive", seconds=90.0)
        assert kiosk.steward.status().slot == "1.1.0"


LEVEL = Level(
    "update", "steward and releases under a real systemd: sealed keys, NetworkManager, updates of every end", missing, run
)
