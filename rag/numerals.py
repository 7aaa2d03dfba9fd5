"""Words for months, magnitudes, currencies, numbers and ranks in several languages; all keys folded."""

from __future__ import annotations

from typing import TypeVar

_Value = TypeVar("_Value", str, float)


def _numbered(start: int, *groups: str) -> dict[str, int]:
    """Words -> number, counting up from start; each group holds one language's words, alternatives joined by a bar."""
    return {
        word: number
        for group in groups
        for number, alternatives in enumerate(group.split(), start=start)
        for word in alternatives.split("|")
    }


def _each(words: str, value: _Value) -> dict[str, _Value]:
    return dict.fromkeys(words.split(), value)


MONTHS = _numbered(
    1,
    "january|jan february|feb march|mar april|apr may june|jun july|jul august|aug september|sept|sep october|oct"
    " november|nov december|dec",
    "janvier|janv fevrier|fevr mars avril|avr mai juin juillet|juil aout septembre octobre novembre decembre",
    "januari februari maret april mei juni juli agustus|agt september oktober|okt november|nop desember|des",
    "januar februar marz april mai juni juli august september oktober november dezember|dez",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre|dic",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart april mei juni juli augustus september oktober november december",
)

MAGNITUDES = {
    **_each("thousand thousands mille milliers ribu tausend mil mila duizend 千", 1e3),
    **_each("万 萬", 1e4),
    **_each("million millions mn mln juta millionen mio millon millones milione milioni milhao milhoes miljoen", 1e6),
    **_each("亿 億", 1e8),
    **_each("billion billions bn milliard milliards mds md miliar milyar milliarde milliarden mrd miliardo", 1e9),
    **_each("miliardi bilhao bilhoes miljard", 1e9),
    **_each("trillion trillions triliun tn billon billones", 1e12),
}
LONG_SCALE = {"fr": {"billion": 1e12, "billions": 1e12}, "de": {"billion": 1e12}}
"""Where a language counts otherwise than English: a French "billion" is a million millions."""

CURRENCY_BEFORE = {
    **_each("us$ usd $", "USD"),
    **_each("eur €", "EUR"),
    **_each("gbp £", "GBP"),
    **_each("jpy ¥", "JPY"),
    **_each("rp rp. idr", "IDR"),
    **_each("rmb cny", "CNY"),
    **_each("₹ inr rs rs.", "INR"),
    **_each("krw ₩", "KRW"),
    "chf": "CHF",
    "hk$": "HKD",
    "s$": "SGD",
    "a$": "AUD",
    "c$": "CAD",
    "r$": "BRL",
}
CURRENCY_AFTER = {
    **_each("dollars dollar dolar dolares dollari us$ usd $ 美元 ドル", "USD"),
    **_each("euros euro eur € 欧元 ユーロ", "EUR"),
    **_each("pounds sterling gbp £ poundsterling", "GBP"),
    **_each("yuan rmb renminbi cny 元 人民币", "CNY"),
    **_each("yen jpy 円 日元", "JPY"),
    **_each("rupiah idr", "IDR"),
    **_each("rupees rupee roupies inr", "INR"),
    **_each("won krw", "KRW"),
    **_each("chf francs", "CHF"),
}

NUMBERS = {
    "en": _numbered(2, "two three four five six seven eight nine ten eleven twelve"),
    "fr": _numbered(2, "deux trois quatre cinq six sept huit neuf dix onze douze"),
    "id": _numbered(2, "dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas"),
    "de": _numbered(2, "zwei drei vier funf sechs sieben acht neun zehn elf zwolf"),
    "es": _numbered(2, "dos tres cuatro cinco seis siete ocho nueve diez once doce"),
}
"""Number words by language; a text in any other is read with the English, French and Indonesian ones, as with ranks."""

ONE = frozenset({"one", "a", "un", "une", "satu", "ein", "eine", "una"})
"""Count only before a magnitude ("a million"); elsewhere they are articles."""

RANKS = {
    "en": _numbered(1, "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"),
    "fr": _numbered(
        1,
        "premier|premiere|premiers|premieres deuxieme|second|seconde troisieme quatrieme cinquieme sixieme"
        " septieme huitieme neuvieme dixieme onzieme douzieme",
    ),
    "id": _numbered(1, "pertama kedua ketiga keempat kelima keenam ketujuh kedelapan kesembilan kesepuluh kesebelas"),
    "de": _numbered(
        1,
        "erste|erster|ersten|erstes zweite|zweiter|zweiten|zweites dritte|dritter|dritten|drittes"
        " vierte|vierter|vierten|viertes funfte|funfter|funften|funftes sechste|sechster|sechsten"
        " siebte|siebter|siebten achte|achter|achten neunte|neunter|neunten zehnte|zehnter|zehnten",
    ),
    "es": _numbered(
        1,
        "primer|primero|primera segundo|segunda tercer|tercero|tercera cuarto|cuarta quinto|quinta sexto|sexta"
        " septimo|septima octavo|octava noveno|novena decimo|decima",
    ),
}
"""Ordinal words by language."""
