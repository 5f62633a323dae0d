"""A tiny WeChat Pay for tests: real sockets and real TLS on loopback, real signatures, and any misbehaviour byte by byte.

Knows nothing of kiosk/: what it signs and seals is written out here a second time, from the contract.
"""

from __future__ import annotations

import base64
import functools
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

API_V3_KEY = b"kiosk-test-apiv3-key-0123456789A"
NOW = 1767607470_000
NONCE = "N0nceOfTheStub"


@dataclass
class Received:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]  # names in lower case
    body: bytes
    port: int = 0

    def json(self) -> dict[str, object]:
        return json.loads(self.body)


Reaction = bytes | None | Callable[[socket.socket], None]
"""What to send; or None to hang up without a word; or what to do with the socket before hanging up."""


class Stub:
    """A server that lets `answer` decide what each request gets. Connections are kept alive."""

    def __init__(self, answer: Callable[[Received], Reaction], context: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.received: list[Received] = []
        self.connections = 0
        self.over = threading.Event()
        self._context = context
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()  # before the number is free: one that is still in accept() would take the next stub's callers
        self._listener.close()
        self.hang_up()

    def hang_up(self) -> None:
        """Close every open connection, as an idle server does."""
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, (_, port) = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection, port), daemon=True).start()

    def _serve(self, connection: socket.socket, port: int) -> None:
        with suppress(OSError), connection:
            served = self._context.wrap_socket(connection, server_side=True) if self._context else connection
            self._open.append(served)
            with served, served.makefile("rb") as reader:
                while request := read_request(reader, port):
                    self.received.append(request)
                    reaction = self.answer(request)
                    if not isinstance(reaction, bytes):
                        if reaction is not None:
                            reaction(served)
                        return
                    served.sendall(reaction)


def read_request(reader: object, port: int) -> Received | None:
    """The next request, None when there is none."""
    first = reader.readline()
    if not first.endswith(b"\r\n") or first.count(b" ") != 2:  # no HTTP: a TLS greeting, say
        return None
    method, target, _ = first.decode("latin-1").split(" ")
    headers = {}
    while line := reader.readline().strip():
        name, _, value = line.decode("latin-1").partition(": ")
        headers[name.lower()] = value
    return Received(method, target, headers, reader.read(int(headers.get("content-length", 0))), port)


@functools.cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:  # noqa: ARG001  the name tells keys apart
    return rsa.generate_private_key(65537, 2048)


def private_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def public_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@dataclass
class Platform:
    """WeChat Pay's side of the signatures: one key and its serial."""

    name: str = "platform"
    serial: str = "PUB_KEY_ID_0100000001"
    now: int = NOW // 1000
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def given(self) -> tuple[str, bytes]:
        """As the owner configures it."""
        return self.serial, public_pem(rsa_key(self.name))

    def signature(self, body: bytes, timestamp: str, nonce: str = NONCE) -> str:
        message = timestamp.encode() + b"\n" + nonce.encode() + b"\n" + body + b"\n"
        return base64.b64encode(rsa_key(self.name).sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()

    def headers(self, body: bytes, *, at: int | None = None) -> dict[str, str]:
        timestamp = str(self.now if at is None else at)
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": NONCE,
            "Wechatpay-Signature": self.signature(body, timestamp),
            "Wechatpay-Serial": self.serial,
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
            "Request-ID": "08F7-268435461",
            **self.extra,
        }

    def reply(self, status: int, data: object = None, *, at: int | None = None) -> bytes:
        """A signed answer as bytes."""
        body = as_body(data)
        return raw_reply(status, body, self.headers(body, at=at))

    def certificate(self, *, days: int = 1800) -> bytes:
        """A platform certificate of this key; its serial number is this serial, which must be hex."""
        end = datetime.fromtimestamp(self.now, UTC) + timedelta(days=days)
        return (
            x509.CertificateBuilder()
            .subject_name(name_of("platform"))
            .issuer_name(name_of("platform"))
            .public_key(rsa_key(self.name).public_key())
            .serial_number(int(self.serial, 16))
            .not_valid_before(end - timedelta(days=2000))
            .not_valid_after(end)
            .sign(rsa_key(self.name), hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM)
        )

    def listed(self, *, days: int = 1800, key: bytes = API_V3_KEY) -> dict[str, object]:
        """The entry of this certificate in the list."""
        sealed = seal(self.certificate(days=days), "certificate", key)
        return {"serial_no": self.serial, "effective_time": "x", "expire_time": "x", "encrypt_certificate": sealed}


def seal(plain: bytes, associated_data: str, key: bytes = API_V3_KEY) -> dict[str, object]:
    nonce = "61f9c719728a"
    cipher = AESGCM(key).encrypt(nonce.encode(), plain, associated_data.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "nonce": nonce,
        "associated_data": associated_data,
        "ciphertext": base64.b64encode(cipher).decode(),
    }


def as_body(data: object) -> bytes:
    if data is None:
        return b""
    return data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()


def raw_reply(status: int, body: bytes, headers: dict[str, str]) -> bytes:
    head = [f"HTTP/1.1 {status} Word", *(f"{name}: {value}" for name, value in headers.items())]
    if status != 204:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def name_of(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass
class Authority:
    """A certificate authority of our own, and what it signs for servers."""

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        self.file = self.folder / "authority.pem"
        self.certificate = self._certificate("authority", self.key, None, days=10, authority=True)
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def server(self, *, host: str = "127.0.0.1", days: int = 10, self_signed: bool = False) -> ssl.SSLContext:
        """The TLS side of a server that says it is `host`; negative `days` are over."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._certificate("server", key, host, days=days, signer=key if self_signed else self.key)
        path = self.folder / f"server{id(key)}.pem"
        path.write_bytes(private_pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _certificate(
        self, subject: str, key: object, host: str | None, *, days: int, authority: bool = False, signer: object = None
    ) -> x509.Certificate:
        end = datetime.now(UTC) + timedelta(days=days)
        signer = signer or key
        builder = (
            x509.CertificateBuilder()
            .subject_name(name_of(subject))
            .issuer_name(name_of("server" if signer is key and not authority else "authority"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(end - timedelta(days=30))
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        )
        if authority:
            usage = dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"), False)
            usage |= {"key_agreement": False, "key_cert_sign": True, "crl_sign": True, "encipher_only": False}
            builder = builder.add_extension(x509.KeyUsage(**usage, decipher_only=False), critical=True)
        if host is not None:
            try:
                alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
            except ValueError:
                alternative = x509.DNSName(host)
            builder = builder.add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        return builder.sign(signer, hashes.SHA256())


@contextmanager
def closed_door() -> Iterator[str]:
    """The address of a port on which nobody listens, and nobody will meanwhile."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{door.getsockname()[1]}"


@dataclass
class StillClock:
    """A clock that stands, and can be set."""

    at: int = NOW

    def now(self) -> int:
        return self.at

    def correct(self, offset_ms: int) -> None:
        self.at += offset_ms
