"""What people hear, computed: short tones as 16-bit mono PCM. Knows no sound device."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from functools import cache

from kiosk.core.commands import Sound

RATE_HZ = 22050

_PEAK = 32767


@dataclass(frozen=True, slots=True)
class _Note:
    start_s: float
    length_s: float
    pitch_hz: float
    loud: float  # 0 to 1
    overtone: float = 0.25  # share of the second harmonic: 0 is a whistle, more is a bell


_NOTES: dict[Sound, tuple[_Note, ...]] = {
    Sound.KEY: (_Note(0, 0.022, 1250, 0.22, 0),),
    Sound.REFUSED_KEY: (_Note(0, 0.07, 210, 0.40, 0.5), _Note(0.09, 0.07, 210, 0.40, 0.5)),
    Sound.SCANNED: (_Note(0, 0.09, 1760, 0.45, 0.1),),
    # A rising fifth and octave against two falling tones: told apart with the eyes shut, and by ear alone in a loud shop.
    Sound.PAID: (_Note(0, 0.30, 784, 0.5), _Note(0.13, 0.32, 1175, 0.5), _Note(0.27, 0.62, 1568, 0.55)),
    # Three times the same, and a low knock: neither can be taken for money.
    Sound.TEST: tuple(_Note(place * 0.22, 0.14, 880, 0.45, 0.1) for place in range(3)),
    Sound.TRAINING: (_Note(0, 0.12, 330, 0.5, 0.6), _Note(0.18, 0.12, 330, 0.5, 0.6)),
    Sound.FAILED: (_Note(0, 0.24, 392, 0.55, 0.5), _Note(0.24, 0.42, 277, 0.6, 0.5)),
}


@cache
def pcm(sound: Sound) -> bytes:
    """The sound as signed 16-bit samples in the machine's byte order, mono, RATE_HZ."""
    notes = _NOTES[sound]
    length = max(note.start_s + note.length_s for note in notes)
    mix = [0.0] * math.ceil(length * RATE_HZ)
    for note in notes:
        first = round(note.start_s * RATE_HZ)
        for step in range(min(round(note.length_s * RATE_HZ), len(mix) - first)):
            mix[first + step] += _sample(note, step / RATE_HZ)
    return array("h", [round(max(-1.0, min(1.0, value)) * _PEAK) for value in mix]).tobytes()


def _sample(note: _Note, at_s: float) -> float:
    turn = 2 * math.pi * note.pitch_hz * at_s
    wave = (math.sin(turn) + note.overtone * math.sin(2 * turn)) / (1 + note.overtone)
    attack = min(1.0, at_s / 0.004)  # no click at either end
    release = min(1.0, (note.length_s - at_s) / 0.012)
    fade = math.exp(-3.2 * at_s / note.length_s)
    return note.loud * wave * attack * release * fade
