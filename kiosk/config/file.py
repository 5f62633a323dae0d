"""kiosk.toml read, checked as a whole, and handed out as values that need no further parsing.

All mistakes come at once, in one ConfigError; the key files are read here too, so that a wrong name is found before anything
starts. Holds the tables [merchant], [camera], [ledger] and [control] itself; the other files know theirs.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, time, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from kiosk.config.books import BooksConfig, read_books
from kiosk.config.display import DisplayConfig, read_display
from kiosk.config.keypad import KeypadConfig, read_keypad
from kiosk.config.notifications import NotificationsConfig, read_notifications
from kiosk.config.operators import read_operators, read_refunds
from kiosk.config.owner import OwnerConfig, read_owner
from kiosk.config.posting import PostingConfig, read_posting
from kiosk.config.printer import PrinterConfig, read_printer
from kiosk.config.reader import Files, Table, did_you_mean, shown_key
from kiosk.config.shifts import ShiftsConfig, read_day_starts, read_shifts
from kiosk.config.sound import SoundConfig, read_sound
from kiosk.config.till import TillConfig, read_till
from kiosk.config.update import UpdateConfig, read_update
from kiosk.config.wechat import WechatPayConfig, read_wechat_pay
from kiosk.core.errors import ConfigError
from kiosk.core.model import Direct, Institution, Merchant
from kiosk.core.money import known_currency
from kiosk.core.operators import ALL_OF_IT, ALONE, Operator, RefundRules

PLACES = (Path("/etc/kiosk/kiosk.toml"), Path("kiosk.toml"))
CAMERAS = ("picamera2", "v4l2", "folder")
MAINS_HZ = (50, 60)
MODES = ("institution", "direct")
TABLES = (
    "merchant",
    "wechat_pay",
    "display",
    "sound",
    "keypad",
    "camera",
    "till",
    "ledger",
    "control",
    "notifications",
    "printer",
    "update",
    "owner",
    "shifts",
    "posting",
    "operators",
    "refunds",
    "books",
)


@dataclass(frozen=True, slots=True)
class MerchantConfig:
    """Who sells. `numbers` are the merchant's numbers at WeChat; the shop's day begins at `day_starts` in `time_zone`."""

    name: str
    numbers: Merchant
    merchant_category_code: str
    currency: str
    kiosk_id: str
    time_zone: tzinfo
    day_starts: time = time(0)


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """The camera. `folder` is there when the driver is folder; `device`: v4l2's, None for the first webcam."""

    driver: str
    folder: Path | None = None
    device: Path | None = None
    mains_hz: int = MAINS_HZ[0]


@dataclass(frozen=True, slots=True)
class LedgerConfig:
    """Where the ledger lies, and its backups: beside it, unless `backups` names a folder."""

    path: Path
    backups: Path | None = None

    @property
    def backup_folder(self) -> Path:
        """Where backups lie."""
        return self.backups or self.path.parent


@dataclass(frozen=True, slots=True)
class ControlConfig:
    """Where the running kiosk answers the other commands."""

    socket: Path


@dataclass(frozen=True, slots=True)
class Config:
    """The whole of kiosk.toml. `warnings`: what is not wrong, and should not stay so."""

    path: Path
    merchant: MerchantConfig
    wechat_pay: WechatPayConfig
    display: DisplayConfig
    keypad: KeypadConfig
    camera: CameraConfig
    till: TillConfig
    ledger: LedgerConfig
    control: ControlConfig
    notifications: NotificationsConfig
    sound: SoundConfig
    owner: OwnerConfig
    printer: PrinterConfig | None = None
    update: UpdateConfig = field(default_factory=UpdateConfig)
    shifts: ShiftsConfig | None = None
    posting: PostingConfig = field(default_factory=PostingConfig)
    operators: tuple[Operator, ...] = (ALONE,)
    refunds: RefundRules = ALL_OF_IT
    books: BooksConfig = field(default_factory=BooksConfig)
    warnings: tuple[str, ...] = ()


