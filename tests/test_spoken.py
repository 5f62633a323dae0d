"""What is said of a payment: the sentence of each language, numbers as they are said, and that the real voices read it whole."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from kiosk.core.errors import DriverError
from kiosk.core.languages import LANGUAGES
from kiosk.core.money import Money
from kiosk.display import espeak, numerals
from kiosk.display.spoken import UNSPOKEN, Speech, received
from kiosk.display.tones import RATE_HZ

SPOKEN = [language for language in LANGUAGES if language not in UNSPOKEN]
# The currencies in which merchants are settled (contract 4.2).
SETTLED = re.findall(
    r"\w+",
    "HKD GBP USD JPY CAD AUD EUR NZD KRW THB SGD RUB CHF SEK DKK NOK AED TRY MOP TWD CZK MYR PHP IDR MNT QAR HUF KHR ISK "
    "PLN RON VND KZT AZN KGS FJD AMD CNY",
)
UNREAD = {
    *(("zh_CN", "HUF"), ("zh_TW", "HUF")),  # espeak-ng 1.52 does not know the forint's first character
    *(("fr", currency) for currency in ("KRW", "PLN", "KGS")),  # foreign names that the French voice reads as English ones
}

needs_espeak = pytest.mark.voice


@pytest.mark.parametrize(
    ("language", "money", "voice", "text"),
    [
        ("en", Money(1250, "HKD"), "en-gb", "WeChat Pay: 12.5 Hong Kong dollars received"),
        ("en", Money(100, "HKD"), "en-gb", "WeChat Pay: 1 Hong Kong dollar received"),
        ("zh_CN", Money(1250, "HKD"), "cmn-latn-pinyin", "微信支付收款，十二点五港元"),
        ("zh_CN", Money(1205, "CNY"), "cmn-latn-pinyin", "微信支付收款，十二点零五元"),
        ("zh_CN", Money(200, "HKD"), "cmn-latn-pinyin", "微信支付收款，两港元"),
        ("zh_TW", Money(1250, "HKD"), "yue", "微信支付收款，十二點五港元"),
        ("zh_TW", Money(20000, "TWD"), "cmn-latn-pinyin", "微信支付收款，二百元"),
        ("ja", Money(1250, "JPY"), "ja", "うぃーちゃっとぺいで、せんにひゃくごじゅう えんの、おしはらいが、かんりょうしました"),
        ("ko", Money(1205, "HKD"), "ko", "위챗페이로 12 점 영오 홍콩 달러 결제되었습니다"),
        ("ko", Money(1250, "KRW"), "ko", "위챗페이로 1250 원 결제되었습니다"),
        ("fr", Money(1250, "HKD"), "fr-fr", "Paiement Ouitchat reçu : 12,5 dollars de Hong Kong"),
        ("de", Money(100, "HKD"), "de", "Wietschätt-Zahlung erhalten: 1 Hongkong-Dollar"),
        ("es", Money(1250, "EUR"), "es", "Pago de WeChat recibido: 12,5 euros"),
        ("ru", Money(500, "HKD"), "ru", "Оплата через Вичат получена: 5 гонконгских долларов"),
        ("th", Money(1250, "THB"), "en-gb", "WeChat Pay: 12.5 Thai baht received"),
    ],
)
def test_each_language_has_its_sentence_and_its_voice(language: str, money: Money, voice: str, text: str) -> None:
    """Traditional characters are read in Cantonese where the money is Hong Kong's; what no voice speaks is said in English."""
    assert received(money, language) == Speech(voice, text)


