"""A vocabulary for more languages out of sentence pairs, without training: every word takes the place of its glosses.

Words of the other language are aligned with English ones by IBM model 1 (Brown et al. 1993,
https://aclanthology.org/J93-2003/). A frequent word that the tokenizer would cut to pieces becomes an entry of its own,
and its vector is the mean of its English glosses' vectors, weighted by their probability. The network itself is
untouched, and so is English: a word that would change how English is cut is left out.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import Stemmer
from numpy.typing import NDArray
from tokenizers import Tokenizer

FEWEST_SIGHTINGS = 2
"""How often a word must occur in the pairs."""

HARM_TO_ENGLISH = 0.05
"""A word is left out when it changes English words more often than this share of its own occurrences."""

ITERATIONS = 8
FAINTEST_GLOSS = 0.08
MOST_GLOSSES = 6
NOT_AGREED = 0.01
"""Taken as P(word | gloss) when the alignment of the other direction does not have the pair."""

STEMMERS = {"fr": "french", "id": "indonesian", "es": "spanish", "de": "german", "it": "italian", "pt": "portuguese"}

Pair = tuple[str, str]
Glosses = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """New entries and what they mean.

    Attributes:
        words: In the order of their rows.
        rows: ``(len(words), dimensions)``, float32.
        glosses: For each language, the English glosses of its words with their probabilities.
        translations: For each language, the words for an English word, with their probabilities.
        report: What was counted on the way.
    """

    words: list[str]
    rows: NDArray[np.float32]
    glosses: dict[str, Glosses]
    translations: dict[str, Glosses]
    report: dict[str, object]


def read_pairs(path: Path) -> list[Pair]:
    """The sentence pairs of a (gzipped) file: English, a tab, the other language."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    pairs = [tuple(line.split("\t")[:2]) for line in text.splitlines() if "\t" in line]
    return [(english.strip(), other.strip()) for english, other in pairs if english.strip() and other.strip()]


def words(tokenizer: Tokenizer, text: str) -> list[str]:
    """The words of a text as the tokenizer sees them before it cuts them, without punctuation."""
    normal = tokenizer.normalizer.normalize_str(text)
    return [word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normal) if word[0].isalnum()]


