"""deploy/install.sh with stand-ins for apt, systemctl and the builder: what it says, what it does then, and back."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FAKES = {
    "id": 'cat "$W/uid"',
    "dpkg-deb": 'tar -c -C "$W" ./md5sums',
    "dpkg": 'cat "$W/arch"',
    "dpkg-query": """
        case "$*" in
        *kiosk) [ ! -e "$W/kiosk" ] || echo "installed $(cat "$W/kiosk")" ;;
        *) grep -qx "${@: -1}" "$W/here" && echo installed ;;
        esac""",
    "apt-get": """
        echo "apt $(echo "$*" | sed 's/.*Timeout=300 //; s|/[^ ]*/kiosk_|kiosk_|')" >>"$W/calls"
        case "$*" in
        *update) touch "$W/lists" ;;
        *kiosk_*) [ -e "$W/lists" ] || exit 100; echo 0.1.0~deb13 >"$W/kiosk" ;;
        *remove*) [ ! -e "$W/busy" ] || exit 1; rm "$W/kiosk" ;;
        esac""",
    "systemctl": """
        case "$*" in
        get-default) cat "$W/target" ;;
        set-default*) echo "systemctl $*" >>"$W/calls"; echo "$2" >"$W/target" ;;
        esac""",
    "python3": """
        echo "python3 $(echo "$*" | sed 's|--into .*|--into|')" >>"$W/calls"
        touch "${@: -1}/kiosk_0.1.0_arm64~trixie.deb" """,
}


@dataclass
class Machine:
    """A folder that stands for a machine, and the fakes first on the path."""

    home: Path
    env: dict[str, str] = field(default_factory=dict)

    def install(self, *words: str) -> subprocess.CompletedProcess[str]:
        """As a person types it."""
        command = [ROOT / "deploy/install.sh", *words]
        return subprocess.run(
            command, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60
        )

    def calls(self) -> list[str]:
        """What changed something, in order."""
        file = self.home / "calls"
        return file.read_text("utf-8").splitlines() if file.exists() else []

    def write(self, name: str, text: str = "") -> None:
        """Set one fact of this machine."""
        (self.home / name).parent.mkdir(parents=True, exist_ok=True)
        (self.home / name).write_text(text, "utf-8")

    def files(self) -> set[str]:
        return {str(path.relative_to(self.home)) for path in (self.home / "root").rglob("*")}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A Pi with a fresh 64-bit Raspberry Pi OS (trixie) with a desktop, root logged in."""
    machine, fakes = Machine(tmp_path), tmp_path / "fakes"
    fakes.mkdir()
    for name, body in FAKES.items():
        (fakes / name).write_text(f"#!/bin/bash\n{body}\n", "utf-8")
        (fakes / name).chmod(0o755)
    machine.env = {
        "PATH": f"{fakes}:{os.environ['PATH']}",
        "W": str(tmp_path),
        "ROOT": str(tmp_path / "root"),
        "BOARD_FILE": str(tmp_path / "board"),
        "SYSTEM_PYTHON": str(fakes / "python3"),
    }
    machine.write("md5sums", "of this clone\n")
    facts = {
        "uid": "0\n",
        "arch": "arm64\n",
        "here": "git\npython3-pip\npython3-babel\n",
        "lists": "",
        "target": "graphical.target\n",
    }
    for name, text in facts.items():
        machine.write(name, text)
    machine.write("board", "Raspberry Pi 5 Model B Rev 1.0\0")
    machine.write("root/etc/os-release", 'PRETTY_NAME="Raspberry Pi OS 13"\nVERSION_CODENAME=trixie\n')
    (tmp_path / "root/etc/systemd/system").mkdir(parents=True)
    (tmp_path / "root/etc/systemd/system/display-manager.service").symlink_to("/usr/lib/systemd/system/lightdm.service")
    return machine


BUILD = "python3 -m deploy.deb --suite trixie --arch arm64 --into"
INSTALL = "apt install kiosk_0.1.0_arm64~trixie.deb python3-picamera2 python3-lgpio python3-gpiozero"


def test_it_builds_installs_and_gives_the_screen_to_the_kiosk(machine: Machine):
    done = machine.install()
    assert done.returncode == 0, done.stderr
    assert machine.calls() == [BUILD, INSTALL, "systemctl set-default multi-user.target"]


def test_what_it_will_do_is_said_before(machine: Machine):
    machine.write("root/etc/systemd/system/kiosk.service")
    said = machine.install("--dry-run").stderr
    for word in (
        "Raspberry Pi OS 13, arm64",
        "deploy/deb/locks/trixie-arm64.json",
        "python3-picamera2",
        "set-default multi-user.target",
    ):
        assert word in said
    assert "removed: /etc/systemd/system/kiosk.service\n" in said
    assert said.endswith("install: Nothing was changed.\n")


