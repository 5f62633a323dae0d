"""The level `shop`: from a Debian without a kiosk to a shop that sells, keeps its books and helps itself, in one command.

The machine is as the image is: a root that is read-only, what lasts on disks of its own. The owner's browser, a real one, and the
bank are on this side of the wire. board.toml stands in for the parts that no container has (a picture without a screen, keys over
the control socket, a folder for a camera) and says where the stand-in for WeChat Pay is.
"""

from __future__ import annotations

import base64
import errno
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tarfile
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kiosk.steward.words import StewardRefused, UpdateState
from tests.canaries import Canaries
from tests.lab import container, manager_root, root
from tests.lab.appliance import CREDENTIALS, FACTORY, FRAMES, STATE, wait
from tests.lab.machine import Machine
from tests.lab.report import Level, Report
from tests.lab.update import CANNOT_DRAW, Updatable, _try
from tests.set_up_kit import certificate
from tests.webdriver import Browser
from tests.webdriver import missing as no_browser

PIN = "739104826517"
WIFI_PASSWORD = "rice-lamp-harbour-4719"
SHOP = "Harbour Snacks"
LAST = ("/var/lib/kiosk-owner", "/var/lib/systemd")
"""What lasts besides what the level `update` has; in the second lies the key that seals."""
READER = (Path(__file__).parent / "shown.py").read_text("utf-8")
BOARD = """\
[display]
driver = "offscreen"

[keypad]
remote = true

[camera]
driver = "folder"
folder = "{frames}"

[wechat_pay]
hosts = ["{host}"]
ca_file = "/etc/kiosk/authority.pem"

[update]
quiet = "00:00-23:59"
"""
FIELDS = ("mode", "appid", "mchid", "sp_appid", "sp_mchid", "sub_mchid", "merchant_category_code", "currency", "kiosk_id")


