"""What is said of a payment, for each language: the sentence, spelt as its voice needs it, and the name of that voice. Pure.

The voices are espeak-ng's (1.51 in Debian 12, 1.52 in Debian 13). What they cannot read was found by their own phonemes
(`espeak-ng -q -x`), and is spelt otherwise here: digits in Chinese and Japanese, whatever is not kana in Japanese, the point in
Korean. Its Thai reads letter by letter and is not understood, so that English is spoken in its place.
"""

from __future__ import annotations

from dataclasses import dataclass

from babel.numbers import get_currency_name

from kiosk.core.money import Money, major
from kiosk.display import numerals

UNSPOKEN = ("th",)


@dataclass(frozen=True, slots=True)
class Speech:
    """A text for a voice of this name."""

    voice: str
    text: str


def received(money: Money, language: str) -> Speech:
    """That this much was paid with WeChat, in `language` (as "zh_CN"), or in English where no voice speaks it."""
    match language:
        case "zh_CN":
            return Speech("cmn-latn-pinyin", f"微信支付收款，{_chinese(money, 'zh_CN', '点')}")
        case "zh_TW" if money.currency in _CANTONESE:
            return Speech("yue", f"微信支付收款，{_chinese(money, 'zh_Hant_HK', '點')}")
        case "zh_TW":
            return Speech("cmn-latn-pinyin", f"微信支付收款，{_chinese(money, 'zh_TW', '點')}")
        case "ja":
            return Speech("ja", f"うぃーちゃっとぺいで、{_japanese(money)}の、おしはらいが、かんりょうしました")
        case "ko":
            return Speech("ko", f"위챗페이로 {_korean(money)} 결제되었습니다")
        case "fr" | "de" | "es" | "ru":
            voice, sentence = _WITH_COMMA[language]
            return Speech(voice, sentence.format(f"{_plain(money).replace('.', ',')} {_currency(money, language)}"))
        case _:
            return Speech("en-gb", f"WeChat Pay: {_plain(money)} {_currency(money, 'en')} received")


def tried(language: str) -> Speech:
    """That this is a trial of the voice: no amount, and nothing that a payment is announced with."""
    match language:
        case "zh_CN":
            return Speech("cmn-latn-pinyin", "声音测试")
        case "zh_TW":
            return Speech("cmn-latn-pinyin", "聲音測試")
        case "ja":
            return Speech("ja", "おんせいのてすとです")
        case "ko":
            return Speech("ko", "소리 시험입니다")
        case "fr" | "de" | "es" | "ru":
            return Speech(_WITH_COMMA[language][0], _TRIED[language])
        case _:
            return Speech("en-gb", "This is a sound test")


def _plain(money: Money) -> str:
    """12.5, and 12 rather than 12.00."""
    whole, _, rest = major(money).partition(".")
    rest = rest.rstrip("0")
    return f"{whole}.{rest}" if rest else whole


def _currency(money: Money, locale: str) -> str:
    """Its name, as Babel has it for this many of it; at home by the short one."""
    at_home = _AT_HOME.get((locale, money.currency))
    if at_home is not None:
        return at_home
    plain = _plain(money)
    return get_currency_name(money.currency, count=int(plain) if plain.isdigit() else float(plain), locale=locale)


def _chinese(money: Money, locale: str, point: str) -> str:
    whole, _, rest = _plain(money).partition(".")
    traditional = locale != "zh_CN"
    said = numerals.chinese(int(whole), traditional=traditional)
    if whole == "2" and not rest:
        said = "兩" if traditional else "两"  # two of something
    if rest:
        said += point + numerals.digits(rest, locale)
    return said + _currency(money, locale)


def _korean(money: Money) -> str:
    whole, _, rest = _plain(money).partition(".")
    point = f" 점 {numerals.digits(rest, 'ko')}" if rest else ""  # the voice leaves a point out, and says 125 for 12.5
    return f"{whole}{point} {_currency(money, 'ko')}"


def _japanese(money: Money) -> str:
    whole, _, rest = _plain(money).partition(".")
    said = numerals.japanese(int(whole))
    if rest:
        said += "てん" + numerals.digits(rest, "ja")
    name = _currency(money, "ja")
    for written, reading in _READINGS.items():
        name = name.replace(written, reading)
    sounds = "".join(_hiragana(char) for char in name if char != " ")
    for small, large in _SMALL.items():
        sounds = sounds.replace(small, large)
    return f"{said} {sounds}"


def _hiragana(char: str) -> str:
    """The voice reads hiragana whole, and of katakana some only."""
    return chr(ord(char) - _KATAKANA_AHEAD) if "ァ" <= char <= "ヴ" else char


# WeChat is spelt as its sound is in French, German and Russian: as an English name it would be read by another, English voice.
_WITH_COMMA = {
    "fr": ("fr-fr", "Paiement Ouitchat reçu : {}"),
    "de": ("de", "Wietschätt-Zahlung erhalten: {}"),
    "es": ("es", "Pago de WeChat recibido: {}"),
    "ru": ("ru", "Оплата через Вичат получена: {}"),
}
_TRIED = {"fr": "Essai du son", "de": "Tonprobe", "es": "Prueba de sonido", "ru": "Проверка звука"}
_CANTONESE = ("HKD", "MOP")  # where the money of Hong Kong and Macau is taken, traditional characters are read in Cantonese
_AT_HOME = {
    ("zh_CN", "CNY"): "元",
    ("zh_TW", "TWD"): "元",
    ("ko", "KRW"): "원",
    ("fr", "GBP"): "livres",
}  # French reads "sterling" as English
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
