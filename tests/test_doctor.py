"""Each check judges its facts, names what it found and says what to do; together they tell a kiosk that is well from one not."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from PIL import Image

from kiosk.camera import v4l2
from kiosk.cli import main
from kiosk.config import CameraConfig
from kiosk.config.display import CustomerConfig, DisplayConfig
from kiosk.control.unix_socket import ControlServer
from kiosk.core.model import Answer, NotFound, Pending, Unknown, Why
from kiosk.display import backlight, kms
from kiosk.doctor import command as doctor
from kiosk.doctor import display as doctor_display
from kiosk.doctor import ledger as doctor_ledger
from kiosk.doctor.checks import Check, Verdict
from kiosk.payment.backups import Backups
from kiosk.payment.chain import ChainKey
from kiosk.payment.keeper import Keeper
from kiosk.payment.ledger import SqliteLedger
from kiosk.sandbox.server import open_sandbox
from kiosk.support import judged, network
from tests.ledger_samples import keyed, number
from tests.test_ledger_chain import by_hand
from tests.v4l2_kernel import FakeKernel, Webcam

PYGAME = DisplayConfig("pygame", (800, 480), fullscreen=False, merchant_language="en", customer_language="zh_CN")


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


def seen(check: Check) -> tuple[str, str]:
    """Name and verdict; whatever is not well comes with a remedy."""
    assert check.remedy or check.verdict is not Verdict.FAIL, check
    return check.name, str(check.verdict)


@pytest.mark.parametrize(
    ("is_set", "offset_ms", "verdict", "says"),
    [
        (True, None, "ok", "kept by NTP"),
        (True, 120, "ok", "120 ms off WeChat's time"),
        (False, -120, "ok", "not kept by NTP, yet right"),
        (False, None, "fail", "nobody has set it"),
        (True, 30_000, "warn", "30 s off"),
        (True, 299_999, "warn", "299 s off"),
        (True, 300_000, "fail", "300 s behind"),
        (False, -86_400_000, "fail", "86400 s ahead"),
    ],
)
def test_the_clock_is_judged_by_wechats_verified_time_first(is_set: bool, offset_ms: int | None, verdict: str, says: str) -> None:
    """NTP is only needed where nobody else knows the time."""
    check = judged.clock(is_set, offset_ms)
    assert seen(check) == ("clock", verdict)
    assert says in check.found


def test_every_unknown_answer_of_wechat_has_a_remedy() -> None:
    """And a good one is well; one that names an outcome is odd."""
    assert seen(judged.wechat(Answer(Pending(), reached=True))) == ("wechat", "ok")
    assert seen(judged.wechat(Answer(NotFound()))) == ("wechat", "fail")
    for why in Why:
        check = judged.wechat(Answer(Unknown(why, "SIGN_ERROR")))
        assert seen(check) == ("wechat", "fail")
        assert str(why) in check.found
        assert "SIGN_ERROR" in check.found


@pytest.mark.parametrize(
    ("said", "verdict", "says"),
    [
        (None, "ok", "no Raspberry Pi"),
        ("throttled=0x0\n", "ok", "enough"),
        ("throttled=0x50005\n", "fail", "now: the voltage is too low, it is throttled"),
        ("throttled=0x50000\n", "warn", "since the start: the voltage is too low, it is throttled"),
        ("throttled=0x80008\n", "fail", "now: it is near its heat limit"),
        ("VCHI initialization failed\n", "warn", "VCHI initialization failed"),
        ("", "warn", "''"),
    ],
)
def test_power_is_read_bit_by_bit(said: str | None, verdict: str, says: str) -> None:
    """What is so now fails; what was so since the start warns."""
    check = judged.power(said)
    assert seen(check) == ("power", verdict)
    assert says in check.found


def test_storage_needs_room_and_permission(tmp_path: Path) -> None:
    """Without room no order can be kept, and so none is sent."""
    assert seen(judged.storage(tmp_path, 10**10, True)) == ("storage", "ok")
    assert seen(judged.storage(tmp_path, 400 * 2**20, True)) == ("storage", "warn")
    assert seen(judged.storage(tmp_path, 40 * 2**20, True)) == ("storage", "fail")
    assert seen(judged.storage(tmp_path, 10**10, False)) == ("storage", "fail")
    assert seen(judged.storage(tmp_path / "gone", None, False)) == ("storage", "fail")


def test_the_ledger_is_sound_or_its_trouble_is_named(tmp_path: Path) -> None:
    """Held by a running kiosk, not there yet, sound, damaged, held by another."""
    path = tmp_path / "kiosk.db"

    def look() -> Check:
        (check,) = doctor_ledger.ledger(path, None)
        return check

    (held,) = doctor_ledger.ledger(path, {"ok": True, "unresolved": 2})
    assert "held by the running kiosk; 2 orders unresolved" in held.found
    assert seen(look()) == ("ledger", "ok")
    assert "will be made" in look().found
    assert not path.exists()
    assert [seen(check) for check in doctor_ledger.ledger(tmp_path / "gone" / "kiosk.db", None)] == [("ledger", "fail")]
    with closing(SqliteLedger.open(path, generation=lambda: "a1", now=0)):
        assert seen(look()) == ("ledger", "fail")
    assert seen(look()) == ("ledger", "ok")
    assert "is sound" in look().found
    path.write_bytes(b"no ledger at all" * 1000)
    assert seen(look()) == ("ledger", "fail")


def test_an_edited_ledger_and_an_old_backup_are_told(tmp_path: Path) -> None:
    """The row by its number; how old the newest backup is; a copy that was no good; evidence, and lost orders until recovered."""
    path, key = tmp_path / "kiosk.db", ChainKey("k1", b"of the shop")
    kept = Backups(path, tmp_path, [key])
    assert seen(doctor_ledger.backups(kept, ever_sold=False, now=0)) == ("backups", "ok")
    assert seen(doctor_ledger.backups(kept, ever_sold=True, now=0)) == ("backups", "warn")
    keeper = Keeper(path, kept, key, lambda used: next(each for each in ("aa", "ab") if each not in used), lambda: None)
    with closing(keeper.open(1)) as ledger:
        ledger.commit(keyed(1), at=9)
        ledger.idle(3_600_000, lambda: True)
        assert kept.result(wait_s=60) is not None
    for hours, verdict in ((48, "ok"), (50, "warn")):
        check = doctor_ledger.backups(kept, ever_sold=True, now=(1 + hours) * 3_600_000)
        assert seen(check) == ("backups", verdict)
        assert f"{hours} h old" in check.found
    with by_hand(path) as base:
        base.execute("UPDATE orders SET amount = 1")
    (check,) = doctor_ledger.ledger(path, None, key)
    assert seen(check) == ("ledger", "fail")
    assert f"order {number(1)}: amount is 1, and 1250 by its history" in check.found
    (check,) = doctor_ledger.ledger(path, None, ChainKey("k2", b"another"))
    assert check.failed
    path.rename(kept.doubtful)
    check = doctor_ledger.backups(kept, ever_sold=True, now=0)
    assert seen(check) == ("backups", "fail")
    assert number(1) in check.found
    path.write_bytes(b"\xff" * 8192)
    keeper.open(2).close()
    checks = doctor_ledger.ledger(path, None, key)
    assert [seen(check) for check in checks] == [("ledger", "ok"), ("lost orders", "fail"), ("evidence", "warn")]
    assert "generation aa" in checks[1].found
    assert [seen(check) for check in doctor_ledger.ledger(path, {"ok": True}, key)] == [("ledger", "ok"), ("evidence", "warn")]
    with closing(keeper.open(3)) as ledger:
        ledger.recovered("aa", 4)
    assert [check.name for check in doctor_ledger.ledger(path, None, key)] == ["ledger", "evidence"]


def test_rows_of_an_earlier_key_are_a_warning(tmp_path: Path) -> None:
    """Nobody can check them, and that is no crime."""
    path = tmp_path / "kiosk.db"
    with closing(SqliteLedger.open(path, generation=lambda: "a1", now=0)) as ledger:
        ledger.commit(keyed(1), at=9)
    (check,) = doctor_ledger.ledger(path, None, ChainKey("k2", b"another"))
    assert seen(check) == ("ledger", "warn")
    assert "2 of 2 rows of its history are of another merchant key" in check.found


def test_the_camera_takes_a_picture(tmp_path: Path) -> None:
    """As the scanner would; what a running kiosk holds is left to it."""
    (tmp_path / "frames").mkdir()
    check = doctor.camera(CameraConfig("folder", tmp_path / "frames"), None)
    assert seen(check) == ("camera", "ok")
    assert "0 images" in check.found
    gone = doctor.camera(CameraConfig("folder", tmp_path / "gone"), None)
    assert seen(gone) == ("camera", "fail")
    assert "gone" in gone.found
    assert seen(doctor.camera(CameraConfig("picamera2"), {"ok": True, "camera": None})) == ("camera", "ok")
    held = doctor.camera(CameraConfig("v4l2"), {"ok": True, "camera": "the camera was unplugged: plug it in again"})
    assert seen(held) == ("camera", "fail")
    assert "the running kiosk says: the camera was unplugged: plug it in again" in held.found


def test_a_webcam_is_looked_through_until_its_exposure_has_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture, a covered lens, nothing plugged in, somebody else's: each in the driver's own words."""
    webcam = Webcam("MJPG")
    kernel = FakeKernel(video0=webcam)
    monkeypatch.setattr(v4l2, "Linux", lambda: kernel)
    good = doctor.camera(CameraConfig("v4l2"), None)
    assert (seen(good), good.found) == (("camera", "ok"), "v4l2: a picture of 1280 x 720 was taken")
    webcam.scene = lambda: Image.new("RGB", (64, 36))
    covered = doctor.camera(CameraConfig("v4l2"), None)
    assert seen(covered) == ("camera", "fail")
    assert "is something before its lens" in covered.found
    webcam.held = True
    assert "another program holds the camera /dev/video0" in doctor.camera(CameraConfig("v4l2"), None).found
    webcam.plugged = False
    assert "no camera is found on USB: plug one in" in doctor.camera(CameraConfig("v4l2"), None).found
    named = doctor.camera(CameraConfig("v4l2", device=Path("/dev/video7")), None)
    assert "[camera] device /dev/video7 is not there" in named.found
    assert named.remedy == "Until then sell by QR."
    assert not kernel.open_files


