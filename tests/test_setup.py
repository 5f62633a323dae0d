"""Set-up on a bare machine, with stand-ins for apt, sudo and the interpreter: what is installed, by whom, and what is said.

deploy/check-clean-root.sh does the same with the real ones, in a fresh Debian.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Each writes what it was called with to $W/calls, and behaves as the files in $W say.
FAKES = {
    "id": """
        cat "$W/uid" """,
    "sudo": """
        [ "$1" != -n ] || shift
        echo 0 >"$W/uid"; "$@"; status=$?; echo 1000 >"$W/uid"
        exit $status""",
    "dpkg-query": """
        echo 'deinstalled gcc '
        sed 's/^/installed /' "$W/here" """,
    "apt-cache": """
        [ -e "$W/lists" ] || exit 100
        for package in "${@:2}"; do ! grep -qx "$package" "$W/unknown" || exit 100; done""",
    "apt-get": """
        echo "$(id -u) apt-get $*" >>"$W/calls"
        case "$*" in
        *update) touch "$W/lists" ;;
        *) [ ! -e "$W/stale" ] || { rm "$W/stale"; exit 100; } ;;
        esac""",
    "python3": """
        case "$*" in
        -V) echo "Python $(tr , . <"$W/version")" ;;
        -c*) "$REAL_PYTHON" -c "import sys; sys.version_info = ($(cat "$W/version")); $2" ;;
        *pip*) echo "pip $*" >>"$W/calls" ;;
        *venv*)
            echo "venv $*" >>"$W/calls"
            mkdir -p "${@: -1}/bin"
            cp "$0" "${@: -1}/bin/python"
            case "$*" in *system-site*) sees=true ;; *) sees=false ;; esac
            echo "include-system-site-packages = $sees" >"${@: -1}/pyvenv.cfg" ;;
        esac""",
}


@dataclass
class Machine:
    """A folder that stands for a machine: a clone of the repository's set-up, and the fakes first on the path."""

    home: Path
    env: dict[str, str] = field(default_factory=dict)

    def make(self, goal: str = "setup") -> subprocess.CompletedProcess[str]:
        """Call make, as a person would."""
        return subprocess.run(
            ["make", goal], cwd=self.home / "kiosk", env=self.env, capture_output=True, text=True, check=False, timeout=60
        )

    def calls(self) -> list[str]:
        """What was called, in order."""
        file = self.home / "calls"
        return file.read_text("utf-8").splitlines() if file.exists() else []

    def write(self, name: str, text: str = "") -> None:
        """Set one fact of this machine."""
        (self.home / name).write_text(text, "utf-8")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A bare Debian with root logged in: no package lists, none of the packages."""
    clone, fakes = tmp_path / "kiosk", tmp_path / "fakes"
    (clone / "deploy").mkdir(parents=True)
    fakes.mkdir()
    for name in ("Makefile", "pyproject.toml", "deploy/setup.sh"):
        shutil.copy2(ROOT / name, clone / name)
    for name, body in FAKES.items():
        (fakes / name).write_text(f"#!/bin/bash\n{body}\n", "utf-8")
        (fakes / name).chmod(0o755)
    machine = Machine(tmp_path)
    machine.env = {
        "PATH": f"{fakes}:{os.environ['PATH']}",
        "W": str(tmp_path),
        "REAL_PYTHON": sys.executable,
        "BOARD_FILE": str(tmp_path / "board"),
        "SYSTEM_PYTHON": str(fakes / "python3"),
    }
    for name, text in {"uid": "0\n", "here": "", "unknown": "", "version": "3,13,5"}.items():
        machine.write(name, text)
    return machine


def installed(machine: Machine) -> list[str]:
    """The packages that apt was asked to install."""
    (line,) = [call for call in machine.calls() if "apt-get" in call and " install " in call]
    return line.split("--no-install-recommends ")[1].split()


def test_a_bare_machine_gets_lists_packages_venv_and_program_in_this_order(machine: Machine) -> None:
    """One update, because there are no lists; one install; a venv of its own; pip."""
    assert machine.make().returncode == 0
    kinds = [next(word for word in ("update", "venv", "pip", "install") if word in call.split()) for call in machine.calls()]
    assert kinds == ["update", "install", "venv", "pip"]
    assert {"libzbar0", "python3-venv", "libsystemd-dev", "gcc"} <= set(installed(machine))
    assert "--system-site-packages" not in machine.calls()[2]


def test_the_second_call_asks_nobody(machine: Machine) -> None:
    """Nothing changed: neither apt nor pip is called, and make itself sees it."""
    machine.make()
    before = machine.calls()
    assert machine.make().returncode == 0
    assert machine.calls() == before


def test_a_touched_file_with_the_same_text_does_not_bring_pip(machine: Machine) -> None:
    """A checkout changes times, not texts."""
    machine.make()
    machine.write("here", "\n".join(installed(machine)))
    before = machine.calls()
    later = (machine.home / "kiosk/.venv/.ready").stat().st_mtime + 10
    os.utime(machine.home / "kiosk/pyproject.toml", (later, later))
    assert machine.make().returncode == 0
    assert machine.calls() == before


def test_a_changed_dependency_brings_pip_and_not_apt(machine: Machine) -> None:
    """pyproject.toml says something new."""
    machine.make()
    machine.write("here", "\n".join(installed(machine)))
    before = machine.calls()
    file = machine.home / "kiosk/pyproject.toml"
    file.write_text(file.read_text("utf-8") + "\n# more\n", "utf-8")
    later = (machine.home / "kiosk/.venv/.ready").stat().st_mtime + 10
    os.utime(file, (later, later))
    assert machine.make().returncode == 0
    assert [call.split()[0] for call in machine.calls()[len(before) :]] == ["pip"]


def test_only_what_is_missing_is_installed(machine: Machine) -> None:
    """With lists at hand there is no update either."""
    machine.write("lists")
    machine.write("here", "python3\npython3-venv\n")
    assert machine.make().returncode == 0
    assert "libzbar0" in installed(machine)
    assert not {"python3", "python3-venv"} & set(installed(machine))
    assert not [call for call in machine.calls() if "update" in call]


def test_a_package_under_its_new_name_is_not_missing(machine: Machine) -> None:
    """Debian 13 has libzbar0t64, which provides libzbar0: nobody without root is asked to install it again."""
    machine.write("here", "libzbar0t64 libzbar0 (= 0.23.93-8)\nlibc6-dev libc-dev, libc6-dev-tools (= 2.41)\n")
    assert machine.make().returncode == 0
    assert not {"libzbar0", "libc6-dev"} & set(installed(machine))
    assert "gcc" in installed(machine)


def test_old_lists_are_renewed_once(machine: Machine) -> None:
    """Files that the lists name may be gone from the mirror: then, and only then, update and install again."""
    machine.write("lists")
    machine.write("stale")
    assert machine.make().returncode == 0
    kinds = ["update" if "update" in call else "install" for call in machine.calls() if "apt-get" in call]
    assert kinds == ["install", "update", "install"]


def test_without_root_sudo_installs(machine: Machine) -> None:
    """Root runs apt, the person runs pip."""
    machine.write("uid", "1000\n")
    assert machine.make().returncode == 0
    assert {call.split()[0] for call in machine.calls() if "apt-get" in call} == {"0"}


@pytest.mark.parametrize("sudo", ["absent", "refusing"])
def test_with_neither_root_nor_sudo_the_command_for_root_is_told(machine: Machine, sudo: str) -> None:
    """It names the packages, the command and what to do then, and makes nothing half."""
    machine.write("uid", "1000\n")
    if sudo == "absent":
        (machine.home / "fakes/sudo").unlink()
    else:
        (machine.home / "fakes/sudo").write_text("#!/bin/sh\nexit 1\n", "utf-8")
    machine.env["PATH"] = f"{machine.home / 'fakes'}:{tools_without_sudo(machine.home)}"
    result = machine.make()
    assert result.returncode != 0
    assert "apt-get install --no-install-recommends" in result.stderr
    assert "libzbar0" in result.stderr
    assert not (machine.home / "kiosk/.venv").exists()
    assert machine.calls() == []


def test_another_system_is_told_so_and_goes_on_with_what_it_has(machine: Machine) -> None:
    """Without apt nothing is installed for anybody, and the venv is made all the same."""
    for name in ("apt-get", "apt-cache", "dpkg-query"):
        (machine.home / "fakes" / name).unlink()
    machine.env["PATH"] = f"{machine.home / 'fakes'}:{tools_without_sudo(machine.home)}"
    result = machine.make()
    assert result.returncode == 0
    assert "only Debian 12 and 13 and Raspberry Pi OS are supported" in result.stderr
    assert "libzbar0" in result.stderr
    assert [call.split()[0] for call in machine.calls()] == ["venv", "pip"]


def test_nobody_is_stopped_for_want_of_a_voice(machine: Machine) -> None:
    """Tones are enough to sell with. With root it comes like all others."""
    machine.make()
    assert "espeak-ng" in installed(machine)
    others = [name for name in installed(machine) if name != "espeak-ng"]
    machine.write("here", "\n".join(others))
    (machine.home / "calls").unlink()
    machine.write("uid", "1000\n")
    (machine.home / "fakes/sudo").write_text("#!/bin/sh\nexit 1\n", "utf-8")
    (machine.home / "kiosk/.venv/.ready").unlink()
    result = machine.make()
    assert result.returncode == 0, result.stderr
    assert "apt-get install --no-install-recommends espeak-ng" in result.stderr
    assert "Going on without espeak-ng" in result.stderr
    assert (machine.home / "kiosk/.venv/.ready").exists()


def test_a_package_apt_does_not_know_is_named(machine: Machine) -> None:
    """A Pi with another system than Raspberry Pi OS has no picamera2."""
    machine.write("board", "Raspberry Pi 4 Model B Rev 1.5\0")
    machine.write("unknown", "python3-picamera2\n")
    result = machine.make()
    assert result.returncode != 0
    assert "apt does not know python3-picamera2" in result.stderr
    assert not [call for call in machine.calls() if "apt-get" in call and " install " in call]


def test_on_a_pi_the_hardware_libraries_come_from_apt(machine: Machine) -> None:
    """The venv sees the system's packages, and nothing is compiled there."""
    machine.write("board", "Raspberry Pi 5 Model B Rev 1.0\0")
    assert machine.make().returncode == 0
    assert {"python3-picamera2", "python3-lgpio", "python3-pygame", "python3-systemd"} <= set(installed(machine))
    assert {"libgles2", "libegl1", "libgl1-mesa-dri"} <= set(installed(machine))
    assert "gcc" not in installed(machine)
    assert "--system-site-packages" in next(call for call in machine.calls() if call.startswith("venv"))


