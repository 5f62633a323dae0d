"""The real steward's own: hostile names, secrets that stay out of commands, releases from odd places, and what a bundle says."""

from __future__ import annotations

import io
import json
import os
import tarfile
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.release.trial import Began, Manifest
from kiosk.steward import bundle, wifi
from kiosk.steward.__main__ import Attended
from kiosk.steward.bundle import Bundle, entry_of, sieve
from kiosk.steward.commands import LATE, MISSING, Done, run
from kiosk.steward.fake import FakeSteward
from kiosk.steward.words import StewardRefused, UpdateState, What
from tests.releases import manifest, release, stage
from tests.steward_machine import Machine
from tests.test_steward_contract import API_V3_KEY, KEY, pem

SECRET = "correct horse; battery=\\s"
CODE = "134567890123456789"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# --- Wi-Fi ---


@given(
    ssid=st.text(min_size=1).filter(lambda text: 0 < len(text.encode(errors="replace")) <= 32 and max(text) < "\ud800"),
    password=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=8, max_size=63),
)
@settings(max_examples=300, deadline=None)
def test_whatever_is_in_a_name_or_a_password_stays_in_it(
    tmp_path_factory: pytest.TempPathFactory, ssid: str, password: str
) -> None:
    """The file has the lines we wrote and no other, and says what was given."""
    machine = Machine(tmp_path_factory.mktemp("w"))
    machine.connections.mkdir()
    for content in (wifi.client(ssid, password, hidden=True), wifi.access_point(ssid, password)):
        (machine.connections / "x").write_bytes(content)
        assert machine.ssid_of("x") == ssid.encode()
        assert machine.password_of("x") == password
        assert set(machine.file("x")) == {"connection", "wifi", "wifi-security", "ipv4", "ipv6"}
        assert machine.file("x")["connection"]["type"] == "wifi"


def test_no_secret_stands_in_a_command(machine: Machine) -> None:
    """Any user of a machine reads the commands of all others."""
    machine.air[b"Shop"] = SECRET
    steward = machine.steward()
    steward.join("Shop", SECRET)
    hotspot = steward.hotspot(on=True)
    assert hotspot is not None
    steward.credential("api_v3_key.txt", API_V3_KEY)
    steward.credential("merchant_key.pem", pem(KEY))
    said = " ".join(word for words, _ in machine.ran for word in words)
    for secret in (SECRET, hotspot.password, API_V3_KEY.decode(), pem(KEY).decode().splitlines()[1]):
        assert secret not in said
    assert all(isinstance(word, str) and words[0] not in {"sh", "bash"} for words, _ in machine.ran for word in words)


def test_nothing_readable_of_a_password_is_left_on_the_card(machine: Machine) -> None:
    """NetworkManager's file lies in memory, mode 0600; what lasts is sealed."""
    steward = machine.steward()
    steward.join("Harbour Snacks", "12345678")
    assert (machine.connections / wifi.FILE).stat().st_mode & 0o777 == 0o600
    kept = [path for path in machine.folder.rglob("*") if path.is_file() and path.parent != machine.connections]
    assert not [path for path in kept if b"12345678" in path.read_bytes()]
    assert wifi.CREDENTIAL in {path.name for path in kept}


def test_a_join_that_cannot_be_sealed_is_none(machine: Machine) -> None:
    """It would be gone with the next start, and nobody would know."""
    steward = machine.steward()
    machine.missing.add("systemd-creds")
    with pytest.raises(StewardRefused, match="could not be sealed"):
        steward.join("Guests", None)
    assert not (machine.connections / wifi.FILE).exists()


def test_without_networkmanager_a_cable_is_the_remedy(machine: Machine) -> None:
    """And the rest of the status is told all the same."""
    machine.missing.add("nmcli")
    steward = machine.steward()
    for deed in (lambda: steward.join("Guests", None), steward.networks, lambda: steward.hotspot(on=True)):
        with pytest.raises(StewardRefused, match="by a cable"):
            deed()
    assert steward.status().addresses == ("192.0.2.7",)


def test_networks_that_nobody_could_name_are_left_out(machine: Machine) -> None:
    """Hidden ones, bytes that are no text, texts that move the cursor; whatever else a line may hold."""
    machine.odd = [
        ":80:no:WPA2",
        "FF00:80:no:WPA2",
        "0A0D1B:80:no:",
        "zz:80:no:",
        "4161:x:no:",
        "",
        "4162",
        f"{'41' * 33}:80:no:WPA2",
    ]
    machine.odd += ["4775657374 73:20:no:", "4775657374 73".replace(" ", "") + ":99:no:WPA2:RSN"]
    assert [network.ssid for network in machine.steward().networks()] == ["Guests", "Harbour Snacks"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Error: Connection activation failed: (7) Secrets were required, but not provided.", "password"),
        ("Error: Connection activation failed: No network with SSID 'x' found.", "not found"),
        ("Error: Connection activation failed: IP configuration could not be reserved", "no address"),
        ("Error: No Wi-Fi device found.", "no Wi-Fi in this machine"),
        ("Error: something new", "something new"),
        ("", "did not answer in time"),
    ],
)
def test_what_went_wrong_is_said_for_people(said: str, words: str) -> None:
    assert words in wifi.why(Done(4, err=said.encode()))