@pytest.mark.skipif(doctor.has_module("libcamera"), reason="a machine with a camera's library")
def test_a_camera_without_its_library_says_what_to_install() -> None:
    """On a laptop, or in a venv that hides the system's packages."""
    check = doctor.camera(CameraConfig("picamera2"), None)
    assert seen(check) == ("camera", "fail")
    assert "apt install python3-picamera2" in check.found


def test_a_display_needs_library_fonts_and_screen() -> None:
    """In this order; a picture without a window needs no screen."""
    assert seen(doctor_display.display(PYGAME, lambda _: False, {})) == ("display", "fail")
    check = doctor_display.display(PYGAME, lambda _: True, {"DISPLAY": ":7"})
    assert seen(check) == ("display", "ok")
    assert check.found == "pygame 800 x 480 on :7"
    turned = replace(PYGAME, size=(480, 800), rotation=270)
    assert doctor_display.display(turned, lambda _: True, {"DISPLAY": ":7"}).found == (
        "pygame 480 x 800, turned by 270 degrees on :7"
    )
    assert seen(doctor_display.display(replace(PYGAME, driver="offscreen"), lambda _: True, {})) == ("display", "ok")


def test_a_display_without_a_desktop_needs_an_sdl_that_can_and_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDL of this machine is asked; what stands in its way is told with what to do."""
    monkeypatch.setattr(kms, "problem", lambda _drivers: None)
    check = doctor_display.display(PYGAME, lambda _: True, {})
    assert seen(check) == ("display", "ok")
    assert "KMSDRM" in check.found
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(kms, "problem", lambda drivers: (asked.append(drivers), "no screen is connected (HDMI): plug it in")[1])
    check = doctor_display.display(PYGAME, lambda _: True, {})
    assert seen(check) == ("display", "warn")
    assert check.found == "pygame 800 x 480: no screen is connected (HDMI)"
    assert check.remedy.startswith("Plug it in. ")
    assert "x11" in asked[0]


def test_the_customers_screen_is_looked_for_where_the_kiosk_will_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a desktop by the sockets' own word, on one by SDL's; where there is to be none nothing is said."""
    plugs = {"HDMI-A-1": True, "HDMI-A-2": True, "Writeback-1": False}
    monkeypatch.setattr(kms, "plugs", lambda: plugs)
    assert doctor_display.customer(PYGAME, {}) == []
    wanted = replace(PYGAME, customer=CustomerConfig((800, 480)))
    (check,) = doctor_display.customer(wanted, {})
    assert (seen(check), check.found) == (("customer's screen", "ok"), "output 1 of 2 (HDMI-A-1, HDMI-A-2)")
    (check,) = doctor_display.customer(wanted, {}, keys=True)
    assert check.found.endswith("leave its touch unplugged, which may press the merchant's keys")
    plugs["HDMI-A-2"] = False
    (check,) = doctor_display.customer(replace(wanted, customer=CustomerConfig((800, 480), 0, 90)), {})
    assert seen(check) == ("customer's screen", "warn")
    assert check.found == "output 0 of 1 (HDMI-A-1), turned by 90 degrees: it is not there"
    assert check.remedy.endswith("the merchant's works without it. Then start the kiosk again.")
    (check,) = doctor_display.customer(wanted, {"DISPLAY": ":7"})
    assert (seen(check)[1], check.found) == ("ok", "a window of 800 x 480, on output 1 if that is there")
    (check,) = doctor_display.customer(replace(wanted, driver="offscreen"), {})
    assert (seen(check)[1], check.found) == ("warn", "the driver offscreen shows none")


