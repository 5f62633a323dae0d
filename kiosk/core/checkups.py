"""What a check-up adds to a step: what is tried by hand, what was found, and what runs out one day. Pure.

It touches no order. While it is in front no sale is; those that are still open go on behind it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from kiosk.core import till, trying
from kiosk.core.checkup import Bundle, BundleEnd, Trial
from kiosk.core.commands import MakeBundle, Play, Print, Sound, TryVoice
from kiosk.core.events import BundleMade, Checked, CheckupOver, CodeRead, EndsKnown, Part
from kiosk.core.paper import Paper
from kiosk.core.slips import Sample

MOST_FOUND = 100


class Checkups(Paper):
    """The part of a turn that is about check-ups."""

    def try_out(self, trial: Trial) -> None:
        """Somebody at the check-up's screen wants to see this for themselves."""
        there = self.k.till
        assert isinstance(there, trying.Checkup)
        there = replace(there, until=self.now + trying.CHECKUP_FOR)
        match trial:
            case Trial.READ:
                if Part.CAMERA in self.k.problems:
                    self.acts.append(Play(Sound.FAILED))  # the finding above says why
                else:
                    self.go(trying.TryingRead(there, f"trial {self.now}", self.now + trying.READ_FOR))
            case Trial.KEYS:
                self.go(trying.TryingKeys(there, self.now + trying.KEYS_FOR))
            case Trial.COLOURS:
                self.go(trying.TryingColours(there, self.now + trying.CHECKUP_FOR))
            case Trial.SOUND:
                self.acts += [Play(Sound.TEST), TryVoice(self.now)]  # no tone and no amount of a payment that never was
                self.go(there)
            case Trial.SLIP:
                slips = self.k.settings.receipts is not None
                self.acts.append(Print(Sample(self.k.settings.shop, self.now)) if slips else Play(Sound.FAILED))
                self.go(there)
            case Trial.BUNDLE:
                if there.bundle is None or there.bundle.end is not BundleEnd.MAKING:
                    self.acts.append(MakeBundle())
                self.go(replace(there, bundle=Bundle(BundleEnd.MAKING)))
            case _:
                assert_never(trial)

    def about_checkup(self, event: CodeRead | Checked | CheckupOver | BundleMade | EndsKnown) -> None:
        """What came of what was begun; of another check-up than the one in front it is nothing."""
        there = self.k.till
        checkup = trying.checkup_of(there) if isinstance(there, trying.There) else None
        match event:
            case EndsKnown(ends):
                self.k.ends = ends
            case CodeRead(ticket, kind):
                if isinstance(there, trying.TryingRead) and there.ticket == ticket and kind not in there.read:
                    self.acts.append(Play(Sound.SCANNED))
                    self.go(replace(there, read=(*there.read, kind)))
            case BundleMade(bundle):
                if checkup is not None and checkup.bundle is not None:
                    self._keep_checkup(replace(checkup, bundle=bundle))
            case Checked(ticket, finding):
                if checkup is not None and checkup.ticket == ticket:
                    others = tuple(one for one in checkup.found if one.kind is not finding.kind)
                    self._keep_checkup(replace(checkup, found=(*others, finding)[:MOST_FOUND]))
            case CheckupOver(ticket):
                if checkup is not None and checkup.ticket == ticket:
                    self._keep_checkup(replace(checkup, over=True))
            case _:
                assert_never(event)

    def checkup_time(self) -> None:
        """Nobody has pressed a key for long: back to where people come from."""
        there = self.k.till
        if isinstance(there, trying.There) and self.now >= there.until:
            self.go(till.Idle() if isinstance(there, trying.Checkup) else trying.back(there, self.now))

    def _keep_checkup(self, checkup: trying.Checkup) -> None:
        there = self.k.till
        assert isinstance(there, trying.There)
        self.go(trying.put(there, checkup))