@pytest.mark.parametrize(
    ("number", "hanzi", "kana"),
    [
        (0, "零", "れい"),
        (10, "十", "じゅう"),
        (11, "十一", "じゅういち"),
        (110, "一百一十", "ひゃくじゅう"),
        (305, "三百零五", "さんびゃくご"),
        (3600, "三千六百", "さんぜんろっぴゃく"),
        (8888, "八千八百八十八", "はっせんはっぴゃくはちじゅうはち"),
        (1005, "一千零五", "せんご"),
        (10_050, "一万零五十", "いちまんごじゅう"),
        (100_005, "十万零五", "じゅうまんご"),
        (1_050_000, "一百零五万", "ひゃくごまん"),
        (100_000_005, "一亿零五", "いちおくご"),
        (999_999_999, "九亿九千九百九十九万九千九百九十九", None),
    ],
)
def test_numbers_are_spelt_as_they_are_said(number: int, hanzi: str, kana: str | None) -> None:
    assert numerals.chinese(number) == hanzi
    assert numerals.chinese(number, traditional=True) == hanzi.replace("万", "萬").replace("亿", "億")
    assert kana is None or numerals.japanese(number) == kana


@pytest.mark.parametrize("number", [-1, numerals.MOST])
def test_what_cannot_be_spelt_is_refused(number: int) -> None:
    for spell in (numerals.chinese, numerals.japanese):
        with pytest.raises(ValueError, match="not a number"):
            spell(number)


@needs_espeak
@pytest.mark.parametrize("language", SPOKEN)
def test_the_real_voice_reads_every_currency_in_its_own_language(language: str) -> None:
    """espeak-ng says what it cannot read in English, "(en)" among its phonemes, and so does whoever hears it."""
    speeches = {c: received(Money(123_456, c), language) for c in SETTLED if (language, c) not in UNREAD}
    (voice,) = {speech.voice for speech in speeches.values() if speech.voice != "yue"}
    for chosen in {speech.voice for speech in speeches.values()}:
        texts = [speech.text for speech in speeches.values() if speech.voice == chosen]
        command = ["espeak-ng", "-b", "1", "-q", "-x", "-v", chosen, "--stdin"]
        said = subprocess.run(command, input="\n\n".join(texts), capture_output=True, text=True, check=True).stdout
        assert len(said) > 40 * len(texts)
        assert "(en)" not in said, f"{voice}: {said}"


@needs_espeak
@pytest.mark.parametrize("language", SPOKEN)
def test_a_point_is_heard(language: str) -> None:
    """12.5 does not sound as 125 or as 12 5 do: a voice that leaves the point out tells another price."""
    speech = received(Money(1250, "HKD"), language)
    without = Speech(
        speech.voice,
        speech.text.replace("点", "").replace("點", "").replace("てん", "").replace(" 점", "").replace(".", "").replace(",", ""),
    )
    assert without.text != speech.text
    assert espeak.render(speech) != espeak.render(without)


@needs_espeak
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_real_voice_makes_sound_of_a_plausible_length(language: str) -> None:
    samples = np.frombuffer(espeak.render(received(Money(1250, "HKD"), language)), dtype=np.int16).astype(float)
    assert 2 < len(samples) / RATE_HZ < 8
    assert np.sqrt((samples**2).mean()) > 1000  # as loud as the tones
    longer = espeak.render(received(Money(123_456_789, "HKD"), language))
    assert len(longer) > 2 * len(samples)


@pytest.mark.parametrize(
    ("script", "patience_s", "says"),
    [
        (None, 30, "is not there. Install it: sudo apt install espeak-ng"),
        ("cat >/dev/null; exit 1", 30, "cannot speak with the voice en-gb"),
        ("cat; printf RIFFxxxx", 30, "makes no sound"),
        ("exec sleep 60", 0.1, "has said nothing within 0 s"),
    ],
)
def test_a_voice_that_does_not_work_is_an_error_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, patience_s: float, says: str
) -> None:
    monkeypatch.setattr(espeak, "MOST_S", patience_s)
    program = tmp_path / "espeak-ng"
    if script is not None:
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    monkeypatch.setattr(espeak, "PROGRAM", str(program))
    with pytest.raises(DriverError, match="sudo apt install espeak-ng") as raised:
        espeak.render(received(Money(1250, "HKD"), "en"))
    assert says in str(raised.value)