def test_on_a_desktop_sdl_is_asked_for_the_customers_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """SDL's driver for nobody has one screen, of 1024 x 768; and a desktop that is not there is said."""
    wanted = replace(PYGAME, fullscreen=True, customer=CustomerConfig((800, 480)))
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    (check,) = doctor_display.customer(wanted, {"SDL_VIDEODRIVER": "dummy"})
    assert (seen(check)[1], check.found) == ("warn", "output 1 of 1 (1024 x 768): it is not there")
    assert "start the kiosk again" not in check.remedy
    monkeypatch.setenv("SDL_VIDEODRIVER", "x11")
    monkeypatch.setenv("DISPLAY", ":9999")
    (check,) = doctor_display.customer(wanted, {"DISPLAY": ":9999"})
    assert seen(check)[1] == "warn"
    assert "SDL says" in check.found


def test_a_lamp_is_named_and_one_that_may_not_be_set_is_a_warning(tmp_path: Path) -> None:
    """HDMI has none, which is well."""
    assert seen(doctor_display.brightness(PYGAME, backlight.find(tmp_path))) == ("brightness", "ok")
    lamp = tmp_path / "10-0045"
    lamp.mkdir()
    (lamp / "max_brightness").write_text("255")
    (lamp / "brightness").write_text("255")
    check = doctor_display.brightness(replace(PYGAME, brightness=70), backlight.find(tmp_path))
    assert (seen(check), check.found) == (("brightness", "ok"), "10-0045: 70 %, all of it for a QR, dimmed after 120 s")
    (lamp / "brightness").unlink()
    check = doctor_display.brightness(PYGAME, backlight.find(tmp_path))
    assert seen(check) == ("brightness", "warn")
    assert check.remedy.startswith("The kiosk's user has to be in the group video")


