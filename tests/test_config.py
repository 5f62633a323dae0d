"""kiosk.toml: what is right is handed out whole, and every mistake comes at once, with its key, its value and its remedy."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kiosk import config
from kiosk.config.books import BooksConfig
from kiosk.config.display import CustomerConfig
from kiosk.config.example import EXAMPLE
from kiosk.config.notifications import NotificationsConfig
from kiosk.config.wechat import PlatformKey
from kiosk.core.errors import ConfigError
from kiosk.core.events import Key
from kiosk.core.model import Direct, Institution, Tender
from kiosk.core.selling import Offer

SECRET = "Zq7Rk2Vw9Tx4Ny6Mb1Lc8Pd3Gf5Hj0Ks"
KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----\n"
PUBLIC = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkq\n-----END PUBLIC KEY-----\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the key files of the example, open to the owner alone."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.chdir(tmp_path)
    put(tmp_path, "merchant_key.pem", KEY)
    put(tmp_path, "api_v3_key.txt", SECRET + "\n")
    put(tmp_path, "wechat_pub.pem", PUBLIC)
    return tmp_path


CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def put(folder: Path, name: str, text: str, mode: int = 0o600) -> Path:
    """Write a file of these permissions."""
    path = folder / name
    path.write_bytes(text.encode())
    path.chmod(mode)
    return path


def edited(changes: dict[str, str]) -> str:
    """The example with the line of each "table.key" replaced; an empty text takes the line away."""
    lines = []
    table = ""
    left = dict(changes)
    for line in EXAMPLE.splitlines():
        if line.startswith("["):
            table = line.strip("[]")
        key = f"{table}.{line.lstrip('#').split(' =')[0]}"
        lines.append(left.pop(key) if key in left else line)
    assert not left, f"no such line in the example: {left}"
    return "\n".join(lines)


def problems(folder: Path, text: str) -> list[str]:
    """What load() finds wrong in a kiosk.toml of this text."""
    put(folder, "kiosk.toml", text)
    with pytest.raises(ConfigError) as caught:
        config.load(folder / "kiosk.toml")
    return caught.value.problems


def test_the_example_loads_and_means_what_it_says(folder: Path) -> None:
    """Every value arrives in the form the program needs; files as bytes, paths absolute beside the file."""
    put(folder, "kiosk.toml", EXAMPLE)
    read = config.load(folder / "kiosk.toml")
    assert read.merchant.numbers == Institution("wx7bc98d929da735fe", "1900007777", "1900008888")
    assert (read.merchant.name, read.merchant.currency, read.merchant.kiosk_id) == ("Harbour Snacks", "HKD", "K07")
    assert read.merchant.merchant_category_code == "5814"
    assert read.wechat_pay.hosts == ("https://apihk.mch.weixin.qq.com", "https://apius.mch.weixin.qq.com")
    assert read.wechat_pay.merchant_key == KEY.encode()
    assert read.wechat_pay.api_v3_key == SECRET.encode()
    assert read.wechat_pay.merchant_serial == "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
    assert read.wechat_pay.platform_keys == ()
    assert read.wechat_pay.ca_file is read.wechat_pay.merchant_certificate is None
    assert read.wechat_pay.api_v3_key_file == folder / "api_v3_key.txt"
    assert read.display.size == (800, 480)
    assert not read.display.fullscreen
    assert (read.display.merchant_language, read.display.customer_language) == ("en", "zh_CN")
    assert (read.keypad.driver, read.keypad.remote, read.camera.driver) == ("keyboard", False, "picamera2")
    assert (read.till.default_tender, read.till.max_amount, read.till.result_seconds) == (Tender.QUICK_PAY, 500_000, 0)
    assert read.ledger.path == folder / "kiosk.db"
    assert read.control.socket == folder / "kiosk.db.sock"
    assert read.notifications == NotificationsConfig(None, 0, "/wechat/notify")
    assert (read.sound.speak, read.sound.guide, read.sound.volume, read.sound.fresh_s) == ("merchant", "none", 100, 10)
    assert read.warnings == ()


def test_the_lines_behind_a_sign_state_the_true_defaults(folder: Path) -> None:
    """Taking each # away changes nothing, but for what has no default of its own."""
    put(folder, "kiosk.toml", EXAMPLE)
    plain = config.load(folder / "kiosk.toml")
    spelt_out = re.sub(r"(?m)^#(?!ca_file|device|folder|listen|merchant_certificate|script|time_zone)", "", EXAMPLE)
    assert spelt_out.count("\n#") - EXAMPLE.count("\n##") == 10  # those of [printer], which is there or not as a whole, and more
    put(folder, "kiosk.toml", spelt_out)
    assert config.load(folder / "kiosk.toml") == plain


def test_only_what_has_no_default_must_be_written(folder: Path) -> None:
    """A file with just the required keys means the same as the example."""
    put(folder, "kiosk.toml", EXAMPLE)
    plain = config.load(folder / "kiosk.toml")
    optional = ("size", "fullscreen", "merchant_language", "customer_language", "default_tender")
    bare = "\n".join(
        line
        for line in EXAMPLE.splitlines()
        if not line.startswith(optional) and line not in {"[till]", "[control]", "[notifications]", "[sound]", "[update]"}
    )
    put(folder, "kiosk.toml", bare)
    assert config.load(folder / "kiosk.toml") == plain


