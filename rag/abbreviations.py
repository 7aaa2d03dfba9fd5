"""Words whose full stop need not end a sentence, in several languages; lower case, without the last stop."""

from __future__ import annotations

from rag.text import STOP_WORDS


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


NEVER_END = _words(
    # titles and forms of address
    "dr dra drs drh mr mrs ms mx prof profs st ste sts mt ft hon rev fr sr sra srta sres sras dña mm mme mmes mlle",
    "mlles mgr gen col lt sgt capt cmdr adm maj brig gov sen rep supt insp messrs pr pt tn ny nn hj ir kh sdr sdri",
    "bpk ee sig sigg dott dott.ssa ing avv exmo exma dhr mevr hr",
    # joining words
    "e.g i.e eg v vs viz cf p.ex av c.-à-d c.à.d p.ej z.b d.h u.a s.o s.u bzw ca bijv o.a d.w.z m.a.w t.o.v a.n d.a",
    "u.p s.d yg tgl dgn utk spt incl excl resp approx jl jln gg rp kab kec kel tel tél telp hlm",
)
"""Always followed by more of the same sentence."""

FOLLOWED_BY_NUMBER = _words(
    "c r fl no nos nr núm n p pp pg pag pág hal fig figs gbr tab art arts sec sect ch chap vol bd bab eq ed ps ext",
    "jan feb mar apr jun jul aug sep sept oct nov dec janv févr avr juil déc agu okt des ene abr ago dic",
)
"""Abbreviations only before a number ("No. 5"); before a word the sentence ends ("He said no.")."""

MAY_END = _words(
    "inc ltd co corp llc plc jr sr bros dept univ assn tbk cv gmbh s.a u.s u.k u.n e.u d.c al uu j.-c s.h s.e",
    "m.sc ph.d b.a m.a str blvd ave rd",
)
"""May stand at the end: a function word in capitals then starts the next sentence ("Apple Inc. The …")."""

TIMES = frozenset({"a.m", "p.m"})
"""End the sentence unless a time zone, a day or a preposition follows."""

ORDINAL_DOT = _words("de da no nb nn fi cs sk sl hr sr bs hu pl et lv is tr")
"""Languages that write ordinals with a full stop ("am 3. Oktober")."""

STARTERS = frozenset(word for words in STOP_WORDS.values() for word in words) | _words(
    "since although though because however meanwhile many several another today yesterday later still yet",
    "cependant toutefois depuis der die das und aber wir sie er es ein eine el los las una pero se il gli",
)
"""Function words that, in capitals, start a sentence after an abbreviation."""

SPEECH_VERBS = "|".join(
    sorted(
        _words(
            "said says say tweeted tweets wrote writes added adds told tells asked asks replied explained noted notes",
            "posted claimed argued announced continued concluded insisted remarked stated observed warned joked",
            "admitted confirmed recalled tweeté écrit déclaré dit expliqué ajouté indiqué précisé affirmé répondu",
            "annoncé publié confié lancé kata ujar tutur ungkap jelas tulis katanya ujarnya menulis mengatakan",
            "menambahkan menjelaskan berkata sagte schrieb erklärte meinte fügte dijo escribió afirmó añadió disse",
            "detto zei schreef",
        )
    )
)
"""What follows a quotation that belongs to the sentence: …products!" Xiang tweeted."""
