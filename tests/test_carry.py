"""A file is carried to a stick: by whoever has it mounted, else by the steward, which reads the kiosk's own files alone."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from kiosk.core.carried import CarryEnd
from kiosk.steward import plugged
from kiosk.steward.fake import FakeSteward
from kiosk.steward.plugged import UNIT, let_in
from kiosk.steward.real import Places, RealSteward
from kiosk.steward.words import StewardRefused
from kiosk.support.stick import carry

NAME = "kiosk-K07-20261126-2030.tar.gz"


@pytest.fixture
def steward(tmp_path: Path) -> FakeSteward:
    made = FakeSteward(tmp_path / "steward")
    (made.folder / "carry").mkdir()
    return made


def _left(steward: FakeSteward, content: bytes = b"bundle") -> Path:
    path = steward.folder / "carry" / NAME
    path.write_bytes(content)
    return path


def test_it_lies_on_the_stick_and_nothing_else_does(steward: FakeSteward) -> None:
    (steward.folder / "stick").mkdir()
    content = os.urandom(3_000_000)
    assert steward.carry(_left(steward, content))
    assert [file.name for file in (steward.folder / "stick").iterdir()] == [NAME]
    assert (steward.folder / "stick" / NAME).read_bytes() == content


def test_without_a_stick_nothing_is_carried(steward: FakeSteward) -> None:
    assert not steward.carry(_left(steward))


def test_only_a_plain_file_of_the_kiosks_own_is_read(steward: FakeSteward, tmp_path: Path) -> None:
    """Whoever has taken over the kiosk may ask for anything."""
    (steward.folder / "stick").mkdir()
    secret = tmp_path / "shadow"
    secret.write_text("root:x")
    folder = steward.folder / "carry"
    (folder / "link").symlink_to(secret)
    os.link(secret, folder / "hard")
    os.mkfifo(folder / "pipe")
    (folder / "sub").mkdir()
    hidden = folder / ".hidden"
    hidden.write_text("x")
    for path in (
        secret,
        folder / "link",
        folder / "hard",
        folder / "pipe",
        folder / "sub",
        hidden,
        folder / "../shadow",
        folder / "none",
    ):
        with pytest.raises(StewardRefused):
            steward.carry(path)
    assert not list((steward.folder / "stick").iterdir())


def test_a_stick_that_takes_nothing_is_said(steward: FakeSteward) -> None:
    stick = steward.folder / "stick"
    stick.mkdir()
    (stick / NAME).mkdir()  # in the way
    with pytest.raises(StewardRefused, match="takes no file"):
        steward.carry(_left(steward))
    assert [file.name for file in stick.iterdir()] == [NAME]


def test_the_one_that_is_mounted_comes_first_and_nothing_stays_in_memory(steward: FakeSteward, tmp_path: Path) -> None:
    own, mounted = steward.folder / "carry", tmp_path / "mounted"
    mounted.mkdir()
    assert carry(NAME, lambda: [b"1", b"0"], steward, mounted, own) is CarryEnd.DONE
    assert (mounted / NAME).read_bytes() == b"10"
    assert carry(NAME, lambda: [b"2"], steward, None, own) is CarryEnd.NO_STICK
    (steward.folder / "stick").mkdir()
    assert carry(NAME, lambda: [b"3"], steward, tmp_path / "gone", own) is CarryEnd.DONE
    assert (steward.folder / "stick" / NAME).read_bytes() == b"3"
    assert not list(own.iterdir())
    assert carry(NAME, lambda: [b"4"], steward, None, tmp_path / "no appliance" / "carry") is CarryEnd.NO_STICK


def test_a_full_stick_is_told_from_none(steward: FakeSteward, tmp_path: Path) -> None:
    """Whoever mounts it; and memory in which nothing can be laid down is neither."""
    own = steward.folder / "carry"
    stick = steward.folder / "stick"
    assert carry(NAME, lambda: [b"1"], steward, tmp_path / "gone", own) is CarryEnd.REFUSED
    (stick / NAME).mkdir(parents=True)  # in the way
    assert carry(NAME, lambda: [b"1"], steward, None, own) is CarryEnd.REFUSED
    own.rmdir()
    own.write_text("in the way")
    assert carry(NAME, lambda: [b"1"], steward, None, own) is CarryEnd.FAILED


# --- let in ---


@dataclass
class _Ended:
    well: bool = True


def _storage(sys: Path, kind: str) -> None:
    place = sys / "bus/usb/devices/1-1:1.0"
    place.mkdir(parents=True)
    (place / "bInterfaceClass").write_text(f"{kind}\n")


def _disk(sys: Path) -> None:
    real = sys / "devices/usb1/1-1/block/sda"
    real.mkdir(parents=True)
    (sys / "class/block").mkdir(parents=True)
    (sys / "class/block/sda").symlink_to(real)


def test_a_stick_that_had_no_driver_is_waited_for(tmp_path: Path) -> None:
    """The rules of the image look whether the unit's folder is there; the unit is on as long as the stick is wanted."""
    said: list[str] = []

    def run(words: Sequence[str], _stdin: bytes, _within_s: float) -> _Ended:
        said.append(" ".join(words[:3]))
        if words[1] == "start":
            threading.Timer(0.3, _disk, [tmp_path]).start()
        return _Ended()

    _storage(tmp_path, "08")
    with let_in(run, tmp_path):
        assert plugged.partitions(tmp_path) == ["sda"]
        said.append("wanted")
    assert said == [f"systemctl start {UNIT}", "udevadm settle --timeout=5", "wanted", f"systemctl stop {UNIT}"]


def test_nothing_is_waited_for_where_no_stick_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugged.time, "sleep", lambda _: pytest.fail("it waits"))
    _storage(tmp_path, "03")
    with let_in(lambda *_: _Ended(), tmp_path):
        pass


def test_the_real_one_mounts_it_for_that_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    carried = tmp_path / "carry"
    carried.mkdir()
    (carried / NAME).write_bytes(b"bundle")

    def run(words: Sequence[str], _stdin: bytes, _within_s: float) -> _Ended:
        said.append(words[0])
        if words[0] == "umount":
            assert (Path(words[-1]) / NAME).read_bytes() == b"bundle"
            (Path(words[-1]) / NAME).unlink()
        return _Ended()

    monkeypatch.setattr(plugged, "partitions", lambda _=None: ["sda1"])
    steward = RealSteward(Places(scratch=tmp_path / "scratch", carried=(carried,)), run=run)  # type: ignore[arg-type]
    assert steward.carry(carried / NAME)
    assert said == ["systemctl", "mount", "umount", "systemctl"]