def test_amounts_are_spoken_to_whom_the_owner_says(folder: Path) -> None:
    """In their language; "none" leaves the tones."""
    for speak, language in {"merchant": "en", "customer": "zh_CN", "none": None}.items():
        put(folder, "kiosk.toml", edited({"sound.speak": f'speak = "{speak}"'}))
        read = config.load(folder / "kiosk.toml")
        assert read.sound.language(read.display.merchant_language, read.display.customer_language) == language


def test_a_direct_merchant_has_two_numbers(folder: Path) -> None:
    """The numbers appid and mchid stand in place of the institution's three."""
    changes = {
        "sp_appid": 'appid = "wxd678efh567hg6787"',
        "sp_mchid": 'mchid = "1900009999"',
        "sub_mchid": "",
        "mode": 'mode = "direct"',
    }
    put(folder, "kiosk.toml", edited({f"merchant.{key}": line for key, line in changes.items()}))
    assert config.load(folder / "kiosk.toml").merchant.numbers == Direct("wxd678efh567hg6787", "1900009999")


def test_the_merchants_certificate_is_found_by_its_usual_name_or_by_the_one_given(folder: Path) -> None:
    """Without one nothing is wrong; a file that holds none is named."""
    put(folder, "kiosk.toml", EXAMPLE)
    put(folder, "merchant_cert.pem", CERTIFICATE)
    assert config.load(folder / "kiosk.toml").wechat_pay.merchant_certificate == CERTIFICATE.encode()
    (folder / "merchant_cert.pem").rename(folder / "mine.pem")
    named = EXAMPLE.replace('#merchant_certificate = "merchant_cert.pem"', 'merchant_certificate = "mine.pem"')
    put(folder, "kiosk.toml", named)
    assert config.load(folder / "kiosk.toml").wechat_pay.merchant_certificate == CERTIFICATE.encode()
    put(folder, "mine.pem", "no certificate")
    (problem,) = problems(folder, named)
    assert problem == (
        '[wechat_pay] merchant_certificate = "mine.pem" holds no certificate in PEM form. Write the file of the certificate, as '
        '"apiclient_cert.pem" from the merchant platform, or remove the key.'
    )


def test_platform_keys_may_be_given_as_files(folder: Path) -> None:
    """A list of ids and files replaces the fetched certificates."""
    put(
        folder,
        "kiosk.toml",
        edited({"wechat_pay.platform_keys": 'platform_keys = [{ id = "PUB_KEY_ID_01", file = "wechat_pub.pem" }]'}),
    )
    assert config.load(folder / "kiosk.toml").wechat_pay.platform_keys == (PlatformKey("PUB_KEY_ID_01", PUBLIC.encode()),)


@pytest.mark.parametrize("host", ["http://127.0.0.1:8443", "http://localhost:1", "http://[::1]:80", "https://192.0.2.7:443"])
def test_http_is_accepted_for_loopback_addresses(folder: Path, host: str) -> None:
    """A stand-in on this machine needs no TLS; a slash at the end is dropped."""
    put(folder, "kiosk.toml", edited({"wechat_pay.hosts": f'hosts = ["{host}/"]'}))
    assert config.load(folder / "kiosk.toml").wechat_pay.hosts == (host,)


def test_a_desk_may_be_notified_over_plain_http(folder: Path) -> None:
    """With all hosts on this machine notify_url may be, too; with one of WeChat's it may not: WeChat cannot call it."""
    url = "http://127.0.0.1:8089/told"
    desk = {"wechat_pay.hosts": 'hosts = ["http://127.0.0.1:8443"]', "wechat_pay.notify_url": f'notify_url = "{url}"'}
    put(folder, "kiosk.toml", edited(desk))
    read = config.load(folder / "kiosk.toml")
    assert read.wechat_pay.notify_url == url
    assert read.notifications == NotificationsConfig(None, 0, "/told")
    mixed = desk | {"wechat_pay.hosts": 'hosts = ["http://127.0.0.1:8443", "https://apihk.mch.weixin.qq.com"]'}
    (found,) = problems(folder, edited(mixed))
    assert found.startswith(f'[wechat_pay] notify_url = "{url}" is not an https:// address')


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [("127.0.0.1:8089", "127.0.0.1", 8089), ("[::1]:1", "::1", 1), ("0.0.0.0:65535", "0.0.0.0", 65535)],
)
def test_the_kiosk_listens_where_it_is_told(folder: Path, listen: str, host: str, port: int) -> None:
    """An address and a port; the path is its own where a proxy changes it."""
    changes = {"notifications.listen": f'listen = "{listen}"', "notifications.path": 'path = "/kiosk/7"'}
    put(folder, "kiosk.toml", edited(changes))
    assert config.load(folder / "kiosk.toml").notifications == NotificationsConfig(host, port, "/kiosk/7")


