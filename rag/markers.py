"""Words that change what a sentence vouches for: negation, hedges of several strengths, and who said it."""

from __future__ import annotations

import re

from rag.units import whole_words

Table = dict[str, re.Pattern[str]]


def _by_language(**patterns: str) -> Table:
    return {code: whole_words(pattern) for code, pattern in patterns.items()}


LANGUAGES = frozenset({"en", "fr", "id", "de", "es", "zh"})
"""The languages whose markers are known; a text in any other is not judged by them."""

_NOT_NEGATION = _by_language(
    en=(
        r"not only|not just|not merely|not least|no\.? (?=\d)|no doubt|no wonder|if not|whether or not"
        r"|no sooner"
    ),
    fr=r"(?:pas|non) seulement|sans doute|pas moins de|ne (?:\w+ )?que(?! \w+ pas)",
    id=(
        r"(?:tidak|bukan|tak) (?:hanya|cuma|saja|sekadar|lain)|mau tidak mau|belum lama(?: ini)?|tidak lama"
        r"|tidak sedikit"
    ),
    de=r"nicht nur",
    es=r"no solo|no solamente|sin duda",
    zh=r"不仅|不但|不断|不过|不久|不少|不同|不锈|非常|未来|无论|无人机|不得不|并非没有",
)
_ONLY_FR = re.compile(r"\b(?:ne|n') ?(?:(?!pas|jamais|plus|rien|aucun)\w+ ){0,3}?qu(?:e\b|')")
_PAS_FR = re.compile(r"\b(?:un|le|ce|premier|grand|petit|des|les|chaque|au|dernier) pas\b")

NEGATION = _by_language(
    en=(
        r"not|\w+n't|cannot|no|never|neither|nor|none|nobody|nothing|nowhere|without|hardly|barely|scarcely"
        r"|no longer|yet to"
    ),
    fr=r"ne|n'(?=\w)|pas|jamais|aucune?|ni|sans|rien|nulle?ment|non",
    id=r"tidak|tak|bukan|bukanlah|belum|jangan|tanpa|tiada|tidaklah",
    de=r"nicht|kein(?:e[nmrs]?)?|nie|niemals|niemand|nichts|ohne|weder",
    es=r"no|nunca|jamas|ningun[ao]?|nada|nadie|sin|tampoco",
    zh=r"不\w?|没有?|無|无|未|非|并非|从未|别",
)
"""Words that negate."""

LEXICAL = _by_language(
    en=(
        r"fail(?:s|ed|ing|ure)?|lack(?:s|ed|ing)?|refus(?:e|es|ed|al|ing)|den(?:y|ies|ied|ial)|unable"
        r"|reject(?:s|ed)?|declin(?:e|es|ed)|rare(?:ly)?|seldom|absen(?:t|ce)|prevent(?:s|ed)?|avoid(?:s|ed)?"
        r"|stop(?:s|ped)?|halt(?:s|ed)?|cancel(?:s|led|ed)?|abandon(?:s|ed)?|ban(?:s|ned)?|unclear|unknown"
        r"|unusual|uncommon|unlikely|impossible|illegal|invalid|non-?\w+|un(?!til|ion|ite|ive|iq|der|les|its?\b|ifi|der)\w{5,}|in(?:ability|capable|complete|sufficient)"
        r"|struggl(?:e|es|ed|ing)|difficult(?:y|ies)?|trouble|exclud(?:e|es|ed)|except|miss(?:es|ed|ing)"
        r"|out of|instead of|rather than|few|little"
    ),
    fr=(
        r"echou\w+|echec|manqu\w+|refus\w+|nie(?:r|nt)?|dement\w*|dementi|rejet\w+|incapable|rares?|rarement"
        r"|empech\w+|evit\w+|interdi\w+|annul\w+|abandonn\w+|inhabituel\w*|impossible|improbable|illegal\w*"
        r"|inconnu\w*|absence|absente?s?|difficile\w*|difficultes?|peine|mal|peu"
    ),
    id=(
        r"gagal|kegagalan|menolak|ditolak|membantah|dibantah|kurang|jarang|langka|mencegah|menghindari"
        r"|melarang|dilarang|batal|dibatalkan|membatalkan|mustahil|enggan|sulit|kesulitan|kesusahan|susah"
        r"|ilegal|absen|berhenti|menghentikan"
    ),
    de=(
        r"scheiter\w*|gescheitert|fehl\w+|verweiger\w*|ablehn\w*|abgelehnt|bestreit\w+|bestritt\w*|un\w{5,}"
        r"|selten|verbiet\w+|verboten"
    ),
    es=(
        r"fracas\w+|carec\w+|falta\w*|rechaz\w+|neg(?:o|ar|aron)|niega|imposible|ilegal\w*|raro|rara vez"
        r"|prohib\w+"
    ),
    zh=r"缺乏|失败|拒绝|否认|禁止|取消|罕见|难以",
)
"""Words that carry a negation in their meaning."""

