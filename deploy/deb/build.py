"""Makes the package: what it holds in a folder, and of that folder a .deb, the same in every bit from the same commit.

`factory` alone is a release's content (docs/appliance.md).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from deploy.deb.lock import Lock, pip, wheels_for
from deploy.words import compile_all

HERE = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).parent / "scripts"
FACTORY = "usr/lib/kiosk/factory"
_RELEASES = {"bookworm": "deb12", "trixie": "deb13"}
_RECOMMENDS = ("espeak-ng", "network-manager", "dnsmasq-base", "python3-picamera2", "python3-lgpio", "python3-gpiozero (>= 2.0)")
"""Tones are enough to sell with; dnsmasq-base hands out addresses in the kiosk's own Wi-Fi; the last three are Raspberry Pi's."""
_GIT = ("git", "-c", f"safe.directory={HERE}", "-C", str(HERE))  # root builds in another's clone
_PLACES = {  # what lies in systemd/, by its last suffix; {} is its name without that
    ".service": "usr/lib/systemd/system/{}.service",
    ".socket": "usr/lib/systemd/system/{}.socket",
    ".timer": "usr/lib/systemd/system/{}.timer",
    ".path": "usr/lib/systemd/system/{}.path",
    ".sysusers": "usr/lib/sysusers.d/{}.conf",
    ".tmpfiles": "usr/lib/tmpfiles.d/{}.conf",
    ".rules": "usr/lib/udev/rules.d/60-{}.rules",
    ".conf": "usr/lib/systemd/system.conf.d/{}.conf",
}
_CONTROL = """\
Package: kiosk
Version: {version}
Architecture: {arch}
Maintainer: The kiosk's makers <kiosk@localhost>
Section: misc
Priority: optional
Installed-Size: {size}
Depends: {depends}
Recommends: {recommends}
Description: payment kiosk for shops without a POS
 WeChat Pay, Quick Pay and Native, on a Raspberry Pi with a small screen, a
 keypad and a camera.
"""


def deb(lock: Lock, place: Path, version: str | None = None, vendored: Path | None = None) -> Path:
    """The file, in the folder `place`. `vendored`: what `vendor` has made already, else it is called.

    CalledProcessError when pip cannot fetch a wheel, or has another one than the lock.
    """
    version = version or of_source()
    place.mkdir(parents=True, exist_ok=True)
    file = place / f"kiosk_{version}_{lock.arch}~{lock.suite}.deb"
    with tempfile.TemporaryDirectory(prefix="kiosk-deb-") as folder:
        top = Path(folder) / "top"
        stage(lock, top, version, vendored)
        _control(lock, top, version)
        _modes(top)
        # Quick, as a Pi makes it, too; and in one thread, as otherwise the result would depend on how many there are.
        words = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z1", "--threads-max=1", "--build", str(top), str(file)]
        subprocess.run(words, check=True, capture_output=True, env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch())})
    return file


def of_source() -> str:
    """The version that the source says."""
    found = re.search(r'^__version__ = "(.+)"$', (HERE / "kiosk/__init__.py").read_text("utf-8"), re.MULTILINE)
    assert found
    return found[1]


def stage(lock: Lock, top: Path, version: str, vendored: Path | None = None) -> None:
    """All the files that the package holds, in their places under `top`."""
    factory(lock, top / FACTORY, version, vendored)
    put(HERE / "deploy/launcher", top / "usr/lib/kiosk/bin/kiosk", 0o755)
    put(HERE / "deploy/kiosk-quiet", top / "usr/lib/kiosk/bin/kiosk-quiet", 0o755)
    put(HERE / "deploy/kiosk", top / "usr/bin/kiosk", 0o755)
    put(HERE / "README.md", top / "usr/share/doc/kiosk/README.md")
    for file in sorted((HERE / "systemd").iterdir()):
        put(file, top / _PLACES[file.suffix].format(file.stem))
    for key in sorted((HERE / "deploy/release-keys").glob("*.pub")):
        put(key, top / "usr/lib/kiosk/release-keys" / key.name)


def factory(lock: Lock, place: Path, version: str, vendored: Path | None = None) -> None:
    """A release, as docs/appliance.md has it: kiosk/, vendor/ and release.json in the folder `place`."""
    for name in tracked("kiosk"):
        put(HERE / name, place / name)
    compile_all(place)
    for source in [*(place / "kiosk/locale").rglob("*.po"), *(place / "kiosk/locale").glob("*.pot")]:
        source.unlink()
    init = place / "kiosk/__init__.py"
    init.write_text(re.sub(r"^(__version__ = ).*$", rf'\1"{version}"', init.read_text("utf-8"), flags=re.MULTILINE), "utf-8")
    if vendored is None:
        vendor(lock, place / "vendor")
    else:
        shutil.copytree(vendored, place / "vendor")
    schema = len(list((place / "kiosk/payment/schema").glob("*.sql")))
    told = {"version": version, "python": lock.python, "machine": lock.machine, "ledger": schema}
    (place / "release.json").write_text(json.dumps(told) + "\n", "utf-8")


def vendor(lock: Lock, place: Path) -> None:
    """The lock's wheels, unpacked. CalledProcessError when pip cannot fetch one of them, or it is not the one that was locked."""
    with tempfile.TemporaryDirectory(prefix="kiosk-deb-") as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text("".join(f"{w.name}=={w.version} --hash=sha256:{w.sha256}\n" for w in lock.wheels), "utf-8")
        asked = pip("download", "--no-deps", "--require-hashes", *wheels_for(lock.suite, lock.arch), f"--dest={folder}")
        subprocess.run([*asked, "-r", wanted], check=True)
        for file in sorted(Path(folder).glob("*.whl")):
            with zipfile.ZipFile(file) as wheel:
                for name in wheel.namelist():
                    if ".data/" not in name:  # programs and headers; nothing here needs them
                        wheel.extract(name, place)


