"""Words of a text: folded without moving an offset, found, and stemmed."""

from __future__ import annotations

import itertools
import re
import threading
import unicodedata

import Stemmer

from rag.documents import Span

# Scripts written without spaces between words: a run of them is cut into overlapping pairs of characters.
_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff"  # Hangul: spaced, but by phrase
    "\u3005-\u3007\u3041-\u3096\u3099-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"  # Han
)
# Vowel signs and accents that follow their letter; `\w` leaves them out and would cut the word.
_MARKS = "\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06ed\u200c\u200d"
_INDIC = "\u0900-\u0963\u0966-\u0dff\u0f00-\u0fff"
_NUMBER = r"[0-9]+(?:[.,][0-9]+)*(?!\w)"
_WORD = re.compile(rf"{_NUMBER}|[{_UNSPACED}]+|(?:(?![{_UNSPACED}])(?:[^\W_]|[{_MARKS}{_INDIC}]))+")
_UNSPACED_RUN = re.compile(rf"[{_UNSPACED}]+")
_GROUPED = re.compile(r"[.,](?=[0-9]{3}(?:[.,]|$))")

_SAME = {
    **dict.fromkeys("’‘‚‛ʼ′‹›´`", "'"),
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys(
        "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "
    ),
    **dict(zip("øłđıħØŁĐ", "oldihold", strict=True)),
}
_LONGER = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss"})

_ALGORITHMS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi",
    "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali",
    "nl": "dutch", "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
_CACHED_WORDS = 200_000


