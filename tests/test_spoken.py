"""What is said: the sentence of each language, numbers as they are said, and that the real voices read it whole."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from kiosk.core.errors import DriverError
from kiosk.core.languages import LANGUAGES
from kiosk.core.money import Money, from_major
from kiosk.display import espeak, numerals, sums
from kiosk.display.english.aloud import ALOUD
from kiosk.display.spoken import UNSPOKEN, Speech, guided, received, tried
from kiosk.display.tones import RATE_HZ
from kiosk.display.words import words_of

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
        ("en", Money(1250, "HKD"), "en-gb", "WeChat Pay: 12 Hong Kong dollars and 50 cents received"),
        ("en", Money(100, "HKD"), "en-gb", "WeChat Pay: 1 Hong Kong dollar received"),
        ("zh_CN", Money(1250, "HKD"), "cmn-latn-pinyin", "微信支付收款，十二点五港元"),
        ("zh_CN", Money(1205, "CNY"), "cmn-latn-pinyin", "微信支付收款，十二点零五元"),
        ("zh_CN", Money(200, "HKD"), "cmn-latn-pinyin", "微信支付收款，两港元"),
        ("zh_TW", Money(1250, "HKD"), "yue", "微信支付收款，十二點五港元"),
        ("zh_TW", Money(20000, "TWD"), "cmn-latn-pinyin", "微信支付收款，二百元"),
        ("ja", Money(1250, "JPY"), "ja", "うぃーちゃっとぺいで、せんにひゃくごじゅう えんの、おしはらいが、かんりょうしました"),
        ("ko", Money(1205, "HKD"), "ko", "위챗페이로 12 점 영오 홍콩 달러 결제되었습니다"),
        ("ko", Money(1250, "KRW"), "ko", "위챗페이로 1250 원 결제되었습니다"),
        ("fr", Money(1250, "HKD"), "fr-fr", "Paiement Ouitchat reçu : 12 dollars de Hong Kong et 50 centimes"),
        ("de", Money(100, "HKD"), "de", "Wietschätt-Zahlung erhalten: ein Hongkong-Dollar"),
        ("es", Money(1250, "EUR"), "es", "Pago de WeChat recibido: doce euros con cincuenta céntimos"),
        ("ru", Money(500, "HKD"), "ru", "Оплата через Вичат получена: 5 гонконгских долларов"),
        ("th", Money(1250, "THB"), "en-gb", "WeChat Pay: 12.5 Thai baht received"),
    ],
)
def test_each_language_has_its_sentence_and_its_voice(language: str, money: Money, voice: str, text: str) -> None:
    """Traditional characters are read in Cantonese where the money is Hong Kong's; what no voice speaks is said in English."""
    assert received(money, language) == Speech(voice, text)


COUNTS = ("1", "2", "5", "11", "21", "101", "0.01", "1.01", "1.21")
EURO = {
    "en": "1 euro|2 euros|5 euros|11 euros|21 euros|101 euros|1 cent|1 euro and 1 cent|1 euro and 21 cents",
    "de": "ein Euro|2 Euro|5 Euro|11 Euro|21 Euro|101 Euro|ein Cent|ein Euro und ein Cent|ein Euro und 21 Cent",
    "fr": "un euro|2 euros|5 euros|11 euros|21 euros|101 euros|un centime|un euro et un centime|un euro et 21 centimes",
    "es": "un euro|dos euros|cinco euros|once euros|veintiún euros|ciento un euros|un céntimo|un euro con un céntimo|"
    "un euro con veintiún céntimos",
    "ru": "1 евро|2 евро|5 евро|11 евро|21 евро|101 евро|1 цент|1 евро 1 цент|1 евро 21 цент",
    "zh_CN": "一欧元|二欧元|五欧元|十一欧元|二十一欧元|一百零一欧元|零点零一欧元|一点零一欧元|一点二一欧元",
    "zh_TW": "一歐元|二歐元|五歐元|十一歐元|二十一歐元|一百零一歐元|零點零一歐元|一點零一歐元|一點二一歐元",
    "ja": "いち ゆーろ|に ゆーろ|ご ゆーろ|じゅういち ゆーろ|にじゅういち ゆーろ|ひゃくいち ゆーろ|れいてんれいいち ゆーろ|"
    "いちてんれいいち ゆーろ|いちてんにいち ゆーろ",
    "ko": "1 유로|2 유로|5 유로|11 유로|21 유로|101 유로|0 점 영일 유로|1 점 영일 유로|1 점 이일 유로",
}
FEMININE = {  # the currency with it, and what 1, 2, 21, 22, 101, 200 and 1.01 of it are
    ("de", "SEK"): "eine Schwedische Krone|2 Schwedische Kronen|21 Schwedische Kronen|22 Schwedische Kronen|"
    "101 Schwedische Kronen|200 Schwedische Kronen|1,01 Schwedische Kronen",
    ("de", "RUB"): "ein Russischer Rubel|2 Russische Rubel|21 Russische Rubel|22 Russische Rubel|101 Russische Rubel|"
    "200 Russische Rubel|ein Russischer Rubel und eine Kopeke",
    ("fr", "GBP"): "une livre|2 livres|20 et une livres|22 livres|100 une livres|200 livres|une livre et un penni",
    ("fr", "SEK"): "une couronne suédoise|2 couronnes suédoises|20 et une couronnes suédoises|22 couronnes suédoises|"
    "100 une couronnes suédoises|200 couronnes suédoises|1,01 couronne suédoise",
    ("es", "GBP"): "una libra esterlina|dos libras esterlinas|veintiuna libras esterlinas|veintidós libras esterlinas|"
    "ciento una libras esterlinas|doscientas libras esterlinas|una libra esterlina con un penique",
    ("ru", "RUB"): "1 рубль|2 рубля|21 рубль|22 рубля|101 рубль|200 рублей|1 рубль одна копейка",
    ("ru", "SEK"): "одна шведская крона|две шведские кроны|20 одна шведская крона|20 две шведские кроны|"
    "100 одна шведская крона|200 шведских крон|1,01 шведской кроны",
    ("ru", "HKD"): "1 гонконгский доллар|2 гонконгских доллара|21 гонконгский доллар|22 гонконгских доллара|"
    "101 гонконгский доллар|200 гонконгских долларов|1 гонконгский доллар 1 цент",
}