POSSIBLE = _by_language(
    en=(
        r"may|might|could|possibly|perhaps|maybe|possible|possibility|potential(?:ly)?|consider(?:s|ed|ing)?"
        r"|explor(?:e|es|ed|ing)|in talks|talks|discuss(?:es|ed|ing|ions?)?|mull(?:s|ed|ing)?|weigh(?:s|ed|ing)"
        r"|apparently|seem(?:s|ed|ingly)?|appear(?:s|ed)? to|suggest(?:s|ed)?|unconfirmed|suspected|can expect"
    ),
    fr=(
        r"peut-etre|pourrait|pourraient|pourrions|possible|possiblement|possibilite|eventuel\w*|envisag\w+"
        r"|discussions?|pourparlers|negociations?|semble(?:nt|rait)?|parait|probable|potentiel\w*"
        r"|susceptible\w*|reflechi\w*"
    ),
    id=(
        r"mungkin|kemungkinan|barangkali|bisa jadi|mempertimbangkan|menjajaki|berdiskusi|mendiskusikan"
        r"|membahas|pembicaraan|diskusi|perundingan|tampaknya|sepertinya|agaknya|diduga|dugaan|berpotensi"
        r"|potensi|belum pasti"
    ),
    de=(
        r"konnte[n]?|moglich\w*|vielleicht|eventuell|moglicherweise|erwag\w+|pruf(?:t|en)|gesprache|offenbar"
        r"|scheint|womoglich"
    ),
    es=(
        r"podria[n]?|quiza[s]?|tal vez|posible\w*|posibilidad|considera[n]?|estudia[n]?|conversaciones"
        r"|parece[n]?|puede que|acaso"
    ),
    zh=r"可能|也许|或许|考虑|商讨|探讨|疑似|似乎|洽谈",
)
FORECAST = _by_language(
    en=(
        r"expect(?:s|ed|ation|ations|ing)?|forecasts?|forecasting|predict(?:s|ed|ion|ions)?|projections?"
        r"|projected|likely|probably|should|estimat(?:es?|ed|ing)|anticipat(?:e|es|ed)|poised|outlook|on track"
        r"|scheduled|set to"
    ),
    fr=(
        r"devrait|devraient|prevision\w*|prevu\w*|prevoi\w+|attendu\w*|probablement|vraisemblablement|estim\w+"
        r"|anticip\w+|s'attend\w*|en passe de|projection\w*|table(?:nt)? sur"
    ),
    id=(
        r"diperkirakan|diprediksi|diproyeksikan|diharapkan|ditargetkan|perkiraan|prediksi|proyeksi"
        r"|memperkirakan|memprediksi|memproyeksikan|diyakini|bakal|seharusnya|dijadwalkan"
    ),
    de=(
        r"soll(?:te|ten|en)?|voraussichtlich|erwart\w+|prognos\w+|wahrscheinlich|rechne[nt]|schatz\w+"
        r"|vorhersag\w+|durfte[n]?"
    ),
    es=(
        r"se espera|esperad[ao]s?|preve[n]?|prevision\w*|previst\w+|pronostic\w+|probable\w*|deberia[n]?"
        r"|estima[nd]?\w*|proyec\w+"
    ),
    zh=r"预计|预期|预测|估计|有望|料将",
)
INTENDED = _by_language(
    en=(
        r"plan(?:s|ned|ning)?|intend(?:s|ed)?|intention|aim(?:s|ed|ing)?|hop(?:e|es|ed|ing)|want(?:s|ed)?"
        r"|seek(?:s|ing)?|propos(?:e|es|ed|al|als)|target(?:s|ed)?|goal|would like|pledg(?:e|es|ed)|promis(?:e|es|ed)"
        r"|vow(?:s|ed)?|agree(?:s|d)? to|commit(?:s|ted|ment)?(?= to|$)|objective|would|try(?:ing)? to"
        r"|tries to|tried to|ambition\w*|wish(?:es|ed)?|ready to"
    ),
    fr=(
        r"prevoi\w+|compte(?:nt)?|entend(?:ent)?|souhait\w+|veut|veulent|voudrai\w+|espere\w*|projet\w*"
        r"|vise(?:nt)?|objectif|s'engag\w+|promet\w*|promis|propos\w+|cherche(?:nt)? a|intention|a l'intention"
    ),
    id=(
        r"berencana|rencana\w*|merencanakan|ingin|hendak|bermaksud|berniat|berharap|menargetkan|target"
        r"|bertujuan|tujuan\w*|mengusulkan|usul\w*|berjanji|berkomitmen|berupaya|berusaha|sepakat untuk"
        r"|setuju untuk"
    ),
    de=(
        r"plan(?:t|en|te|ten)|will|wollen|wollte[n]?|beabsichtig\w+|hoff(?:t|en|te)|mochte[n]?|ziel\w*|strebt"
        r"|vorschlag\w*|verspr\w+|vorha(?:t|ben)"
    ),
    es=(
        r"planea\w*|preten\w+|quiere[n]?|espera[n]?|objetivo|propon\w+|propuest\w+|prome\w+|intencion"
        r"|busca[n]?|aspira[n]?"
    ),
    zh=r"计划|打算|希望|拟|目标|承诺|旨在",
)
FUTURE = _by_language(
    en=(
        r"will|won't|shall|going to|'ll|(?:is|are|was|were) to(?= \w)|soon|upcoming|next (?:year|month|week)"
        r"|future|in the coming"
    ),
    fr=(
        r"va|vont|allons|(?!extra|ultra|contra|opera|camera|para)\w{2,}(?:era|eront|ira|iront|dra|dront|ttra|ttront|vra|vront|oura|ouront|rra|rront)"
        r"|a venir|prochain\w*|sera|seront|aura|auront|fera|feront|futur\w*"
    ),
    id=r"akan|mendatang|nanti|segera|kelak|ke depan(?:nya)?",
    de=r"wird|werden|kunftig\w*|demnachst|zukunft|bald",
    es=r"\w{2,}ra(?:n)?(?= )|va a|van a|futuro|proximamente",
    zh=r"将|会|未来|即将|要",
)
CERTAIN_FUTURE = _by_language(
    en=r"will|won't|shall|going to|'ll",
    fr=r"(?!extra|ultra|contra|opera|camera|para)\w{2,}(?:era|eront|ira|iront|dra|dront|ttra|ttront|vra|vront|rra|rront)"
    r"|aura|auront|fera|feront|sera|seront",
    id=r"akan(?! tetapi)|bakal",
    es=r"va a|van a",
    zh=r"将|即将",
)
"""The part of the words for the future that mean nothing else."""
CONDITIONAL_FR = re.compile(r"\b(?!serait-il)\w+(?:er|ir|dr|tr|vr|ur|oi|au|se|fe)ai(?:t|ent)\b")
"""The French conditional, on text with its accents: what is only said to be so, or would be."""
_NOT_CONDITIONAL_FR = re.compile(r"\w*érait|\w*ntrait|(?:por|re|ex|at|dis|abs)?trait")

