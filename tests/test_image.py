"""The image's recipe: what is locked, what lasts, what may be plugged in. That it starts shows `make lab LEVELS=image`."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from deploy.deb.lock import read
from deploy.image import disk, root

FILES = root.FILES
ROOT = Path(__file__).parents[1]


def _lines(name: str) -> list[str]:
    return [line for line in (FILES / name).read_text("utf-8").splitlines() if line and not line.startswith("#")]


def _mounts() -> dict[str, tuple[str, set[str]]]:
    """Place: what is mounted there, and its options."""
    return {line.split()[1]: (line.split()[0], set(line.split()[3].split(","))) for line in _lines("etc/fstab")}


def test_the_root_is_never_written_to_and_no_swap_is_on_the_card():
    assert "ro" in _mounts()["/"][1]
    assert " ro " in root.COMMAND_LINE
    assert not [line for line in _lines("etc/fstab") if "swap" in line]
    assert "swap" not in disk.TABLE


def test_all_that_is_the_shops_lies_on_the_data_partition():
    """The places are those of docs/appliance.md."""
    told = (ROOT / "docs/appliance.md").read_text("utf-8").partition("## Places")[2].partition("\n## ")[0]
    places = {place.rstrip("/") for place in re.findall(r"^\| `(/(?:etc|var)/[^`]*?/)(?:[a-z]+\.toml)?`", told, re.MULTILINE)}
    assert {
        "/etc/kiosk",
        "/etc/credstore.encrypted",
        "/var/lib/kiosk",
        "/var/lib/kiosk-owner",
        "/var/lib/kiosk-releases",
    } <= places
    mounts = _mounts()
    for place in places | {"/var/log/journal", "/var/lib/systemd"}:
        source, options = mounts[place]
        assert source.startswith("/data/"), place
        assert "bind" in options
        assert place in [f"/{each}" for each in root.FOLDERS.split()] or place == "/var/lib/systemd"


def test_nothing_that_may_be_written_is_executed_but_releases():
    mounts = _mounts()
    for place, (_, options) in mounts.items():
        if place != "/":
            assert {"nosuid", "nodev"} <= options, place
    assert {place for place, (_, options) in mounts.items() if "noexec" not in options} == {
        "/",
        "/data",
        "/var/lib/kiosk-releases",
    }


def test_each_folder_that_is_bound_is_made_before_systemd_starts():
    script = (FILES / "etc/initramfs-tools/scripts/init-bottom/kiosk").read_text("utf-8")
    [made] = re.findall(r"for folder in (.*); do", script)
    assert {f"/data/{name}" for name in made.split()} == {
        source for source, _ in _mounts().values() if source.startswith("/data/")
    }


@pytest.mark.parametrize(
    "unit", ["getty@.service", "autovt@.service", "serial-getty@.service", "debug-shell.service", "ctrl-alt-del.target"]
)
def test_what_would_let_a_keyboard_in_is_masked(unit: str):
    assert unit in root.MASKED
    assert "systemd.getty_auto=no" in root.COMMAND_LINE


def test_no_key_reaches_the_kernel_or_systemd():
    assert {"kernel.sysrq = 0", "kernel.ctrl-alt-del = 0"} <= set(_lines("etc/sysctl.d/90-kiosk.conf"))
    assert "CtrlAltDelBurstAction=none" in _lines("etc/systemd/system.conf.d/kiosk-lock.conf")
    assert {"NAutoVTs=0", "ReserveVT=0"} <= set(_lines("etc/systemd/logind.conf.d/kiosk.conf"))
    [call] = [line for line in _lines("usr/lib/systemd/system/kiosk-console.service") if line.startswith("ExecStart=")]
    assert "0x4B45, 4)" in call  # KDSKBMODE, K_OFF


def test_nobody_gets_a_shell_where_a_start_fails():
    """Neither the initramfs' (panic=) nor systemd's."""
    assert re.search(r"\bpanic=[1-9]", root.COMMAND_LINE)
    for unit in ("emergency", "rescue"):
        starts = [line for line in _lines(f"etc/systemd/system/{unit}.service.d/kiosk.conf") if line.startswith("ExecStart=")]
        assert starts == ["ExecStart=", "ExecStart=/bin/sh -c 'sleep 60; systemctl --force reboot'"]
    assert any("passwd --quiet --lock root" in word for word in root.mmdebstrap(_recipe(), Path("x.deb"), Path("root")))


def test_the_log_and_what_it_may_take_are_bounded():
    words = dict(line.split("=") for line in _lines("etc/systemd/journald.conf.d/kiosk.conf") if "=" in line)
    assert words["Storage"] == "persistent"
    assert int(words["SystemMaxUse"].removesuffix("M")) + 128 < disk.DATA_MIB, (
        "no room for the ledger on a card that did not grow"
    )


def test_a_pis_image_has_the_hardware_watchdog_and_no_secret_in_its_readable_part():
    assert "dtparam=watchdog=on" in disk.CONFIG_TXT
    assert "getty" in root.COMMAND_LINE
    assert not re.search(r"password|psk|key=", disk.CONFIG_TXT + root.COMMAND_LINE)
    packages = root.Recipe(read("trixie", "arm64"), pi=True).packages
    assert {"python3-picamera2", "python3-lgpio", "python3-gpiozero", "raspi-firmware"} <= set(packages)
    assert "openssh-server" not in packages


def _recipe() -> root.Recipe:
    return root.Recipe(read("trixie", "amd64"), pi=False)


def test_the_image_is_a_disk_with_three_partitions_of_which_the_last_one_grows(tmp_path: Path):
    """Made of a tiny root, with the real programs."""
    for program in ("sfdisk", "mke2fs", "mcopy", "mkfs.vfat"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing, so no disk can be made: apt install fdisk e2fsprogs mtools dosfstools")
    top, recipe = tmp_path / "root", _recipe()
    for name in ("boot/vmlinuz-6.1", "boot/initrd.img-6.1", f"usr/lib/systemd/boot/efi/{disk.LOADER['amd64'][0]}"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(b"x" * 5000)
    image = tmp_path / "kiosk.img"
    disk.make(top, image, recipe)
    said = subprocess.run(["sfdisk", "--dump", image], capture_output=True, text=True, check=True).stdout
    assert re.findall(r'name="(.*?)"', said) == ["kiosk-boot", "kiosk-root", "kiosk-data"]
    with image.open("rb") as file:
        for start in re.findall(r"start= *(\d+)", said)[1:]:
            file.seek(int(start) * 512 + 1024 + 56)
            assert struct.unpack("<H", file.read(2)) == (0xEF53,), "no ext4 where the table says"
    assert _lines("etc/repart.d/50-data.conf")[:2] == ["[Partition]", "Type=linux-generic"]
    assert "x-systemd.growfs" in _mounts()["/data"][1]


# --- what may be plugged in ---

DEVICES = {  # class, subclass, protocol, modalias: is it let in, with a kiosk that is set up and wants no stick
    "number pad": (("03", "01", "01", ""), True),
    "keyboard of a passer-by": (("03", "01", "01", ""), True),
    "receipt printer": (("07", "01", "02", ""), True),
    "webcam": (("0e", "02", "00", ""), True),
    "loudspeaker": (("01", "02", "00", ""), True),
    "hub": (("09", "00", "00", ""), True),
    "serial line by the standard": (("02", "02", "01", ""), True),
    "its data": (("0a", "00", "00", ""), True),
    "serial chip (CH340)": (("ff", "01", "02", "usb:v1A86p7523d0264"), True),
    "network card (ECM)": (("02", "06", "00", ""), False),
    "network card (NCM)": (("02", "0d", "00", ""), False),
    "network card (RNDIS by CDC)": (("02", "02", "ff", ""), False),
    "network card (RNDIS)": (("e0", "01", "03", ""), False),
    "Bluetooth": (("e0", "01", "01", ""), False),
    "mobile modem (MBIM)": (("02", "0e", "00", ""), False),
    "stick": (("08", "06", "50", ""), False),
    "stick (UAS)": (("08", "06", "62", ""), False),
    "phone (MTP)": (("06", "01", "01", ""), False),
    "network card of a maker's own": (("ff", "ff", "00", "usb:v0BDAp8152d2000"), False),
    "smart card reader": (("0b", "00", "00", ""), False),
}


def _let_in(device: tuple[str, str, str, str], present: set[str]) -> bool:
    """What the rules' file makes of an interface that is plugged in; `present`: files that are there."""
    facts = dict(zip(("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol"), device, strict=False))
    lines, at = _lines("etc/udev/rules.d/70-kiosk-usb.rules"), 0
    given = {
        "ACTION": "add",
        "SUBSYSTEM": "usb",
        "KERNEL": "1-1:1.0",
        "ENV{DEVTYPE}": "usb_interface",
        "ENV{MODALIAS}": device[3],
    }
    given |= {f"ATTR{{{name}}}": value for name, value in facts.items()}
    allowed = None
    while at < len(lines):
        words = re.findall(r'([A-Z]+(?:\{\w+\})?)(==|!=|\+=|=)"(.*?)"', lines[at])
        at += 1
        if not all(_holds(given, present, *word) for word in words if word[1] in {"==", "!="}):
            continue
        for name, sign, value in words:
            if (name, sign) == ("ATTR{authorized}", "="):
                allowed = value == "1"
            if name == "GOTO":
                at = next(number for number, line in enumerate(lines) if line == f'LABEL="{value}"')
    assert allowed is not None
    return allowed