def test_an_old_python_is_refused_with_its_version(machine: Machine) -> None:
    """Debian 11 has 3.9."""
    machine.write("version", "3,9,2")
    result = machine.make()
    assert result.returncode != 0
    assert "needs Python 3.11 or newer, and python3 is Python 3.9.2" in result.stderr
    machine.write("version", "3,11,2")
    assert machine.make().returncode == 0


def test_the_tests_programs_come_with_make_test_only(machine: Machine) -> None:
    """A person who only wants the demo downloads no browser."""
    machine.make()
    assert not {"xvfb", "chromium"} & set(installed(machine))
    (machine.home / "calls").unlink()
    machine.make(".venv/.ready-for-tests")
    assert {"xvfb", "chromium", "chromium-driver"} <= set(installed(machine))


def test_what_boots_other_machines_comes_with_make_lab_only(machine: Machine) -> None:
    """Whoever runs the tests needs no QEMU, and the lab no browser."""
    machine.make(".venv/.ready-for-tests")
    assert not {"qemu-system-x86", "mmdebstrap"} & set(installed(machine))
    (machine.home / "calls").unlink()
    machine.make(".venv/.ready-for-lab")
    assert {"qemu-system-x86", "mmdebstrap", "systemd-container"} <= set(installed(machine))
    assert "chromium" not in installed(machine)


@pytest.mark.parametrize(("tests", "ends"), [("exit 0", 0), ("exit 1", 2), ("exit 5", 2)])
def test_ci_says_the_summary_last_and_fails_with_the_tests(machine: Machine, tests: str, ends: int) -> None:
    """Also when pytest found no test at all, which is its exit 5. Make turns each failure into 2."""
    clone = machine.home / "kiosk"
    shutil.copytree(ROOT / ".ci", clone / ".ci")
    (clone / "Makefile").write_text(f"test:\n\t@echo '3 passed in 0.10s'; echo more; {tests}\n", "utf-8")
    result = subprocess.run([".ci/run"], cwd=clone, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == ends
    assert result.stdout.splitlines()[-1] == "3 passed in 0.10s"


def tools_without_sudo(home: Path) -> Path:
    """A folder with the programs that set-up itself calls: neither sudo nor apt."""
    tools = home / "tools"
    tools.mkdir()
    for name in ("bash", "sh", "make", "env", "dirname", "grep", "sed", "tr", "cat", "sha256sum", "touch", "mkdir", "cp", "rm"):
        found = shutil.which(name)
        assert found, name
        (tools / name).symlink_to(found)
    return tools