def load(path: Path | None = None, credentials: Path | None = None) -> Config:
    """Read `path`, or the first of PLACES that exists. `credentials` is $CREDENTIALS_DIRECTORY unless given.

    Raises ConfigError with every mistake of the file and of the key files it names.
    """
    path = find(path).absolute()
    if credentials is None and "CREDENTIALS_DIRECTORY" in os.environ:
        credentials = Path(os.environ["CREDENTIALS_DIRECTORY"])
    raw = _parse(path)
    problems: list[str] = []
    files = Files(path.parent, credentials)
    tables = {name: Table(name, raw.get(name), problems) for name in TABLES}
    merchant = _merchant(tables["merchant"])
    ledger = _ledger(tables["ledger"], files)
    wechat_pay = read_wechat_pay(tables["wechat_pay"], files)
    keypad = read_keypad(tables["keypad"], files)
    config = Config(
        path=path,
        merchant=merchant,
        wechat_pay=wechat_pay,
        display=read_display(tables["display"], keys=keypad.driver == "touch"),
        keypad=keypad,
        camera=_camera(tables["camera"], files),
        till=read_till(tables["till"], merchant.currency),
        ledger=ledger,
        control=_control(tables["control"], files, ledger),
        notifications=read_notifications(tables["notifications"], wechat_pay.notify_url),
        printer=read_printer(tables["printer"], files) if "printer" in raw else None,
        sound=read_sound(tables["sound"]),
        update=read_update(tables["update"]),
        shifts=read_shifts(tables["shifts"]) if "shifts" in raw else None,
        books=read_books(tables["books"]),
        owner=read_owner(tables["owner"], files),
        posting=read_posting(tables["posting"]),
        operators=read_operators(tables["operators"]),
        refunds=read_refunds(tables["refunds"]),
        warnings=tuple(files.warnings),
    )
    for table in tables.values():
        table.end()
    for name in raw:
        if name in TABLES:
            continue
        if isinstance(raw[name], dict):
            problems.append(f"[{shown_key(name)}] is not a table known here{did_you_mean(name, TABLES)}. Correct or remove it.")
        else:
            problems.append(f"{shown_key(name)} stands above all tables. Move it into its table, or remove it.")
    if problems:
        raise ConfigError(problems)
    return config


def load_camera(path: Path) -> CameraConfig:
    """The table [camera] of `path` alone, for a scanner that can open no key file. ConfigError with all of its mistakes."""
    path = path.absolute()
    problems: list[str] = []
    table = Table("camera", _parse(path).get("camera"), problems)
    camera = _camera(table, Files(path.parent, None))
    table.end()
    if problems:
        raise ConfigError(problems)
    return camera


def load_update(path: Path) -> tuple[UpdateConfig, MerchantConfig, LedgerConfig, ControlConfig]:
    """What an update needs of `path`, for a process that can open no key file. ConfigError with the mistakes of these tables."""
    problems: list[str] = []
    raw, files = _parse(path), Files(path.absolute().parent, None)
    tables = {name: Table(name, raw.get(name), problems) for name in ("update", "merchant", "ledger", "control")}
    merchant, ledger = _merchant(tables["merchant"]), _ledger(tables["ledger"], files)
    read = read_update(tables["update"]), merchant, ledger, _control(tables["control"], files, ledger)
    if problems:
        raise ConfigError(problems)
    return read


def load_owner(path: Path) -> OwnerConfig:
    """The table [owner] of `path` alone, for a process that can open no key file. ConfigError with all of its mistakes."""
    path = path.absolute()
    problems: list[str] = []
    table = Table("owner", _parse(path).get("owner"), problems)
    owner = read_owner(table, Files(path.parent, None))
    table.end()
    if problems:
        raise ConfigError(problems)
    return owner


def find(path: Path | None = None) -> Path:
    """The file that load() reads. Raises ConfigError when there is none."""
    if path is not None:
        return path
    for place in PLACES:
        if place.exists():
            return place
    raise ConfigError(
        [f"No configuration: neither {PLACES[0]} nor ./{PLACES[1]} exists. Write one, or name one with --config FILE."]
    )


def _parse(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError([f"{path} cannot be read ({error.strerror}). Name the right file with --config FILE."]) from None
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path} is not UTF-8 text (byte {error.start}). Save it as UTF-8."]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path} is not TOML: {error}. Correct that line."]) from None
    except (ValueError, RecursionError):
        raise ConfigError([f"{path} holds a number of thousands of digits, or as many brackets. Correct it."]) from None


def _merchant(table: Table) -> MerchantConfig:
    name = table.text("name", _NAME_REMEDY, form=r".{1,60}")
    if any(character > _LAST_OF_THREE_BYTES for character in name):
        table.wrong("name", name, "holds an emoji or a rare character, which WeChat refuses", "Leave it out.")
    currency = table.text("currency", _CURRENCY_REMEDY)
    if currency and not known_currency(currency):
        table.wrong("currency", currency, "is not a currency of ISO 4217 that is known here", _CURRENCY_REMEDY)
    return MerchantConfig(
        name=name,
        numbers=_numbers(table),
        merchant_category_code=table.text(
            "merchant_category_code", 'Write the four digits, as "5814" for fast food.', form=r"[0-9]{4}"
        ),
        currency=currency,
        kiosk_id=table.text(
            "kiosk_id",
            'Write 1 to 10 letters, digits or _, another for each kiosk of this merchant, as "K07".',
            form=r"[0-9A-Za-z_]{1,10}",
        ),
        time_zone=_time_zone(table),
        day_starts=read_day_starts(table),
    )


