"""`python -m deploy.image [--suite trixie] [--arch arm64] [--pi]`: dist/kiosk_VERSION_ARCH~SUITE.img, to be written to a card."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.deb import build, lock
from deploy.image import disk, root

PROGRAMS = {"mmdebstrap": "mmdebstrap", "mke2fs": "e2fsprogs", "sfdisk": "fdisk", "mcopy": "mtools", "mkfs.vfat": "dosfstools"}


def main() -> None:
    """Print where the image is."""
    words = argparse.ArgumentParser("python -m deploy.image", description=__doc__)
    words.add_argument("--suite", choices=sorted(lock.PYTHONS), default="trixie")
    words.add_argument("--arch", choices=sorted(lock.MACHINES), default="arm64")
    words.add_argument("--pi", action="store_true", help="with the Pi's firmware and kernel, from Raspberry Pi's archive")
    words.add_argument("--work", type=Path, default=None, help="where its root is made and stays; else a temporary folder")
    given = words.parse_args()
    if os.geteuid() != 0:
        sys.exit("image: only root may make a system's files: sudo make image")
    if lacking := [package for program, package in PROGRAMS.items() if shutil.which(program) is None]:
        sys.exit(f"image: apt install {' '.join(lacking)}")
    if given.pi and given.arch != "arm64":
        sys.exit("image: a Pi's system is arm64")
    with tempfile.TemporaryDirectory(prefix="kiosk-image-") as folder:
        work = given.work or Path(folder)
        locked = lock.read(given.suite, given.arch)
        recipe = root.Recipe(locked, pi=given.pi)
        package = build.deb(locked, work)
        subprocess.run(root.mmdebstrap(recipe, package, work / "root"), check=True)
        image = Path("dist") / f"{package.stem}{'-pi' if given.pi else ''}.img"
        image.parent.mkdir(exist_ok=True)
        disk.make(work / "root", image, recipe)
    sys.stdout.write(f"{image}\n")


if __name__ == "__main__":
    main()