@pytest.mark.parametrize("language", EURO)
def test_a_number_before_a_currency_has_the_form_that_people_say(language: str) -> None:
    """By the text that the voice is given; the Chinese two is another before what is counted."""
    whole = EURO[language].replace("二欧元", "两欧元", 1).replace("二歐元", "兩歐元", 1).split("|")
    for count, wanted in zip(COUNTS, whole, strict=True):
        assert re.search(rf"(?<!\w){wanted}(?!\w)|[，、]{wanted}", received(from_major(count, "EUR"), language).text), count


@pytest.mark.parametrize(("language", "currency"), FEMININE)
def test_one_and_two_are_in_the_gender_of_what_is_counted(language: str, currency: str) -> None:
    counts = ("1", "2", "21", "22", "101", "200", "1.01")
    assert [sums.said(from_major(count, currency), language) for count in counts] == FEMININE[language, currency].split("|")


@pytest.mark.parametrize(
    ("language", "amount", "currency", "text"),
    [
        ("fr", 1_000_000, "JPY", "1000000 de yens japonais"),
        ("fr", 200_000_000, "EUR", "2000000 d'euros"),
        ("es", 3_000_000, "JPY", "tres millones de yenes japoneses"),
        ("fr", 8_100, "SEK", "80 une couronnes suédoises"),
        ("fr", 7_100, "SEK", "71 couronnes suédoises"),
        ("ru", 1_200, "SEK", "12 шведских крон"),
        ("de", 1_250, "AED", "12,5 VAE-Dirham"),
        ("en", 0, "HKD", "0 Hong Kong dollars"),
    ],
)
def test_sums_that_are_said_in_their_own_way(language: str, amount: int, currency: str, text: str) -> None:
    assert sums.said(Money(amount, currency), language) == text


@pytest.mark.parametrize(
    ("number", "masculine", "feminine"),
    [
        (100, "cien", "cien"),
        (131, "ciento treinta y un", "ciento treinta y una"),
        (521, "quinientos veintiún", "quinientas veintiuna"),
        (1_000, "mil", "mil"),
        (21_100, "veintiún mil cien", "veintiuna mil cien"),
        (200_900, "doscientos mil novecientos", "doscientas mil novecientas"),
        (1_000_001, "un millón un", "un millón una"),
        (200_000_030, "doscientos millones treinta", "doscientos millones treinta"),
    ],
)
def test_spanish_numbers_are_spelt_in_both_genders(number: int, masculine: str, feminine: str) -> None:
    assert (numerals.spanish(number), numerals.spanish(number, feminine=True)) == (masculine, feminine)


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
    for spell in (numerals.chinese, numerals.japanese, numerals.spanish):
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
@pytest.mark.parametrize("currency", ["HKD", "EUR"])
def test_the_real_voice_reads_all_that_a_customer_is_told_in_its_own_language(language: str, currency: str) -> None:
    speeches = [guided(key, language, currency) for key in ALOUD]
    command = ["espeak-ng", "-b", "1", "-q", "-x", "-v", speeches[0].voice, "--stdin"]
    texts = "\n\n".join(speech.text for speech in speeches)
    said = subprocess.run(command, input=texts, capture_output=True, text=True, check=True).stdout
    assert len(said) > 15 * len(speeches)
    assert "(en)" not in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_customer_is_told_is_short_and_holds_no_number(language: str) -> None:
    """No amount and no code, and in Japanese nothing but what its voice can read."""
    for key in ALOUD:
        text = words_of(language)(key)
        assert not re.search(r"[0-9{}|]", text), key
        assert len(text) <= 130, key
        assert language != "ja" or re.fullmatch(r"[ぁ-んー、。]+", text), key


def test_a_language_that_no_voice_speaks_is_said_in_english() -> None:
    assert guided("say.wait", "th", "THB") == Speech("en-gb", "One moment, please.")
    assert guided("say.wait", "zh_TW", "HKD") == Speech("yue", "請稍候。")
    assert guided("say.wait", "zh_TW", "TWD").voice == tried("zh_TW").voice == "cmn-latn-pinyin"


@needs_espeak
@pytest.mark.parametrize("language", SPOKEN)
def test_a_point_is_heard(language: str) -> None:
    """12.5 does not sound as 125 or as 12 5 do: a voice that leaves the point out tells another price."""
    speech = received(Money(1250, "NOK"), language)  # whose small change has no name here
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
