"""The Debian package: what is in it, what it asks of apt, and its programs. `make lab LEVELS=package` shows how apt fares."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.deb import build
from deploy.deb.archive import NOT_IN_DEBIAN
from deploy.deb.lock import MACHINES, PYTHONS, Lock, Wheel, read
from deploy.deb.needs import needs, package_of, upstream
from kiosk.control.unix_socket import ControlServer

ROOT = Path(__file__).parents[1]
KINDS = [(suite, arch) for suite in PYTHONS for arch in MACHINES]
LAUNCHER, QUIET = ROOT / "deploy/launcher", ROOT / "deploy/kiosk-quiet"


# --- the locks ---


@pytest.mark.parametrize(("suite", "arch"), KINDS)
def test_each_requirement_is_apts_or_a_wheels_and_new_enough(suite: str, arch: str):
    """Whoever raises a bound in pyproject.toml is told here to run `make deb-lock`."""
    lock = read(suite, arch)
    wheels = {wheel.name: wheel.version for wheel in lock.wheels}
    for words in {need.words for need in needs()} | {
        need.words for need in needs("pi") if need.package not in {None, *NOT_IN_DEBIAN}
    }:
        need = Requirement(words)
        if (version := wheels.get(canonicalize_name(need.name))) is not None:
            assert need.specifier.contains(version), words
        else:
            bounds = [each.split("(")[1] for each in lock.depends if each.startswith(f"{package_of(need.name)} (")]
            least = next(bound.removeprefix(">= ").rstrip(")") for bound in bounds if bound.startswith(">="))
            assert need.specifier.contains(upstream(least)), words


@pytest.mark.parametrize("suite", PYTHONS)
def test_both_processors_get_the_same_versions(suite: str):
    one, other = (read(suite, arch) for arch in MACHINES)
    assert one.depends == other.depends
    assert [(wheel.name, wheel.version) for wheel in one.wheels] == [(wheel.name, wheel.version) for wheel in other.wheels]


@pytest.mark.parametrize(("suite", "arch"), KINDS)
def test_what_only_the_system_has_right_is_never_a_wheel(suite: str, arch: str):
    lock = read(suite, arch)
    assert not {"numpy", "pygame", "evdev", "systemd-python"} & {wheel.name for wheel in lock.wheels}
    assert {"python3-pygame", "python3-numpy", "libzbar0", "libgles2", "fonts-noto-cjk"} <= set(lock.packages)


# --- the package ---


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A package without wheels (those the lab fetches), made twice."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is missing, so no package can be made: this is no Debian")
    folder = tmp_path_factory.mktemp("deb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "vendor", lambda _lock, place: place.mkdir())
        patch.setenv("SOURCE_DATE_EPOCH", "1790000000")
        yield build.deb(Lock("trixie", "arm64", ["python3-numpy"], [Wheel("x", "1", "0")]), folder / "one", "9.9")
        again = build.deb(Lock("trixie", "arm64", ["python3-numpy"], [Wheel("x", "1", "0")]), folder / "two", "9.9")
        assert _digest(folder / "one" / again.name) == _digest(again), "the same source made two packages"


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _said(*words: str | Path) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def unpacked(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    _said("dpkg-deb", "--raw-extract", made, folder)
    return folder


def test_its_name_says_version_processor_and_suite(made: Path):
    assert made.name == "kiosk_9.9_arm64~trixie.deb"
    assert _said("dpkg-deb", "--field", made, "Version").strip() == "9.9~deb13"
    depends = _said("dpkg-deb", "--field", made, "Depends")
    assert "python3 (>= 3.13~), python3 (<< 3.14~), python3-numpy" in depends
    assert "python3-picamera2" in _said("dpkg-deb", "--field", made, "Recommends")


def test_it_holds_the_release_and_nothing_of_a_desk(made: Path, unpacked: Path):
    names = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert "usr/lib/kiosk/factory/kiosk/app.py" in names
    assert not [name for name in names if "__pycache__" in name or "tests" in name.split("/")]
    assert {name.split("/")[0] for name in names} == {"usr", "DEBIAN"}, "what it puts into /etc would outlive an update"
    facts = json.loads((unpacked / build.FACTORY / "release.json").read_text("utf-8"))
    schema = len(list((ROOT / "kiosk/payment/schema").glob("*.sql")))
    assert facts == {"version": "9.9", "python": "3.13", "machine": "aarch64", "ledger": schema}
    owners = {line.split()[1] for line in _said("dpkg-deb", "--contents", made).splitlines()}
    assert owners == {"root/root"}


def test_every_file_of_systemd_has_its_place_and_every_unit_its_program(unpacked: Path):
    for file in (ROOT / "systemd").iterdir():
        assert list((unpacked / "usr/lib").rglob(f"*{file.stem}*")), file.name
    for unit in (unpacked / "usr/lib/systemd/system").iterdir():
        for program in re.findall(r"^Exec\w+=[-+!@]*(/\S+)", unit.read_text("utf-8"), re.MULTILINE):
            if program.startswith("/usr/lib/kiosk/"):
                assert os.access(unpacked / program[1:], os.X_OK), program


@pytest.mark.parametrize("name", ["preinst", "postinst", "prerm", "postrm"])
def test_a_maintainer_script_is_sound(unpacked: Path, name: str):
    script = unpacked / "DEBIAN" / name
    text = script.read_text("utf-8")
    assert "@" not in text.replace("@localhost", ""), "a word was not filled in"
    assert text.startswith("#!/bin/sh\n")
    assert "\nset -e\n" in text
    _said("sh", "-n", script)


def test_a_kiosk_without_a_camera_has_no_say_about_what_is_enabled(unpacked: Path):
    """What starts at boot is what says so."""
    text = (unpacked / "DEBIAN/postinst").read_text("utf-8")
    [units] = re.findall(r"for unit in (.*); do", text)
    assert {"kiosk.service", "kiosk-scanner.socket"} <= set(units.split())
    assert "kiosk-scanner.service" not in units.split()


# --- its programs ---


def _launched(tmp_path: Path, *words: str, env: dict[str, str] | None = None) -> dict[str, object]:
    """What the launcher starts, with its places under tmp_path."""
    text = LAUNCHER.read_text("utf-8").replace("/usr/lib/kiosk", str(tmp_path)).replace("/run", f"{tmp_path}/run")
    text = text.replace("/usr/bin/python3", sys.executable)
    (tmp_path / "launcher").write_text(text, "utf-8")
    said = subprocess.run(
        ["sh", tmp_path / "launcher", *words], capture_output=True, text=True, check=True, env=env, cwd=tmp_path
    )
    told: dict[str, object] = json.loads(said.stdout)
    return told


def _release(place: Path, name: str) -> None:
    for module in ("__main__", "door"):
        (place / "kiosk").mkdir(parents=True, exist_ok=True)
        (place / "kiosk" / f"{module}.py").write_text(
            "import json, os, subprocess, sys, brought\n"
            "child = [sys.executable, '-c', 'import brought; print(brought.NAME)']\n"
            f"print(json.dumps({{'module': {module!r}, 'words': sys.argv[1:], 'brought': brought.NAME,\n"
            "    'child': subprocess.run(child, capture_output=True, text=True).stdout.strip()}))\n",
            "utf-8",
        )
    (place / "vendor").mkdir()
    (place / "vendor/brought.py").write_text(f"NAME = {name!r}\n", "utf-8")
    (place / "release.json").write_text("{}", "utf-8")


def test_without_a_choice_the_packages_release_starts(tmp_path: Path):
    _release(tmp_path / "factory", "factory")
    told = _launched(tmp_path, "run", "--config", "a b")
    assert told == {"module": "__main__", "words": ["run", "--config", "a b"], "brought": "factory", "child": "factory"}
    assert _launched(tmp_path, "-m", "kiosk.door", "x")["module"] == "door"


def test_the_chosen_release_starts_and_keeps_its_name_when_another_is_chosen(tmp_path: Path):
    _release(tmp_path / "factory", "factory")
    _release(tmp_path / "releases/2.0", "two")
    (tmp_path / "run/kiosk-release").mkdir(parents=True)
    slot = tmp_path / "run/kiosk-release/slot"
    slot.symlink_to(tmp_path / "releases/2.0")
    assert _launched(tmp_path)["brought"] == "two"
    slot.unlink()
    slot.symlink_to(tmp_path / "releases/gone")
    assert _launched(tmp_path)["child"] == "factory"


def test_what_lies_where_it_was_started_is_not_imported(tmp_path: Path):
    _release(tmp_path / "factory", "factory")
    (tmp_path / "brought.py").write_text("NAME = 'a trap'\n", "utf-8")
    assert _launched(tmp_path)["brought"] == "factory"


class Kiosk:
    """What a kiosk says of itself over its socket."""

    def __init__(self) -> None:
        self.active = True
        self.quiet: bool | None = None
        self.screen = "Idle"
        self.orders: list[object] = []
        self.asked: list[str] = []

    def answer(self, request: dict[str, object]) -> dict[str, object]:
        self.asked.append(str(request["do"]))
        match request["do"]:
            case "quiet" if self.quiet is not None:
                return {"quiet": self.quiet}
            case "state":
                return {"screen": self.screen}
            case "orders":
                assert (request["start"], request["end"], request["include_open"]) == (0, 0, True)
                return {"orders": self.orders}
        return {"problem": "not known"}


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    kiosk = Kiosk()
    (tmp_path / "kiosk.toml").write_text('[ledger]\npath = "kiosk.db"\n', "utf-8")
    server = ControlServer(tmp_path / "kiosk.db.sock", kiosk.answer)
    server.open()
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield kiosk
    server.stop()
    thread.join()


def _quiet(tmp_path: Path, kiosk: Kiosk, patience_s: float = 0.0) -> tuple[int, str]:
    text = QUIET.read_text("utf-8").replace("/etc/kiosk", str(tmp_path)).replace("LOOK_S = 1.0", "LOOK_S = 0.01")
    (tmp_path / "quiet").write_text(text, "utf-8")
    (tmp_path / "systemctl").write_text(f"#!/bin/sh\nexit {0 if kiosk.active else 3}\n", "utf-8")
    (tmp_path / "systemctl").chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "KIOSK_PATIENCE_S": str(patience_s)}
    done = subprocess.run(
        [sys.executable, "-I", tmp_path / "quiet"], capture_output=True, text=True, env=env, check=False, timeout=30
    )
    return done.returncode, done.stdout + done.stderr


def test_at_rest_it_may_be_stopped_and_is_asked_to_begin_nothing(tmp_path: Path, kiosk: Kiosk):
    assert _quiet(tmp_path, kiosk, 30) == (0, "")
    looked = ["quiet", "state", "orders"]
    assert kiosk.asked == [*looked, "hold", *looked]


def test_a_kiosk_that_says_itself_that_it_is_quiet_is_believed(tmp_path: Path, kiosk: Kiosk):
    kiosk.screen, kiosk.quiet = "Updating", True
    assert _quiet(tmp_path, kiosk) == (0, "")
    kiosk.screen, kiosk.quiet, kiosk.asked = "Keying", False, []
    assert _quiet(tmp_path, kiosk)[0] == 1
    assert "hold" not in kiosk.asked, "a shop that is busy sells on"


@pytest.mark.parametrize("screen", ["Keying", "ShowingQr", "Unresolved", "PaidScreen"])
def test_with_somebody_in_front_it_may_not(tmp_path: Path, kiosk: Kiosk, screen: str):
    kiosk.screen = screen
    code, said = _quiet(tmp_path, kiosk)
    assert code == 1
    assert "A sale stands in front" in said
    assert "systemctl stop kiosk" in said


def test_an_open_order_is_waited_for_and_then_left_to_the_next_kiosk(tmp_path: Path, kiosk: Kiosk):
    kiosk.orders = [{}]
    code, said = _quiet(tmp_path, kiosk, 0.3)
    assert code == 0
    assert said.startswith("kiosk: Orders that are open: 1; waiting")


def test_a_kiosk_that_does_not_run_may_be_stopped(tmp_path: Path, kiosk: Kiosk):
    kiosk.active = False
    assert _quiet(tmp_path, kiosk) == (0, "")
    assert kiosk.asked == []


def test_one_that_runs_and_does_not_answer_may_not(tmp_path: Path, kiosk: Kiosk):
    (tmp_path / "kiosk.toml").write_text('[ledger]\npath = "other.db"\n[control]\nsocket = "none.sock"\n', "utf-8")
    code, said = _quiet(tmp_path, kiosk)
    assert code == 1
    assert "does not answer" in said
