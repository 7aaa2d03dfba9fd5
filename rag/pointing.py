"""Words and patterns that tell a follow-up question from one that stands alone, in English, French and Indonesian.

Patterns run on folded text: lower case, no accents. They know no grammar beyond the order of words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.text import STOP_WORDS


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{alternative})" for alternative in alternatives))


@dataclass(frozen=True, slots=True)
class Rules:
    """The tables of one language.

    Attributes:
        asking: Words that ask; a question with one of them, or with a word of ``finite``, is a clause.
        finite: Auxiliaries and the like, which a mere part of a sentence lacks, and imperatives.
        copula: Words that make a question of a single name complete ("Who is Harry Shum?").
        strong: Openings that always continue; weak: openings that continue what is no clause of its own.
        harmless: Turns in which the words of the following tables point at nothing.
        pointing: What points back whatever stands before it in the question.
        possessive: What points at a name or noun phrase before it, or else back.
        pronoun: What points at one in an earlier clause of the question, or else back.
        phrase: A noun phrase that a pronoun may point at.
        boundary: What may stand between two clauses.
        defining: Questions that ask what a word means.
    """

    asking: re.Pattern[str]
    finite: re.Pattern[str]
    copula: re.Pattern[str]
    strong: re.Pattern[str]
    weak: re.Pattern[str]
    harmless: re.Pattern[str]
    pointing: re.Pattern[str]
    possessive: re.Pattern[str]
    pronoun: re.Pattern[str]
    phrase: re.Pattern[str]
    boundary: re.Pattern[str]
    defining: re.Pattern[str]


AUXILIARY = "is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|should|shall|may|might|must"
_EN_THING = (
    "deal|agreement|memorandum|contract|pact|partnership|collaboration|company|firm|group|bank|team|plan|project"
    "|product|device|phone|laptop|speaker|year|month|day|date|time|number|figure|report|article|study|trial|person|man|woman"
    "|country|city|place|region|market|decision|law|event|point|amount|price|case|problem|issue|way|period|idea|claim"
    "|statement|technology|service|vaccine|ship|ferry|fine|election|match|meeting|announcement"
)
_EN_EASY = (
    "true|possible|likely|necessary|legal|safe|raining|snowing|better|worth|important|easy|hard|difficult|common|normal"
)
_FR_EASY = "vrai|possible|necessaire|prevu|important|question|interdit|legal|difficile|facile|normal|utile"
_FR_VERBS = "a|ont|va|vont|avait|avaient|veut|veulent"
_EN_TIMES = "year|week|month|day|days|morning|afternoon|evening|century|decade|season|summer|winter|spring|autumn"

RULES = {
    "en": Rules(
        asking=re.compile(r"\b(?:what|which|who|whom|whose|when|where|why|how)\b"),
        finite=_any(
            rf"\b(?:{AUXILIARY}|'re|tell|list|explain|describe|compare|name|give|show)\b",
            r"^(?:go (?:on|ahead)|continue|elaborate|summari[sz]e|repeat|say more)\b",
        ),
        copula=re.compile(r"\b(?:is|are|was|were|'s|'re|about)\b"),
        strong=re.compile(
            r"(?:(?:and|but|so|ok|okay)[,]? )?(?:what|how) about\b|(?:and )?(?:the )?same (?:question )?(?:for|with)\b"
        ),
        weak=re.compile(r"(?:and|but|or|so|also|then|plus|ok|okay|now)\b(?: (?:also|then|so))?"),
        harmless=_any(
            rf"\b(?:is|was) it (?:{_EN_EASY})\b|\bit (?:is|was|be) (?:{_EN_EASY})\b|\bmakes? it (?:{_EN_EASY})\b",
            r"\b(?:does|did|will|would|can) it (?:take|cost)\b.* to \w|\bwhat time (?:is|was) it\b",
            r"\b(?:so|such) that\b",
            rf"\bthere(?:'s| (?:{AUXILIARY}|be|exist))\b|\b(?:{AUXILIARY}|be|been) there\b",
            rf"\b(?:this|these) (?:{_EN_TIMES})\b|\bthose (?:who|that|which)\b",
        ),
        pointing=_any(
            rf"\b(?:this|that|these|those) (?:{_EN_THING})(?:s|es|ies)?\b",
            r"\b(?:these|those)\b|\b(?:this|that)\W*$",
            rf"(?:^|\b(?:{AUXILIARY}|of|about|in|on|for|with|from|to|at|by|after|before|than|like|behind|under"
            r"|since|until|without|why|how|when|where|but) )(?:this|that)\b",
            r"\bthere\b|\bthen\W*$|\b(?:since|until|before|by|back) then\b",
            r"\b(?:which|what|the (?:first|second|third|last|other|next|previous|same|new|old|big\w*|small\w*))"
            r" ones?\b",
            r"\bthe (?:former|latter|others?|rest|same)\W*$|\b(?:both|neither|instead)\W*$",
        ),
        possessive=re.compile(r"\b(?:its|his|hers?|theirs?)\b"),
        pronoun=re.compile(r"\b(?:it|he|she|they|him|them)\b"),
        phrase=_any(
            r"\b(?:the|an?) \w+",
            rf"\b(?:which|what) (?!(?:{AUXILIARY})\b)\w+(?: \w+)? (?=(?!{AUXILIARY})\w+ )",
            rf"\b(?:who|(?:which|what|how many) (?!(?:{AUXILIARY})\b)\w+) (?:ha(?:d|s|ve)|"
            rf"(?!(?:{AUXILIARY})\b)\w+"
            r"|(?:will|would|can|could|has|have|had|should|must) (?!its\b|his\b|her\b|their\b|the\b)\w+"
            r"|(?:is|are|was|were) \w+(?:ing|ed))\b",
        ),
        boundary=_any(
            r"\b(?:that|when|if|because|before|after|while|since|although|though|where|which|who|whether|until)\b",
            r"\b(?:unless|and|but|or|as|so|than)\b",
            r"\b(?:says?|said|thinks?|thought|believes?|claims?|claimed|announced?|promised?|expects?|hopes?|wants?)"
            rf" (?=(?:it|he|she|they) (?:{AUXILIARY}|wants|needs|plans)\b)",
        ),
        defining=re.compile(r"what(?:'s| is| are| was) an? |what does .* mean\b|(?:define|definition of) "),
    ),
    "fr": Rules(
        asking=re.compile(
            r"\b(?:que|qu'|quoi|quel(?:le)?s?|qui|quand|pourquoi|comment|combien|lesquel(?:le)?s|laquelle|lequel)"
        ),
        finite=_any(
            r"\b(?:est|sont|etait|etaient|fut|furent|sera|seront|serait|ont|avait|avaient|aura|auront|va|vont|peut)\b",
            r"\b(?:peuvent|doit|doivent|fait|font|faut|veut|veulent|existe|s'agit)\b|-(?:t-)?(?:il|elle|on|ils|elles|ce)\b",
            r"^(?:cite|citez|explique[rz]?|decri[st]|decrivez|donne[rz]?|liste[rz]?|compare[rz]?|raconte[rz]?)\b",
            r"^(?:dis|dites|continue[rz]?|poursuis|poursuivez|resume[rz]?)\b",
        ),
        copula=re.compile(r"\b(?:est|sont|etait|etaient|fut|c'est)\b"),
        strong=re.compile(
            r"(?:et |mais )?(?:qu'en (?:est|etait)-il|quid|meme (?:chose|question))"
            r"(?: (?:de|du|des|pour|avec|en)\b| d')?"
        ),
        weak=re.compile(
            r"(?:et|mais|ou|alors|puis|ensuite|donc|sinon|maintenant)\b(?! (?:est|en etes)\b)"
            r"(?: (?:alors|puis|donc|si)\b)?"
        ),
        harmless=_any(
            r"\bil y (?:a|avait|aura|aurait)\b|\by (?:a|aura|aurait)-t-il\b|\by (?:avait|aurait)-il\b",
            r"\bfa(?:ut|llait|udra|udrait)-(?:t-)?il\b|\bil f(?:aut|allait|audra)\b|\bs'agi\w+-il\b|\bil s'agi\w+",
            rf"\bil (?:est|etait|serait) (?:{_FR_EASY})|\b(?:est|etait|serait)-il (?:{_FR_EASY})",
            r"\bquelle heure est-il\b",
            r"\bfait-il (?:chaud|froid|beau|jour|nuit)|\bpleut-il\b|\b(?:existe|reste|manque|arrive)-t-il\b",
            r"\bqu'est-ce qu(?:e\b|i\b|')|\best-ce qu(?:e\b|')|\b(?:tout )?ce qu(?:e\b|i\b|')",
            r"\bce (?:sont|fut|sera)\b|\best-ce\b",
            r"\bce(?:t|tte|s)? (?:annee|mois|semaine|jours?|soir|matin|siecle|fois|ete|hiver|printemps|automne)\b",
        ),
        pointing=_any(
            r"\bce(?:t|tte|s)? (?!n')\w+|\bce(?:lui|lle|ux|lles)-(?:ci|la)\b|\b(?:cela|ceci|ca)\b",
            r"\bla-bas\b|\by\b|\bl'(?:un|autre)\W*$|\bles (?:deux|autres|memes)\W*$",
            r"\b(?:lequel|laquelle|lesquel(?:le)?s)\W*$|\bl'(?:a|ont|avait|avaient|aura|auront)\b",
            r"\b(?:combien|qui|qu')(?: |(?<='))en\b|\ben (?:a|ont|avait|avaient|aura)\b",
            r"\bqui (?:(?:le|la|les|lui|leur) |l')\w+ ?\W*$",
        ),
        possessive=re.compile(r"\b(?:son|sa|ses|leurs?)\b"),
        pronoun=re.compile(r"(?<!-)(?<!t-)\b(?:il|elle|ils|elles|lui|eux)\b"),
        phrase=_any(
            r"\b(?:(?:le|la|les|un|une|des|ce|cet|cette|ces|du|au) |l')\w+",
            rf"\bquel(?:le)?s? \w+ (?:{_FR_VERBS}) ",
        ),
        boundary=_any(
            r"\b(?:que|quand|si|parce|apres|avant|lorsque|puisque|car|mais|dont|et|ou)\b|\b(?:lors|puis)?qu'"
        ),
        defining=re.compile(r"qu'est-ce qu'une? |c'est quoi une? |que (?:veut dire|signifie) |definition "),
    ),
    "id": Rules(
        asking=re.compile(r"\b(?:apa|siapa|kapan|mana|dimana|kemana|mengapa|kenapa|bagaimana|gimana|berapa)(?:kah)?\b"),
        finite=_any(
            r"\b(?:adalah|ialah|akan|sudah|telah|bisa|dapat|masih|ada|belum|sedang|pernah|harus|tidak|bukan)\b",
            r"\b(?:sebutkan|jelaskan|lanjutkan|ceritakan|ringkaskan)\b",
            r"\b(?!menteri|merek|merah|meter|media|mesin|metode|menit|memori|menu)me(?:m|n|ng|ny|l|r|w)[a-z]{3,}\b",
            r"\b(?!diskon|direk|digital|disk|dinas|diri|diplo|disert)di[a-z]{4,}\b",
            r"\bber(?!ita|sama|as\b|lian)[a-z]{4,}\b",
        ),
        copula=re.compile(r"\b(?:adalah|ialah|itu)\b"),
        strong=re.compile(
            r"(?:(?:dan|lalu|terus|kalau begitu) )?(?:bagaimana|gimana) (?:dengan|kalau|kalo|jika|halnya|untuk)\b"
        ),
        weak=re.compile(
            r"(?:dan|lalu|terus|trus|tapi|tetapi|atau|kalau begitu|kalau|kalo|jika|sedangkan|serta|nah|kemudian)\b"
            r"(?: (?:juga|yang|kalau|kalo)\b)?|yang(?= (?:di|ke|dari|pada|untuk|dengan)\b)"
        ),
        harmless=_any(
            r"\b(?:tahun|bulan|minggu|hari|saat|kali|abad|pekan|dekade|selama|masa|zaman|akhir-akhir|dewasa|malam|pagi"
            r"|siang|sore|sekarang|belakangan) ini\b",
            r"\b(?:apa|siapa)(?:kah)? itu (?=\w)|\bkarena itu\b(?=,)|\bapa yang dimaksud\b|\bsatu-satunya\b",
            r"\b(?:sebenar|biasa|akhir|misal|umum|khusus|sebaik|sebelum|selanjut|sepenuh|seharus|rupa|tampak|kira|ada"
            r"|terutama|kayak|setidak|seandai|awal|pasti|arti|maka|berta|ta|pu|ha|sekira|sekurang|sesungguh)nya\b",
        ),
        pointing=_any(
            r"\b(?:itu|ini|tersebut|begitu|demikian)\b|\b(?:di|ke|dari) ?(?:sana|situ|sini)\b|\b(?:kedua|ketiga)nya\b",
            r"\byang (?:lain|lainnya|mana|pertama|kedua|terakhir|sama)\W*$",
            r"^\W*(?:\w+ ){1,3}(?:gimana|bagaimana)(?: ya| sih| dong)?\W*$",
        ),
        possessive=re.compile(r"\b(?!(?:me|di)\w{5,}nya)\w{3,}nya\b"),
        pronoun=re.compile(r"\b(?:dia|ia|mereka|beliau|(?:me|di)\w{4,}nya)\b"),
        phrase=re.compile(r"(?!x)x"),
        boundary=re.compile(
            r"\b(?:bahwa|ketika|saat|setelah|sebelum|karena|jika|kalau|dan|yang|agar|sejak|bila|tetapi|tapi|sehingga)\b"
        ),
        defining=re.compile(r"apa(?:kah)? itu \w|apa (?:yang dimaksud|arti|definisi)"),
    ),
}  # fmt: skip

_PREPOSITIONS = {
    "en": "in on at for from to with by of during since before after under between about without until",
    "fr": "en a au aux dans pour avec chez de du des d sur depuis avant apres par sous entre sans vers",
    "id": "di ke dari untuk dengan pada bagi oleh sejak sebelum setelah selama tentang menurut dalam",
}
PREPOSITIONS = {code: frozenset(listed.split()) for code, listed in _PREPOSITIONS.items()}
"""Words that may open a part of a sentence, folded, by language."""

_ASKING_AND_HELPING = {
    "en": "what which who whom whose when where why how many much does did do tell name list describe "
    "explain involve else please about exactly really get got give show me us there's",
    "fr": "que quoi quel quelle quels quelles qui quand ou pourquoi comment combien est-ce cite citez va vont fait "
    "font peut doit faut ca cela exactement dis quid svp trouve trouvent",
    "id": "apa apakah siapa siapakah kapan kapankah mana manakah dimana kemana mengapa mengapakah kenapa bagaimana "
    "gimana berapa berapakah sebutkan jelaskan saja terus lagi sih dong tepatnya tolong",
}
FUNCTION_WORDS = {code: STOP_WORDS[code] | frozenset(line.split()) for code, line in _ASKING_AND_HELPING.items()}
"""Words that say nothing of what a question is about, folded, by language."""

INVERTED = re.compile(r"\b\w+-(?:t-)?(?:il|elle|ils|elles)\b")
"""A French verb with a pronoun after it, which may double a subject before it."""

ASKED_FOR = _any(
    rf"\bquel(?:le)?s? \w+\b(?! (?:{_FR_VERBS}) )|\bcombien (?:de |d')\w+",
    r"(?:est|sont|etait|etaient) (?:(?:le|la|les) |l')\w+(?: \w+)? (?:de|du|des|d')\b",
    r"\b(?:is|are|was|were) (?:the|an?) \w+(?: \w+)? (?:of|in|at|for|by)\b|\b(?:the|an?) \w+ of\b",
)
"""Noun phrases that no pronoun after them means: they are what is asked for."""