def test_credentials_come_before_files_beside_the_configuration(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name found in $CREDENTIALS_DIRECTORY is read there; others beside kiosk.toml."""
    other = SECRET[::-1]
    credentials = folder / "credentials"
    credentials.mkdir()
    put(credentials, "api_v3_key.txt", other, mode=0o440)
    put(credentials, "kiosk.db", "", mode=0o440)
    put(folder, "kiosk.toml", EXAMPLE)
    assert config.load(folder / "kiosk.toml", credentials).wechat_pay.api_v3_key == other.encode()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    read = config.load(folder / "kiosk.toml")
    assert read.wechat_pay.api_v3_key == other.encode()
    assert read.wechat_pay.merchant_key == KEY.encode()
    assert read.ledger.path == folder / "kiosk.db", "the ledger is no credential"


def test_the_file_in_the_working_directory_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a path: the machine's file, else ./kiosk.toml, else one sentence that names both."""
    monkeypatch.setattr("kiosk.config.file.PLACES", (folder / "etc.toml", Path("kiosk.toml")))
    with pytest.raises(ConfigError, match=r"etc\.toml nor \./kiosk\.toml exists.*--config"):
        config.load()
    put(folder, "kiosk.toml", EXAMPLE)
    assert config.load().path == folder / "kiosk.toml"
    put(folder, "etc.toml", EXAMPLE.replace("K07", "K08"))
    assert config.load().merchant.kiosk_id == "K08"


def test_the_shop_has_a_time_zone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As written, else the machine's."""
    put(folder, "kiosk.toml", edited({"merchant.time_zone": 'time_zone = "Asia/Tokyo"'}))
    assert config.load(folder / "kiosk.toml").merchant.time_zone == ZoneInfo("Asia/Tokyo")
    put(folder, "kiosk.toml", EXAMPLE)
    monkeypatch.setenv("TZ", ":Asia/Bangkok")
    assert config.load(folder / "kiosk.toml").merchant.time_zone == ZoneInfo("Asia/Bangkok")


@pytest.mark.parametrize(("currency", "largest"), [("HKD", 500_000), ("JPY", 100_000), ("KRW", 1_000_000), ("USD", 500_000)])
def test_the_largest_amount_fits_the_currency(folder: Path, currency: str, largest: int) -> None:
    """The default counts in smallest units, and yen have no cents."""
    put(folder, "kiosk.toml", edited({"merchant.currency": f'currency = "{currency}"'}))
    assert config.load(folder / "kiosk.toml").till.max_amount == largest


def test_key_files_that_others_can_read_are_a_warning(folder: Path) -> None:
    """Not an error: the kiosk sells, and the doctor says it."""
    put(folder, "merchant_key.pem", KEY, mode=0o644)
    put(folder, "kiosk.toml", EXAMPLE)
    (warning,) = config.load(folder / "kiosk.toml").warnings
    assert warning.startswith("[wechat_pay] merchant_key: ")
    assert f"chmod 600 {folder}/merchant_key.pem" in warning


def test_the_host_for_mainland_china_is_a_warning(folder: Path) -> None:
    """It answers, and not for global merchant numbers."""
    put(folder, "kiosk.toml", edited({"wechat_pay.hosts": 'hosts = ["https://api.mch.weixin.qq.com"]'}))
    (warning,) = config.load(folder / "kiosk.toml").warnings
    assert "[wechat_pay] hosts: api.mch.weixin.qq.com" in warning


MISTAKES = [
    ("merchant.name", 'name = ""', '[merchant] name = "" is empty. Write the shop\'s name'),
    ("merchant.name", 'name = "Shop \U0001f35c"', '[merchant] name = "Shop \U0001f35c" holds an emoji'),
    ("merchant.name", 'name = "a\\nb"', "[merchant] name = (not shown) holds a control character. Write the shop's name"),
    (
        "merchant.mode",
        'mode = "directly"',
        '[merchant] mode = "directly" is not known here (did you mean "direct"?). Write one of "institution", "direct".',
    ),
    ("merchant.mode", "", '[merchant] mode is missing. Write one of "institution", "direct".'),
    (
        "merchant.sp_mchid",
        "sp_mchid = 1900007777",
        "[merchant] sp_mchid = 1900007777 is a whole number, not a text in quotes. Write",
    ),
    ("merchant.sub_mchid", 'sub_mchid = "19x"', '[merchant] sub_mchid = "19x" is not of the right form. Write the sub-merchant'),
    ("merchant.sp_appid", "", "[merchant] sp_appid is missing. Write the app id"),
    (
        "merchant.merchant_category_code",
        'merchant_category_code = "58"',
        '[merchant] merchant_category_code = "58" is not of the right form. Write the four',
    ),
    (
        "merchant.currency",
        'currency = "hkd"',
        '[merchant] currency = "hkd" is not a currency of ISO 4217 that is known here. Write',
    ),
    (
        "merchant.currency",
        'currency = "XQZ"',
        '[merchant] currency = "XQZ" is not a currency of ISO 4217 that is known here. Write',
    ),
    (
        "merchant.kiosk_id",
        'kiosk_id = "K-07"',
        '[merchant] kiosk_id = "K-07" is not of the right form. Write 1 to 10 letters, digits or _',
    ),
    ("merchant.kiosk_id", 'kiosk_id = "K٣"', '[merchant] kiosk_id = "K٣" is not of the right form. Write 1 to 10 letters'),
    ("merchant.kiosk_id", 'kiosk_id = "ABCDEFGHIJK"', '[merchant] kiosk_id = "ABCDEFGHIJK" is not of the right form.'),
    (
        "merchant.time_zone",
        'time_zone = "Asia/Hongkong"',
        '[merchant] time_zone = "Asia/Hongkong" is not a time zone (did you mean "Asia/Hong_Kong"?).',
    ),
    (
        "merchant.time_zone",
        'time_zone = "../x"',
        '[merchant] time_zone = "../x" is not a time zone. Write a zone of the IANA table',
    ),
    ("merchant.time_zone", 'time_zone = "Asia"', '[merchant] time_zone = "Asia" is not a time zone'),
    ("wechat_pay.hosts", "hosts = []", "[wechat_pay] hosts = [] is empty. Write at least one"),
    (
        "wechat_pay.hosts",
        'hosts = "https://x.example"',
        '[wechat_pay] hosts = "https://x.example" is a text in quotes, not a list. Write',
    ),
    (
        "wechat_pay.hosts",
        'hosts = ["http://apihk.mch.weixin.qq.com"]',
        '[wechat_pay] hosts = "http://apihk.mch.weixin.qq.com" is http:// to another machine. Write https://',
    ),
    ("wechat_pay.hosts", 'hosts = ["http://127.0.0.1.example.com"]', "is http:// to another machine. Write https://"),
    (
        "wechat_pay.hosts",
        'hosts = ["https://x.example/v3"]',
        '[wechat_pay] hosts = "https://x.example/v3" holds more than a host. Write',
    ),
    ("wechat_pay.hosts", 'hosts = ["https://u:p@x.example"]', "holds more than a host. Write"),
    (
        "wechat_pay.hosts",
        'hosts = ["apihk.mch.weixin.qq.com"]',
        '[wechat_pay] hosts = "apihk.mch.weixin.qq.com" is not an https:// address. Write',
    ),
    ("wechat_pay.hosts", 'hosts = ["https://x:99999"]', '[wechat_pay] hosts = "https://x:99999" is not an https:// address.'),
    ("wechat_pay.hosts", "hosts = [7]", "[wechat_pay] hosts = 7 is not an https:// address."),
    (
        "wechat_pay.merchant_serial",
        'merchant_serial = "5157F09G"',
        '[wechat_pay] merchant_serial = "5157F09G" is not of the right form. Write the serial',
    ),
    (
        "wechat_pay.merchant_key",
        'merchant_key = "gone.pem"',
        '[wechat_pay] merchant_key = "gone.pem" cannot be read (No such file or directory). Write the file',
    ),
    (
        "wechat_pay.merchant_key",
        'merchant_key = "."',
        '[wechat_pay] merchant_key = "." cannot be read (Is a directory). Write the file',
    ),
    ("wechat_pay.merchant_key", "", "[wechat_pay] merchant_key is missing. Write the file of the merchant's private key"),
    (
        "wechat_pay.merchant_key",
        'merchant_key = "wechat_pub.pem"',
        '[wechat_pay] merchant_key = "wechat_pub.pem" holds a public key, not the private key. Write',
    ),
    (
        "wechat_pay.merchant_key",
        'merchant_key = "kiosk.toml"',
        '[wechat_pay] merchant_key = "kiosk.toml" holds no RSA private key in PEM form. Write',
    ),
    (
        "wechat_pay.api_v3_key",
        'api_v3_key = "gone.txt"',
        '[wechat_pay] api_v3_key = "gone.txt" cannot be read (No such file or directory). Write',
    ),
    ("wechat_pay.platform_keys", "", '[wechat_pay] platform_keys is missing. Write "certificates", or'),
    (
        "wechat_pay.platform_keys",
        'platform_keys = "certificate"',
        '[wechat_pay] platform_keys = "certificate" is neither of the two. Write "certificates", or',
    ),
    ("wechat_pay.platform_keys", "platform_keys = []", "is neither of the two. Write"),
    (
        "wechat_pay.platform_keys",
        'platform_keys = [{ id = "PUB_KEY_ID_1" }]',
        "[wechat_pay] platform_keys = (not shown) holds an entry that is not { id = text, file = text }.",
    ),
    (
        "wechat_pay.platform_keys",
        'platform_keys = [{ id = "?", file = "wechat_pub.pem" }]',
        '[wechat_pay] platform_keys = "?" is not an id. Write the id',
    ),
    (
        "wechat_pay.platform_keys",
        'platform_keys = [{ id = "PUB_KEY_ID_1", file = "merchant_key.pem" }]',
        '[wechat_pay] platform_keys = "merchant_key.pem" holds a private key. Give',
    ),
    (
        "wechat_pay.platform_keys",
        'platform_keys = [{ id = "PUB_KEY_ID_1", file = "wechat_pub.pem" }, { id = "PUB_KEY_ID_1", file = "wechat_pub.pem" }]',
        '[wechat_pay] platform_keys = "PUB_KEY_ID_1" is there twice. Keep one',
    ),
    (
        "wechat_pay.notify_url",
        'notify_url = "http://pay.example.net/"',
        '[wechat_pay] notify_url = "http://pay.example.net/" is not an https:// address; http:// is for this machine, with hosts',
    ),
    (
        "wechat_pay.notify_url",
        'notify_url = "http://127.0.0.1:8089/notify"',
        '[wechat_pay] notify_url = "http://127.0.0.1:8089/notify" is not an https:// address; http:// is for this machine, with',
    ),
    ("wechat_pay.notify_url", 'notify_url = "pay"', '[wechat_pay] notify_url = "pay" is not an https:// address. Write'),
    (
        "wechat_pay.notify_url",
        'notify_url = "https://pay.example.net/?a=1"',
        "has a query string, a fragment or a login, which WeChat refuses. Write",
    ),
    (
        "wechat_pay.notify_url",
        'notify_url = "https://pay.example.net/a b"',
        "is not of the right form. Write the https:// address",
    ),
    (
        "wechat_pay.ca_file",
        'ca_file = "wechat_pub.pem"',
        '[wechat_pay] ca_file = "wechat_pub.pem" holds no certificate. Write a PEM file',
    ),
    *(
        (
            "notifications.listen",
            f'listen = "{value}"',
            f'[notifications] listen = "{value}" is not an IP address and a port. Write an address of this machine',
        )
        for value in ("8089", "127.0.0.1", "localhost:8089", "127.0.0.1.1:8089", "::1:8089", "[::g]:8089", "127.0.0.1:٣")
    ),
    (
        "notifications.listen",
        'listen = "127.0.0.1:65536"',
        '[notifications] listen = "127.0.0.1:65536" has a port that is none. Write an address',
    ),
    ("notifications.listen", 'listen = "127.0.0.1:0"', '[notifications] listen = "127.0.0.1:0" has a port that is none.'),
    ("notifications.listen", "listen = 8089", "[notifications] listen = 8089 is a whole number, not a text in quotes. Write"),
    (
        "notifications.path",
        'path = "wechat/notify"',
        '[notifications] path = "wechat/notify" is not of the right form. Write where it begins with a slash',
    ),
    ("notifications.path", 'path = "/a?b"', '[notifications] path = "/a?b" is not of the right form. Write'),
    (
        "display.driver",
        'driver = "pygames"',
        '[display] driver = "pygames" is not known here (did you mean "pygame"?). Write one of "pygame"',
    ),
    (
        "display.size",
        "size = [800]",
        "[display] size = [800] is not a list of 2 whole numbers between 1 and 4096. Write width and height",
    ),
    ("display.size", "size = [800, true]", "[display] size = [800, true] is not a list of 2 whole numbers"),
    ("display.size", "size = [320, 239]", "[display] size = [320, 239] is too small for people to read. Write width"),
    (
        "display.fullscreen",
        'fullscreen = "no"',
        '[display] fullscreen = "no" is a text in quotes, not true or false. Write true or false.',
    ),
    ("display.rotation", "rotation = 45", "[display] rotation = 45 is no quarter of a turn. Write by how many degrees"),
    ("display.rotation", "rotation = 360", "[display] rotation = 360 is not between 0 and 270. Write by how many degrees"),
    ("display.brightness", "brightness = 5", "[display] brightness = 5 is not between 10 and 100. Write the percentage"),
    ("display.dim_after_s", "dim_after_s = -1", "[display] dim_after_s = -1 is not between 0 and 86400. Write after how many"),
    (
        "display.customer_language",
        'customer_language = "zh-CN"',
        '[display] customer_language = "zh-CN" is not known here (did you mean "zh_CN"?). Write one of "en"',
    ),
    (
        "keypad.driver",
        'driver = "keybord"',
        '[keypad] driver = "keybord" is not known here (did you mean "keyboard"?). Write one of "keyboard", "matrix"',
    ),
    ("keypad.driver", "", "[keypad] driver is missing. Write one of"),
    (
        "keypad.rows",
        "rows = [5, 6, 13]",
        "[keypad] rows = [5, 6, 13] is not a list of 4 whole numbers between 0 and 27. Write the BCM",
    ),
    ("keypad.rows", "rows = [5, 6, 6, 19]", "[keypad] rows = [5, 6, 6, 19] names a pin twice. Write the BCM numbers"),
    (
        "keypad.columns",
        "columns = [12, 16, 20, 5]",
        "[keypad] columns = [12, 16, 20, 5] names pin 5, which is a row's. Give each",
    ),
    ("keypad.keys", 'keys = ["123A", "456B", "789C"]', '[keypad] keys = ["123A", "456B", "789C"] is no layout of 16 keys. Write'),
    ("keypad.keys", 'keys = ["1234", "456B", "789C", "*0#D"]', "is no layout of 16 keys. Write four texts"),
    ("keypad.freed_pins", "freed_pins = [28]", "[keypad] freed_pins = [28] is not a list of BCM numbers, 0 to 27. Write those"),
    ("keypad.debounce_ms", "debounce_ms = 500", "[keypad] debounce_ms = 500 is not between 0 and 200. Write for how many"),
    ("keypad.settle_ms", "settle_ms = 0.5", "[keypad] settle_ms = 0.5 is a number with a point, not a whole number. Write"),
    ("keypad.stuck_s", "stuck_s = 1", "[keypad] stuck_s = 1 is not between 2 and 60. Write after how many"),
    ("keypad.device", 'device = ""', '[keypad] device = "" is empty. Write the pad\'s path'),
    ("keypad.remote", "remote = 1", "[keypad] remote = 1 is a whole number, not true or false. Write true"),
    ("camera.driver", 'driver = "folder"', "[camera] folder is missing. Write the folder"),
    ("camera.driver", 'driver = "v4l2"\ndevice = "video0"', '[camera] device = "video0"'),
    ("camera.driver", 'driver = "v4l2"\nmains_hz = 55', "[camera] mains_hz = 55 is neither 50 nor 60. Write 50 or 60"),
    ("camera.driver", 'driver = "v4l2"\nmains_hz = 100', "[camera] mains_hz = 100 is not between 50 and 60. Write 50 or 60"),
    (
        "till.default_tender",
        'default_tender = "scan"',
        '[till] default_tender = "scan" is not known here. Write one of "quick_pay", "native".',
    ),
    ("till.max_amount", "max_amount = 0", "[till] max_amount = 0 is not between 1 and 10000000000. Write the largest amount"),
    ("till.max_amount", "max_amount = 50.0", "[till] max_amount = 50.0 is a number with a point, not a whole number. Write"),
    ("till.max_amount", "max_amount = true", "[till] max_amount = true is true or false, not a whole number. Write"),
    ("till.result_seconds", "result_seconds = -1", "[till] result_seconds = -1 is not between 0 and 3600. Write how long"),
    (
        "till.mode",
        'mode = "pubic"',
        '[till] mode = "pubic" is not known here (did you mean "public"?). Write one of "counter", "public".',
    ),
    (
        "till.quick_amounts",
        "quick_amounts = [1500, 0]",
        "[till] quick_amounts = 0 is not an amount between 1 and max_amount",
    ),
    (
        "till.quick_amounts",
        "quick_amounts = [" + "5," * 11 + "]",
        "is no list of ten amounts, and no table of them. Write",
    ),
    ("till.quick_amounts", "quick_amounts = { OK = 1500 }", '[till] quick_amounts = "OK" is no key of a digit. Write amounts in'),
    ("till.quick_amounts", "quick_amounts = { 1 = 500001 }", "[till] quick_amounts = 500001 is not an amount between 1 and"),
    (
        "till.tips",
        'tips = ["5%", "101%"]',
        '[till] tips = "101%" is neither 1% to 100% nor an amount. Write what',
    ),
    ("till.tips", "tips = [0]", "[till] tips = 0 is neither 1% to 100% nor an amount. Write what"),
    ("till.tips", "tips = [1, 2, 3, 4, 5]", "[till] tips = [1, 2, 3, 4, 5] has more than 4. Write what the customer is"),
    ("till.memo", 'memo = "yes"', '[till] memo = "yes" is a text in quotes, not true or false. Write true'),
    ("till.guard_times", "guard_times = -1", "[till] guard_times = -1 is not between 0 and 1000. Write how many times"),
    ("till.repeat_seconds", "repeat_seconds = 601", "[till] repeat_seconds = 601 is not between 0 and 600. Write for how long"),
    (
        "till.training",
        "training = 1",
        "[till] training = 1 is a whole number, not true or false. Write true for",
    ),
    ("ledger.path", "", "[ledger] path is missing. Write the ledger's file"),
    ("ledger.path", "path = 2026-01-01", '[ledger] path = "2026-01-01" is a date or time, not a text in quotes. Write'),
    ("ledger.path", 'pth = "x"', '[ledger] pth is not a key of this table (did you mean "path"?). Correct or remove it.'),
    ("sound.speak", 'speak = "both"', '[sound] speak = "both" is not known here. Write one of "merchant", "customer", "none".'),
    ("sound.volume", "volume = 101", "[sound] volume = 101 is not between 0 and 100. Write how loud"),
    ("sound.fresh_s", "fresh_s = 600", "[sound] fresh_s = 600 is not between 2 and 60. Write for how many seconds"),
    ("ledger.path", '"a b\\n" = 1', '[ledger] "a b\\n" is not a key of this table. Correct or remove it.'),
]


def test_habits_of_selling_are_read(folder: Path) -> None:
    """Quick amounts as a list or by key, tips as percent or amount; in public a payment leaves after 8 s by itself."""
    lines = 'mode = "public"\nquick_amounts = { 7 = 2500, 1 = 1500 }\ntips = ["5%", 300]\nmemo = true\ntraining = true'
    put(folder, "kiosk.toml", edited({"till.default_tender": lines}))
    till = config.load(folder / "kiosk.toml").till
    assert till.quick_amounts == {Key.D1: 1500, Key.D7: 2500}
    assert (till.tips, till.memo, till.training, till.result_ms) == ((Offer(5), Offer(amount=300)), True, True, 8000)
    put(folder, "kiosk.toml", edited({"till.default_tender": "quick_amounts = [1500, 2500]\nresult_seconds = 3"}))
    till = config.load(folder / "kiosk.toml").till
    assert (till.quick_amounts, till.result_ms) == ({Key.D1: 1500, Key.D2: 2500}, 3000)
    put(folder, "kiosk.toml", EXAMPLE)
    assert config.load(folder / "kiosk.toml").till.result_ms == 0


@pytest.mark.parametrize(("key", "line", "says"), MISTAKES, ids=[f"{key}: {line}" for key, line, _ in MISTAKES])
def test_a_mistake_is_told_by_key_value_and_remedy(folder: Path, key: str, line: str, says: str) -> None:
    """One sentence for it, and nothing wrong is said of the rest of the file."""
    found = problems(folder, edited({key: line}))
    assert [problem for problem in found if says in problem], found
    assert {problem.split("]")[0] for problem in found} == {"[" + key.split(".", maxsplit=1)[0]}, found
    assert len(found) <= 2, "the mistake, and where a key was renamed the one that is missing now"


@pytest.mark.parametrize(("size", "fits"), [([480, 320], False), ([480, 272], False), ([320, 480], True), ([800, 480], True)])
def test_keys_on_a_screen_too_small_for_them_are_a_mistake(folder: Path, size: list[int], *, fits: bool) -> None:
    text = EXAMPLE.replace('driver = "keyboard"', 'driver = "touch"').replace("size = [800, 480]", f"size = {size}")
    put(folder, "kiosk.toml", text)
    if fits:
        assert config.load(folder / "kiosk.toml").display.size == tuple(size)
        return
    (said,) = problems(folder, text)
    assert said.startswith(f"[display] size = {size} has no room for keys")
    assert "rotation = 90" in said


def test_a_second_screen_is_the_customers_only_where_its_table_stands(folder: Path) -> None:
    put(folder, "kiosk.toml", EXAMPLE)
    assert config.load(folder / "kiosk.toml").display.customer is None
    lines = re.findall(r"(?m)^## (.*)$", EXAMPLE.partition("[keypad]")[0])
    assert lines[0].startswith("[display.customer]")
    for written in (lines, lines[:1]):
        put(folder, "kiosk.toml", EXAMPLE + "\n".join(written))
        assert config.load(folder / "kiosk.toml").display.customer == CustomerConfig((800, 480), 1, 0)
    put(folder, "kiosk.toml", EXAMPLE + "[display.customer]\nsize = [480, 800]\noutput = 0\nrotation = 270\n")
    assert config.load(folder / "kiosk.toml").display.customer == CustomerConfig((480, 800), 0, 270)


def test_the_customers_screens_mistakes_name_its_table(folder: Path) -> None:
    wrong = "[display.customer]\nsize = [100, 100]\noutput = 9\nrotation = 45\nbrightness = 5\n"
    found = problems(folder, EXAMPLE + wrong)
    assert found == [
        (
            "[display.customer] size = [100, 100] is too small for people to read. "
            "Write width and height in pixels, as [800, 480]; the least is [320, 240]."
        ),
        (
            "[display.customer] output = 9 is not between 0 and 7. "
            "Write which of the screens is the customer's, counted from 0: 1 is the second one."
        ),
        (
            "[display.customer] rotation = 45 is no quarter of a turn. "
            "Write by how many degrees the picture is turned clockwise: 0, 90, 180 or 270."
        ),
        "[display.customer] brightness is not a key of this table. Correct or remove it.",
    ]
    (found_too,) = problems(folder, EXAMPLE.replace('customer_language = "zh_CN"', 'customer_language = "zh_CN"\ncustomer = 1'))
    assert found_too.startswith("[display.customer] is a whole number, not a table.")


def test_all_mistakes_come_at_once(folder: Path) -> None:
    """The owner corrects the file once."""
    (folder / "api_v3_key.txt").unlink()
    found = problems(
        folder,
        edited(
            {
                "merchant.currency": 'currency = "HK"',
                "merchant.kiosk_id": "",
                "wechat_pay.hosts": 'hosts = ["ftp://a", "http://b.example"]',
                "display.size": "size = 7",
                "camera.driver": 'driver = "webcam"',
            }
        )
        + "\n[printer]\nport = 1\n[tll]\nx = 1\n",
    )
    starts = ["[merchant] currency", "[merchant] kiosk_id", "[wechat_pay] hosts", "[wechat_pay] hosts", "[wechat_pay] api_v3_key"]
    starts += ["[display] size", "[camera] driver", "[printer]", "[tll]"]
    assert len(found) == len(starts)
    assert all(problem.startswith(start) for problem, start in zip(found, starts, strict=True)), found
    assert 'did you mean "till"' in found[-1]


def test_mixing_the_numbers_of_both_modes_is_a_mistake(folder: Path) -> None:
    """An institution with an appid of a direct merchant, and the other way round."""
    found = problems(folder, edited({"merchant.time_zone": 'appid = "wx1"'}))
    assert found == [
        '[merchant] appid belongs to mode = "direct". Remove it, or set mode = "direct"; an institution has sp_appid.'
    ]
    found = problems(folder, edited({"merchant.mode": 'mode = "direct"'}))
    assert [problem.split(" ")[1] for problem in found] == ["sp_appid", "sp_mchid", "sub_mchid", "appid", "mchid"]


def test_a_key_outside_all_tables_is_a_mistake(folder: Path) -> None:
    """It belongs somewhere; and a table's name with a value is no table."""
    assert problems(folder, 'name = "x"\n' + EXAMPLE) == ["name stands above all tables. Move it into its table, or remove it."]
    (found,) = problems(folder, "till = 3\n" + EXAMPLE.replace("[till]\ndefault_tender", "#"))
    assert found == "[till] is a whole number, not a table. Write [till] on a line of its own, its keys below it."


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (SECRET[:31] + "\n", "holds 31 bytes, not 32"),
        (SECRET + "\n\n", "holds 33 bytes, not 32"),
        (" " + SECRET[1:], "holds something besides ASCII letters and digits"),
        ("é" * 16, "holds something besides ASCII letters and digits"),
        ("x" * 70_000, "is larger than 65536 bytes"),
    ],
)
def test_the_api_key_has_32_letters_and_digits(folder: Path, content: str, says: str) -> None:
    """Its file may end in one newline, of either kind; what is in it is not repeated."""
    put(folder, "api_v3_key.txt", content)
    (found,) = problems(folder, EXAMPLE)
    assert says in found
    assert content.strip() not in found
    put(folder, "api_v3_key.txt", SECRET + "\r\n")
    assert config.load(folder / "kiosk.toml").wechat_pay.api_v3_key == SECRET.encode()


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("CERTIFICATE", "holds a certificate, not the private key"),
        ("ENCRYPTED PRIVATE KEY", "is locked by a pass phrase"),
        ("EC PRIVATE KEY", "holds an elliptic-curve key"),
        ("OPENSSH PRIVATE KEY", "holds a key for SSH"),
    ],
)
def test_a_file_that_is_no_merchant_key_is_called_by_what_it_is(folder: Path, kind: str, says: str) -> None:
    """The two files of the merchant platform are easily mixed up."""
    put(folder, "merchant_key.pem", KEY.replace("PRIVATE KEY", kind))
    (found,) = problems(folder, EXAMPLE)
    assert f'[wechat_pay] merchant_key = "merchant_key.pem" {says}' in found


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("wechat_pay.api_v3_key", f'api_v3_key = "{SECRET}"'),
        ("wechat_pay.api_v3_key", f'api_v3_key = "{SECRET[:31]}"'),
        ("wechat_pay.api_v3_key", f'api_v3_key = ["{SECRET}"]'),
        ("wechat_pay.merchant_key", f'merchant_key = """{KEY}"""'),
        ("wechat_pay.merchant_key", f'merchant_key = "{SECRET}{SECRET}"'),
        ("wechat_pay.merchant_serial", f'merchant_serial = "{SECRET}"'),
        ("wechat_pay.platform_keys", f'platform_keys = "{SECRET}"'),
        ("wechat_pay.platform_keys", f'platform_keys = [{{ id = "PUB_KEY_ID_1", file = "{SECRET}" }}]'),
        ("merchant.kiosk_id", f'kiosk_id = "{SECRET}"'),
        ("wechat_pay.ca_file", f'apiv3key = "{SECRET}"'),
        ("keypad.remote", f'remote = "{SECRET}"'),
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(folder: Path, key: str, line: str) -> None:
    """Neither the sentence nor the whole error shows it."""
    found = "\n".join(problems(folder, edited({key: line})))
    assert key.split(".")[1] in found or "apiv3key" in found
    assert SECRET[:31] not in found
    assert "MIIEvQ" not in found


