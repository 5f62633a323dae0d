"""`kiosk setup --demo`: the whole set-up on a desk, and then sales, with stand-ins for the steward and for WeChat.

No money moves. One process serves WeChat's stand-in and its bench page; the kiosk is another, which starts itself anew as systemd
would. The folder has a "stick" with the merchant's data, a sheet of QR codes with the same, and the camera's frames.
"""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

from kiosk import app, service
from kiosk import config as configuration
from kiosk.core.wifi import WifiNetwork, wifi_text
from kiosk.sandbox.demo import has_display, say, serve
from kiosk.sandbox.prepare import Prepared
from kiosk.sandbox.server import desk_control, open_sandbox
from kiosk.setup.board import Board
from kiosk.setup.door import lead
from kiosk.setup.enrol import enrolment, page
from kiosk.setup.settings import Places, merchant_text
from kiosk.steward import stick
from kiosk.steward.fake import FakeSteward

FOLDER = Path(".setup-demo")
WIFI = WifiNetwork("Harbour Snacks", "12345678")  # one of those in the stand-in's air
_KEYS = ("merchant_key.pem", "api_v3_key.txt")


def demo(folder: Path = FOLDER) -> int:
    """Serve until the kiosk ends, or SIGTERM or SIGINT."""
    server, prepared = open_sandbox(folder, control=desk_control(folder))
    lay_out(prepared)
    digits, texts = enrolment(folder / "stick" / stick.FOLDER)
    (folder / "enrolment.html").write_text(page(texts, prepared.merchant.name), "utf-8")
    say(f"Bench page  {server.page}")
    say(f"QR codes    {folder / 'enrolment.html'}, opened by {digits}; a Wi-Fi's: {wifi_text(WIFI)}")
    say(f"USB stick   {folder / 'stick'}: move it to {folder / 'steward' / 'stick'}, and it is plugged in")
    return serve(server, ["kiosk.setup.desk", str(folder)])


def lay_out(prepared: Prepared) -> None:
    """Turn the folder of a stand-in, ready to sell, into one where all is still to be given."""
    folder = prepared.folder
    given = folder / "stick" / stick.FOLDER
    given.mkdir(parents=True, exist_ok=True)
    tables = tomllib.loads(prepared.config.read_text("utf-8"))
    wechat = {name: tables["wechat_pay"][name] for name in ("hosts", "merchant_serial", "notify_url")}
    (given / stick.MERCHANT).write_text(merchant_text({"merchant": tables["merchant"], "wechat_pay": wechat}), "utf-8")
    for name in _KEYS:
        (given / name).write_bytes((folder / name).read_bytes())


class DeskSteward(FakeSteward):
    """No cable is plugged in, and a Wi-Fi that was joined is joined again after a restart."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, cable=False)
        wifi = self.sealed / "wifi.nmconnection"
        self.joined = wifi.read_text() if wifi.exists() else None


def kiosk(folder: Path) -> int:
    """One life of the kiosk: a sale's if there is a kiosk.toml, else the set-up's. Where the steward restarts it, another."""
    steward = DeskSteward(folder / "steward")
    settings = steward.etc / "kiosk.toml"
    if settings.exists():
        os.environ["CREDENTIALS_DIRECTORY"] = str(steward.sealed)
        return app.run(configuration.load(settings))
    board = Board(
        screen="pygame" if has_display() else "offscreen",
        fullscreen=False,
        pads=False,
        camera_driver="folder",
        frames=folder / "frames",
        remote=True,
    )
    code = lead(steward, board, Places(folder, steward.etc, folder / "kiosk.db.sock"), steward.sealed)
    if steward.restarts:
        service.stopping()
        os.execv(sys.executable, [sys.executable, "-m", "kiosk.setup.desk", str(folder)])  # noqa: S606  our own
    return code


if __name__ == "__main__":
    sys.exit(kiosk(Path(sys.argv[1]).absolute()))
