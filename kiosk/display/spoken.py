"""What is said, for each language: the sentence, spelt as its voice needs it, and the name of that voice. Pure.

The voices are espeak-ng's (1.51 in Debian 12, 1.52 in Debian 13). What they cannot read was found by their own phonemes
(`espeak-ng -q -x`), and is spelt otherwise here: digits in Chinese and Japanese, whatever is not kana in Japanese, the point in
Korean. Its Thai reads letter by letter and is not understood, so that English is spoken in its place.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.core.money import Money
from kiosk.display import numerals, sums
from kiosk.display.words import words_of

UNSPOKEN = ("th",)


@dataclass(frozen=True, slots=True)
class Speech:
    """A text for a voice of this name."""

    voice: str
    text: str


def received(money: Money, language: str) -> Speech:
    """That this much was paid with WeChat, in `language` (as "zh_CN"), or in English where no voice speaks it."""
    voice = _voice(language, money.currency)
    match language:
        case "zh_CN":
            return Speech(voice, f"微信支付收款，{_chinese(money, 'zh_CN', '点')}")
        case "zh_TW":
            return Speech(voice, f"微信支付收款，{_chinese(money, 'zh_Hant_HK' if voice == 'yue' else 'zh_TW', '點')}")
        case "ja":
            return Speech(voice, f"うぃーちゃっとぺいで、{_japanese(money)}の、おしはらいが、かんりょうしました")
        case "ko":
            return Speech(voice, f"위챗페이로 {_korean(money)} 결제되었습니다")
        case "fr" | "de" | "es" | "ru":
            return Speech(voice, _RECEIVED[language].format(sums.said(money, language)))
        case _:
            return Speech(voice, f"WeChat Pay: {sums.said(money, 'en')} received")


def tried(language: str) -> Speech:
    """That this is a trial of the voice: no amount, and nothing that a payment is announced with."""
    return Speech(_voice(language, ""), _TRIED.get(language, "This is a sound test"))


def guided(key: str, language: str, currency: str) -> Speech:
    """The text `key` of kiosk/display/english/aloud.py, where this currency is at home; as `received`, in English if need be."""
    return Speech(_voice(language, currency), words_of("en" if language in UNSPOKEN else language)(key))


def _voice(language: str, currency: str) -> str:
    """Traditional characters are read in Cantonese where the money is Hong Kong's or Macau's."""
    if language == "zh_TW" and currency in _CANTONESE:
        return "yue"
    return _VOICES.get(language, "en-gb")


def _chinese(money: Money, locale: str, point: str) -> str:
    whole, _, rest = sums.decimals(money)[0].partition(".")
    traditional = locale != "zh_CN"
    said = numerals.chinese(int(whole), traditional=traditional)
    if whole == "2" and not rest:
        said = "兩" if traditional else "两"  # two of something
    if rest:
        said += point + numerals.digits(rest, locale)
    return said + sums.name(money, locale)


def _korean(money: Money) -> str:
    whole, _, rest = sums.decimals(money)[0].partition(".")
    point = f" 점 {numerals.digits(rest, 'ko')}" if rest else ""  # the voice leaves a point out, and says 125 for 12.5
    return f"{whole}{point} {sums.name(money, 'ko')}"


def _japanese(money: Money) -> str:
    whole, _, rest = sums.decimals(money)[0].partition(".")
    said = numerals.japanese(int(whole))
    if rest:
        said += "てん" + numerals.digits(rest, "ja")
    name = sums.name(money, "ja")
    for written, reading in _READINGS.items():
        name = name.replace(written, reading)
    sounds = "".join(_hiragana(char) for char in name if char != " ")
    for small, large in _SMALL.items():
        sounds = sounds.replace(small, large)
    return f"{said} {sounds}"


def _hiragana(char: str) -> str:
    """The voice reads hiragana whole, and of katakana some only."""
    return chr(ord(char) - _KATAKANA_AHEAD) if "ァ" <= char <= "ヴ" else char


_VOICES = {
    "zh_CN": "cmn-latn-pinyin",
    "zh_TW": "cmn-latn-pinyin",
    "ja": "ja",
    "ko": "ko",
    "fr": "fr-fr",
    "de": "de",
    "es": "es",
    "ru": "ru",
}
_CANTONESE = ("HKD", "MOP")
# WeChat is spelt as its sound is in French, German and Russian: as an English name it would be read by another, English voice.
_RECEIVED = {
    "fr": "Paiement Ouitchat reçu : {}",
    "de": "Wietschätt-Zahlung erhalten: {}",
    "es": "Pago de WeChat recibido: {}",
    "ru": "Оплата через Вичат получена: {}",
}
_TRIED = {
    "zh_CN": "声音测试",
    "zh_TW": "聲音測試",
    "ja": "おんせいのてすとです",
    "ko": "소리 시험입니다",
    "fr": "Essai du son",
    "de": "Tonprobe",
    "es": "Prueba de sonido",
    "ru": "Проверка звука",
}
_KATAKANA_AHEAD = ord("ア") - ord("あ")
# A pair that the voice does not know makes it spell all of the word, letter by letter.
_SMALL = {"うぉ": "うお", "うぇ": "うえ", "てぃ": "ち", "でぃ": "じ"}
_READINGS = {
    "中国人民元": "じんみんげん",
    "新台湾": "しんたいわん",
    "香港": "ほんこん",
    "英国": "えいこく",
    "韓国": "かんこく",
    "米": "べい",
    "円": "えん",
    "UAE": "ゆーえーいー",
}
