"""The table [wechat_pay] of kiosk.toml: the hosts, the keys and the files they lie in.

Knows what each key file must hold, by its marks alone; whether a key works is the provider's to say. Must not open a connection.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from kiosk.config.reader import Files, Table


@dataclass(frozen=True, slots=True)
class PlatformKey:
    """A public key of WeChat Pay, given by the owner instead of fetched: `id` as in Wechatpay-Serial, `pem` as in the file."""

    id: str
    pem: bytes


@dataclass(frozen=True, slots=True)
class WechatPayConfig:
    """How WeChat Pay is reached and trusted. `hosts` have neither path nor slash at the end.

    `merchant_key` is PEM text, `api_v3_key` 32 ASCII letters and digits. No `platform_keys`: certificates, fetched and renewed.
    `ca_file` is trusted besides the usual authorities. `merchant_certificate` is PEM: nothing but its dates and serial are read.
    `api_v3_key_file`: where it was read, None when systemd handed it over.
    """

    hosts: tuple[str, ...]
    merchant_key: bytes = field(repr=False)
    merchant_serial: str
    api_v3_key: bytes = field(repr=False)
    platform_keys: tuple[PlatformKey, ...]
    notify_url: str
    ca_file: Path | None = None
    merchant_certificate: bytes | None = None
    api_v3_key_file: Path | None = None


def read_wechat_pay(table: Table, files: Files) -> WechatPayConfig:
    """Read the table; what is wrong is noted in `table`, and the value returned is then not to be used."""
    remedy = 'Write at least one, as ["https://apihk.mch.weixin.qq.com"].'
    hosts = tuple(_host(table, item, files.warnings) for item in table.items("hosts", remedy))
    ca_file = None
    if table.has("ca_file"):
        name = table.text("ca_file", _CA_REMEDY)
        if name and (content := files.read(table, "ca_file", name, _CA_REMEDY, secret=False)) is not None:
            ca_file = files.key_file(name)
            if b"-----BEGIN CERTIFICATE-----" not in content:
                table.wrong_file("ca_file", name, "holds no certificate", _CA_REMEDY)
    return WechatPayConfig(
        hosts=hosts,
        merchant_key=_merchant_key(table, files),
        merchant_serial=table.text("merchant_serial", _SERIAL_REMEDY, form=r"[0-9A-Fa-f]{8,64}").upper(),
        api_v3_key=_api_v3_key(table, files),
        platform_keys=_platform_keys(table, files),
        notify_url=_notify_url(table, hosts),
        ca_file=ca_file,
        merchant_certificate=_merchant_certificate(table, files),
        api_v3_key_file=files.own_file(table.peek("api_v3_key")),
    )


def _host(table: Table, value: object, warnings: list[str]) -> str:
    remedy = 'Write https:// and the host, as "https://apihk.mch.weixin.qq.com"; http:// is for loopback addresses only.'
    parts = _split(value)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        wrong = "is not an https:// address"
    elif parts.scheme == "http" and not _is_loopback(parts.hostname):
        wrong = "is http:// to another machine"
    elif parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username is not None:
        wrong = "holds more than a host"
    else:
        if parts.hostname == _MAINLAND:
            warnings.append(f"[{table.name}] hosts: {_MAINLAND} serves mainland China only. Use apihk.mch.weixin.qq.com.")
        return f"{parts.scheme}://{parts.netloc}"
    table.wrong("hosts", value, wrong, remedy)
    return ""


def _notify_url(table: Table, hosts: tuple[str, ...]) -> str:
    """Contract 3.3: https, public, no query string, at most 255 characters. On the desk, plain http to this machine."""
    remedy = 'Write the https:// address that WeChat calls, as "https://pay.example.net/wechat/notify".'
    value = table.text("notify_url", remedy, form=r"[!-~]{1,255}")
    parts = _split(value) if value else None
    desk = any(hosts) and all(_is_loopback(urlsplit(host).hostname) for host in hosts)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        wrong = "is not an https:// address" if value else ""
    elif parts.scheme == "http" and not (desk and _is_loopback(parts.hostname)):
        wrong = "is not an https:// address; http:// is for this machine, with hosts on it"
    elif "?" in value or "#" in value or parts.username is not None:
        wrong = "has a query string, a fragment or a login, which WeChat refuses"
    else:
        wrong = ""
    if wrong:
        table.wrong("notify_url", value, wrong, remedy)
        return ""
    return value


def _merchant_key(table: Table, files: Files) -> bytes:
    remedy = 'Write the file of the merchant\'s private key, as "apiclient_key.pem" from the merchant platform.'
    name = table.file_name("merchant_key", remedy)
    if name is None or (content := files.read(table, "merchant_key", name, remedy, secret=True)) is None:
        return b""
    if not any(mark in content for mark in _PRIVATE_KEY):
        found = next(
            (words for mark, words in _NOT_A_PRIVATE_KEY.items() if mark in content), "holds no RSA private key in PEM form"
        )
        table.wrong_file("merchant_key", name, found, remedy)
    return content


def _api_v3_key(table: Table, files: Files) -> bytes:
    """Contract 1.7: 32 letters and digits. The file may end in one newline."""
    remedy = "Write the file that holds the 32 letters and digits set in the merchant platform, and nothing else."
    name = table.file_name("api_v3_key", remedy)
    if name is None or (content := files.read(table, "api_v3_key", name, remedy, secret=True)) is None:
        return b""
    key = content.removesuffix(b"\n").removesuffix(b"\r")
    if len(key) != _API_V3_KEY_BYTES:
        table.wrong_file("api_v3_key", name, f"holds {len(key)} bytes, not {_API_V3_KEY_BYTES}", remedy)
    elif not (key.isascii() and key.isalnum()):
        table.wrong_file("api_v3_key", name, "holds something besides ASCII letters and digits", remedy)
    return key


def _merchant_certificate(table: Table, files: Files) -> bytes | None:
    """Not needed to sell: by it the kiosk knows when it ends. It is found where set-up and owner's page put it."""
    remedy = 'Write the file of the certificate, as "apiclient_cert.pem" from the merchant platform, or remove the key.'
    if not table.has("merchant_certificate"):
        usual = files.key_file(USUAL_CERTIFICATE)
        return files.read(table, "merchant_certificate", USUAL_CERTIFICATE, remedy, secret=False) if usual.exists() else None
    name = table.text("merchant_certificate", remedy)
    content = files.read(table, "merchant_certificate", name, remedy, secret=False) if name else None
    if content is not None and b"-----BEGIN CERTIFICATE-----" not in content:
        table.wrong_file("merchant_certificate", name, "holds no certificate in PEM form", remedy)
        return None
    return content


