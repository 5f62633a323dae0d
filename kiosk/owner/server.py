"""The page's process: the only file that knows which concrete parts make it, and the one that knows waitress.

Three threads: asyncio's loop (TLS and the front), waitress (the pages) on a Unix socket that nobody else can open, and one that
tells the kiosk where the page is, keeps the certificate young, and ends the process when kiosk.toml says something else of it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kiosk import service
from kiosk.config.owner import OwnerConfig
from kiosk.core.errors import ConfigError, DriverError
from kiosk.owner.certificates import PageCertificate
from kiosk.owner.front import CONNECTIONS, LARGEST_UPLOAD, Front
from kiosk.owner.kiosk_link import KioskAway, KioskLink, SocketKiosk
from kiosk.owner.parts import Parts
from kiosk.owner.place import address_of, addresses_of, make_folder, own_names, wanted
from kiosk.owner.sessions import OneTimeCode, Sessions
from kiosk.owner.shop import ShopFile
from kiosk.owner.site import make_site, may_be_large
from kiosk.pins import Pin
from kiosk.steward.client import SocketSteward, Steward

TELL_EACH_S = 20.0
_WORKERS = 4
_ROUND_S = 0.5

_log = logging.getLogger(__name__)


def serve(path: Path, *, tell: Callable[[str], None] = lambda _: None) -> int:
    """Run until SIGTERM or SIGINT, or until kiosk.toml says something else of the page. Returns the exit code."""
    config = wanted(path)
    if config is None:
        tell("kiosk.toml names no place for the owner's page: [owner] listen")
        return 0
    service.set_up_logging()
    service.no_core_files()
    shop_file = ShopFile(path)
    page = OwnerPage(
        config,
        shop_file,
        SocketKiosk(config.door, lambda: shop_file.shop.zone, starts=lambda: shop_file.shop.day_starts),
        SocketSteward(config.steward),
        changed=lambda: wanted(path),
    )
    with service.signals(page.stop):
        page.open()
        tell(f"The owner's page is at {page.url}")
        page.run()
    return 0


class OwnerPage:
    """One page. open(), then run() until stop(). `changed`: what kiosk.toml says now; another answer than at first ends it."""

    def __init__(
        self,
        config: OwnerConfig,
        shop_file: ShopFile,
        kiosk: KioskLink,
        steward: Steward,
        *,
        changed: Callable[[], OwnerConfig | None] | None = None,
    ) -> None:
        self._config = config
        self._changed = changed
        self._stopped = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._finish = asyncio.Event()
        self._names, self._addresses = own_names(), addresses_of(config)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._loaded = False
        self._listener: socket.socket
        self._port: int  # told until the very end, when the listener is closed already
        make_folder(config.folder)
        self.parts = Parts(
            shop_file=shop_file,
            kiosk=kiosk,
            steward=steward,
            pin=Pin(config.folder),
            sessions=Sessions(time.monotonic),
            code=OneTimeCode(time.monotonic),
            certificate=PageCertificate(config.folder),
            uploads=config.folder / "upload",
            names=frozenset(self._names),
            now=lambda: datetime.now(UTC),
        )

    def open(self) -> None:
        """Take the address, with a certificate for it. DriverError when it cannot be had."""
        host = self._config.host or ""
        address = address_of(host)
        try:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            self._listener = socket.create_server((address, self._config.port), family=family, backlog=CONNECTIONS)
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else str(error)
            raise DriverError(
                f'[owner] listen = "{host}:{self._config.port}" cannot be had ({why}). '
                "Name an address of this machine and a port that is free."
            ) from None
        self._port = self._listener.getsockname()[1]
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self._renew()
        self._tls.set_alpn_protocols(["http/1.1"])

    @property
    def url(self) -> str:
        """What a browser is given: the first address that the page answers at."""
        address = self._addresses[0] if self._addresses else "127.0.0.1"
        host = f"[{address}]" if ":" in address else address
        return f"https://{host}:{self._port}/"

    def run(self) -> None:
        """Serve until stop()."""
        with ExitStack() as backwards:
            folder = Path(backwards.enter_context(tempfile.TemporaryDirectory(prefix="kiosk-owner-")))  # closed to others
            behind = folder / "http.sock"
            backwards.enter_context(_waitress(behind, make_site(self.parts)))
            front = Front(behind, self._tls, lambda cookies: may_be_large(self.parts, cookies))
            telling = threading.Thread(target=self._tell, name="telling")
            telling.start()
            backwards.callback(telling.join)
            backwards.callback(self._stopped.set)
            service.notify_ready()
            try:
                self._loop.run_until_complete(front.serve(self._listener, self._finish))
            finally:
                service.stopping()
                self._listener.close()
                self._loop.close()

    def stop(self) -> None:
        """End; any thread and any signal handler may call it."""
        self._stopped.set()
        with suppress(RuntimeError):  # its loop has ended
            self._loop.call_soon_threadsafe(self._finish.set)

    def _tell(self) -> None:
        """Until stopped: feed the watchdog, tell the kiosk, look after certificate and configuration."""
        due, code = 0.0, ""
        while not self._stopped.wait(_ROUND_S):
            service.watchdog()
            if time.monotonic() >= due or self._code() != code:
                due, code = time.monotonic() + TELL_EACH_S, self._code()
                self._look()
                self.tell_kiosk()

    def tell_kiosk(self) -> None:
        """Where the page is, by what its certificate is known, and the code for the first PIN while there is none."""
        with suppress(KioskAway):
            until = self.parts.certificate.until
            ends_at = None if until is None else int(until.timestamp()) * 1000
            self.parts.kiosk.tell_page(self.url, self.parts.certificate.fingerprint, self._code(), ends_at)

    def _code(self) -> str:
        return "" if self.parts.pin.is_set else self.parts.code.current()

    def _look(self) -> None:
        self._addresses = addresses_of(self._config)  # a network may have come since
        try:
            self._renew()
        except OSError as error:
            _log.warning("the page's certificate cannot be renewed", extra={"why": error.strerror})
        if self._changed is None:
            return
        with suppress(ConfigError):  # the steward lets none with mistakes through; a hand may
            if self._changed() != self._config:
                _log.info("kiosk.toml says something else of the owner's page: starting anew")
                self.stop()

    def _renew(self) -> None:
        """A certificate that is good for two months more; new handshakes get it at once."""
        fresh = self.parts.certificate.refresh(self._names, self._addresses, self.parts.now())
        if fresh or not self._loaded:
            self._tls.load_cert_chain(self.parts.certificate.path)
            self._loaded = True


@contextmanager
def _waitress(path: Path, site: Any) -> Iterator[None]:  # noqa: ANN401  a WSGI application
    """Answers at `path` while this lasts."""
    from waitress import create_server, wasyncore  # type: ignore[import-untyped]  # noqa: PLC0415  slow to load

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that one waits for another is no event
    sockets: dict[int, Any] = {}
    server = create_server(
        site,
        map=sockets,
        unix_socket=str(path),
        unix_socket_perms="600",
        threads=_WORKERS,
        connection_limit=CONNECTIONS * 2,
        max_request_body_size=LARGEST_UPLOAD + 1,
        ident="kiosk",
        log_socket_errors=False,
        url_scheme="https",
    )
    stopped = threading.Event()

    def loop() -> None:
        while not stopped.is_set():
            wasyncore.loop(timeout=_ROUND_S, use_poll=True, map=sockets, count=1)

    thread = threading.Thread(target=loop, name="pages")
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        server.pull_trigger()  # wakes its loop
        thread.join()
        server.task_dispatcher.shutdown(timeout=2.0)
        wasyncore.close_all(sockets, ignore_all=True)
