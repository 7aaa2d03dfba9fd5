"""Units, fractions, bounds, weekdays and relative times in several languages; everything folded."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rag.words import lines


def _concepts(name: str) -> dict[str, str]:
    """Word -> concept, from lines "concept: word word …"."""
    pairs = (line.split(": ") for line in lines(name))
    return {word: concept for concept, listed in pairs for word in listed.split()}


MEASURES = _concepts("measures")
"""Word -> measure; two numbers of the same value in different measures differ."""

COUNTED = _concepts("counted")
"""Word -> what is counted; kinds that exclude one another, so that two numbers of the same value differ."""

FRACTIONS: Mapping[str, float] = {
    r"(?<!first )(?<!second )(?<!other )half(?! of 2\d| of the year)|halves": 50.0,
    r"(?:la )?moitie|setengah|separuh|separo|die halfte|halfte|(?:la )?mitad|一半": 50.0,
    r"(?:a|one) third|un tiers|le tiers|sepertiga|ein drittel|un tercio|三分之一": 100 / 3,
    r"two[ -]thirds|(?:les )?deux tiers|dua[ -]pertiga|zwei drittel|dos tercios|三分之二": 200 / 3,
    r"(?:a|one) quarter(?= of)|un quart|le quart|seperempat|ein viertel|un cuarto|四分之一": 25.0,
    r"three[ -]quarters|(?:les )?trois quarts|tiga[ -]perempat|drei viertel|tres cuartos|四分之三": 75.0,
    r"(?:a|one) fifth(?= of)|un cinquieme|seperlima|ein funftel|un quinto|五分之一": 20.0,
    r"(?:a|one) tenth(?= of)|un dixieme|sepersepuluh|ein zehntel|un decimo|十分之一": 10.0,
}
"""Pattern -> percent."""

MULTIPLES: Mapping[str, float] = {
    r"doubl(?:e|ed|es|ing)|twice|twofold|doubler|deux fois|dua kali(?: lipat)?|verdoppel\w*|doppelt\w*|duplic\w+": 2.0,
    r"tripl(?:e|ed|es|ing)|threefold|tripler|trois fois|tiga kali(?: lipat)?|verdreifach\w*|triplic\w+": 3.0,
    r"quadrupl\w+|fourfold|quatre fois|empat kali(?: lipat)?|vervierfach\w*|cuadruplic\w+": 4.0,
}
"""Pattern -> factor."""

ROUND: Mapping[str, float] = {
    r"(?:une |quelques )?dizaines?": 10.0,
    r"(?:une )?quinzaine": 15.0,
    r"(?:une )?vingtaine": 20.0,
    r"(?:une )?trentaine": 30.0,
    r"(?:une )?quarantaine(?= d)": 40.0,
    r"(?:une )?cinquantaine": 50.0,
    r"(?:une )?soixantaine": 60.0,
    r"(?:une )?centaine": 100.0,
    r"un millier|ein gutes tausend|un millar": 1000.0,
    r"decena(?: de)?": 10.0,
    r"veintena(?: de)?": 20.0,
    r"centenar(?: de)?": 100.0,
}
"""Pattern -> the number that a word says roughly."""

WORDED: Mapping[str, tuple[float, str | None]] = {
    r"a decade|one decade|une decennie|satu dekade|sedekade|ein jahrzehnt|una decada": (10.0, "year"),
    r"a century|un siecle|satu abad|seabad|ein jahrhundert|un siglo": (100.0, "year"),
    r"a fortnight|une quinzaine de jours": (14.0, "day"),
    r"a dozen|une douzaine|selusin|ein dutzend|una docena": (12.0, None),
    r"both|les deux|kedua|keduanya|beide[nr]?|ambos|ambas|两者|a couple|a pair|sepasang": (2.0, None),
}
"""Pattern -> a number that the words say without a figure, with its unit."""

CURRENCIES: Mapping[str, str] = {
    r"(?:de )?livres? sterling|pound(?: sterling)?|libras? esterlinas?|pfund|britische[nr]? pfund|英镑": "GBP",
    r"(?:de )?francs? suisses?|schweizer franken|franken|瑞士法郎": "CHF",
    r"ringgit|令吉": "MYR",
    r"bahts?|泰铢": "THB",
    r"roubles?|rubles?|rubel|卢布": "RUB",
    r"(?:de )?pesos?": "MXN",
    r"reals?|reais|reales": "BRL",
}
"""Pattern of what follows an amount -> ISO 4217 code, beside those that ``rag.numerals`` has."""

RANKS_ID = {"kedua": 2, "ketiga": 3, "keempat": 4, "kelima": 5, "keenam": 6, "ketujuh": 7, "kedelapan": 8}
"""Indonesian ranks that are also "both", "all three" …: ranks where they follow what they count."""

BOUNDS: Mapping[str, str] = {
    "more": (
        r"more than|over|above|at least|upwards of|exceed(?:s|ed|ing)?|in excess of|no (?:fewer|less) than"
        r"|plus de|au moins|superieure?s? a"
        r"|lebih dari|di atas|melebihi|sedikitnya|setidaknya|paling sedikit|minimal|tidak kurang dari|mehr als|uber"
        r"|mindestens|mas de|al menos|por lo menos|超过|至少|多于"
        r"|surpass(?:es|ed)?|depass\w+|melampaui"
    ),
    "less": (
        r"less than|fewer than|under|below|at most|up to|as (?:many|much|long|far|high) as"
        r"|no more than|nearly|almost|moins de|au plus|au maximum|jusqu'a"
        r"|pres de|presque|kurang dari|di bawah|paling banyak|maksimal|hingga|sampai|tidak lebih dari|hampir|nyaris"
        r"|weniger als|unter|hochstens|bis zu|fast|knapp|menos de|como maximo|hasta|casi"
        r"|不到|不足|至多|近|inferieure?s? a"
    ),
    "about": (
        r"about|around|roughly|approximately|some|circa|environ|autour de|quelque|approximativement|une? \w+aine de"
        r"|sekitar|kira-kira|kurang lebih|etwa|rund|ungefahr|circa|alrededor de|aproximadamente|unos|unas|大约|约|左右"
    ),
}
"""Kind of bound -> what stands right before a number that is not exact."""

WEEKDAYS = _concepts("weekdays")
"""Word -> day; the Indonesian Minggu is read as one only with "hari", since it is also the week."""

RELATIVE: Mapping[str, str] = {
    "yesterday": r"yesterday|hier|kemarin|gestern|ayer|昨天|昨日",
    "today": r"today|aujourd'hui|hari ini|heute|hoy|今天|今日",
    "tomorrow": r"tomorrow|demain|besok|morgen|manana|明天",
    "last year": r"last year|l'an(?:nee)? (?:derniere?|passee?)|tahun (?:lalu|kemarin)"
    r"|(?:letzte[sn]|vergangene[sn]) jahr"
    r"|vorjahr|ano pasado|去年|the previous year|l'annee precedente|tahun sebelumnya",
    "this year": r"this year|cette annee|tahun ini|die?se[sm]? jahr|este ano|今年",
    "next year": r"next year|l'an(?:nee)? prochaine?|tahun depan|nachste[sn] jahr|ano que viene|proximo ano|明年",
    "last month": r"last month|le mois (?:dernier|passe)|bulan lalu|letzten monat|mes pasado|上个?月",
    "this month": r"this month|ce mois(?:-ci)?|bulan ini|diesen monat|este mes|本月",
    "next month": r"next month|le mois prochain|bulan depan|nachsten monat|proximo mes|下个?月",
    "last week": r"last week|la semaine (?:derniere|passee)|(?:minggu|pekan) lalu|letzte woche|semana pasada|上周",
    "this week": r"this week|cette semaine|(?:minggu|pekan) ini|diese woche|esta semana|本周",
    "next week": r"next week|la semaine prochaine|(?:minggu|pekan) depan|nachste woche|proxima semana|下周",
    "last quarter": r"last quarter|le trimestre dernier|kuartal lalu|letztes quartal",
    "next quarter": r"next quarter|le trimestre prochain|kuartal depan|nachstes quartal",
}
"""What a time is called from where the writer stands -> pattern."""


_START = r"(?:(?<![^\W_])|(?=[\u4e00-\u9fff]))"
_END = r"(?:(?![^\W_])|(?<=[\u4e00-\u9fff]))"


def whole_words(pattern: str) -> re.Pattern[str]:
    """The pattern over whole words of folded text; Chinese characters need no border."""
    return re.compile(f"{_START}(?:{pattern}){_END}")
