"""The signed file: whole, or refused. What its makers put into it is not trusted to be harmless either."""

from __future__ import annotations

import io
import json
import lzma
import struct
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha512
from pathlib import Path
from random import Random

import pytest

from kiosk.release import parcel
from kiosk.release.trial import ReleaseRefused
from tests.releases import manifest, public_keys, release, signing, tree

ABOUT = manifest("1.1.0")
TOOL = Path(__file__).resolve().parents[1] / "deploy/release.py"
FLIPS = 400
SEED = 20261126


def _verify(content: bytes) -> object:
    return parcel.verify(io.BytesIO(content), [signing().public_key()])


def _signed(rest: bytes) -> bytes:
    first = b"kiosk release 1\n"
    return first + signing().sign(first + sha512(rest).digest()) + rest


def _packed(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """A release, rightly signed, with these entries."""
    told = json.dumps(asdict(ABOUT)).encode()
    with io.BytesIO() as out:
        with tarfile.open(fileobj=out, mode="w") as tar:
            for entry, content in entries:
                tar.addfile(entry, io.BytesIO(content))
        return _signed(struct.pack(">I", len(told)) + told + lzma.compress(out.getvalue()))


def _entry(name: str, content: bytes = b"x", **more: object) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    for key, value in more.items():
        setattr(entry, key, value)
    entry.size = len(content) if entry.isreg() else 0
    return entry, content[: entry.size]


KIOSK = _entry("kiosk/__init__.py")


def test_a_release_comes_out_as_it_went_in(tmp_path: Path) -> None:
    """Files, their contents, and which of them can be run; no bytecode, and no links."""
    made = tree(tmp_path / "tree", ABOUT)
    (made / "vendor/tool").write_text("#!/bin/sh\n")
    (made / "vendor/tool").chmod(0o755)
    (made / "kiosk/__pycache__").mkdir()
    (made / "kiosk/__pycache__/x.pyc").write_bytes(b"x")
    file = tmp_path / "1.release"
    assert parcel.make(made, signing(), file) == ABOUT
    with file.open("rb") as content:
        assert parcel.verify(content, parcel.keys_in(public_keys(tmp_path / "keys"))) == ABOUT
        parcel.unpack(content, tmp_path / "out")
    out = tmp_path / "out"
    found = {path.relative_to(out).as_posix(): path.stat().st_mode & 0o777 for path in out.rglob("*") if path.is_file()}
    assert found == {"kiosk/__init__.py": 0o644, "release.json": 0o644, "vendor/lib.py": 0o644, "vendor/tool": 0o755}
    assert (out / "vendor/lib.py").read_text() == "LIB = 1\n"
    assert parcel.manifest_of(out) == ABOUT


def test_the_same_tree_makes_the_same_bytes(tmp_path: Path) -> None:
    """Whenever it is made."""
    assert release(tmp_path / "a", ABOUT).read_bytes() == release(tmp_path / "b", ABOUT).read_bytes()


def test_one_flipped_bit_anywhere_is_refused(tmp_path: Path) -> None:
    """Every byte of the head, and many of the rest."""
    content = release(tmp_path, ABOUT).read_bytes()
    assert _verify(content) == ABOUT
    chance = Random(SEED)
    places = [*range(min(300, len(content))), *(chance.randrange(len(content)) for _ in range(FLIPS))]
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= 1 << chance.randrange(8)
        with pytest.raises(ReleaseRefused):
            _verify(bytes(damaged))


def test_what_is_cut_or_longer_is_refused(tmp_path: Path) -> None:
    """At every length up to its head's end, and some after it."""
    content = release(tmp_path, ABOUT).read_bytes()
    for length in (*range(90), len(content) // 2, len(content) - 1):
        with pytest.raises(ReleaseRefused):
            _verify(content[:length])
    with pytest.raises(ReleaseRefused):
        _verify(content + b"\0")


def test_another_key_signs_nothing(tmp_path: Path) -> None:
    """Nor does none."""
    content = release(tmp_path, ABOUT).read_bytes()
    stranger = parcel.signing_key(parcel.new_key()[0]).public_key()
    for keys in ([stranger], []):
        with pytest.raises(ReleaseRefused, match="not signed"):
            parcel.verify(io.BytesIO(content), keys)


def test_a_file_that_is_too_large_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A stick full of anything keeps nobody busy."""
    content = release(tmp_path, ABOUT).read_bytes()
    monkeypatch.setattr(parcel, "FILE_MOST", len(content) - 1)
    with pytest.raises(ReleaseRefused, match="at most"):
        _verify(content)


@pytest.mark.parametrize(
    "entries",
    [
        (KIOSK, _entry("../kiosk/x.py")),
        (KIOSK, _entry("/kiosk/x.py")),
        (KIOSK, _entry("kiosk/../../x.py")),
        (KIOSK, _entry("kiosk//x.py")),
        (KIOSK, _entry("./kiosk/x.py")),
        (KIOSK, _entry("kiosk/a\nb.py")),
        (KIOSK, _entry("etc/passwd")),
        (KIOSK, _entry("release.json")),
        (KIOSK, _entry("kiosk")),
        (KIOSK, KIOSK),
        (KIOSK, _entry("kiosk/__init__.py/x")),
        (_entry("kiosk/a/b"), _entry("kiosk/a")),
        (KIOSK, _entry("kiosk/link", type=tarfile.SYMTYPE, linkname="/etc/shadow")),
        (KIOSK, _entry("kiosk/hard", type=tarfile.LNKTYPE, linkname="kiosk/__init__.py")),
        (KIOSK, _entry("kiosk/fifo", type=tarfile.FIFOTYPE)),
        (KIOSK, _entry("kiosk/null", type=tarfile.CHRTYPE)),
        (KIOSK, _entry("kiosk/sda", type=tarfile.BLKTYPE)),
        (_entry("vendor/lib.py"),),
        (),
    ],
    ids=lambda entries: "+".join(repr(entry.name) for entry, _ in entries) or "empty",
)
def test_only_plain_files_in_their_place_are_unpacked(tmp_path: Path, entries: tuple[tuple[tarfile.TarInfo, bytes], ...]) -> None:
    """Though it is signed: the tool that made it may have been wrong, or its maker's machine."""
    content = io.BytesIO(_packed(*entries))
    parcel.verify(content, [signing().public_key()])
    (tmp_path / "in").mkdir()
    with pytest.raises(ReleaseRefused):
        parcel.unpack(content, tmp_path / "in/out")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["out"]


def test_what_unpacks_to_a_disk_full_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A few bytes that stand for many; a file larger than any; more files than any."""
    monkeypatch.setattr(parcel, "UNPACKED_MOST", 100_000)
    with pytest.raises(ReleaseRefused, match="Unpacked"):
        parcel.unpack(io.BytesIO(_packed(KIOSK, _entry("kiosk/zeros", bytes(200_000)))), tmp_path / "a")
    monkeypatch.setattr(parcel, "FILE_MOST", 1000)
    with pytest.raises(ReleaseRefused, match="larger"):
        parcel.unpack(io.BytesIO(_packed(KIOSK, _entry("kiosk/zeros", bytes(2000)))), tmp_path / "b")
    monkeypatch.setattr(parcel, "ENTRIES_MOST", 3)
    with pytest.raises(ReleaseRefused, match="too many"):
        parcel.unpack(io.BytesIO(_packed(*(_entry(f"kiosk/{n}") for n in range(4)))), tmp_path / "c")


@pytest.mark.parametrize(
    "rest",
    [
        lambda: b"",
        lambda: struct.pack(">I", 2**31) + b"{}",
        lambda: struct.pack(">I", 2) + b"{}",
        lambda: struct.pack(">I", 40) + b'{"version": "../1", "python": "3.13"}   ',
        lambda: struct.pack(">I", 4000) + b"[" * 4000,
    ],
)
def test_a_release_says_what_it_is(rest: Callable[[], bytes]) -> None:
    """Or it is none, whoever signed it."""
    with pytest.raises(ReleaseRefused):
        _verify(_signed(rest()))


def test_what_is_not_xz_or_not_tar_is_refused(tmp_path: Path) -> None:
    """Though it is signed."""
    told = json.dumps(asdict(ABOUT)).encode()
    for place, body in enumerate((b"hello", lzma.compress(b"hello" * 200), b"")):
        with pytest.raises(ReleaseRefused):
            parcel.unpack(io.BytesIO(_signed(struct.pack(">I", len(told)) + told + body)), tmp_path / str(place))


def test_the_makers_tool(tmp_path: Path) -> None:
    """Keys, a release, and what it says of it; a key is never written over another."""

    def run(*words: object, code: int = 0) -> str:
        done = subprocess.run([sys.executable, TOOL, *map(str, words)], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    (tmp_path / "keys").mkdir()
    run("new-key", tmp_path / "signing.pem", tmp_path / "keys/1.pub")
    assert (tmp_path / "signing.pem").stat().st_mode & 0o777 == 0o600
    assert "File exists" in run("new-key", tmp_path / "signing.pem", tmp_path / "keys/2.pub", code=1)
    made = tree(tmp_path / "tree", ABOUT)
    (made / "kiosk/payment/schema").mkdir(parents=True)
    (made / "kiosk/payment/schema/0001.sql").write_text("")
    run("describe", made, "1.4.0", "aarch64", "3.13")
    run("make", made, tmp_path / "signing.pem", tmp_path / "1.release")
    told = json.loads(run("show", tmp_path / "1.release", tmp_path / "keys"))
    assert told == {"version": "1.4.0", "python": "3.13", "machine": "aarch64", "ledger": 1}
    assert "not signed" in run("show", tmp_path / "1.release", tmp_path, code=1)
    assert "no Ed25519 key" in run("make", made, tmp_path / "keys/1.pub", tmp_path / "2.release", code=1)
    run("nonsense", code=2)
