"""What a virtual machine boots: the lab's Debian root under a layer with a kernel and lgpio, made once and kept.

The kernel is Debian's own of the backports: it has simulated GPIO pins (gpio-sim), which older ones lack. `disk` makes of a
root, with a kiosk installed in it, what QEMU takes for a disk. As root; needs the network once.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.lab import root
from tests.lab.layers import Layers

KERNEL = "linux-image-amd64"
BACKPORTS = f"{root.SUITE}-backports"
PACKAGES = ("initramfs-tools", "kmod", "zstd", "e2fsprogs")
COMPILING = ("gcc", "libc6-dev", "python3-dev", "python3-pip", "swig")
EARLY = ("virtio_pci", "virtio_blk", "ext4", "i6300esb")  # modules that the first few seconds need
LATER = ("gpio-sim", "uinput", "virtio-gpu", "virtio_console", "virtio_net", "9p", "9pnet_virtio")
LGPIO = "0.2.2.0"
DISK = "3G"  # sparse
MINUTES = 10


@dataclass(frozen=True, slots=True)
class Image:
    """Folders from the uppermost down, and what QEMU starts by itself."""

    layers: tuple[Path, ...]
    kernel: Path
    initrd: Path


def ready() -> Image:
    """Made first if need be (two minutes). CalledProcessError when apt, pip or a compiler fails: see the log."""
    kept = root.ready()
    place = root.CACHE / f"vm-{_key(kept)}"
    if not place.exists():
        for old in root.CACHE.glob("vm-*"):
            shutil.rmtree(old)
        print(f"making the virtual machine's layer in {place}, once; the log is {root.CACHE}/vm.log", flush=True)
        _make(kept, root.CACHE / "vm-new")
        (root.CACHE / "vm-new").rename(place)
    return Image((place / "upper", kept), place / "vmlinuz", place / "initrd")


def disk(folder: Path, file: Path, size: str = DISK, label: str = "root") -> None:
    """An ext4 disk with what is in the folder."""
    file.unlink(missing_ok=True)
    words = ["mke2fs", "-q", "-t", "ext4", "-L", label, "-d", str(folder), str(file), size]
    subprocess.run(words, check=True, capture_output=True, text=True)


def _key(kept: Path) -> str:
    return hashlib.sha256(f"{kept.name}\n{_recipe()}".encode()).hexdigest()[:12]


def _make(kept: Path, new: Path) -> None:
    new.mkdir()
    layers = Layers((kept,), new)
    try:
        with (root.CACHE / "vm.log").open("w") as log:
            files = [root.CERTIFICATES, *root.pip_files()]
            binds = [f"--bind-ro={file}" for file in files]
            layers.do(_recipe(), *binds, timeout_s=60 * MINUTES, log=log)
        boot = layers.root / "boot"
        shutil.copy(next(boot.glob("vmlinuz-*")), new / "vmlinuz")
        shutil.copy(next(boot.glob("initrd.img-*")), new / "initrd")
    finally:
        layers.close()


def _recipe() -> str:
    """Shell words to be run in the root."""
    backports = f"deb [signed-by={root.KEYRING}] {root.mirror('Debian')} {BACKPORTS} main"
    sources = "lgCtx lgDbg lgErr lgGpio lgHdl lgI2C lgNotify lgPthAlerts lgPthTx lgSerial lgSPI lgThread lgUtil"
    return f"""
        export DEBIAN_FRONTEND=noninteractive SSL_CERT_FILE={root.CERTIFICATES} PIP_CERT={root.CERTIFICATES}
        export REQUESTS_CA_BUNDLE={root.CERTIFICATES} PIP_DISABLE_PIP_VERSION_CHECK=1
        echo '{backports}' >/etc/apt/sources.list.d/backports.list
        mkdir -p /etc/initramfs-tools/conf.d
        echo MODULES=list >/etc/initramfs-tools/conf.d/lab
        printf '%s\\n' {" ".join(LATER)} >/etc/modules-load.d/lab.conf
        apt-get -q update
        apt-get -q -y install --no-install-recommends {" ".join((*PACKAGES, *COMPILING))}
        printf '%s\\n' {" ".join(EARLY)} >/etc/initramfs-tools/modules
        apt-get -q -y install --no-install-recommends -t {BACKPORTS} {KERNEL}
        cd /tmp
        pip download --quiet --no-deps --no-binary :all: lgpio=={LGPIO}
        tar -xf lgpio-{LGPIO}.tar.gz
        cd lgpio-{LGPIO}/src
        mkdir -p /opt/lgpio
        gcc -O2 -w -shared -fPIC -o /opt/lgpio/liblgpio.so {" ".join(f"{name}.c" for name in sources.split())} -lpthread
        cd ..
        LDFLAGS='-L/opt/lgpio -Wl,-rpath,/opt/lgpio' pip install --quiet --break-system-packages . 'gpiozero>=2.0'
        rm -rf /tmp/lgpio* /var/lib/apt/lists/* /var/cache/apt/*
    """
