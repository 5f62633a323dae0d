"""The USB stick: only what is named is read, whatever lies on it; it is mounted for a moment, and let go."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from kiosk.steward import stick
from kiosk.steward.fake import FakeSteward
from kiosk.steward.plugged import partitions, plugged
from kiosk.steward.words import StewardRefused
from tests.set_up_kit import certificate, key_pem

KEY = key_pem()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "steward" / "stick" / stick.FOLDER
    made.mkdir(parents=True)
    return made


def test_the_names_of_the_merchant_platforms_own_tool_count_too(folder: Path) -> None:
    (folder / "apiclient_key.pem").write_bytes(KEY)
    (folder / "apiclient_cert.pem").write_bytes(certificate(KEY, 77))
    (folder / "merchant.toml").write_text("﻿[merchant]\n", "utf-8")
    (folder / "holiday.jpg").write_bytes(b"x" * 10_000_000)
    steward = FakeSteward(folder.parents[1])
    taken = steward.stick(None)
    assert taken is not None
    assert taken.merchant == "[merchant]\n"
    assert set(taken.taken) == {"merchant_key.pem", "merchant_cert.pem"}
    assert (steward.sealed / "merchant_key.pem").read_bytes() == KEY
    assert "BEGIN" not in repr(taken.taken)


def test_without_a_stick_or_its_folder_there_is_none(tmp_path: Path) -> None:
    assert FakeSteward(tmp_path / "steward").stick(None) is None


def test_the_request_is_left_there(folder: Path) -> None:
    steward = FakeSteward(folder.parents[1])
    request = steward.make_key("1900007777", "Harbour Snacks")
    assert steward.stick(request) is not None
    assert (folder / stick.REQUEST).read_text() == request


def test_no_link_is_followed_no_pipe_waited_for_and_nothing_large_read(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "shadow"
    secret.write_text("root:x")
    steward = FakeSteward(folder.parents[1])
    (folder / "merchant.toml").symlink_to(secret)
    with pytest.raises(StewardRefused, match=r"merchant\.toml on the stick cannot be read"):
        steward.stick(None)
    (folder / "merchant.toml").unlink()
    os.mkfifo(folder / "api_v3_key.txt")
    with pytest.raises(StewardRefused, match="no file"):
        steward.stick(None)
    (folder / "api_v3_key.txt").unlink()
    (folder / "merchant_key.pem").write_bytes(b"x" * 20_000)
    with pytest.raises(StewardRefused, match="larger"):
        steward.stick(None)
    (folder / "merchant_key.pem").write_bytes(b"no key")
    with pytest.raises(StewardRefused, match="no RSA private key"):
        steward.stick(None)
    (folder / "merchant_key.pem").unlink()
    (folder / "merchant.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(StewardRefused, match="UTF-8"):
        steward.stick(None)


def test_a_certificate_that_does_not_fit_the_key_beside_it_is_refused(folder: Path) -> None:
    (folder / "merchant_key.pem").write_bytes(KEY)
    (folder / "merchant_cert.pem").write_bytes(certificate(key_pem(), 77))
    with pytest.raises(StewardRefused, match="another private key"):
        FakeSteward(folder.parents[1]).stick(None)


# --- mounted ---


def _disk(sys: Path, name: str, where: str, parts: Sequence[str] = ()) -> None:
    real = sys / "devices" / where / "block" / name
    real.mkdir(parents=True)
    for part in parts:
        (real / part).mkdir()
        (real / part / "partition").write_text("1")
    (sys / "class/block").mkdir(parents=True, exist_ok=True)
    for place in (real, *(real / part for part in parts)):
        (sys / "class/block" / place.name).symlink_to(place)


def test_only_what_came_by_usb_is_looked_at(tmp_path: Path) -> None:
    _disk(tmp_path, "sda", "pci0/ata1/host0", ["sda1"])
    _disk(tmp_path, "sdb", "pci0/usb1/1-1/host6", ["sdb1", "sdb2"])
    _disk(tmp_path, "sdc", "platform/usb2/2-1/host7")
    _disk(tmp_path, "mmcblk0", "platform/mmc0", ["mmcblk0p1"])
    assert partitions(tmp_path) == ["sdb1", "sdb2", "sdc"]


@dataclass
class _Ended:
    well: bool


@pytest.mark.parametrize("write", [False, True])
def test_it_is_mounted_without_rights_and_let_go_again(tmp_path: Path, write: bool) -> None:
    _disk(tmp_path, "sdb", "pci0/usb1/1-1/host6", ["sdb1", "sdb2"])
    said: list[list[str]] = []

    def run(words: Sequence[str], stdin: bytes, within_s: float) -> _Ended:
        assert not stdin
        assert within_s > 0
        said.append(list(words))
        if words[0] == "mount" and words[-2] == "/dev/sdb2":
            (Path(words[-1]) / stick.FOLDER).mkdir()
        elif words[0] == "umount" and (Path(words[-1]) / stick.FOLDER).exists():
            (Path(words[-1]) / stick.FOLDER).rmdir()
        return _Ended(well=True)

    with plugged(tmp_path / "scratch", run, write=write, folder=stick.FOLDER, sys=tmp_path) as folder:
        assert folder is not None
        assert folder.is_dir()
    assert [words[0] for words in said] == ["mount", "umount", "mount", "umount"]
    options = said[0][said[0].index("--options") + 1].split(",")
    assert {"nosuid", "nodev", "noexec", "nosymfollow", "rw" if write else "ro"} <= set(options)
    assert not (tmp_path / "scratch" / "stick").exists()


def test_a_stick_that_cannot_be_mounted_is_none(tmp_path: Path) -> None:
    _disk(tmp_path, "sdb", "pci0/usb1/1-1/host6", ["sdb1"])
    with plugged(tmp_path / "scratch", lambda *_: _Ended(well=False), write=False, sys=tmp_path) as folder:
        assert folder is None
