"""What every steward promises: the stand-in itself, the stand-in behind a socket, and the real one with commands played to it."""

from __future__ import annotations

import io
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from kiosk.control.unix_socket import ControlServer
from kiosk.steward import door
from kiosk.steward.client import SocketSteward, Steward, StewardAway
from kiosk.steward.fake import FakeSteward
from kiosk.steward.words import StewardRefused, Update, UpdateState, What
from tests.steward_machine import Machine
from tests.wechat_stub import rsa_key

KEY = rsa_key("merchant")
ZONE = "Asia/Hong_Kong"
API_V3_KEY = b"0123456789abcdefghijklmnopqrstuv"
SETTINGS = """
[merchant]
name = "Harbour Snacks"
mode = "direct"
appid = "wx7bc98d929da735fe"
mchid = "1900009999"
merchant_category_code = "5814"
currency = "HKD"
kiosk_id = "K07"

[wechat_pay]
hosts = ["https://apihk.mch.weixin.qq.com"]
merchant_key = "merchant_key.pem"
merchant_serial = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
api_v3_key = "api_v3_key.txt"
platform_keys = "certificates"
notify_url = "https://pay.example.net/wechat/notify"

[camera]
driver = "v4l2"

[display]
driver = "pygame"

[keypad]
driver = "keyboard"

[ledger]
path = "/var/lib/kiosk/kiosk.db"
"""


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def certificate(public: object, *, ends: timedelta = timedelta(days=900)) -> bytes:
    """Of a public key, signed by somebody."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "1900009999")])
    now = datetime.now(UTC)
    built = x509.CertificateBuilder(name, name, public, x509.random_serial_number(), now - timedelta(days=1000), now + ends)
    return built.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture(params=["fake", "socket", "real"])
def steward(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Steward]:
    """Each steward, with the networks Harbour Snacks (12345678) and Guests (open) in reach, and nothing given yet."""
    if request.param == "real":
        yield Machine(tmp_path).steward()
        return
    fake = FakeSteward(tmp_path / "steward")
    if request.param == "fake":
        yield fake
        return
    server = ControlServer(tmp_path / "steward.sock", partial(door.answer, fake))
    server.open()
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield SocketSteward(tmp_path / "steward.sock")
    server.stop()
    thread.join(10)


@pytest.fixture
def given(steward: Steward) -> Steward:
    """One that has its keys."""
    steward.credential("merchant_key.pem", pem(KEY))
    steward.credential("api_v3_key.txt", API_V3_KEY)
    return steward


def test_a_new_machine_has_been_given_nothing(steward: Steward) -> None:
    """And says so."""
    status = steward.status()
    assert (status.sealed, status.public, status.next_key, status.wifi.ssid) == ((), (), False, None)
    assert not status.hotspot
    assert not status.trial
    assert status.slot == "factory"
    assert status.update is None


def test_networks_are_named_once_the_strongest_first(steward: Steward) -> None:
    """With whether they want a password."""
    networks = steward.networks()
    assert {network.ssid: network.secure for network in networks} == {"Harbour Snacks": True, "Guests": False}
    assert [network.signal for network in networks] == sorted((network.signal for network in networks), reverse=True)


@pytest.mark.parametrize(("ssid", "password"), [("Harbour Snacks", "12345678"), ("Guests", None)])
def test_a_network_is_joined_and_kept(steward: Steward, ssid: str, password: str | None) -> None:
    """The status names it, and what was sealed."""
    assert steward.join(ssid, password)
    status = steward.status()
    assert status.wifi.ssid == ssid
    assert "wifi.nmconnection" in status.sealed
    assert status.addresses


def test_a_wrong_password_leaves_the_old_network(steward: Steward) -> None:
    """Nobody has to walk to the kiosk for a slip of the finger."""
    steward.join("Guests", None)
    with pytest.raises(StewardRefused, match="password"):
        steward.join("Harbour Snacks", "87654321")
    assert steward.status().wifi.ssid == "Guests"


@pytest.mark.parametrize(
    ("ssid", "password"),
    [("", None), ("x" * 33, None), ("\ud800", None), ("Guests", "1234567"), ("Guests", "x" * 65), ("Guests", "密码密码密码密码")],
)
def test_what_cannot_be_a_network_is_refused(steward: Steward, ssid: str, password: str | None) -> None:
    """Whatever was asked for, no value is repeated."""
    with pytest.raises(StewardRefused) as refused:
        steward.join(ssid, password)
    assert password is None or password not in str(refused.value)


def test_the_hotspot_opens_and_closes(steward: Steward) -> None:
    """Its name and password are for the screen."""
    hotspot = steward.hotspot(on=True)
    assert hotspot is not None
    assert len(hotspot.password) >= 8
    assert hotspot.password not in repr(hotspot)
    assert steward.status().hotspot
    assert steward.hotspot(on=False) is None
    assert not steward.status().hotspot


def test_a_time_zone_is_set_when_there_is_one(steward: Steward) -> None:
    """Not one that looks like one."""
    steward.time_zone(ZONE)
    assert steward.status().time_zone == ZONE
    for wrong in ("Asia/Nowhere", "../../etc/shadow", "", "--help"):
        with pytest.raises(StewardRefused):
            steward.time_zone(wrong)
    assert steward.status().time_zone == ZONE


def test_settings_without_a_mistake_are_taken(given: Steward) -> None:
    """As often as they come."""
    for _ in range(2):
        assert given.settings(SETTINGS) == ()


def test_settings_with_mistakes_are_refused_with_all_of_them(given: Steward) -> None:
    """One a line, naming key and remedy."""
    with pytest.raises(StewardRefused) as refused:
        given.settings(SETTINGS.replace('"HKD"', '"HKDD"').replace('"v4l2"', '"eye"'))
    assert "[merchant] currency" in str(refused.value)
    assert "[camera] driver" in str(refused.value)
    with pytest.raises(StewardRefused, match=r"^kiosk\.toml is not TOML"):
        given.settings("[merchant")


def test_settings_come_after_the_keys_they_name(steward: Steward) -> None:
    """A kiosk.toml that is taken is one the kiosk starts with."""
    with pytest.raises(StewardRefused, match="merchant_key"):
        steward.settings(SETTINGS)


def test_credentials_are_kept_and_named(given: Steward) -> None:
    """The names alone."""
    given.credential("merchant_cert.pem", certificate(KEY.public_key()))
    given.credential("wechat_pub.pem", certificate(KEY.public_key()))
    status = given.status()
    assert set(status.sealed) == {"merchant_key.pem", "api_v3_key.txt"}
    assert set(status.public) == {"merchant_cert.pem", "wechat_pub.pem"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("merchant_key.pem", lambda: certificate(KEY.public_key())),
        ("merchant_key.pem", lambda: pem(rsa.generate_private_key(public_exponent=65537, key_size=1024))),
        ("merchant_key.pem", lambda: pem(ec.generate_private_key(ec.SECP256R1()))),
        ("api_v3_key.txt", lambda: API_V3_KEY[1:]),
        ("api_v3_key.txt", lambda: b"-" + API_V3_KEY[1:]),
        ("merchant_cert.pem", lambda: certificate(ec.generate_private_key(ec.SECP256R1()).public_key())),
        ("merchant_cert.pem", lambda: certificate(KEY.public_key(), ends=-timedelta(days=1))),
        ("wechat_pub.pem", lambda: pem(KEY)),
        ("wechat_pub.pem", lambda: b"hello"),
        ("../kiosk/kiosk.toml", lambda: b"x"),
        ("wifi.nmconnection", lambda: b"x"),
        ("merchant_key.pem", lambda: b""),
        ("merchant_key.pem", lambda: b"x" * 17_000),
    ],
)
def test_what_is_no_credential_of_that_name_is_refused(given: Steward, name: str, content: Callable[[], bytes]) -> None:
    """And what was kept before stays."""
    before = given.status()
    with pytest.raises(StewardRefused):
        given.credential(name, content())
    assert replace(given.status(), addresses=before.addresses) == before


def test_a_key_is_made_here_and_only_its_request_leaves(steward: Steward) -> None:
    """The request is for 2048 bits, signed by the key itself."""
    request = x509.load_pem_x509_csr(steward.make_key("1900009999", "Harbour Snacks 港").encode())
    assert request.is_signature_valid
    key = request.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 2048
    assert request.subject.rfc4514_string() == "O=Harbour Snacks 港,CN=1900009999"
    assert steward.status().sealed == ("merchant_key.pem",)
    steward.credential("merchant_cert.pem", certificate(key))


def test_the_key_in_use_stays_until_the_next_one_has_its_certificate(given: Steward) -> None:
    """A renewal that takes days does not stop the sale."""
    following = x509.load_pem_x509_csr(given.make_key("1900009999", "Harbour Snacks").encode()).public_key()
    assert given.status().next_key
    given.credential("merchant_cert.pem", certificate(KEY.public_key()))
    assert given.status().next_key
    given.credential("merchant_cert.pem", certificate(following))
    assert not given.status().next_key
    with pytest.raises(StewardRefused, match="another private key"):
        given.credential("merchant_cert.pem", certificate(KEY.public_key()))


def test_a_subject_is_one_line(steward: Steward) -> None:
    """A newline in a name is somebody trying something."""
    with pytest.raises(StewardRefused):
        steward.make_key("1900009999\n-----", "Harbour Snacks")


def test_restarts_are_asked_for(steward: Steward) -> None:
    """And answered before they happen."""
    steward.restart(What.KIOSK)


def test_what_is_no_release_is_not_staged(steward: Steward, tmp_path: Path) -> None:
    """Nor what lies elsewhere."""
    (tmp_path / "kiosk.toml").write_text("x")
    for path in (tmp_path / "kiosk.toml", tmp_path / "nothing", Path("relative")):
        with pytest.raises(StewardRefused):
            steward.stage(path)
    assert steward.status().update is None


def test_the_bundle_is_a_tar_of_texts(steward: Steward) -> None:
    """All below system/."""
    with tarfile.open(fileobj=io.BytesIO(steward.bundle())) as tar:
        names = tar.getnames()
    assert names
    assert all(name.startswith("system/") for name in names)


def test_a_staged_release_waits(tmp_path: Path) -> None:
    """The stand-in's own: any file of that name."""
    steward = FakeSteward(tmp_path)
    assert steward.stage(Path("/media/1.4.release")) == "1.4"
    assert steward.status().update == Update("1.4", UpdateState.WAITING)


def test_nobody_there_is_no_refusal(tmp_path: Path) -> None:
    """Its remedy names the unit."""
    with pytest.raises(StewardAway, match=r"No steward answers .* systemctl start kiosk-steward\.socket"):
        SocketSteward(tmp_path / "steward.sock").status()
