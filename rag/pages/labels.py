"""The words of a page that are ours, in the three languages of its labels; numbers and dates in their usual forms."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from rag.rendering.display import LANGUAGE_NAMES

_ISO = re.compile(r"(?:(\d{4})|-)(?:-(\d\d)(?:-(\d\d))?)?")


@dataclass(frozen=True, slots=True)
class Labels:
    """What a page says in one language; ``{…}`` is filled in.

    Attributes:
        language: ISO 639-1.
        headings: Of the sections, by their names in ``rag.briefings.Briefing``.
        nouns: What one and what several lines of a section are called, to say how many were left out.
        words: Everything else that is said, by a name.
        confidence: The levels of confidence.
        disagreements: The kinds of disagreement.
        changes: The kinds of change.
        outlets: The kinds of publisher; "" says nothing.
        dated: How a date of a source is introduced.
        said: How a statement is attributed to its speaker.
        months: From January.
        first: The first day of a month, which French writes as an ordinal.
        group: Between groups of three digits.
        marks: Opening and closing quotation marks.
        languages: The names of languages, as an adjective would be in a list.
    """

    language: str
    headings: Mapping[str, str]
    nouns: Mapping[str, tuple[str, str]]
    words: Mapping[str, str]
    confidence: Mapping[str, str]
    disagreements: Mapping[str, str]
    changes: Mapping[str, str]
    outlets: Mapping[str, str]
    dated: Mapping[str, str]
    said: Mapping[str, str]
    months: tuple[str, ...]
    first: str
    group: str
    marks: tuple[str, str]
    languages: Mapping[str, str]

    def number(self, value: int) -> str:
        """The number with its groups of digits.

        >>> LABELS["id"].number(92400), LABELS["en"].number(1500)
        ('92.400', '1,500')
        """
        return f"{value:,}".replace(",", self.group)

    def count(self, value: int, section: str) -> str:
        """The number with the name of the section's lines; French counts 0 as one.

        >>> LABELS["fr"].count(2, "facts"), LABELS["id"].count(1, "sayings")
        ('2 faits', '1 kutipan')
        """
        one, several = self.nouns[section]
        single = value == 1 or (value == 0 and self.language == "fr")
        return f"{self.number(value)} {one if single else several}"

    def say(self, word: str, **values: object) -> str:
        """One of ``words`` with its values filled in."""
        return self.words[word].format_map(values)

    def date(self, value: str) -> str:
        """An ISO 8601 date, complete or not, as a reader writes it; any other text as it is.

        >>> LABELS["fr"].date("2018-02-01"), LABELS["en"].date("--02-23"), LABELS["id"].date("2018-02")
        ('1er février 2018', '23 February', 'Februari 2018')
        """
        match = _ISO.fullmatch(value)
        if match is None or not 1 <= int(match[2] or 1) <= 12:
            return value
        year, month, day = match.groups()
        shown_day = "" if day is None else self.first if day == "01" else str(int(day))
        return " ".join(part for part in (shown_day, self.months[int(month) - 1] if month else "", year) if part)

    def day(self, value: dt.date) -> str:
        """The day as a reader writes it."""
        return self.date(value.isoformat())

    def language_name(self, code: str | None) -> str:
        """The language's name in the language of the page; "" when none is known."""
        return "" if code is None else self.languages.get(code, code)


def _table(text: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in text.split())


_FRENCH_NAMES = _table("""
    ar=arabe bg=bulgare bn=bengali ca=catalan cs=tchèque da=danois de=allemand el=grec en=anglais es=espagnol
    et=estonien fa=persan fi=finnois fr=français he=hébreu hi=hindi hr=croate hu=hongrois id=indonésien it=italien
    ja=japonais ko=coréen lt=lituanien lv=letton ms=malais nl=néerlandais no=norvégien pl=polonais pt=portugais
    ro=roumain ru=russe sk=slovaque sl=slovène sr=serbe sv=suédois sw=swahili ta=tamoul th=thaï tl=tagalog tr=turc
    uk=ukrainien ur=ourdou vi=vietnamien zh=chinois
""")
_INDONESIAN_NAMES = _table("""
    ar=Arab bg=Bulgaria bn=Bengali ca=Katala cs=Ceko da=Denmark de=Jerman el=Yunani en=Inggris es=Spanyol et=Estonia
    fa=Persia fi=Finlandia fr=Prancis he=Ibrani hi=Hindi hr=Kroasia hu=Hungaria id=Indonesia it=Italia ja=Jepang
    ko=Korea lt=Lituania lv=Latvia ms=Melayu nl=Belanda no=Norwegia pl=Polandia pt=Portugis ro=Rumania ru=Rusia
    sk=Slowakia sl=Slovenia sr=Serbia sv=Swedia sw=Swahili ta=Tamil th=Thai tl=Tagalog tr=Turki uk=Ukraina ur=Urdu
    vi=Vietnam zh=Tionghoa
""")