REPORTED = _by_language(
    en=(
        r"reportedly|allegedly|alleged|rumou?r(?:s|ed)?|according to|supposedly|purportedly|sources? (?:say|said|told)"
        r"|is said to|are said to|were said to|claim(?:s|ed|ing)?|says?|said|tell[s]?|told|tweet(?:s|ed)"
        r"|argu(?:e|es|ed)|insist(?:s|ed)?|alleg(?:e|es|ed)|believ(?:e|es|ed)|thinks?|thought"
        r"|in (?:my|his|her|their|its) (?:opinion|view)"
        r"|maintain(?:s|ed) that|assert(?:s|ed)|accus(?:e|es|ed)|contend(?:s|ed)|warn(?:s|ed)|suspect(?:s|ed)?"
        r"|wrote|writes"
    ),
    fr=(
        r"selon|d'apres|aux dires|rumeurs?|pretend(?:u|ument|ent)?|dit|disent|declare\w*|affirme\w*"
        r"|soutien(?:t|nent)|assure(?:nt)?|a assure|a ecrit|estime(?:nt)?|croi(?:t|ent)|pense(?:nt)?"
        r"|juge(?:nt)?|accuse\w*|a tweete|avance(?:nt)?|a mon avis|pour moi|presume\w*"
    ),
    id=(
        r"menurut|kata|ujar|tutur|ucap|mengatakan|berkata|menyatakan|menyebut(?:kan)?|mengklaim|klaim|konon"
        r"|kabarnya|dikabarkan|dilaporkan|disebut(?:-sebut|kan)?|rumor|isu|menilai|menganggap|yakin|percaya"
        r"|menuding|menuduh|dituduh|tulis|menegaskan|ungkap\w*|cuit\w*|katanya|ujarnya"
    ),
    de=(
        r"laut|zufolge|angeblich|soll(?:en)?|gerucht\w*|sagt[e]?[n]?|behaupt\w+|mutmasslich|meint[e]?"
        r"|glaubt[e]?|nach angaben"
    ),
    es=(
        r"segun|supuest\w+|presunt\w+|rumor\w*|dice[n]?|dijo|dijeron|afirm\w+|asegur\w+|cree[n]?|alega\w*"
        r"|al parecer|habria[n]?"
    ),
    zh=r"据|称|表示|声称|据说|据称|传闻|认为|指控|说",
)
"""Words by which a source reports what somebody says."""