class _Folding(dict[int, str]):
    """Code point -> folded character, filled as characters are met."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold_character(chr(code))
        return folded


def _fold_character(character: str) -> str:
    if character in _SAME:
        return _SAME[character]
    if "\uff01" <= character <= "\uff5e":  # full-width forms of ASCII
        return chr(ord(character) - 0xFEE0).lower()
    decomposed = unicodedata.normalize("NFD", character)
    base, marks = decomposed[0], decomposed[1:]
    # Only in Latin and Greek is an accent a shade of the letter; in kana or Cyrillic it makes another letter.
    if marks and (base.isascii() or "\u0370" <= base <= "\u03ff") and all(map(unicodedata.combining, marks)):
        character = base
    lower = character.lower()
    return lower if len(lower) == 1 else character


_FOLDING = _Folding()


def fold(text: str) -> str:
    r"""The text in lower case without accents, one character for each character.

    Typographic quotes, dashes and spaces become their ASCII forms. The length never changes, so a span of the folded
    text is a span of the text itself; a character that has no single folded form stays as it is.

    >>> fold("L’été «İstanbul»")
    'l\'ete "istanbul"'
    """
    return text.lower() if text.isascii() else text.translate(_FOLDING)


def encodable(text: str) -> str:
    """The text with "?" for each lone surrogate, which no encoder takes; as long as before."""
    return text.encode("utf-8", "replace").decode("utf-8")


def words(text: str) -> list[Span]:
    """The words of the text, in order.

    An apostrophe ends a word ("l’IA" is two words, so is "Xiaomi's"); a number keeps its separators ("92,4").
    In scripts without spaces a whole run of characters is one word; `stems` cuts it.
    """
    return [Span(*match.span()) for match in _WORD.finditer(text)]


class _Stems(dict[str, tuple[str, ...]]):
    """Word as printed -> its stems in one language, filled as words are met."""

    def __init__(self, algorithm: str | None) -> None:
        super().__init__()
        self._stemmer = Stemmer.Stemmer(algorithm, 0) if algorithm else None
        self._lock = threading.Lock()  # a Stemmer must not be used by two threads at once

    def __missing__(self, word: str) -> tuple[str, ...]:
        if len(self) >= _CACHED_WORDS:
            self.clear()
        stems = self[word] = self._of(word)
        return stems

    def _of(self, word: str) -> tuple[str, ...]:
        word = unicodedata.normalize("NFKC", word).lower()
        if _UNSPACED_RUN.match(word):
            return tuple(map("".join, itertools.pairwise(word))) or (word,)
        if word[:1].isdigit():
            return (_GROUPED.sub("", word).replace(",", "."),)
        # Stemmed before it is folded: the suffix rules of French and others need the accents.
        if self._stemmer is not None:
            with self._lock:
                word = self._stemmer.stemWord(word)
        decomposed = unicodedata.normalize("NFD", fold(word).translate(_LONGER))
        return (unicodedata.normalize("NFC", re.sub("[\u0300-\u036f]", "", decomposed)),)


_stems: dict[str | None, _Stems] = {}


def stems(text: str, language: str | None) -> list[str]:
    """The stems of the text's words, in order, function words included.

    Folded and stemmed by Snowball (https://snowballstem.org) where it knows the language, else only folded. Numbers
    lose their thousands separators and take a decimal point ("1,500" and "1.500" are "1500"; "92,4" is "92.4"). In
    scripts without spaces a run of characters gives its overlapping pairs, a lone character itself. Safe to call from
    threads.

    >>> stems("The patents, l’IA, 92,4 微软云", "en")
    ['the', 'patent', 'l', 'ia', '92.4', '微软', '软云']
    """
    known = _stems.get(language)
    if known is None:
        known = _stems.setdefault(language, _Stems(_ALGORITHMS.get(language or "")))
    return list(itertools.chain.from_iterable(map(known.__getitem__, _WORD.findall(text))))


_FUNCTION_WORDS = {
    "en": """
        a about above after again against all also am an and any are as at be because been before
        being below between both but by can could d did do does doing down during each few for from
        further had has have having he her here hers herself him himself his how i if in into is it
        its itself just ll m me might more most must my myself no nor not now of off on once only or
        other our ours ourselves out over own re s same shall she should so some such t than that
        the their theirs them themselves then there these they this those through to too under until
        up upon us ve very was we were what when where whether which while who whom whose why will
        with would you your yours yourself yourselves
    """,
    "fr": """
        a afin ai ainsi alors apres au aucun aucune aussi autre autres aux avaient avait avant avec
        avez avoir avons c ce ceci cela celle celles celui ces cet cette ceux chaque chez combien
        comme comment d dans de depuis des donc dont du elle elles en encore entre es est et etaient
        etait etant ete etes etre eu eux fut il ils j je jusqu l la laquelle le lequel les lesquels
        leur leurs lors lorsque lui m ma mais me meme memes mes moi mon n ne ni nos notre nous on
        ont ou par parce pas pendant peu peut peuvent plus pour pourquoi puis qu quand que quel
        quelle quelles quels qui quoi s sa sans se sera seront ses si soit son sont sous suis sur t
        ta te tes toi ton tous tout toute toutes tu un une vers via voici voila vos votre vous y
    """,
    "id": """
        ada adalah agar akan aku anda antara apa apakah atau bagaimana bagi bahwa banyak baru
        beberapa belum berapa bila bisa bukan dalam dan dapat dari daripada dengan di dia guna hal
        hanya hingga ia ini itu jadi jika juga kalau kami kamu kapan karena ke kemudian kepada
        ketika kita lagi lain lalu lebih maka mana masih mengapa menjadi merupakan mereka namun nya
        oleh pada para pernah pula pun saat saja sambil sampai sangat saya seberapa sebagai sebuah
        secara sedang sehingga sejak selain selama seluruh semua seorang seperti serta setelah
        setiap siapa suatu sudah supaya tanpa tapi telah tentang terhadap tersebut tetapi tidak
        untuk yaitu yakni yang
    """,
}
STOP_WORDS: dict[str, frozenset[str]] = {code: frozenset(listed.split()) for code, listed in _FUNCTION_WORDS.items()}
"""Function words, folded, by language; a language that is not here has none."""