def tracked(*names: str) -> list[str]:
    """The files of the source below these, as git knows them."""
    return _said("ls-files", "-z", *names).split("\0")[:-1]


def changed() -> list[str]:
    """Those that are not as they were committed, or not committed at all."""
    return [each[3:] for each in _said("status", "--porcelain", "-z", "--untracked-files=all").split("\0")[:-1]]


def put(source: Path, target: Path, mode: int = 0o644) -> None:
    """A copy, with folders as they are needed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


def _control(lock: Lock, top: Path, version: str) -> None:
    files = sorted(path for path in top.rglob("*") if path.is_file())
    folder = top / "DEBIAN"
    folder.mkdir()
    minor = int(lock.python.partition(".")[2])
    depends = ["systemd (>= 252)", "udev", f"python3 (>= 3.{minor}~)", f"python3 (<< 3.{minor + 1}~)", *lock.depends]
    told = _CONTROL.format(
        version=f"{version}~{_RELEASES[lock.suite]}",
        arch=lock.arch,
        size=sum(path.stat().st_size for path in files) // 1024,
        depends=", ".join(depends),
        recommends=", ".join(_RECOMMENDS),
    )
    (folder / "control").write_text(told, "utf-8")
    sums = [f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  {path.relative_to(top)}\n" for path in files]
    (folder / "md5sums").write_text("".join(sums), "utf-8")
    named = {name: [path.name for path in files if path.parent.name == name] for name in ("sysusers.d", "tmpfiles.d")}
    units = {path.name: path.read_text("utf-8") for path in files if path.parent.name == "system"}
    at_boot = [name for name, text in units.items() if "\n[Install]\n" in text]
    running = [
        name for name, text in units.items() if "\nType=oneshot\n" not in text
    ]  # what does its work once is no matter here
    words = {
        "@AT_BOOT@": at_boot,
        "@RUNNING@": running,
        "@STARTED@": [name for name in at_boot if name in running],
        "@USERS@": named["sysusers.d"],
        "@FOLDERS@": named["tmpfiles.d"],
    }
    for script in SCRIPTS.iterdir():
        text = script.read_text("utf-8")
        for word, names in words.items():
            text = text.replace(word, " ".join(names))
        (folder / script.name).write_text(text, "utf-8")
        (folder / script.name).chmod(0o755)


def epoch() -> int:
    """When the last commit was made, in seconds since 1970."""
    return int(os.environ.get("SOURCE_DATE_EPOCH") or _said("log", "-1", "--format=%ct"))


def _said(*words: str) -> str:
    return subprocess.run([*_GIT, *words], capture_output=True, text=True, check=True).stdout


def _modes(top: Path) -> None:
    """Modes are the package's, not the builder's; times dpkg-deb sets back to the commit's."""
    for path in top.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    top.chmod(0o755)
