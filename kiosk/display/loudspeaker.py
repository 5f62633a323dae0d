"""The loudspeaker: tones, and speech beside them. It knows SDL's mixer; what is said, and when, is for others."""

from __future__ import annotations

from kiosk.core.commands import Sound
from kiosk.display import tones
from kiosk.display.sdl import pygame


class Speaker:
    """Plays tones and speech at a `volume` of 0 to 100. `problem`: what went wrong at opening, so that it is silent; or None."""

    def __init__(self, volume: int = 100) -> None:
        self.problem: str | None = None
        self._volume = volume / 100
        self._sounds: dict[Sound, pygame.mixer.Sound] = {}
        try:
            pygame.mixer.init(tones.RATE_HZ, -16, 1, 512)
            rate, _, channels = pygame.mixer.get_init()
            if (rate, channels) != (tones.RATE_HZ, 1):
                pygame.mixer.quit()
                pygame.mixer.init(tones.RATE_HZ, -16, 1, 512, allowedchanges=0)
            pygame.mixer.set_reserved(1)  # the first channel is the voice's, and no tone takes it
        except pygame.error as error:
            self.problem = str(error)

    def play(self, sound: Sound) -> None:
        if self.problem is not None:
            return
        if sound not in self._sounds:
            self._sounds[sound] = self._sound(tones.pcm(sound))
        self._sounds[sound].play()

    def busy(self) -> bool:
        """Whether anything sounds just now."""
        return self.problem is None and bool(pygame.mixer.get_busy())

    def say(self, samples: bytes) -> None:
        """Let this be heard now, in place of what is being said: 16 bits, mono, RATE_HZ."""
        if self.problem is None:
            pygame.mixer.Channel(0).play(self._sound(samples))

    def hush(self) -> None:
        """Stop what is being said; a tone goes on."""
        if self.problem is None:
            pygame.mixer.Channel(0).stop()

    def _sound(self, samples: bytes) -> pygame.mixer.Sound:
        sound = pygame.mixer.Sound(buffer=samples)
        sound.set_volume(self._volume)
        return sound

    def close(self) -> None:
        if self.problem is None:
            pygame.mixer.stop()  # a sound that ended by itself during quit would be told to channels that are freed already
            pygame.mixer.quit()