# --- programs ---


def test_a_program_has_its_time_and_no_shell(tmp_path: Path) -> None:
    """What does not end is ended; what is not there is told."""
    assert run(["echo", "$HOME; *"], b"", 5.0).out == b"$HOME; *\n"
    assert run(["cat"], b"by stdin", 5.0).out == b"by stdin"
    assert run([str(tmp_path / "nothing")]).code == MISSING
    assert run(["sleep", "60"], b"", 0.05).code == LATE


# --- releases ---


def test_a_release_is_taken_from_its_places_only(machine: Machine, tmp_path: Path) -> None:
    """Whoever signed it: no link leads elsewhere, and nothing but a file is opened."""
    steward = machine.steward()
    file = release(tmp_path, manifest("1.1.0"))
    upload = machine.folder / "upload"
    (upload / "link.release").symlink_to(file)
    os.mkfifo(upload / "pipe.release")
    for path in (file, upload / "link.release", upload / ".." / file.name):
        with pytest.raises(StewardRefused, match="not where releases are taken from"):
            steward.stage(path)
    for path in (upload / "pipe.release", upload):
        with pytest.raises(StewardRefused):
            steward.stage(path)
    assert steward.status().update is None
    (upload / "1.release").write_bytes(file.read_bytes())
    assert steward.stage(upload / "1.release") == "1.1.0"
    status = steward.status()
    assert status.update is not None
    assert (status.update.state, status.slot, status.version) == (UpdateState.WAITING, "factory", "1.0.0")
    made = machine.shelf
    assert list(made.place("1.1.0").glob("kiosk/__pycache__/__init__.*.pyc"))
    assert (made.releases / "pending").exists()
    assert not [path for path in made.releases.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("about", [manifest("1.0.0"), manifest("0.9.0"), manifest("1.1.0", ledger=0)])
def test_nothing_older_is_staged(machine: Machine, tmp_path: Path, about: Manifest) -> None:
    steward = machine.steward()
    (machine.folder / "upload/x.release").write_bytes(release(tmp_path, about).read_bytes())
    with pytest.raises(StewardRefused, match=r"not newer|cannot read"):
        steward.stage(machine.folder / "upload/x.release")


def test_a_damaged_release_changes_nothing(machine: Machine, tmp_path: Path) -> None:
    """One that waits goes on waiting."""
    steward = machine.steward()
    upload = machine.folder / "upload/x.release"
    upload.write_bytes(release(tmp_path, manifest("1.1.0")).read_bytes())
    steward.stage(upload)
    content = bytearray(release(tmp_path, manifest("1.2.0")).read_bytes())
    content[-1] ^= 1
    upload.write_bytes(content)
    with pytest.raises(StewardRefused, match="damaged"):
        steward.stage(upload)
    status = steward.status()
    assert status.update is not None
    assert status.update.version == "1.1.0"
    assert [about.version for about in machine.shelf.there()] == ["1.1.0"]


def test_nothing_is_started_anew_during_a_trial(machine: Machine) -> None:
    steward = machine.steward()
    steward.restart(What.MACHINE)
    assert machine.ran[-1][0] == ["systemctl", "--no-block", "reboot"]

    stage(machine.shelf, manifest("1.1.0"))

    machine.shelf.happened(Began(migrates=False))
    with pytest.raises(StewardRefused, match="on trial"):
        steward.restart(What.KIOSK)


# --- the bundle ---


def _texts(machine: Machine, sys_: Path) -> dict[str, str]:
    (machine.folder / "os-release").write_text("NAME=Debian\n")
    with tarfile.open(fileobj=io.BytesIO(Bundle(machine.run, sys_, machine.folder).pack())) as tar:
        return {entry.name: tar.extractfile(entry).read().decode() for entry in tar}  # type: ignore[union-attr]


def test_what_is_not_here_is_said_in_words(machine: Machine, tmp_path: Path) -> None:
    """Each in its file: nobody has to guess whether it was forgotten."""
    texts = _texts(machine, tmp_path / "no-sys")
    assert "no SD card or eMMC here" in texts["system/storage.txt"]
    assert "not here: df is not installed" in texts["system/storage.txt"]
    assert "no thermometer here" in texts["system/temperature.txt"]
    assert "no vcgencmd, and no rpi_volt" in texts["system/power.txt"]
    assert "the journal is empty" in texts["system/journal.txt"]
    assert "NAME=Debian" in texts["system/about.txt"]


def test_a_pi_tells_of_its_card_its_heat_and_its_supply(machine: Machine, tmp_path: Path) -> None:
    """As its kernel lays them out."""
    files = {
        "class/mmc_host/mmc0/mmc0:0001/name": "BJTD4R",
        "class/mmc_host/mmc0/mmc0:0001/date": "01/2026",
        "class/mmc_host/mmc0/mmc0:0001/life_time": "0x03 0x01",
        "class/mmc_host/mmc0/mmc0:0001/pre_eol_info": "0x01",
        "class/mmc_host/mmc1/mmc1:aaaa/name": "SD32G",
        "class/thermal/thermal_zone0/type": "cpu-thermal",
        "class/thermal/thermal_zone0/temp": "61825",
        "class/hwmon/hwmon1/name": "rpi_volt",
        "class/hwmon/hwmon1/in0_lcrit_alarm": "1",
        "class/rtc/rtc0/name": "rpi-rtc",
    }
    for name, text in files.items():
        (tmp_path / "sys" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "sys" / name).write_text(text + "\n")
    texts = _texts(machine, tmp_path / "sys")
    assert "mmc0:0001: BJTD4R, made 01/2026; 20 to 30 % of its life used; spare blocks: normal" in texts["system/storage.txt"]
    assert "mmc1:aaaa: SD32G, made at a time it does not tell; it does not tell how worn it is" in texts["system/storage.txt"]
    assert "cpu-thermal: 61.8 C" in texts["system/temperature.txt"]
    assert "under-voltage since it was last asked" in texts["system/power.txt"]
    assert "clocks with a battery: 1" in texts["system/clock.txt"]


def test_the_firmware_tells_of_the_supply() -> None:
    """Vcgencmd's bits, in words."""
    power = Bundle(lambda *_: Done(0, b"throttled=0x50005\n")).power()
    assert power == "under-voltage now, throttled now, under-voltage since the start, throttled since the start"
    assert Bundle(lambda *_: Done(0, b"throttled=0x0\n")).power() == "the supply was strong enough"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"code {CODE}.", CODE),
        (pem(KEY).decode(), pem(KEY).decode().splitlines()[1]),
        ("-----BEGIN PRIVATE KEY-----\nMIIabc", "MIIabc"),
        ("psk=hunter22 and more", "hunter22"),
        ("PIN: 4711", "4711"),
        (f"key {API_V3_KEY.decode()}", API_V3_KEY.decode()),
        ("openid oUpF8uMuAJO_M2pxb1Q9zNjWeS6o paid", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"),
    ],
    ids=["code", "key", "broken key", "psk", "pin", "api key", "openid"],  # a key is another in each process
)
def test_what_could_be_a_secret_does_not_pass_the_sieve(text: str, secret: str) -> None:
    assert secret not in sieve(text)