def _platform_keys(table: Table, files: Files) -> tuple[PlatformKey, ...]:
    remedy = 'Write "certificates", or [{ id = "PUB_KEY_ID_...", file = "wechat_pub.pem" }].'
    match table.raw("platform_keys", remedy):
        case None | "certificates":
            return ()
        case [*entries] if entries:
            keys = [_platform_key(table, files, entry, remedy) for entry in entries]
        case other:
            table.wrong_file("platform_keys", other, "is neither of the two", remedy)
            return ()
    ids = [key.id for key in keys if key is not None]
    for twice in sorted({item for item in ids if ids.count(item) > 1}):
        table.wrong("platform_keys", twice, "is there twice", "Keep one key for each id.")
    return tuple(key for key in keys if key is not None)


def _platform_key(table: Table, files: Files, entry: object, remedy: str) -> PlatformKey | None:
    match entry:
        case {"id": str(key_id), "file": str(name), **rest} if not rest:
            pass
        case _:
            table.wrong_file("platform_keys", None, "holds an entry that is not { id = text, file = text }", remedy)
            return None
    if not _PLATFORM_KEY_ID.fullmatch(key_id):
        table.wrong(
            "platform_keys", key_id, "is not an id", 'Write the id that the merchant platform shows, as "PUB_KEY_ID_0114...".'
        )
    content = files.read(table, "platform_keys", name, remedy, secret=False)
    if content is None:
        return None
    if b"PRIVATE KEY-----" in content:
        table.wrong_file("platform_keys", name, "holds a private key", "Give WeChat's public key; keep yours to yourself.")
        return None
    if b"-----BEGIN PUBLIC KEY-----" not in content and b"-----BEGIN CERTIFICATE-----" not in content:
        table.wrong_file("platform_keys", name, "holds neither a public key nor a certificate in PEM form", remedy)
        return None
    return PlatformKey(key_id, content)


def _split(value: object) -> SplitResult | None:
    if not isinstance(value, str) or re.search(r"[^!-~]", value):
        return None
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises ValueError for a port that is none
    except ValueError:
        return None
    return parts


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


USUAL_CERTIFICATE = "merchant_cert.pem"  # as the steward calls it
_CA_REMEDY = "Write a PEM file of the certificate authorities to trust besides the usual ones, or remove the key."
_SERIAL_REMEDY = "Write the serial number of the merchant's certificate in hex, as the merchant platform shows it (40 digits)."
_PLATFORM_KEY_ID = re.compile(r"PUB_KEY_ID_[0-9A-Za-z_]{1,64}|[0-9A-Fa-f]{8,64}")
_API_V3_KEY_BYTES = 32
_MAINLAND = "api.mch.weixin.qq.com"  # contract 1.1: not for global numbers
_PRIVATE_KEY = (b"-----BEGIN PRIVATE KEY-----", b"-----BEGIN RSA PRIVATE KEY-----")
_NOT_A_PRIVATE_KEY = {
    b"-----BEGIN CERTIFICATE-----": "holds a certificate, not the private key",
    b"-----BEGIN PUBLIC KEY-----": "holds a public key, not the private key",
    b"-----BEGIN ENCRYPTED PRIVATE KEY-----": "is locked by a pass phrase, and nobody is there to type it when the kiosk starts",
    b"-----BEGIN EC PRIVATE KEY-----": "holds an elliptic-curve key; WeChat Pay signs with RSA",
    b"-----BEGIN OPENSSH PRIVATE KEY-----": "holds a key for SSH",
}