def _numbers(table: Table) -> Merchant:
    match table.choice("mode", MODES):
        case "institution":
            return _institution(table)
        case "direct":
            return _direct(table)
        case _:
            for key in ("appid", "mchid", "sp_appid", "sp_mchid", "sub_mchid"):
                table.has(key)  # nobody can say which of them are right
            return Direct("", "")


def _institution(table: Table) -> Institution:
    for key in ("appid", "mchid"):
        table.misplaced(key, 'belongs to mode = "direct"', f'Remove it, or set mode = "direct"; an institution has sp_{key}.')
    return Institution(
        sp_appid=table.text("sp_appid", _APPID_REMEDY, form=_APPID),
        sp_mchid=table.text("sp_mchid", 'Write the institution\'s number in digits and quotes, as "1900007777".', form=_MCHID),
        sub_mchid=table.text("sub_mchid", 'Write the sub-merchant\'s number in digits and quotes, as "1900008888".', form=_MCHID),
    )


def _direct(table: Table) -> Direct:
    for key in ("sp_appid", "sp_mchid", "sub_mchid"):
        table.misplaced(key, 'belongs to mode = "institution"', 'Remove it, or set mode = "institution".')
    return Direct(
        appid=table.text("appid", _APPID_REMEDY, form=_APPID),
        mchid=table.text("mchid", 'Write the merchant number in digits and quotes, as "1900009999".', form=_MCHID),
    )


def _time_zone(table: Table) -> tzinfo:
    if not table.has("time_zone"):
        return _system_zone()
    remedy = 'Write a zone of the IANA table, as "Asia/Hong_Kong".'
    name = table.text("time_zone", remedy)
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):  # ValueError: "../x"; OSError: a folder, as "Asia"
        table.wrong("time_zone", name, "is not a time zone" + did_you_mean(name, available_timezones()), remedy)
        return UTC


def _system_zone() -> tzinfo:
    """The zone this machine is set to, by name where it has one, so that summer time is right for other days too."""
    name = os.environ.get("TZ", "").lstrip(":") or os.path.realpath("/etc/localtime").rpartition("zoneinfo/")[2]
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _camera(table: Table, files: Files) -> CameraConfig:
    driver = table.choice("driver", CAMERAS)
    folder = None
    if driver == "folder" or table.has("folder"):
        folder = files.beside(table.text("folder", 'Write the folder whose images stand for the camera, as "frames".'))
    device = None
    if table.has("device"):
        remedy = 'Write the webcam\'s device, as "/dev/video0", or leave the key out for the first one on USB.'
        name = table.text("device", remedy, form=r"/dev/.+")
        device = Path(name) if name else None
    remedy = "Write 50 or 60, whichever the shop's mains have, so that its lamps do not flicker in the pictures."
    mains_hz = table.number("mains_hz", remedy, bounds=MAINS_HZ, default=MAINS_HZ[0])
    if mains_hz not in MAINS_HZ:
        table.wrong("mains_hz", mains_hz, "is neither 50 nor 60", remedy)
    return CameraConfig(driver, folder, device, mains_hz)


def _ledger(table: Table, files: Files) -> LedgerConfig:
    path = files.beside(table.text("path", 'Write the ledger\'s file, as "/var/lib/kiosk/kiosk.db".'))
    if not table.has("backups"):
        return LedgerConfig(path, path.parent)
    return LedgerConfig(path, files.beside(table.text("backups", 'Write a folder, better on another disk, as "/media/stick".')))


def _control(table: Table, files: Files, ledger: LedgerConfig) -> ControlConfig:
    if table.has("socket"):
        return ControlConfig(
            files.beside(table.text("socket", 'Write where the socket shall lie, as "/run/kiosk/control.sock".'))
        )
    # Beside the ledger, so that a command typed at a prompt finds the kiosk that systemd started.
    return ControlConfig(ledger.path.with_name(ledger.path.name + ".sock") if ledger.path.name else ledger.path)


_APPID = r"[0-9A-Za-z_-]{1,32}"
_MCHID = r"[0-9]{1,32}"
_APPID_REMEDY = 'Write the app id from the merchant platform, as "wx7bc98d929da735fe".'
_CURRENCY_REMEDY = 'Write the settlement currency of the merchant number in three capital letters, as "HKD".'
_NAME_REMEDY = 'Write the shop\'s name as customers know it, as "Harbour Snacks".'
_LAST_OF_THREE_BYTES = "\uffff"  # WeChat takes UTF-8 of one to three bytes a character (contract 1.2)