ALSO_REPORTS = _by_language(
    en=(
        r"announc\w+|confirm\w*|report(?:s|ed)?|stat(?:es|ed|ement)|explain(?:s|ed)?|add(?:s|ed)|note[sd]?"
        r"|show[s]?|figures?|data|statement|press release|quot\w+|reveal\w*|describ\w+|declar\w+|acknowledg\w+"
        r"|call(?:s|ed)|view(?:s|ed)?|comment\w*|post(?:s|ed)?|hail\w*|prais\w+|see(?:s|n) as|find(?:s|ings)?"
        r"|found|put(?:s)?|estimat\w+|promis\w+|expects?|predict\w*"
    ),
    fr=(
        r"annonc\w+|confirm\w+|rapport\w*|explique\w*|ajout\w+|indiqu\w+|precis\w+|communique|chiffres"
        r"|revel\w+|not\w+|signal\w+|evoqu\w+|decri\w+|qualifi\w+|salu\w+|consider\w+"
    ),
    id=(
        r"mengumumkan|mengonfirmasi|melaporkan|laporan|menjelaskan|menambahkan|pernyataan|data|siaran pers"
        r"|mengungkap\w*|memuji|menyambut|berpendapat|memandang"
    ),
    de=r"ankund\w+|angekundigt|bestatig\w+|bericht\w*|erklar\w+|mitgeteilt|teilte",
    es=r"anunci\w+|confirm\w+|inform\w+|explic\w+|declar\w+|comunicado|senal\w+|indic\w+",
    zh=r"宣布|报道|公布|透露|指出|强调",
)
"""Words that also show in a claim that somebody says it; a source that uses them states the thing itself."""


def find(table: Table, folded: str, language: str | None) -> list[re.Match[str]]:
    """Where the folded text has a word of the table, in order; none in a language that the table lacks.

    Where the language is unknown, the tables of English, French and Indonesian count.
    """
    codes = ("en", "fr", "id") if language is None else (language,) if language in table else ()
    found = [match for code in codes for match in table[code].finditer(folded)]
    return sorted(found, key=lambda match: match.start())


def negations(folded: str, language: str | None) -> list[re.Match[str]]:
    """Where folded text negates; "not only", "ne … que" and the like are no negation."""
    for match in find(_NOT_NEGATION, folded, language):
        folded = _blanked(folded, match)
    if language in {"fr", None}:
        for pattern in (_ONLY_FR, _PAS_FR):
            for match in pattern.finditer(folded):
                folded = _blanked(folded, match)
    return find(NEGATION, folded, language)


def _blanked(text: str, match: re.Match[str]) -> str:
    return text[: match.start()] + "\0" * len(match.group()) + text[match.end() :]


def is_conditional_fr(text: str) -> bool:
    """Whether French text, accents kept, has a verb in the conditional."""
    return any(not _NOT_CONDITIONAL_FR.fullmatch(match.group()) for match in CONDITIONAL_FR.finditer(text.lower()))
