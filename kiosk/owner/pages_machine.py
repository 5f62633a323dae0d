"""The machine: its Wi-Fi, its release, and the bundle for whoever helps. The steward does it all."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for

from kiosk.owner.kiosk_link import KioskAway
from kiosk.owner.parts import Parts
from kiosk.steward.client import StewardAway
from kiosk.steward.words import StewardRefused

Page = Any  # what Flask takes

_RELEASE = "new.release"  # whatever it was called where it came from


def blueprint(parts: Parts) -> Blueprint:
    """The pages /wifi, /update and /support."""
    pages = Blueprint("machine", __name__)

    @pages.get("/wifi")
    def wifi() -> Page:
        job = parts.jobs.look("join")
        page = Response(
            render_template(
                "wifi.html", networks=[] if _runs(job) else parts.steward.networks(), machine=parts.steward.status(), job=job
            )
        )
        if _runs(job):
            page.headers["Refresh"] = "3"
        return page

    @pages.post("/wifi")
    def join() -> Page:
        """In a thread: the network that this answer would go through may be gone by then."""
        ssid = request.form.get("hidden_ssid", "") or request.form.get("ssid", "")
        password, hidden = request.form.get("password", "") or None, bool(request.form.get("hidden_ssid"))
        parts.jobs.start("join", lambda: parts.steward.join(ssid, password, hidden=hidden))
        return redirect(url_for(".wifi"), 303)

    @pages.get("/update")
    def update() -> Page:
        job = parts.jobs.look("stage")
        page = Response(render_template("update.html", machine=parts.steward.status(), job=job))
        if _runs(job):
            page.headers["Refresh"] = "3"
        return page

    @pages.post("/update")
    def upload() -> Page:
        sent = request.files.get("release")
        if sent is None or not sent.filename:
            return render_template(
                "update.html", machine=parts.steward.status(), job=None, problem=g.words("update.no_file")
            ), 400
        parts.uploads.mkdir(mode=0o755, exist_ok=True)
        path = parts.uploads / _RELEASE
        path.unlink(missing_ok=True)
        sent.save(path)
        parts.jobs.start("stage", lambda: _stage(parts, path))
        return redirect(url_for(".update"), 303)

    @pages.get("/support")
    def support() -> Page:
        return render_template("support.html")

    @pages.post("/support")
    def bundle() -> Page:
        name = f"kiosk-support-{parts.now():%Y%m%d-%H%M}.tar.gz"
        response = Response(packed(dict(_parts_of_bundle(parts))), mimetype="application/gzip")
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    return pages


def packed(files: dict[str, bytes]) -> bytes:
    """A tar.gz of these, by name."""
    with io.BytesIO() as out:
        with tarfile.open(fileobj=out, mode="w:gz") as tar:
            for name, content in files.items():
                entry = tarfile.TarInfo(f"kiosk-support/{name}")
                entry.size, entry.mode = len(content), 0o644
                tar.addfile(entry, io.BytesIO(content))
        return out.getvalue()


def _parts_of_bundle(parts: Parts) -> Iterator[tuple[str, bytes]]:
    """What each of the three has to tell; one that does not answer is named, and the others' part is there all the same."""
    try:
        yield "system.tar", parts.steward.bundle()
    except (StewardAway, StewardRefused) as error:
        yield "system-missing.txt", f"{error}\n".encode()
    try:
        told = parts.kiosk.bundle()
        if told is not None:
            yield "kiosk.tar", told
        yield "state.json", json.dumps(parts.kiosk.state(), indent=1).encode()
        yield "doctor.json", json.dumps(parts.kiosk.doctor(), indent=1, ensure_ascii=False).encode()
    except KioskAway as error:
        yield "kiosk-missing.txt", f"{error}\n".encode()


def _stage(parts: Parts, path: Path) -> str:
    try:
        return parts.steward.stage(path)
    finally:
        path.unlink(missing_ok=True)


def _runs(job: Any) -> bool:  # noqa: ANN401  jobs.Job or None
    return job is not None and job.running