_ENGLISH = Labels(
    language="en",
    headings={
        "bottom_line": "Bottom line", "changes": "What changed since {since}", "facts": "Key facts",
        "timeline": "Timeline", "actors": "Who’s who", "agreements": "Sources agree",
        "disagreements": "Sources conflict", "gaps": "Not known", "sayings": "In their words", "sources": "Sources",
    },
    nouns={
        "changes": ("change", "changes"), "facts": ("fact", "facts"), "timeline": ("event", "events"),
        "actors": ("name", "names"), "agreements": ("agreement", "agreements"),
        "disagreements": ("conflict", "conflicts"), "gaps": ("open question", "open questions"),
        "sayings": ("quotation", "quotations"), "sources": ("source", "sources"),
        "origins": ("independent origin", "independent origins"), "documents": ("document", "documents"),
    },
    words={
        "title": "Briefing",
        "question": "Question: {question}",
        "as_of": "As of {date}",
        "confidence": "Confidence: {level}",
        "silent": "The documents do not say.",
        "verified": "Every sentence verified: {verified} of {sentences}",
        "partly": "Only {verified} of {sentences} sentences verified",
        "withheld": "{count} withheld, not borne out",
        "basis": "{sources} from {origins}",
        "independent": "{count} independent",
        "inferred": "inferred",
        "unverified": "not verified",
        "absent": "no document covers it",
        "before": "before: {text}",
        "from_last": "counted from “{printed}”",
        "rests_on": "rests on {quote}",
        "copy_of": "copy or translation of [{number}]",
        "left_out": "Left out for space: {parts}. All of it is in the JSON.",
        "considered": "{considered} of {documents} read",
        "all_considered": "{documents} read",
        "evidence": "Source text",
        "written_by": "written by {model}",
        "extractive": "written without a language model",
        "cites": "cites source {number}",
    },
    confidence={"high": "high", "moderate": "moderate", "low": "low"},
    disagreements={
        "contradiction": "contradiction", "scope": "different scope", "emphasis": "different emphasis",
        "error": "likely error",
    },
    changes={"new": "New", "changed": "Changed", "withdrawn": "Withdrawn"},
    outlets={
        "news": "news", "trade": "trade press", "blog": "blog", "press-release": "press release",
        "official": "official", "unknown": "",
    },
    dated={"published": "published {date}", "updated": "updated {date}", "unknown": "dated {date}"},
    said={
        "fact": "according to {speaker}", "statement": "according to {speaker}", "opinion": "opinion of {speaker}",
        "forecast": "forecast by {speaker}",
    },
    months=(
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
    first="1",
    group=",",
    marks=("“", "”"),
    languages=LANGUAGE_NAMES,
)  # fmt: skip

_FRENCH = Labels(
    language="fr",
    headings={
        "bottom_line": "L’essentiel", "changes": "Ce qui a changé depuis {since}", "facts": "Faits clés",
        "timeline": "Chronologie", "actors": "Qui est qui", "agreements": "Les sources s’accordent",
        "disagreements": "Les sources divergent", "gaps": "Ce qu’on ignore", "sayings": "Dans le texte",
        "sources": "Sources",
    },
    nouns={
        "changes": ("changement", "changements"), "facts": ("fait", "faits"), "timeline": ("date", "dates"),
        "actors": ("nom", "noms"), "agreements": ("accord", "accords"),
        "disagreements": ("divergence", "divergences"), "gaps": ("question ouverte", "questions ouvertes"),
        "sayings": ("citation", "citations"), "sources": ("source", "sources"),
        "origins": ("origine indépendante", "origines indépendantes"), "documents": ("document", "documents"),
    },
    words={
        "title": "Note de synthèse",
        "question": "Question : {question}",
        "as_of": "Au {date}",
        "confidence": "Confiance : {level}",
        "silent": "Les documents ne le disent pas.",
        "verified": "Chaque phrase vérifiée : {verified} sur {sentences}",
        "partly": "Seulement {verified} phrases vérifiées sur {sentences}",
        "withheld": "{count} écartées, non étayées",
        "basis": "{sources} de {origins}",
        "independent": "{count} indépendantes",
        "inferred": "déduit",
        "unverified": "non vérifié",
        "absent": "aucun document n’en parle",
        "before": "avant : {text}",
        "from_last": "compté depuis « {printed} »",
        "rests_on": "s’appuie sur {quote}",
        "copy_of": "copie ou traduction de [{number}]",
        "left_out": "Omis faute de place : {parts}. Tout est dans le JSON.",
        "considered": "{considered} lus sur {documents}",
        "all_considered": "{documents} lus",
        "evidence": "Texte source",
        "written_by": "rédigé par {model}",
        "extractive": "rédigé sans modèle de langue",
        "cites": "cite la source {number}",
    },
    confidence={"high": "élevée", "moderate": "modérée", "low": "faible"},
    disagreements={
        "contradiction": "contradiction", "scope": "portée différente", "emphasis": "insistance différente",
        "error": "erreur probable",
    },
    changes={"new": "Nouveau", "changed": "Modifié", "withdrawn": "Retiré"},
    outlets={
        "news": "presse", "trade": "presse spécialisée", "blog": "blog", "press-release": "communiqué",
        "official": "source officielle", "unknown": "",
    },
    dated={"published": "publié le {date}", "updated": "mis à jour le {date}", "unknown": "daté du {date}"},
    said={
        "fact": "selon {speaker}", "statement": "selon {speaker}", "opinion": "avis de {speaker}",
        "forecast": "prévision de {speaker}",
    },
    months=(
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
        "décembre",
    ),
    first="1er",
    group="\u202f",
    marks=("«\u202f", "\u202f»"),
    languages=_FRENCH_NAMES,
)  # fmt: skip

_INDONESIAN = Labels(
    language="id",
    headings={
        "bottom_line": "Intinya", "changes": "Yang berubah sejak {since}", "facts": "Fakta utama",
        "timeline": "Lini masa", "actors": "Siapa mereka", "agreements": "Sumber sepakat",
        "disagreements": "Sumber berbeda", "gaps": "Belum diketahui", "sayings": "Dalam kata mereka",
        "sources": "Sumber",
    },
    nouns={
        "changes": ("perubahan", "perubahan"), "facts": ("fakta", "fakta"), "timeline": ("peristiwa", "peristiwa"),
        "actors": ("nama", "nama"), "agreements": ("kesepakatan", "kesepakatan"),
        "disagreements": ("perbedaan", "perbedaan"), "gaps": ("pertanyaan terbuka", "pertanyaan terbuka"),
        "sayings": ("kutipan", "kutipan"), "sources": ("sumber", "sumber"),
        "origins": ("asal independen", "asal independen"), "documents": ("dokumen", "dokumen"),
    },
    words={
        "title": "Ringkasan",
        "question": "Pertanyaan: {question}",
        "as_of": "Per {date}",
        "confidence": "Keyakinan: {level}",
        "silent": "Dokumen tidak menyebutkannya.",
        "verified": "Setiap kalimat terverifikasi: {verified} dari {sentences}",
        "partly": "Hanya {verified} dari {sentences} kalimat terverifikasi",
        "withheld": "{count} ditahan, tidak didukung",
        "basis": "{sources} dari {origins}",
        "independent": "{count} independen",
        "inferred": "disimpulkan",
        "unverified": "belum terverifikasi",
        "absent": "tidak dibahas dokumen mana pun",
        "before": "sebelumnya: {text}",
        "from_last": "dihitung dari “{printed}”",
        "rests_on": "bersumber dari {quote}",
        "copy_of": "salinan atau terjemahan dari [{number}]",
        "left_out": "Tidak dimuat karena ruang: {parts}. Semuanya ada di JSON.",
        "considered": "{considered} dari {documents} dibaca",
        "all_considered": "{documents} dibaca",
        "evidence": "Teks sumber",
        "written_by": "ditulis oleh {model}",
        "extractive": "ditulis tanpa model bahasa",
        "cites": "mengutip sumber {number}",
    },
    confidence={"high": "tinggi", "moderate": "sedang", "low": "rendah"},
    disagreements={
        "contradiction": "bertentangan", "scope": "cakupan berbeda", "emphasis": "penekanan berbeda",
        "error": "kemungkinan keliru",
    },
    changes={"new": "Baru", "changed": "Berubah", "withdrawn": "Ditarik"},
    outlets={
        "news": "berita", "trade": "media khusus", "blog": "blog", "press-release": "siaran pers",
        "official": "sumber resmi", "unknown": "",
    },
    dated={"published": "terbit {date}", "updated": "diperbarui {date}", "unknown": "bertanggal {date}"},
    said={
        "fact": "menurut {speaker}", "statement": "menurut {speaker}", "opinion": "pendapat {speaker}",
        "forecast": "perkiraan {speaker}",
    },
    months=(
        "Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November",
        "Desember",
    ),
    first="1",
    group=".",
    marks=("“", "”"),
    languages=_INDONESIAN_NAMES,
)  # fmt: skip

LABELS: Mapping[str, Labels] = {labels.language: labels for labels in (_ENGLISH, _FRENCH, _INDONESIAN)}


def labels_of(language: str) -> Labels:
    """The labels of a language; English ones for a language without."""
    return LABELS.get(language, _ENGLISH)