def test_key_files_open_to_others_are_a_warning_each() -> None:
    """With the command that closes them."""
    assert [seen(check) for check in doctor.credentials(())] == [("credentials", "ok")]
    (check,) = doctor.credentials(("[wechat_pay] merchant_key: every user can open /k.pem (mode 0644). Run: chmod 600 /k.pem",))
    assert seen(check) == ("credentials", "warn")
    assert (check.found[-11:], check.remedy) == ("(mode 0644)", "Run: chmod 600 /k.pem")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of localhost, in one file, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - timedelta(1), now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("authority") / "both.pem"
    pkcs8 = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(pkcs8 + certificate.public_bytes(Encoding.PEM))
    return file


@pytest.fixture
def tls_port(authority: Path) -> Iterator[int]:
    """A server that shakes hands over TLS until the test is over."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)  # before the number is free for another
    listener.close()


def test_a_host_is_tried_by_name_port_and_certificate(tls_port: int, authority: Path) -> None:
    """Each failure has words of its own."""
    assert seen(network.reachable(f"https://localhost:{tls_port}", authority)) == ("host localhost", "ok")
    unbelieved = network.reachable(f"https://localhost:{tls_port}", None)
    assert seen(unbelieved) == ("host localhost", "fail")
    assert "certificate is not believed (self-signed certificate)" in unbelieved.found.replace("self signed", "self-signed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    refused = network.reachable(f"http://127.0.0.1:{port}", None)
    assert seen(refused) == ("host 127.0.0.1", "fail")
    assert f"port {port} cannot be reached (Connection refused)" in refused.found
    unnamed = network.reachable("https://no-such-host.invalid", None)
    assert seen(unnamed) == ("host no-such-host.invalid", "fail")
    assert "the name is not found" in unnamed.found


def test_a_desk_kiosk_is_looked_at_as_a_whole(tmp_path: Path) -> None:
    """Against the stand-in every check of keys, network and ledger is well; nothing is left behind."""
    server, prepared = open_sandbox(tmp_path / "desk")
    try:
        before = sorted(path.name for path in prepared.folder.iterdir())
        checks = {check.name: seen(check)[1] for check in doctor.examine(prepared.config)}
        after = sorted(path.name for path in prepared.folder.iterdir())
    finally:
        server.stop()
    parts = [
        "config",
        "kiosk",
        "keys",
        "wechat",
        "link",
        "address",
        "name 127.0.0.1",
        "host 127.0.0.1",
        "clock",
        "ledger",
        "storage",
        "camera",
    ]
    assert {name: checks[name] for name in parts} == dict.fromkeys(parts, "ok")
    assert {"credentials", "display", "keypad", "power"} <= checks.keys()
    assert after == before


def test_a_kiosk_that_cannot_reach_wechat_exits_1(tmp_path: Path) -> None:
    """The command prints a list as JSON, or a line with a remedy each, and the exit code says that something is not well."""
    server, prepared = open_sandbox(tmp_path / "desk")
    server.stop()
    done = CliRunner().invoke(main, ["doctor", "--json", "--config", str(prepared.config)])
    checks = {check["name"]: check for check in json.loads(done.stdout)}
    assert done.exit_code == 1
    assert (checks["wechat"]["ok"], checks["host 127.0.0.1"]["ok"], checks["keys"]["ok"]) == (False, False, True)
    assert all(check["remedy"] for check in checks.values() if not check["ok"])
    assert checks.keys() == {check["name"] for check in checks.values()}
    done = CliRunner().invoke(main, ["--config", str(prepared.config), "doctor"])
    assert done.exit_code == 1
    assert "FAIL  wechat" in done.stdout
    assert "-> " in done.stdout


def test_a_wrong_configuration_is_a_finding_like_others(tmp_path: Path) -> None:
    """Every mistake is listed, what needs no configuration is looked at all the same, and the exit code is 1."""
    (tmp_path / "kiosk.toml").write_text("[merchant]\n")
    done = subprocess.run(
        [sys.executable, "-m", "kiosk", "doctor", "--json", "--config", tmp_path / "kiosk.toml"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    checks = json.loads(done.stdout)
    assert done.returncode == 1
    assert sum(check["name"] == "config" for check in checks) > 10
    assert {"clock", "power"} <= {check["name"] for check in checks}


def test_a_key_that_is_none_is_found(tmp_path: Path) -> None:
    """It has the right first line, so that only reading it tells; WeChat is not asked with it, and nothing of it is shown."""
    server, prepared = open_sandbox(tmp_path / "desk")
    server.stop()
    (prepared.folder / "merchant_key.pem").write_text("-----BEGIN PRIVATE KEY-----\nMIIEvQsecret\n-----END PRIVATE KEY-----\n")
    checks = {check.name: check for check in doctor.examine(prepared.config)}
    assert seen(checks["keys"]) == ("keys", "fail")
    assert "MIIEvQ" not in checks["keys"].found
    assert "wechat" not in checks


def test_a_running_kiosk_is_asked_how_it_is(tmp_path: Path) -> None:
    """Its ledger is not touched; one that answers nonsense or nothing is not well."""
    server, prepared = open_sandbox(tmp_path / "desk")
    control = ControlServer(
        prepared.folder / "kiosk.db.sock", lambda _: {"ok": True, "screen": "Idle", "network": "online", "unresolved": 3}
    )
    control.open()
    thread = threading.Thread(target=control.serve)
    thread.start()
    try:
        checks = {check.name: check for check in doctor.examine(prepared.config)}
    finally:
        control.stop()
        thread.join(10)
        server.stop()
    assert checks["kiosk"].found == "runs; it shows Idle, network online"
    assert "3 orders unresolved" in checks["ledger"].found
    assert not (prepared.folder / "kiosk.db").exists()
    assert seen(doctor.kiosk({"ok": True, "screen": "OutOfOrder", "network": "online"})) == ("kiosk", "fail")
    assert seen(doctor.kiosk({"problem": "The kiosk at /x does not answer"})) == ("kiosk", "fail")