class Shop(Updatable):
    """A machine to which apt has brought the package, and nobody anything else."""

    control = "/run/kiosk/control.sock"

    def __init__(self, machine: Machine, folder: Path) -> None:
        super().__init__(machine, folder)
        self._ours |= {place: self.share(place) for place in LAST}
        self.journals = ""  # of lives that are over

    @property
    def page(self) -> str:
        """The owner's."""
        return f"https://{self.machine.inner}:8443/"

    def install(self) -> None:
        self.install_package()
        self.trust()
        shutil.copytree(self.machine.root / "var/lib/systemd", self._ours["/var/lib/systemd"], dirs_exist_ok=True)
        etc = self._ours["/etc/kiosk"]
        (etc / "board.toml").write_text(BOARD.format(frames=FRAMES, host=self.wire.url), "utf-8")
        shutil.copy(self.wire.ca_file, etc / "authority.pem")
        self._ours["/etc/credstore.encrypted"].chmod(0o700)

    def cut(self) -> None:
        """The plug is pulled."""
        self.keep_journal()
        self._hang_up()
        os.kill(self.machine.leader, signal.SIGKILL)
        self.off()

    def keep_journal(self) -> None:
        self.journals += self.machine.run("journalctl", "--no-pager", "--boot", "--output=verbose", "--all")

    def shows(self, screen: str, step: int | None = None) -> None:
        """Wait for it; `step`: the set-up's."""

        def there() -> bool:
            state = self.ask(do="state")
            return state["screen"] == screen and step in (None, state.get("setup"))

        wait(there, lambda: f"{screen}, step {step}: {self.ask(do='state')} {self.machine.journal('-u', 'kiosk*', '-n', '20')}")

    def read(self, **what: object) -> str:
        """What a person reads off the screen: see shown.py."""
        asked = json.dumps({"screen": self.ask(do="screen")["png"], **what})
        words = ("env", f"PYTHONPATH={FACTORY}:{FACTORY}/vendor", "/usr/bin/python3", "-c", READER)
        done = subprocess.run(self.machine.entered(*words), input=asked, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[-1]


class Owner:
    """Whose page it is, at a browser. `code`: the one-time code, as read off the kiosk's screen."""

    def __init__(self, shop: Shop, browser: Browser, folder: Path, code: str) -> None:
        self.shop, self.browser, self.folder, self.code = shop, browser, folder, code
        self.url = shop.page
        browser.devtools("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})

    def go(self, place: str = "") -> None:
        self.browser.open(self.url + place)

    def send(self) -> None:
        """The form on the page."""
        self.browser.script("document.querySelector('main form').requestSubmit()")

    def fill(self, **fields: str) -> None:
        for name, text in fields.items():
            self.browser.script("document.getElementById(arguments[0]).value = arguments[1]", name.replace("__", "-"), text)

    def log_in(self) -> None:
        """After a restart of the page, or of the machine."""
        self.go()
        if self.browser.script("document.querySelector('#pin') !== null"):
            self.browser.type("#pin", PIN)
            self.send()
            self.browser.wait("document.querySelector('.signs') !== null")


def missing() -> str | None:
    """What this machine lacks."""
    return container.missing() or no_browser()


def run(report: Report) -> None:
    """One machine, from apt to its first bad update."""
    kept = root.ready()
    manager = manager_root.ready(kept)
    with tempfile.TemporaryDirectory(prefix="kiosk-lab-", ignore_cleanup_errors=True) as folder:
        shop = Shop(Machine(kept, Path(folder), over=(manager,)), Path(folder))
        browsing = Path(folder) / "browser"
        browsing.mkdir()
        try:
            with report.check("apt installs the package on a Debian that knows no kiosk"):
                shop.install()
            _sets_up(report, shop)
            key, code = _compares(report, shop)
            with Browser(browsing, deadline_s=90.0, flags=(f"--ignore-certificate-errors-spki-list={key}",)) as browser:
                owner = Owner(shop, browser, browsing, code)
                _enrols(report, owner)
                _sells(report, shop)
                _power_cut(report, shop)
                _bad_update(report, owner)
                _bundle(report, owner)
        finally:
            if any(not check.well for check in report.checks if check.level == LEVEL.name) and shop.alive:
                print(shop.machine.journal("-n", "120"))
            shop.close()


def _sets_up(report: Report, shop: Shop) -> None:
    machine = shop.machine
    with report.check("switched on without settings and keys, the kiosk is the set-up, which nobody's browser reaches"):
        shop.on()
        shop.shows("SetupChoice", 1)
        assert machine.shown("kiosk", "SubState")["SubState"] == "running"
        wait(  # it starts after the kiosk, and looks whether it is wanted
            lambda: machine.shown("kiosk-owner", "ActiveState")["ActiveState"] == "inactive",
            lambda: machine.journal("-u", "kiosk-owner*", "-n", "30"),
        )
        with socket.socket() as line:
            assert line.connect_ex((machine.inner, 8443)) == errno.ECONNREFUSED
        assert not list(shop._ours["/etc/credstore.encrypted"].iterdir())
    with report.check("its own keys lead through it to the owner's page, which is started by that"):
        shop.key("1")
        shop.shows("SetupChoice", 3)
        shop.key("1")
        shop.shows("SetupChoice", 4)
        shop.key("3")
        shop.shows("SetupInvite")
        wait(
            lambda: machine.shown("kiosk-owner", "SubState")["SubState"] == "running",
            lambda: machine.journal("-u", "kiosk-owner*", "-n", "30"),
        )


def _compares(report: Report, shop: Shop) -> tuple[str, str]:
    """What the browser is to trust alone (its key's digest), and the code off the screen."""
    found = ["", ""]
    with report.check(
        "the page's certificate is the one whose fingerprint stands on the kiosk's screen; the code is read off it"
    ):

        def read() -> bool:
            certificate = x509.load_pem_x509_certificate(ssl.get_server_certificate((shop.machine.inner, 8443)).encode())
            key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            found[0] = base64.b64encode(hashlib.sha256(key).digest()).decode()
            found[1] = shop.read(page=[shop.page, certificate.fingerprint(SHA256()).hex().upper()])
            return bool(found[1])

        wait(read, lambda: "not on its screen", 120.0)
    return found[0], found[1]


def _enrols(report: Report, owner: Owner) -> None:
    shop, browser = owner.shop, owner.browser
    with report.check("a browser that takes this certificate and no other: with the code a PIN is set, and without it none"):
        owner.go()
        wrong = f"{(int(owner.code) + 1) % 10**8:08}"
        for code, words in ((wrong, "[role=alert]"), (owner.code, ".signs")):
            owner.fill(code=code, new=PIN, again=PIN)
            owner.send()
            browser.wait(f"document.querySelector('{words}') !== null")
            time.sleep(1.0)  # one try a second
    with report.check("the merchant's numbers, key, certificate and APIv3 key are uploaded, and proven at WeChat Pay's stand-in"):
        _upload(owner)
        shop.shows("SetupTold")
        assert (shop._ours["/etc/kiosk"] / "kiosk.toml").exists(), shop.machine.journal("-u", "kiosk", "-n", "30")
        assert browser.text("h1") == "Asking WeChat Pay"
    with report.check("the kiosk starts anew and can sell; the page says so, too, and not before"):
        shop.key("OK")
        wait(lambda: shop.ask(do="state").get("network") == "online" and "setup" not in shop.ask(do="state"))
        shop.online()
        browser.wait_text("[role=status]", "Ready")
    with report.check("no key, code or PIN lies readable on any disk that lasts") as check:
        canaries = _canaries(owner)
        found = [line for disk in (*shop._ours.values(), shop._disks[STATE]) for line in canaries.look_into(disk, ("page.pem",))]
        check.note = f"{canaries.looked // 1024} KiB looked through"
        assert not found, found


def _upload(owner: Owner) -> None:
    """As the merchant platform hands them out."""
    folder, browser = owner.shop.bank.folder, owner.browser
    told = tomllib.loads(owner.shop.bank.config.read_text("utf-8"))
    pem = (folder / CREDENTIALS[0]).read_bytes()
    cert = owner.folder / "apiclient_cert.pem"
    cert.write_bytes(certificate(pem, int(told["wechat_pay"]["merchant_serial"], 16)))
    owner.go("merchant")
    browser.wait("document.querySelector('#shop') !== null")
    browser.type("#certificate", str(cert))
    browser.type("#key", str(folder / CREDENTIALS[0]))
    browser.type("#api_key", (folder / CREDENTIALS[1]).read_text().strip())
    numbers = {f"merchant__{name}": str(told["merchant"][name]) for name in FIELDS if name in told["merchant"]}
    owner.fill(shop=SHOP, **numbers, wechat_pay__notify_url="https://pay.example.net/wechat/notify")
    owner.send()
    browser.wait_text("h1", "Asking WeChat Pay")


def _sells(report: Report, shop: Shop) -> None:
    with report.check("a sale by QR and one by the customer's code, from key to green screen; both books agree"):
        shop.bill(1250)
        shop.pay(1250)
        shop.reach("PaidScreen")
        shop.key("OK")
        seen = shop.sell("quick", 1300)
        assert seen == "PaidScreen", f"{seen}: {shop.ask(do='state')}"
        for amount in (1250, 1300):
            shop.settled(amount)


def _power_cut(report: Report, shop: Shop) -> None:
    with report.check("the plug is pulled while a customer pays: after the next start the order comes to its end"):
        shop.bill(1400)
        shop.cut()
        shop.pay(1400)
        shop.on()
        shop.online()
        for amount in (1250, 1300, 1400):
            shop.settled(amount)
    with report.check("and the next customer pays"):
        shop.bill(1500)
        shop.pay(1500)
        shop.reach("PaidScreen")
        shop.settled(1500)
        shop.key("OK")


def _bad_update(report: Report, owner: Owner) -> None:
    shop, browser = owner.shop, owner.browser
    with report.check("a signed release that cannot draw is uploaded on the owner's page, and waits"):
        owner.log_in()
        owner.go("update")
        browser.type("#release", str(shop.release(owner.folder, "1.1.0", CANNOT_DRAW)))
        owner.send()
        wait(lambda: shop.steward.status().update is not None, lambda: browser.text("main"), 120.0)
        update = shop.steward.status().update
        assert update is not None
        assert (update.version, update.state) == ("1.1.0", UpdateState.WAITING)
    with report.check("it is tried and undone by itself; the one before sells, and knows what it sold"):
        _try(shop)
        shop.online()
        update = shop.steward.status().update
        assert update is not None
        assert (update.state, shop.health()["version"]) == (UpdateState.UNDONE, "1.0.0"), update
    with report.check("the screen says so until a key, and never again"):
        assert shop.read(undone=[SHOP, "1.1.0"]) == "yes"
        shop.key("CANCEL")
        wait(lambda: shop.read(undone=[SHOP, "1.1.0"]) == "no")
        old = shop.machine.pid("kiosk")
        shop.machine.run("systemctl", "restart", "kiosk")
        wait(lambda: shop.machine.pid("kiosk") not in {0, old})
        shop.online()
        assert shop.read(undone=[SHOP, "1.1.0"]) == "no"
        shop.bill(1600)
        shop.pay(1600)
        shop.reach("PaidScreen")
        shop.key("OK")
        for amount in (1250, 1300, 1400, 1500, 1600):
            shop.settled(amount)


def _bundle(report: Report, owner: Owner) -> None:
    shop, browser = owner.shop, owner.browser
    with report.check("a support bundle comes out of the owner's page, with the parts of kiosk and machine in it") as check:
        try:
            shop.steward.join(SHOP, WIFI_PASSWORD)  # none is here: what matters is who learns the password
        except StewardRefused as refused:
            check.note = str(refused)[:60]
        owner.log_in()
        owner.go("support")
        browser.wait_text("h1", "Support")
        owner.send()
        wait(lambda: bool(list(owner.folder.glob("kiosk-support-*.tar.gz"))), seconds=240.0)
        (file,) = owner.folder.glob("kiosk-support-*.tar.gz")
        texts = dict(_texts(file.name, file.read_bytes()))
        check.note += f"; {len(texts)} files, {file.stat().st_size // 1024} KiB"
        assert any("Id=kiosk.service" in text.decode(errors="replace") for text in texts.values()), sorted(texts)
        assert any("kiosk.tar/" in name for name in texts), sorted(texts)
    with report.check("no key, code, PIN or password is in it, nor in any journal of this machine") as check:
        shop.keep_journal()
        canaries = _canaries(owner)
        texts["journal"] = shop.journals.encode()
        found = [line for name, text in texts.items() for line in canaries.look(name, text)]
        codes = [name for name, text in texts.items() if re.search(rb"(?<![0-9])1[0-5][0-9]{16}(?![0-9])", text)]
        once = [name for name, text in texts.items() if re.search(rb"(?<![0-9])%s(?![0-9])" % owner.code.encode(), text)]
        check.note = f"{canaries.looked // 1024} KiB looked through"
        assert not found + codes + once, found + codes + once
        assert canaries.look("itself", PIN), "the check sees nothing"


def _canaries(owner: Owner) -> Canaries:
    folder = owner.shop.bank.folder
    canaries = Canaries()
    canaries.add("the PIN", PIN)
    canaries.add("the Wi-Fi's password", WIFI_PASSWORD)
    canaries.add("the APIv3 key", (folder / CREDENTIALS[1]).read_text().strip())
    canaries.add_key("the merchant's key", (folder / CREDENTIALS[0]).read_bytes())
    page = (owner.shop._ours["/var/lib/kiosk-owner"] / "page.pem").read_text("ascii")
    canaries.add("the page's key", page.partition("PRIVATE KEY-----\n")[2].splitlines()[1])
    return canaries


def _texts(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Each file in it, of archives within archives, too."""
    if name.endswith(".gz"):
        yield from _texts(name.removesuffix(".gz"), gzip.decompress(content))
    elif name.endswith(".tar"):
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            for entry in tar:
                if (file := tar.extractfile(entry)) is not None:
                    yield from _texts(f"{name}/{entry.name}", file.read())
    else:
        yield name, content


LEVEL = Level("shop", "from apt to the first sale, a cut, a bad update and a support bundle, in a real browser", missing, run)