def test_the_configuration_does_not_show_its_secrets(folder: Path) -> None:
    """What a traceback or a debugger prints of the whole holds no key."""
    put(folder, "kiosk.toml", EXAMPLE)
    read = config.load(folder / "kiosk.toml")
    assert SECRET not in repr(read)
    assert "MIIEvQ" not in repr(read)
    assert replace(read.wechat_pay, api_v3_key=b"0" * 32) != read.wechat_pay


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 5000, "{a=" * 5000, "0x" + "f" * 5000, "{" + "a." * 5000 + "a=1}"])
def test_numbers_and_nesting_without_end_are_a_mistake_like_any_other(folder: Path, value: str) -> None:
    """Told in a sentence, whether TOML's reader or the wording of the mistake gives up first."""
    for problem in problems(folder, f"[till]\nmax_amount = {value}\n"):
        assert len(problem) < 400


def test_names_of_tables_and_keys_are_not_repeated_without_end(folder: Path) -> None:
    """Nor when they look like a key of the other kind, pasted in the wrong place."""
    found = "\n".join(problems(folder, f"{'k' * 900} = 1\n[till]\n{SECRET} = 1\n[{'t' * 900}]\n[{SECRET[::-1]}]\n"))
    assert "(not shown)" in found
    assert not any(odd in found for odd in ("k" * 100, "t" * 100, SECRET, SECRET[::-1]))