@pytest.mark.parametrize("uid", ["0\n", "1000\n"])
@pytest.mark.parametrize("word", [(), ("--uninstall",)])
def test_a_dry_run_changes_nothing(machine: Machine, uid: str, word: tuple[str, ...]):
    """And needs nobody's rights."""
    machine.write("uid", uid)
    machine.write("kiosk", "0.1.0~deb13")
    before = machine.files()
    assert machine.install("--dry-run", *word).returncode == 0
    assert (machine.calls(), machine.files()) == ([], before)


def test_the_same_version_with_other_content_takes_the_old_ones_place(machine: Machine):
    machine.write("kiosk", "0.1.0~deb13")
    machine.write("root/var/lib/dpkg/info/kiosk.md5sums", "of an older clone\n")
    assert machine.install().returncode == 0
    assert machine.calls()[1] == INSTALL.replace("install", "install --reinstall")


def test_the_second_call_leaves_the_same(machine: Machine):
    machine.install()
    machine.write("root/var/lib/dpkg/info/kiosk.md5sums", "of this clone\n")
    before = machine.files()
    done = machine.install()
    assert done.returncode == 0, done.stderr
    assert machine.files() == before
    assert "with kiosk 0.1.0~deb13" in done.stderr
    assert machine.calls()[3:] == [BUILD, INSTALL]


def test_what_builds_it_is_fetched_when_it_is_missing(machine: Machine):
    machine.write("here", "git\n")
    assert machine.install().returncode == 0
    assert machine.calls()[:3] == ["apt update", "apt install python3-pip python3-babel", BUILD]


def test_old_package_lists_are_renewed_once(machine: Machine):
    (machine.home / "lists").unlink()
    assert machine.install().returncode == 0
    assert machine.calls()[1:4] == [INSTALL, "apt update", INSTALL]


def test_a_plain_debian_is_asked_for_nothing_of_raspberry_pi_os(machine: Machine):
    machine.write("board")
    (machine.home / "root/etc/systemd/system/display-manager.service").unlink()  # its default is graphical.target all the same
    assert machine.install().returncode == 0
    assert machine.calls() == [BUILD, "apt install kiosk_0.1.0_arm64~trixie.deb"]


def test_what_was_put_there_by_hand_before_does_not_stand_in_the_packages_way(machine: Machine):
    for name in ("etc/systemd/system/kiosk.service", "usr/local/bin/kiosk", "etc/systemd/system.conf.d/kiosk.conf"):
        machine.write(f"root/{name}")
    machine.write("root/etc/kiosk/kiosk.toml", "the shop's")
    assert machine.install().returncode == 0
    left = {name for name in machine.files() if "kiosk" in name}
    assert left == {
        "root/etc/kiosk",
        "root/etc/kiosk/kiosk.toml",
        "root/var/lib/kiosk-install",
        "root/var/lib/kiosk-install/target",
    }


@pytest.mark.parametrize(
    ("fact", "text", "words"),
    [
        ("arch", "armhf\n", "Only 64-bit systems are supported, and this is armhf"),
        ("root/etc/os-release", 'PRETTY_NAME="Debian 11"\nVERSION_CODENAME=bullseye\n', "and this is Debian 11"),
        ("uid", "1000\n", "Only root may install: sudo deploy/install.sh"),
    ],
)
def test_where_it_cannot_be_it_says_so_and_changes_nothing(machine: Machine, fact: str, text: str, words: str):
    machine.write(fact, text)
    done = machine.install()
    assert done.returncode == 1
    assert words in done.stderr
    assert machine.calls() == []


def test_a_word_it_does_not_know_does_nothing(machine: Machine):
    assert machine.install("--purge").returncode == 1
    assert machine.calls() == []


def test_uninstalled_the_desktop_is_back_and_the_shops_own_is_where_it_was(machine: Machine):
    machine.install()
    machine.write("root/etc/kiosk/kiosk.toml", "the shop's")
    machine.write("root/var/lib/kiosk/kiosk.db", "the ledger")
    done = machine.install("--uninstall")
    assert done.returncode == 0
    assert machine.calls()[3:] == ["apt remove kiosk", "systemctl set-default graphical.target"]
    assert {"root/etc/kiosk/kiosk.toml", "root/var/lib/kiosk/kiosk.db"} <= machine.files()
    assert "ledger is in /var/lib/kiosk" in done.stderr
    assert machine.install("--uninstall").returncode == 0, "a second time there is nothing to do"
    assert len(machine.calls()) == 5


def test_a_removal_that_is_refused_leaves_all_as_it_was(machine: Machine):
    machine.install()
    machine.write("busy")
    done = machine.install("--uninstall")
    assert done.returncode == 1
    assert "could not remove" in done.stderr
    assert (machine.home / "target").read_text("utf-8") == "multi-user.target\n"


def test_bash_finds_nothing_wrong():
    """And where shellcheck is at hand, nor does it."""
    for script in ("deploy/install.sh", "deploy/setup.sh", "deploy/check-clean-root.sh"):
        subprocess.run(["bash", "-n", ROOT / script], check=True)
    if (program := shutil.which("shellcheck")) is not None:
        subprocess.run([program, "-S", "error", ROOT / "deploy/install.sh"], check=True)
