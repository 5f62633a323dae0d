"""Keys and certificates as they are read from files and lists: what is none is refused by name, and none shows itself."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from kiosk.payment.wechat.crypto import MerchantKey, certificate_end, certificate_serial, platform_key, read_certificate
from tests.wechat_stub import Authority, Platform, private_pem, rsa_key

PLATFORM = Platform("old", "5157F09EFDC096DE15EBE81A47057A7232F1B8E1")
_RSA = bytes.fromhex("2a864886f70d010101")  # the object identifier of an RSA key (RFC 8017)
_OTHER = bytes.fromhex("2a864886f70d01017f")


def test_no_key_shows_itself() -> None:
    """Not where a log or an exception prints what it holds."""
    pem = private_pem(rsa_key("merchant"))
    assert repr(MerchantKey(pem)) == "<merchant key>"
    assert repr(platform_key(*Platform().given)) == "<platform key>"
    assert "key" not in repr(read_certificate(PLATFORM.certificate()))


def test_a_certificates_serial_and_end_are_its_own() -> None:
    """Anybody's certificate has an end; what is none has no serial, and no end either."""
    pem = PLATFORM.certificate(days=100)
    assert certificate_serial(pem) == int(PLATFORM.serial, 16)
    assert certificate_end(pem) == read_certificate(pem).expires_at == (PLATFORM.now + 100 * 86_400) * 1000
    assert certificate_serial(b"none") is None
    with pytest.raises(ValueError, match="PEM"):
        certificate_end(b"none")


def test_a_platform_certificate_holds_an_rsa_key(tmp_path) -> None:
    """One of another kind, also one that nobody has heard of, is named and left out."""
    curve = Authority(tmp_path).certificate.public_bytes(serialization.Encoding.PEM)
    with pytest.raises(ValueError, match="without an RSA key"):
        read_certificate(curve)
    der = x509.load_pem_x509_certificate(PLATFORM.certificate()).public_bytes(serialization.Encoding.DER)
    assert der.count(_RSA) == 1
    unknown = x509.load_der_x509_certificate(der.replace(_RSA, _OTHER)).public_bytes(serialization.Encoding.PEM)
    with pytest.raises(ValueError, match="unknown kind of key"):
        read_certificate(unknown)
