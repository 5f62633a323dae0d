"""WeChat Pay's public keys by serial: given by the owner, or read from the list of platform certificates (contract 1.6, 1.8).

Knows the list's form, the APIv3 key and a cache file; no network: whoever has fetched a list hands it to `take`.
The cache keeps the entries as WeChat sealed them, so that writing to that file is not enough to plant a key.
"""

from __future__ import annotations

import json
import logging
import os
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.payment.wechat.crypto import PlatformKey, open_sealed, platform_key, read_certificate
from kiosk.payment.wechat.strict_json import read_object
from kiosk.payment.wechat.verifier import Check, Flaw, check

_log = logging.getLogger(__name__)

RENEW_EVERY_MS = 12 * 3600 * 1000
"""Contract 1.6: a new certificate is listed 24 hours before it is used; ask at least every 12."""

REFETCH_EVERY_MS = 60 * 1000
"""Unknown serials, which anybody can make up, cause at most one fetch in this time."""

_SERIAL = re.compile(r"[0-9A-Fa-f]{8,64}", re.ASCII)
_MOST_CERTIFICATES = 16
_LARGEST_CACHE = 1 << 20


@dataclass(frozen=True, slots=True)
class _Entry:
    """One certificate, and the sealed form it came in."""

    key: PlatformKey
    expires_at: int
    sealed: dict[str, object] = field(repr=False)


class PlatformKeys:
    """The keys that answers and notifications are verified with. Any thread may call anything."""

    def __init__(
        self, *, given: Sequence[tuple[str, bytes]] = (), api_v3_key: bytes, cache: Path | None = None, now: int = 0
    ) -> None:
        """`given`: pairs of id and PEM; with any, no list is ever wanted. Without, `cache` is read if it exists.

        ConfigError when a given key cannot be read. `now` (Unix ms) tells which cached certificates have expired.
        """
        self._given = {key_id.upper(): platform_key(key_id, pem) for key_id, pem in given}
        self.header_id = given[0][0] if given else None  # contract 1.8: sent with every request in public-key mode
        self._api_v3_key = api_v3_key
        self._cache = cache
        self._cached = False
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}
        self._taken_at: int | None = None
        self._refetched_at: int | None = None
        if cache is not None and not given:
            self._load(cache, now)

    @property
    def from_list(self) -> bool:
        """Whether the keys come from the list of certificates."""
        return not self._given

    @property
    def ends_at(self) -> int | None:
        """When the last of the certificates known ends, Unix ms; None without any, or when public keys are given."""
        return max((entry.expires_at for entry in self._entries.values()), default=None)

    def key_of(self, serial: str, now: int) -> PlatformKey | None:
        """The key that goes by this serial, unless its certificate has expired by `now`."""
        serial = serial.upper()
        if serial in self._given:
            return self._given[serial]
        entry = self._entries.get(serial)
        return entry.key if entry is not None and now < entry.expires_at else None

    def renewal_due(self, now: int) -> bool:
        """Whether it is time to fetch the list, sale or no sale."""
        return self.from_list and (self._taken_at is None or abs(now - self._taken_at) >= RENEW_EVERY_MS)

    def may_refetch(self, now: int) -> bool:
        """Whether an unknown serial may cause a fetch now. A yes is spent: the next comes a minute later."""
        with self._lock:
            if not self.from_list or (self._refetched_at is not None and abs(now - self._refetched_at) < REFETCH_EVERY_MS):
                return False
            self._refetched_at = now
            return True

    def take(self, headers: Mapping[str, str], body: bytes, now: int) -> Check:
        """Take the list that was answered, if it is WeChat's.

        The list may be signed with a certificate that only it contains: so it is opened first (with the APIv3 key, which
        nobody else has), verified with what is in it and what was known, and kept only then.
        """
        entries = self._open(body)
        fresh = {**self._entries, **entries}

        def key_of(serial: str) -> PlatformKey | None:
            entry = fresh.get(serial.upper())
            return entry.key if entry is not None and now < entry.expires_at else None

        verdict = check(headers, body, key_of, now)
        if verdict.flaw is None and not entries:
            verdict = Check(Flaw.FORM, verdict.signed_at)
        if verdict.flaw is None:
            with self._lock:
                kept = {serial: entry for serial, entry in fresh.items() if now < entry.expires_at}
                changed = kept.keys() != self._entries.keys()
                self._entries = kept
                self._taken_at = now
            if changed or not self._cached:
                self._save()
        return verdict

    def _open(self, body: bytes) -> dict[str, _Entry]:
        """The entries of an answered or cached list that can be opened; the others are left out and named in the log."""
        data = read_object(body)
        listed = data.get("data") if data is not None else None
        entries: dict[str, _Entry] = {}
        for item in (listed if isinstance(listed, list) else [])[:_MOST_CERTIFICATES]:
            try:
                serial, entry = _open_entry(item, self._api_v3_key)
            except ValueError as error:
                _log.warning("A platform certificate was left out", extra={"problem": str(error)})
            else:
                entries[serial] = entry
        return entries

    def _load(self, cache: Path, now: int) -> None:
        try:
            with cache.open("rb") as file:
                body = file.read(_LARGEST_CACHE)
        except FileNotFoundError:
            return
        except OSError as error:
            _log.warning("The cached platform certificates cannot be read; they will be fetched", extra={"problem": str(error)})
            return
        self._entries = {serial: entry for serial, entry in self._open(body).items() if now < entry.expires_at}
        self._cached = True

    def _save(self) -> None:
        if self._cache is None:
            return
        text = json.dumps({"data": [entry.sealed for entry in self._entries.values()]}).encode("ascii")
        scratch = self._cache.with_name(f"{self._cache.name}.{threading.get_ident()}.new")
        try:
            with scratch.open("wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            scratch.replace(self._cache)
            self._cached = True
        except OSError as error:  # no reason to stop selling: after a restart the list is fetched instead
            _log.warning("The platform certificates could not be cached", extra={"problem": str(error)})


def _open_entry(item: object, api_v3_key: bytes) -> tuple[str, _Entry]:
    """Serial (upper case) and entry of one element of `data`; ValueError says what is wrong with it."""
    if not isinstance(item, dict):
        raise ValueError("an entry is no object")  # noqa: TRY004  what came from outside is a wrong value
    serial, sealed = item.get("serial_no"), item.get("encrypt_certificate")
    if not isinstance(serial, str) or not _SERIAL.fullmatch(serial) or not isinstance(sealed, dict):
        raise ValueError("an entry without serial_no or encrypt_certificate")
    parts = [sealed.get(name) for name in ("algorithm", "nonce", "associated_data", "ciphertext")]
    match parts:
        case ["AEAD_AES_256_GCM", str(nonce), str(associated_data), str(ciphertext)]:
            certificate = read_certificate(open_sealed(api_v3_key, nonce, associated_data, ciphertext))
        case _:
            raise ValueError("an entry sealed in an unknown way")
    if certificate.serial != int(serial, 16):
        raise ValueError("an entry whose serial_no is not its certificate's")
    return serial.upper(), _Entry(certificate.key, certificate.expires_at, item)
