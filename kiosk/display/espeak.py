"""The one file that knows espeak-ng: a text in, sound out. A program of its own, its time limited, that inherits nothing."""

from __future__ import annotations

import io
import subprocess
import wave

from kiosk.core.errors import DriverError
from kiosk.display.spoken import Speech
from kiosk.display.tones import RATE_HZ

MOST_S = 5.0  # a Raspberry Pi needs a part of a second: whatever takes longer is not coming
PROGRAM = "espeak-ng"
_WORDS_A_MINUTE = 160  # espeak-ng's own 175 is fast for a number heard once
_REMEDY = "Install it: sudo apt install espeak-ng"


def render(speech: Speech) -> bytes:
    """The speech as signed 16-bit samples, mono, RATE_HZ. Blocks for MOST_S at most. DriverError says why there is none."""
    command = [PROGRAM, "-v", speech.voice, "-s", str(_WORDS_A_MINUTE), "-b", "1", "--stdin", "--stdout"]
    try:
        made = subprocess.run(  # noqa: S603  fixed words; the text goes in by stdin
            command,
            input=speech.text.encode(),
            capture_output=True,
            timeout=MOST_S,
            check=False,
            cwd="/",
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        )
    except FileNotFoundError:
        raise DriverError(f"{PROGRAM} is not there. {_REMEDY}") from None
    except OSError as error:
        raise DriverError(f"{PROGRAM} cannot be started ({error.strerror}). {_REMEDY}") from None
    except subprocess.TimeoutExpired:
        raise DriverError(f"{PROGRAM} has said nothing within {MOST_S:.0f} s. {_REMEDY} --reinstall") from None
    if made.returncode != 0:
        said = made.stderr.decode(errors="replace").strip()[:100]
        raise DriverError(f"{PROGRAM} cannot speak with the voice {speech.voice} ({said}). {_REMEDY}")
    return _samples(made.stdout)


def _samples(wav: bytes) -> bytes:
    """What espeak-ng writes to a pipe: its header does not know the length, so that all there is counts."""
    try:
        with wave.open(io.BytesIO(wav)) as sound:
            form = (sound.getframerate(), sound.getsampwidth(), sound.getnchannels())
            samples: bytes = sound.readframes(len(wav))
    except (wave.Error, EOFError) as error:
        raise DriverError(f"{PROGRAM} makes no sound ({error}). {_REMEDY} --reinstall") from None
    if form != (RATE_HZ, 2, 1) or not samples:
        raise DriverError(f"{PROGRAM} makes sound of another form than {RATE_HZ} Hz, 16 bits, mono. {_REMEDY} --reinstall")
    return samples