def test_what_support_needs_passes_the_sieve() -> None:
    text = "kiosk-scanner.service restarted; order K07-260105-a70001, 4200000000202601051234567890 at 2026-01-05T03:04:05Z"
    assert sieve(text).startswith("kiosk-scanner.service restarted; order K07-260105-a70001, ")


def test_only_known_fields_of_the_journal_are_packed() -> None:
    """A field nobody has thought of may hold anything."""
    entry = {
        "__REALTIME_TIMESTAMP": "1767582245000000",
        "_SYSTEMD_UNIT": "kiosk.service",
        "PRIORITY": "6",
        "MESSAGE": "order ended",
    }
    line = entry_of(json.dumps(entry | {"STATE": "PAID", "OPENID": "somebody", "_CMDLINE": "x --pin 1"}))
    assert line == "2026-01-05T03:04:05.000000 kiosk.service <6> order ended (state=PAID)"
    for odd in ("", "{", "[]", "{}", '{"__REALTIME_TIMESTAMP": "x"}', '{"__REALTIME_TIMESTAMP": "9e99"}', "[" * 100_000):
        assert entry_of(odd) == ""
    assert "(not text)" in entry_of(json.dumps(entry | {"MESSAGE": [1, 2]}))


def test_a_bundle_has_an_end(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest is kept."""
    monkeypatch.setattr(bundle, "TEXT_MOST", 1000)
    machine.journal = [
        {"__REALTIME_TIMESTAMP": str(1767582245000000 + n), "_SYSTEMD_UNIT": "kiosk.service", "MESSAGE": f"line {n}"}
        for n in range(500)
    ]
    text = _texts(machine, tmp_path / "sys")["system/journal.txt"]
    assert len(text) <= 1001
    assert "line 499" in text


# --- the process ---


def test_it_is_idle_only_when_nobody_waits_for_an_answer(tmp_path: Path) -> None:
    """A join takes its minute."""
    attended = Attended(FakeSteward(tmp_path))
    go, there = threading.Event(), threading.Event()

    class Slow(FakeSteward):
        def networks(self) -> tuple[()]:
            there.set()
            go.wait(10)
            return ()

    attended._steward = Slow(tmp_path)
    time.sleep(0.01)
    assert attended.idle_s() > 0
    waiting = threading.Thread(target=attended.answer, args=({"do": "networks"},))
    waiting.start()
    there.wait(10)
    assert attended.idle_s() == 0
    go.set()
    waiting.join(10)
    assert attended.idle_s() >= 0


def test_what_the_machine_does_not_allow_is_told(tmp_path: Path) -> None:
    """A read-only disk, say; the steward lives on."""

    class Fails(FakeSteward):
        def networks(self) -> tuple[()]:
            raise OSError(30, "Read-only file system")

    assert Attended(Fails(tmp_path)).answer({"do": "networks"}) == {
        "problem": "The machine does not allow it: Read-only file system"
    }