def _holds(given: dict[str, str], present: set[str], name: str, sign: str, value: str) -> bool:
    if name == "TEST":
        return (value in present) == (sign == "==")
    patterns = [
        re.escape(each).replace(r"\*", ".*").replace(r"\?", ".").replace(r"\[0\-9\]", "[0-9]") for each in value.split("|")
    ]
    found = any(re.fullmatch(pattern, given.get(name, "")) for pattern in patterns)
    return found == (sign == "==")


@pytest.mark.parametrize("name", DEVICES)
def test_what_may_be_plugged_in(name: str):
    device, expected = DEVICES[name]
    assert _let_in(device, {"/data/etc-kiosk/kiosk.toml"}) is expected


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        (set(), True),
        ({"/data/etc-kiosk/kiosk.toml"}, False),
        ({"/data/etc-kiosk/kiosk.toml", "/run/kiosk-sticks"}, True),
        ({"/data/etc-kiosk/kiosk.toml", "/data/etc-kiosk/usb-sticks"}, True),
    ],
)
def test_a_stick_is_let_in_while_it_is_wanted(present: set[str], expected: bool):
    assert _let_in(DEVICES["stick"][0], present) is expected


def test_the_disk_that_the_system_lies_on_keeps_its_driver():
    """A Pi may start from a disk on USB: these rules see it again when the root is there."""
    rules = _lines("etc/udev/rules.d/70-kiosk-usb.rules")
    [line] = [number for number, line in enumerate(rules) if "DRIVER" in line]
    assert rules[line] == 'ATTR{bInterfaceClass}=="08", DRIVER=="?*", GOTO="kiosk_usb_allow"'
    assert line < next(number for number, line in enumerate(rules) if line.startswith('ATTR{authorized}="0"'))


def test_a_device_that_is_refused_is_given_no_driver():
    """Those of network cards are never loaded, whatever asks for them."""
    refused = [line.split()[1] for line in _lines("etc/modprobe.d/kiosk.conf")]
    assert {"cdc_ether", "cdc_ncm", "cdc_mbim", "rndis_host", "ipheth"} <= set(refused)
    assert all(line.endswith(" /bin/false") for line in _lines("etc/modprobe.d/kiosk.conf"))
