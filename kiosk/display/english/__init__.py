"""All that the kiosk says on screens, on paper and aloud, in English: what the catalogues of kiosk/locale translate.

"|" marks where a line may be broken besides spaces; in the languages without spaces a line is broken nowhere else.
"""

from __future__ import annotations

from kiosk.display.english.aloud import ALOUD
from kiosk.display.english.care import CARE
from kiosk.display.english.paper import PAPER
from kiosk.display.english.selling import SELLING
from kiosk.display.english.set_up import SET_UP

ENGLISH = SELLING | CARE | SET_UP | PAPER | ALOUD
