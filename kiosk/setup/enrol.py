"""`kiosk enrol-code`: a folder with merchant.toml and keys becomes QR codes for the kiosk's camera, and digits.

The tool of whoever opens merchants' accounts. All that a kiosk would find wrong is found here first. The page shows one QR after
another, for a phone's or a laptop's screen, and prints all of them; the digits stand in neither.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from kiosk import config as configuration
from kiosk.core.enrolment import parts
from kiosk.core.errors import ConfigError
from kiosk.core.setup_screens import Told
from kiosk.display.qr import QUIET, modules
from kiosk.setup import proof, vault
from kiosk.setup.board import Board
from kiosk.setup.settings import NotMerchantData, Places, read_merchant, whole
from kiosk.steward import stick
from kiosk.steward.words import SECRETS, StewardRefused

SHOWN_S = 1.5  # each QR: a camera needs some tenths


def enrolment(folder: Path) -> tuple[str, list[str]]:
    """The digits, and the texts of the QRs, for what is in the folder. ConfigError with all that is wrong in it."""
    try:
        files = stick.read(folder)
        merchant = files[stick.MERCHANT].decode("utf-8-sig")
    except KeyError:
        raise ConfigError([f"{folder} has no {stick.MERCHANT}. Write it as README shows."]) from None
    except UnicodeDecodeError:
        raise ConfigError([f"{folder / stick.MERCHANT} is not UTF-8 text. Save it as UTF-8."]) from None
    except StewardRefused as refusal:
        raise ConfigError([str(refusal).replace(" on the stick", "")]) from None
    _check(merchant, files)
    digits = vault.new_passphrase()
    try:
        return digits, parts(vault.seal(files | {stick.MERCHANT: merchant.encode("utf-8")}, digits))
    except ValueError as error:
        raise ConfigError([f"{folder} is too much for QR codes: {error}. Use a USB stick."]) from None


def page(texts: Sequence[str], name: str) -> str:
    """A page of HTML that needs nothing else: on a screen one QR at a time, on paper all of them."""
    total = len(texts)
    share = 100 / total
    drawn = [
        f'<figure style="animation-delay:{number * SHOWN_S}s">{_drawn(text)}{number + 1} / {total}</figure>'
        for number, text in enumerate(texts)
    ]
    title = html.escape(f"Enrolment: {name}")
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
body {{ margin: 0 1em; font: 16px sans-serif; background: #fff; color: #000; text-align: center }}
figure {{ margin: 0; position: absolute; inset: 3em 0 0 0; opacity: 0; animation: one {total * SHOWN_S}s step-end infinite }}
figure:only-of-type {{ opacity: 1; animation: none }}
svg {{ display: block; margin: 0 auto; width: min(96vw, 80vh) }}
@keyframes one {{ 0% {{ opacity: 1 }} {share:.4f}% {{ opacity: 0 }} 100% {{ opacity: 0 }} }}
@media print {{ figure {{ position: static; opacity: 1; animation: none; display: inline-block; width: 45%; break-inside: avoid }}
svg {{ width: 100% }} }}
</style>
<p>{title}. Hold this to the kiosk’s camera. The digits come another way.</p>
{"".join(drawn)}
</html>
"""


def _check(merchant: str, files: dict[str, bytes]) -> None:
    """As the kiosk will, as far as that can be done without it."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for each, content in files.items():
            (folder / each).write_bytes(content)
        for absent in set(SECRETS) - set(files):  # made on the device, or given another way
            (folder / absent).write_bytes(_PLACEHOLDERS[absent])
        path = folder / "kiosk.toml"
        where = Places(folder, folder, folder / "control.sock")
        try:
            path.write_text(whole(merchant, "en", "UTC", proof.serial_of(folder), Board(), where), "utf-8")
            loaded = configuration.load(path, folder)
        except NotMerchantData as error:
            raise ConfigError([str(error)]) from None
        except ConfigError as error:
            raise ConfigError([problem.replace(f"{folder}/", "") for problem in error.problems]) from None
        if SECRETS[0] in files and (found := proof.apart(loaded, proof.certificate_of(folder))) is not None:
            raise ConfigError([_FLAWS.get(found.told, found.detail) or found.detail])


def name_of(folder: Path) -> str:
    """The shop's."""
    return str(read_merchant((folder / stick.MERCHANT).read_text("utf-8-sig"))["merchant"].get("name", ""))


def _drawn(text: str) -> str:
    """A QR as SVG, one rectangle for each run of dark modules."""
    rows = modules(text)
    side = len(rows) + 2 * QUIET
    path = []
    for down, row in enumerate(rows):
        right = 0
        while right < len(row):
            end = right
            while end < len(row) and row[end]:
                end += 1
            if end > right:
                path.append(f"M{right + QUIET} {down + QUIET}h{end - right}v1H{right + QUIET}z")
            right = end + 1
    return f'<svg viewBox="0 0 {side} {side}" shape-rendering="crispEdges"><path d="{"".join(path)}"/></svg>'


_PLACEHOLDERS = {"merchant_key.pem": b"-----BEGIN PRIVATE KEY-----\n", "api_v3_key.txt": b"0" * 32}
_FLAWS = {
    Told.PAIR: "merchant_cert.pem and merchant_key.pem do not belong together. Take both from the same download.",
    Told.SERIAL: "merchant_serial is not the certificate's. Leave it out: the certificate has it.",
}
