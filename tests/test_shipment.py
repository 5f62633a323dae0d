"""What `make release` hands out: the wheel has all of the kiosk and nothing else, an SBOM names each part, the sums are right."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest
import setuptools

from deploy import sbom, shipment, wheel
from deploy.deb import build
from deploy.deb.lock import LOCKS, Lock, Wheel
from kiosk.release import parcel

pytestmark = pytest.mark.whole

BACKEND = Path(setuptools.__file__).parents[1]  # the locked ones would have to be fetched
EPOCH = "1790000000"
NUMPY = Lock("trixie", "arm64", ["libzbar0", "python3-numpy (>= 1:1.24)"], [Wheel("python-escpos", "3.1", "ab" * 32)])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twice, by builders with other habits."""
    folder = tmp_path_factory.mktemp("wheel")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", EPOCH)
        one = wheel.make(folder / "one", BACKEND)
        before = os.umask(0o077)
        try:
            other = wheel.make(folder / "two", BACKEND)
        finally:
            os.umask(before)
    assert one.read_bytes() == other.read_bytes(), "the same source made two wheels"
    return one


@pytest.fixture(scope="module")
def unpacked(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(made) as file:
        file.extractall(folder)
    return folder


def test_the_wheel_holds_the_package_as_it_is_tracked_and_nothing_beside_it(made: Path):
    """No test, no test's data, nothing of a desk; and none of the schemas, fonts and pages is missing."""
    with zipfile.ZipFile(made) as file:
        names = {name for name in file.namelist() if not name.endswith("/")}
        (points,) = (file.read(name).decode() for name in names if name.endswith(".dist-info/entry_points.txt"))
    about = {name for name in names if name.split("/")[0].endswith(".dist-info")}
    source = build.tracked("kiosk")
    catalogues = {name.removesuffix(".po") + ".mo" for name in source if name.endswith(".po")}
    assert len(catalogues) > 5
    assert names - about == catalogues | {name for name in source if not name.endswith((".po", ".pot"))}
    assert not [name for name in names if "test" in name.lower()]
    assert "kiosk = kiosk.cli:main" in points


def test_the_stand_in_runs_out_of_the_wheel(unpacked: Path, tmp_path: Path):
    """In a folder where there is no source: it prints its addresses, and the bench page has its script and its style."""
    code = (
        "import sys, kiosk; assert kiosk.__file__.startswith(sys.argv.pop(1)), kiosk.__file__; from kiosk.cli import main; main()"
    )
    words = [sys.executable, "-c", code, str(unpacked), "sandbox", "--dir", str(tmp_path / "desk")]
    env = {**os.environ, "PYTHONPATH": str(unpacked)}
    with subprocess.Popen(words, cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while "kiosk.toml" not in process.stdout.readline():
            assert process.poll() is None
        page = json.loads((tmp_path / "desk/sandbox.json").read_text("utf-8"))["page"]
        with urllib.request.urlopen(page) as answer:
            html = answer.read().decode()
        for name in ("bench.js", "bench.css"):
            assert name in html
            with urllib.request.urlopen(f"{page.rstrip('/')}/static/{name}") as answer:
                assert answer.status == 200
        process.terminate()


def test_an_sbom_names_each_wheel_with_its_hash_and_licence_and_each_package_of_apts(tmp_path: Path):
    file, about = tmp_path / "kiosk.deb", tmp_path / "python_escpos-3.1.dist-info"
    file.write_bytes(b"a package")
    about.mkdir()
    (about / "METADATA").write_text("Name: python-escpos\nVersion: 3.1\nLicense: MIT\n\nWords.", "utf-8")
    told = sbom.of_package(NUMPY, file, "9.9", tmp_path, int(EPOCH))
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    assert told["metadata"]["component"]["hashes"][0]["content"] == hashlib.sha256(b"a package").hexdigest()
    library, *apts = told["components"]
    assert library["purl"] == "pkg:pypi/python-escpos@3.1"
    assert library["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    assert library["licenses"] == [{"license": {"name": "MIT"}}]
    assert [each["purl"] for each in apts] == [f"pkg:deb/debian/{name}?distro=trixie" for name in ("libzbar0", "python3-numpy")]
    assert told["dependencies"][0]["dependsOn"] == [each["bom-ref"] for each in told["components"]]
    assert told == sbom.of_package(NUMPY, file, "9.9", tmp_path, int(EPOCH))


def test_all_that_is_handed_out_stands_in_the_sums_and_the_release_is_signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is missing, so no package can be made: this is no Debian")
    monkeypatch.setattr(build, "vendor", lambda _lock, place: place.mkdir())
    monkeypatch.setattr(wheel, "make", lambda place: shipment._written(place / "kiosk.whl", "a wheel"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)
    private, public = parcel.new_key()
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/2026.pub").write_bytes(public)
    (tmp_path / "signing.pem").write_bytes(private)
    place = tmp_path / "out"
    place.mkdir()
    made = shipment.ship(place, [NUMPY], tmp_path / "signing.pem")
    assert sorted(file.name for file in made) == sorted(path.name for path in place.iterdir())
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", shipment.SUMS], cwd=place, check=True)
    assert len((place / shipment.SUMS).read_text("utf-8").splitlines()) == len(made) - 1 == 4
    with next(place.glob("*.release")).open("rb") as content:
        assert parcel.verify(content, parcel.keys_in(tmp_path / "keys")).machine == "aarch64"


def test_what_was_changed_after_its_commit_is_not_handed_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(build, "changed", lambda: ["kiosk/app.py"])
    assert "kiosk/app.py" in (shipment.why_not(tmp_path) or "")
    monkeypatch.setattr(build, "changed", list)
    assert shipment.why_not(tmp_path) is None
    (tmp_path / "kiosk.whl").touch()
    assert "not empty" in (shipment.why_not(tmp_path) or "")


def test_each_lock_names_its_wheels_by_hash():
    for file in LOCKS.glob("*.json"):
        for each in json.loads(file.read_text("utf-8"))["wheels"]:
            assert len(each["sha256"]) == 64, (file.name, each["name"])
    assert len(wheel.BACKEND.wheels[0].sha256) == 64
