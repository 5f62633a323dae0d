"""Between the socket and whoever does the steward's work: a request in JSON becomes one call of a verb, its result an answer.

The same for the real steward and for the stand-in, so that a client is answered alike by both.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import assert_never

from kiosk.control.unix_socket import Answer, Request
from kiosk.steward import words
from kiosk.steward.client import Steward
from kiosk.steward.words import Verb


def answer(steward: Steward, request: Request) -> Answer:
    """Do what is asked. Raises KioskError, which ControlServer tells as a problem."""
    return {"ok": True, **_do(steward, words.verb_from(request))}


def _do(steward: Steward, verb: Verb) -> Answer:
    match verb:
        case words.TellStatus():
            return words.status_to(steward.status())
        case words.TellNetworks():
            return words.networks_to(steward.networks())
        case words.Join(ssid, password, hidden):
            return {"addresses": steward.join(ssid, password, hidden=hidden)}
        case words.SetHotspot(on):
            return words.hotspot_to(steward.hotspot(on=on))
        case words.SetTimeZone(name):
            steward.time_zone(name)
        case words.Settings(toml):
            return {"warnings": steward.settings(toml)}
        case words.Credential(name, content):
            steward.credential(name, content)
        case words.MakeKey(common_name, organization):
            return {"request": steward.make_key(common_name, organization)}
        case words.ReadStick(request):
            return words.stick_to(steward.stick(request))
        case words.Carry(path):
            return {"carried": steward.carry(Path(path))}
        case words.Restart(what):
            steward.restart(what)
        case words.Stage(path):
            return {"version": steward.stage(Path(path))}
        case words.MakeBundle():
            return {"tar": base64.b64encode(steward.bundle()).decode("ascii")}
        case _:
            assert_never(verb)
    return {}