def test_a_file_that_is_no_toml_is_told_by_its_line(folder: Path) -> None:
    """As are a file that is not there, a folder, and one that is no text."""
    (found,) = problems(folder, "[merchant]\nname = Harbour\n")
    assert "is not TOML" in found
    assert "line 2" in found
    with pytest.raises(ConfigError, match=r"gone\.toml cannot be read \(No such file.*--config FILE"):
        config.load(folder / "gone.toml")
    with pytest.raises(ConfigError, match="Is a directory"):
        config.load(folder)
    (folder / "kiosk.toml").write_bytes(b'name = "\xff"')
    with pytest.raises(ConfigError, match=r"is not UTF-8 text \(byte 8\)"):
        config.load(folder / "kiosk.toml")


def test_the_books_are_compared_by_themselves_unless_the_owner_says_no(folder: Path) -> None:
    """Fetched, and an unknown payment kept; another word is named with its remedy."""
    put(folder, "kiosk.toml", EXAMPLE)
    assert config.load().books == BooksConfig(fetch=True, unknown_payments="keep")
    put(folder, "kiosk.toml", edited({"books.fetch": "fetch = false", "books.unknown_payments": 'unknown_payments = "give"'}))
    with pytest.raises(ConfigError, match='unknown_payments = "give" is not known here'):
        config.load()
