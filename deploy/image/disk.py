"""A root's folder made into a disk: a partition that starts it, the root, and the one for data, which grows at the first boot.

Nothing is mounted for that, so it works where there are no loop devices.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from deploy.image.root import COMMAND_LINE, Recipe

MIB = 1024 * 1024
BOOT_MIB, DATA_MIB = 256, 256
ROOT_TYPES = {"amd64": "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", "arm64": "B921B045-1DF0-41C3-AF44-4C6F280D3FAE"}
TABLE = """\
label: gpt
start=1MiB, size={boot}MiB, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=kiosk-boot
size={root}MiB, type={type}, name=kiosk-root
size={data}MiB, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name=kiosk-data
"""
LOADER = {"amd64": ("systemd-bootx64.efi", "BOOTX64.EFI"), "arm64": ("systemd-bootaa64.efi", "BOOTAA64.EFI")}
CONFIG_TXT = """\
# The kiosk's own; what else can stand here: https://www.raspberrypi.com/documentation/computers/config_txt.html
arm_64bit=1
auto_initramfs=1
camera_auto_detect=1
display_auto_detect=1
dtoverlay=vc4-kms-v3d
max_framebuffers=2
disable_overscan=1
disable_splash=1
dtparam=watchdog=on
dtparam=audio=on
"""


def make(root: Path, image: Path, recipe: Recipe, data: Path | None = None) -> None:
    """Write `image`; what is in `root` stays as it is. `data`: a folder with what the data partition has already."""
    used = sum(path.lstat().st_size for path in root.rglob("*") if not path.is_symlink() and path.is_file())
    size = used * 12 // 10 // MIB + 192
    with tempfile.TemporaryDirectory(prefix="kiosk-disk-", dir=image.parent) as name:
        folder = Path(name)
        boot, system, kept, empty = (folder / each for each in ("boot", "root", "data", "empty"))
        empty.mkdir()
        _fat(boot, _pi_boot(root, folder) if recipe.pi else _uefi_boot(root, folder, recipe.lock.arch))
        _ext4(root, system, size, "kiosk-root")
        _ext4(data or empty, kept, DATA_MIB, "kiosk-data")
        with image.open("wb") as file:
            file.truncate((1 + BOOT_MIB + size + DATA_MIB + 1) * MIB)
        table = TABLE.format(boot=BOOT_MIB, root=size, data=DATA_MIB, type=ROOT_TYPES[recipe.lock.arch])
        subprocess.run(["sfdisk", "--quiet", image], input=table, text=True, check=True)
        for part, start in ((boot, 1), (system, 1 + BOOT_MIB), (kept, 1 + BOOT_MIB + size)):
            words = [f"if={part}", f"of={image}", "bs=1M", f"seek={start}", "conv=notrunc,sparse", "status=none"]
            subprocess.run(["dd", *words], check=True)


def _uefi_boot(root: Path, folder: Path, arch: str) -> Path:
    """systemd-boot with one entry, which asks nothing and lets nobody edit it."""
    place = folder / "esp"
    program, name = LOADER[arch]
    for part in ("EFI/BOOT", "loader/entries"):
        (place / part).mkdir(parents=True)
    shutil.copy(root / "usr/lib/systemd/boot/efi" / program, place / "EFI/BOOT" / name)
    shutil.copy(max((root / "boot").glob("vmlinuz-*")), place / "vmlinuz")
    shutil.copy(max((root / "boot").glob("initrd.img-*")), place / "initrd")
    (place / "loader/loader.conf").write_text("default kiosk.conf\ntimeout 0\neditor no\n", "utf-8")
    entry = f"title Payment kiosk\nlinux /vmlinuz\ninitrd /initrd\noptions {COMMAND_LINE}\n"
    (place / "loader/entries/kiosk.conf").write_text(entry, "utf-8")
    return place


def _pi_boot(root: Path, folder: Path) -> Path:
    """What Raspberry Pi's packages have put there, and how it starts. No secret lies here: any machine can read it."""
    place = folder / "firmware"
    shutil.copytree(root / "boot/firmware", place)
    (place / "config.txt").write_text(CONFIG_TXT, "utf-8")
    (place / "cmdline.txt").write_text(f"{COMMAND_LINE} rootfstype=ext4 rootwait\n", "utf-8")
    return place


def _fat(file: Path, content: Path) -> None:
    with file.open("wb") as disk:
        disk.truncate(BOOT_MIB * MIB)
    subprocess.run(["mkfs.vfat", "-F", "32", "-n", "KIOSK", file], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["mcopy", "-s", "-i", file, *sorted(content.iterdir()), "::/"], check=True)


def _ext4(folder: Path, file: Path, mib: int, label: str) -> None:
    words = ["mke2fs", "-q", "-t", "ext4", "-L", label, "-m", "0", "-d", str(folder), str(file), f"{mib}M"]
    subprocess.run(words, check=True)