def align(source: Sequence[Sequence[str]], target: Sequence[Sequence[str]]) -> Glosses:
    """For each source word the target words that it stands for, with P(target | source), by IBM model 1 with a null.

    Args:
        source: The words of each sentence.
        target: The words of its translation.
    """
    number_of = {word: place for place, word in enumerate(sorted({w for s in source for w in s}), start=1)}
    target_of = {word: place for place, word in enumerate(sorted({w for s in target for w in s}))}
    keys, groups, group = [], [], 0
    for given, produced in zip(source, target, strict=True):
        if not given or not produced:
            continue
        causes = np.array([0, *(number_of[word] for word in given)], np.int64)
        effects = np.array([target_of[word] for word in produced], np.int64)
        keys.append((causes[None, :] * len(target_of) + effects[:, None]).ravel())
        groups.append(np.repeat(np.arange(group, group + len(effects)), len(causes)))
        group += len(effects)
    pairs, place = np.unique(np.concatenate(keys), return_inverse=True)
    owner = np.concatenate(groups)
    cause = pairs // len(target_of)
    probability = 1 / np.bincount(cause)[cause]
    for _ in range(ITERATIONS):
        likely = probability[place]
        likely = likely / np.bincount(owner, likely, minlength=group)[owner]
        counts = np.bincount(place, likely, minlength=len(pairs))
        probability = counts / np.bincount(cause, counts)[cause]
    kept = (probability >= FAINTEST_GLOSS) & (cause > 0)
    names, produced = list(number_of), list(target_of)
    found: Glosses = {}
    for pair, chance in sorted(zip(pairs[kept].tolist(), probability[kept].tolist(), strict=True), key=lambda x: -x[1]):
        glosses = found.setdefault(names[pair // len(target_of) - 1], {})
        if len(glosses) < MOST_GLOSSES:
            glosses[produced[pair % len(target_of)]] = chance
    return found


def build(
    tokenizer: Tokenizer,
    vectors: NDArray[np.float32],
    pairs: dict[str, Sequence[Pair]],
    english: Iterable[str],
    others: dict[str, Iterable[str]],
) -> Vocabulary:
    """The new vocabulary.

    Args:
        tokenizer: The tokenizer as it is.
        vectors: The row of each of its entries.
        pairs: Sentence pairs for each language, ISO 639-1.
        english: More English text, which must go on being cut as it is.
        others: More text in the other languages; a word there that the pairs lack takes the vector of its relatives,
            words with the same stem.
    """
    known = tokenizer.get_vocab()
    english_words = Counter(w for text in english for w in words(tokenizer, text))
    glosses, translations, weighted, report = {}, {}, {}, {}
    for language, rows in pairs.items():
        left = [words(tokenizer, text) for text, _ in rows]
        right = [words(tokenizer, text) for _, text in rows]
        english_words.update(word for sentence in left for word in sentence)
        translations[language] = align(left, right)
        glosses[language] = _agreed(align(right, left), translations[language])
        counts = Counter(word for sentence in right for word in sentence)
        found = {
            word: (counts[word], glosses[language][word])
            for word in counts
            if counts[word] >= FEWEST_SIGHTINGS and word in glosses[language] and word not in known
        }
        relatives = _relatives(language, counts, glosses[language])
        seen = Counter(w for text in others.get(language, ()) for w in words(tokenizer, text))
        for word, count in seen.items():
            stem = _stem(language, word)
            if count >= 2 and word not in known and word not in found and stem in relatives:
                found[word] = (count, relatives[stem])
        report[language] = {"pairs": len(rows), "words": len(found)}
        for word, (count, meaning) in found.items():
            before = weighted.get(word, (0, {}))
            weighted[word] = (before[0] + count, _mix(before, (count, meaning)))
    total = sum(english_words.values())
    spoken = sum(count for count, _ in weighted.values())
    harm = _harm(tokenizer, english_words, weighted.keys())
    kept = sorted(
        word for word, (count, _) in weighted.items() if harm[word] / total <= HARM_TO_ENGLISH * count / spoken
    )
    report["left_out_for_english"] = len(weighted) - len(kept)
    report["words"] = len(kept)
    rows = np.array([_row(tokenizer, vectors, weighted[word][1]) for word in kept], np.float32)
    return Vocabulary(kept, rows, glosses, translations, report)


def _agreed(glosses: Glosses, translations: Glosses) -> Glosses:
    """The glosses weighted by whether the way back agrees too, which common words that stand near everything lack."""
    found = {}
    for word, meaning in glosses.items():
        weights = {e: p * max(translations.get(e, {}).get(word, 0.0), NOT_AGREED) ** 0.5 for e, p in meaning.items()}
        found[word] = {e: weight / sum(weights.values()) for e, weight in weights.items()}
    return found


def _stem(language: str, word: str) -> str:
    if language not in STEMMERS:
        return word
    stem: str = Stemmer.Stemmer(STEMMERS[language]).stemWord(word)
    return stem


def _relatives(language: str, counts: Counter[str], glosses: Glosses) -> Glosses:
    """The glosses of a stem: those of its words, weighted by how often each occurs."""
    found: dict[str, tuple[int, dict[str, float]]] = {}
    for word, meaning in glosses.items():
        stem = _stem(language, word)
        before = found.get(stem, (0, {}))
        found[stem] = (before[0] + counts[word], _mix(before, (counts[word], meaning)))
    return {stem: meaning for stem, (_, meaning) in found.items()}


def _mix(first: tuple[int, dict[str, float]], second: tuple[int, dict[str, float]]) -> dict[str, float]:
    total = first[0] + second[0]
    return {
        word: (first[0] * first[1].get(word, 0) + second[0] * second[1].get(word, 0)) / total
        for word in {**first[1], **second[1]}
    }


def _harm(tokenizer: Tokenizer, english: Counter[str], candidates: Iterable[str]) -> Counter[str]:
    """How many English words would be cut in another way because of each candidate: itself, or words it begins."""
    wanted = set(candidates)
    harm: Counter[str] = Counter()
    for word, count in english.items():
        first = tokenizer.encode(word, add_special_tokens=False).tokens[0]
        for length in range(len(first) + 1, len(word) + 1):
            if word[:length] in wanted:
                harm[word[:length]] += count
    return harm


def _row(tokenizer: Tokenizer, vectors: NDArray[np.float32], glosses: dict[str, float]) -> NDArray[np.float32]:
    """The weighted mean of the glosses' vectors, as long as they are on average."""
    row, length, total = np.zeros(vectors.shape[1]), 0.0, 0.0
    for word, weight in glosses.items():
        own = vectors[tokenizer.encode(word, add_special_tokens=False).ids].mean(axis=0)
        row += weight * own
        length += weight * float(np.linalg.norm(own))
        total += weight
    return (row * (length / total / max(float(np.linalg.norm(row)), 1e-6))).astype(np.float32)


def extended(tokenizer: Tokenizer, new: Sequence[str]) -> Tokenizer:
    """The tokenizer with the words appended to its vocabulary."""
    description = json.loads(tokenizer.to_str())
    vocabulary = description["model"]["vocab"]
    for word in new:
        vocabulary[word] = len(vocabulary)
    return Tokenizer.from_str(json.dumps(description))
