"""A release as one file: made by its makers, verified before a single byte of it is believed, unpacked into a folder.

    "kiosk release 1" and a newline | Ed25519 signature, 64 bytes | length of what follows, 4 bytes | release.json
    | tar.xz of kiosk/ and vendor/

The signature is over the first line and the SHA-512 of all that comes after the signature, to the file's end. The one file of the
releases' room that knows cryptography.
"""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import os
import struct
import tarfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import IO

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kiosk.release.trial import Manifest, ReleaseRefused, manifest_from

KEYS = Path("/usr/lib/kiosk/release-keys")
NAME = "release.json"
FILE_MOST = 128 * 1024 * 1024  # bytes of a release, packed; of one file in it, too
UNPACKED_MOST = 512 * 1024 * 1024
ENTRIES_MOST = 20_000
_FIRST = b"kiosk release 1\n"
_SIGNATURE = 64
_LENGTH = struct.Struct(">I")
_MANIFEST_MOST = 4096
_BLOCK = 1 << 20
_TOPS = ("kiosk", "vendor")


def make(tree: Path, key: Ed25519PrivateKey, out: Path) -> Manifest:
    """Write the release of a built tree (kiosk/, vendor/, release.json) to `out`. The same tree and key make the same bytes."""
    manifest = manifest_of(tree)
    told = (tree / NAME).read_bytes()
    with io.BytesIO() as packed:
        packed.write(_LENGTH.pack(len(told)) + told)
        names = sorted(path.relative_to(tree).as_posix() for top in _TOPS for path in (tree / top).rglob("*") if path.is_file())
        with lzma.LZMAFile(packed, "w", preset=6) as squeezed, tarfile.open(fileobj=squeezed, mode="w") as tar:
            for name in names:
                if "/__pycache__/" not in name:
                    _add(tar, tree / name, name)
        rest = packed.getvalue()
    out.write_bytes(_FIRST + key.sign(_FIRST + hashlib.sha512(rest).digest()) + rest)
    return manifest


def new_key() -> tuple[bytes, bytes]:
    """A new pair, as PEM: the one that signs, to be kept from everybody, and the public one for release-keys/."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private, public


def signing_key(pem: bytes) -> Ed25519PrivateKey:
    """The key that signs. ReleaseRefused when it is none."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ReleaseRefused("This is no Ed25519 key in PEM form. Make one with: deploy/release.py new-key")
    return key


def keys_in(folder: Path) -> list[Ed25519PublicKey]:
    """The keys that may sign a release for this kiosk. One that cannot be read counts for nothing."""
    found = []
    for path in sorted(folder.glob("*.pub")):
        try:
            key = serialization.load_pem_public_key(path.read_bytes())
        except (OSError, ValueError, UnsupportedAlgorithm):
            continue
        if isinstance(key, Ed25519PublicKey):
            found.append(key)
    return found


def verify(file: IO[bytes], keys: Iterable[Ed25519PublicKey]) -> Manifest:
    """Read the whole file, hold it against its signature, and say what it is. ReleaseRefused otherwise.

    The caller must own the file: what is verified here is what is unpacked afterwards.
    """
    file.seek(0)
    if file.read(len(_FIRST)) != _FIRST:
        raise ReleaseRefused("This is no release of the kiosk.")
    signature = file.read(_SIGNATURE)
    digest = hashlib.sha512()
    while block := file.read(_BLOCK):
        digest.update(block)
        if file.tell() > FILE_MOST:
            raise ReleaseRefused(f"A release is at most {FILE_MOST // 2**20} MiB.")
    if not any(_signed(key, signature, _FIRST + digest.digest()) for key in keys):
        raise ReleaseRefused("This release is damaged, or not signed by the kiosk's makers.")
    return _manifest(file)


def unpack(file: IO[bytes], folder: Path) -> None:
    """Unpack a verified release into `folder`, which is new; whoever wants it on the disk syncs it.

    Nothing but plain files below kiosk/ and vendor/ is taken, even from its makers. ReleaseRefused otherwise.
    """
    manifest = _manifest(file)
    folder.mkdir()
    (folder / NAME).write_text(json.dumps(asdict(manifest)) + "\n", "utf-8")
    names: set[str] = set()
    try:
        with lzma.LZMAFile(file) as squeezed, tarfile.open(fileobj=_Bounded(squeezed), mode="r|") as tar:
            for entry in tar:
                _check(entry, names)
                content = tar.extractfile(entry)
                assert content is not None
                _put(folder / entry.name, content, executable=bool(entry.mode & 0o100))
    except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise ReleaseRefused(f"What is in the release cannot be unpacked ({error}).") from None
    if not {name.partition("/")[0] for name in names} >= {"kiosk"}:
        raise ReleaseRefused("There is no kiosk in this release.")


def manifest_of(tree: Path) -> Manifest:
    """What release.json of an unpacked release says. ReleaseRefused when there is none that can be read."""
    try:
        return _read((tree / NAME).read_bytes())
    except OSError as error:
        raise ReleaseRefused(f"{tree / NAME} cannot be read ({error.strerror}).") from None


def _signed(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _manifest(file: IO[bytes]) -> Manifest:
    """Leaves the file where the tar begins."""
    file.seek(len(_FIRST) + _SIGNATURE)
    head = file.read(_LENGTH.size)
    size = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
    if not 0 < size <= _MANIFEST_MOST:
        raise ReleaseRefused("This release does not say what it is.")
    return _read(file.read(size))


def _read(content: bytes) -> Manifest:
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        told = None
    manifest = manifest_from(told)
    if manifest is None:
        raise ReleaseRefused(f"{NAME} does not say version, python, machine and ledger.")
    return manifest


def _check(entry: tarfile.TarInfo, names: set[str]) -> None:
    """Refuse whatever is no plain file, in its place, of a fair size, and there once."""
    path = PurePosixPath(entry.name)
    plain = entry.isreg() and not entry.issparse() and entry.name == path.as_posix() and not path.is_absolute()
    if not plain or ".." in path.parts or path.parts[0] not in _TOPS or len(path.parts) == 1 or not entry.name.isprintable():
        raise ReleaseRefused(f"{entry.name[:80]!r} may not be in a release.")
    if entry.name in names or len(names) >= ENTRIES_MOST:
        raise ReleaseRefused(f"{entry.name[:80]!r} is in the release twice, or one too many.")
    if entry.size > FILE_MOST:
        raise ReleaseRefused(f"{entry.name[:80]!r} is larger than {FILE_MOST // 2**20} MiB.")
    names.add(entry.name)


def _put(path: Path, content: IO[bytes], *, executable: bool) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o755 if executable else 0o644)
    except (FileExistsError, NotADirectoryError):
        raise ReleaseRefused(f"{path.name[:80]!r} is both a file and a folder in this release.") from None
    with open(descriptor, "wb") as file:  # noqa: PTH123  of a descriptor
        while block := content.read(_BLOCK):
            file.write(block)


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = path.stat().st_size
    entry.mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
    with path.open("rb") as content:
        tar.addfile(entry, content)


class _Bounded(io.RawIOBase):
    """What comes out of the squeezed part, up to a limit: a few bytes can stand for a disk full of zeros."""

    def __init__(self, source: IO[bytes] | lzma.LZMAFile) -> None:
        self._source = source
        self._left = UNPACKED_MOST

    def read(self, size: int = -1) -> bytes:
        block = self._source.read(size)
        self._left -= len(block)
        if self._left < 0:
            raise ReleaseRefused(f"Unpacked, a release is at most {UNPACKED_MOST // 2**20} MiB.")
        return block
