"""How each command comes to the ledger that kiosk.toml names: with its key to write, without one to ask, or only to read.

Knows where the key of the history comes from: the merchant's private key, which does not lie beside the ledger.
"""

from __future__ import annotations

import secrets
import shutil
import string
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from kiosk.clock import SteadyClock
from kiosk.config import Config
from kiosk.payment.backups import Backups
from kiosk.payment.chain import ChainKey
from kiosk.payment.disk import takes_no_writes
from kiosk.payment.keeper import Keeper, remember, remembered
from kiosk.payment.ledger import SqliteLedger
from kiosk.payment.ledger_file import LedgerFile

ALPHABET = string.ascii_lowercase + string.digits


def key_of(config: Config) -> ChainKey:
    """The key that binds the ledger's history, made of the merchant's, however its lines are broken."""
    from kiosk.payment.wechat.crypto import derive  # noqa: PLC0415  not for whoever only asks

    secret = b"".join(config.wechat_pay.merchant_key.split())
    name, key = (derive(secret, f"kiosk, ledger's history: {what}", size) for what, size in (("name", 4), ("key", 32)))
    return ChainKey(name.hex(), key)


def backups_of(config: Config) -> Backups:
    """Its backups, where kiosk.toml has them."""
    return Backups(config.ledger.path, config.ledger.backup_folder, [key_of(config)])


def keeper_of(config: Config, beat: Callable[[], None]) -> Keeper:
    """Who opens the ledger of a kiosk that sells."""
    backups = backups_of(config)
    return Keeper(config.ledger.path, backups, backups.keys[0], new_generation, beat)


def to_write(config: Config, clock: SteadyClock, never: str | None = None) -> SqliteLedger:
    """The ledger, made when it is not there: of a generation that no ledger had here, and not `never`. May raise LedgerBusy."""
    path = config.ledger.path
    used = [*remembered(path), never or ""]
    ledger = SqliteLedger.open(path, generation=lambda: new_generation(used), now=clock.now(), key=key_of(config))
    remember(path, ledger.generation)
    return ledger


@contextmanager
def to_ask(config: Config) -> Iterator[SqliteLedger]:
    """The ledger for questions, or an empty one in memory: a question makes no file. May raise LedgerBusy.

    Where the disk takes no writes, what is read is the file itself; or a copy with its log, which only a writer can apply.
    """
    path = config.ledger.path
    if not path.exists():
        ledger = SqliteLedger.in_memory()
    elif not takes_no_writes(path):
        ledger = SqliteLedger.open(path, generation=new_generation, now=_now(), key=None)
    else:
        with _readable(path) as ledger:
            yield ledger
        return
    with closing(ledger):
        yield ledger


def generations_of(config: Config) -> list[str]:
    """Those that the ledgers of this name are known to have had, also the one there is."""
    return remembered(config.ledger.path)


def practice() -> SqliteLedger:
    """An empty one in memory, for a training: no file, and gone when it is closed."""
    return SqliteLedger.in_memory("TR")


def new_generation(used: Collection[str] = ()) -> str:
    """Two characters by chance, and not among `used`."""
    return secrets.choice([first + second for first in ALPHABET for second in ALPHABET if first + second not in used])


@contextmanager
def _readable(path: Path) -> Iterator[SqliteLedger]:
    log = path.with_name(f"{path.name}-wal")
    if not log.exists() or log.stat().st_size == 0:
        with closing(SqliteLedger(LedgerFile.read_only(path), new_generation, _now(), None)) as ledger:
            yield ledger
        return
    with TemporaryDirectory(prefix="kiosk-") as folder:  # closed to others
        copy = Path(folder, path.name)
        shutil.copyfile(path, copy)
        shutil.copyfile(log, copy.with_name(log.name))
        with closing(SqliteLedger.open(copy, generation=new_generation, now=_now(), key=None)) as ledger:
            yield ledger


def _now() -> int:
    return time.time_ns() // 1_000_000
