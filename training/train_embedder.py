"""Trains the embedded embedder: all-MiniLM-L6-v2 with a vocabulary for French and Indonesian, taught by itself.

    python -m training.train_embedder PATH_TO_DATA --work FOLDER
    python -m training.train_embedder PATH_TO_DATA --work FOLDER --pairs es=english-spanish.tsv.gz

Teacher is the original, reading English; the student learns to give the same vector to the English text and to its
translation (Reimers and Gurevych 2020, arXiv:2004.09813). Two rounds: first only the new words' rows may change, then
everything, slowly; the result is the mean of both (Wortsman et al. 2022, arXiv:2203.05482), which keeps English where
it was. Seeded; a run that was stopped goes on from its last checkpoint in FOLDER. Some 50 minutes on two cores.

FOLDER/embedder then holds config.json, model.safetensors and tokenizer.json in the usual format, for
training/export_embedder.py, and FOLDER/training.json the log.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertModel

from rag.sentences import split
from training import gloss_vocabulary
from training.gloss_vocabulary import Glosses, Pair, Vocabulary, read_pairs
from training.loop import Say, descend, logged
from training.original import load_original, load_tokenizer
from training.question_sets import read_facqa, read_lines, read_qed, read_squad

SEED = 11
LONGEST = 160
"""Tokens of a training text; longer ones are cut."""
BATCH_TOKENS = 2_048
POOL = 64
"""Batches whose texts are sorted by length together."""
TEMPERATURE = 0.05
ROUNDS = {
    "rows": {"share": 0.4, "rate": 2e-3, "body": 0.0},
    "all": {"share": 1.0, "rate": 5e-4, "body": 6e-5},
}
PAIR_FILES = {
    "fr": ("tatoeba.en-fr", "tico19.en-fr"),
    "id": ("tatoeba.en-id", "tico19.en-id", "nusax.en-id", "talpco.en-id"),
}
REPEATS = {"fr": 0.7, "id": 4}
"""How often a pair is seen in a round; more in the language that has few."""
SWITCHED = {"fr": 14_000, "id": 30_000}
JOINED = {"fr": 8_000, "id": 10_000}
ENGLISH = 6_000


@dataclass(frozen=True, slots=True)
class Item:
    """An English text, which the teacher reads, and what the student reads."""

    english: str
    student: str


def english_texts(data: Path) -> tuple[list[str], list[str], list[str]]:
    """Passages, sentences and questions of sets that may be trained on."""
    sets = [
        read_squad(data / "qa" / "tydiqa-goldp.en.train.json.gz", "tydiqa", "en"),
        read_squad(data / "qa" / "covidqa.en.json.gz", "covidqa", "en"),
        read_squad(data / "qa" / "policyqa.en.dev.json.gz", "policyqa", "en"),
        read_qed(data / "qa" / "qed.en.dev.jsonl.gz", "qed"),
    ]
    passages = [text for found in sets for text in found.texts.values()]
    lines = read_lines(data / "qa" / "qamr.en.wiki-sentences.tsv.gz")
    sentences = [line.split("\t")[1] for line in lines if "\t" in line]
    sentences += [text[span.start : span.end] for text in passages for span in split(text[:3_000], "en")]
    questions = [case.question for found in sets for case in found.cases]
    questions += [row.split("\t")[5] for row in read_lines(data / "qa" / "qamr.en.filtered-dev.tsv.gz")]
    return passages, sentences, questions


def code_switched(tokenizer: Tokenizer, text: str, translations: Glosses, chance: random.Random) -> str:
    """The text with most of the words that have a translation replaced by one."""
    normal = tokenizer.normalizer.normalize_str(text)
    share = chance.uniform(0.5, 1.0)
    pieces, end = [], 0
    for word, (start, stop) in tokenizer.pre_tokenizer.pre_tokenize_str(normal):
        known = translations.get(word)
        if known and sum(known.values()) > 0.3 and chance.random() < share:
            pieces += [normal[end:start], chance.choices(list(known), list(known.values()))[0]]
            end = stop
    return "".join([*pieces, normal[end:]])


def items(
    tokenizer: Tokenizer, vocabulary: Vocabulary, pairs: dict[str, Sequence[Pair]], english: tuple[list[str], ...]
) -> list[Item]:
    """What a round reads, in random order."""
    chance = random.Random(SEED)
    passages, sentences, questions = english
    made: list[Item] = []
    for language, rows in pairs.items():
        repeats = REPEATS.get(language, 1.0)
        for _ in range(int(repeats)):
            made += [Item(one, other) for one, other in rows]
        made += [Item(one, other) for one, other in rows if chance.random() < repeats % 1]
        for _ in range(JOINED.get(language, len(rows) // 4)):
            chosen = chance.choices(rows, k=chance.randint(2, 5))
            made.append(Item(" ".join(one for one, _ in chosen), " ".join(other for _, other in chosen)))
        wanted = SWITCHED.get(language, 10_000)
        texts = chance.choices(sentences, k=wanted * 2 // 3) + chance.choices(questions, k=wanted // 3)
        table = vocabulary.translations[language]
        made += [Item(text, code_switched(tokenizer, text, table, chance)) for text in texts]
        made += [Item(one, one) for one, _ in chance.sample(rows, min(len(rows), 8_000))]
    made += [Item(text, text) for text in chance.choices(passages, k=ENGLISH)]
    made += [Item(text, text) for text in chance.choices(sentences + questions, k=2 * ENGLISH)]
    chance.shuffle(made)
    return made


class Student(nn.Module):
    """The original with rows for new words appended; only these may be trained, or all."""

    def __init__(self, bert: BertModel, rows: Tensor) -> None:
        super().__init__()
        self.bert = bert
        self.old = bert.embeddings.word_embeddings.weight
        self.new = nn.Parameter(rows.clone())

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Mean of the token states, unit length."""
        count = len(self.old)
        old = nn.functional.embedding(ids.clamp(max=count - 1), self.old)
        new = nn.functional.embedding((ids - count).clamp(min=0), self.new)
        words = torch.where((ids < count)[..., None], old, new)
        states = self.bert(inputs_embeds=words, attention_mask=mask).last_hidden_state.float()
        return pooled(states, mask)


def pooled(states: Tensor, mask: Tensor) -> Tensor:
    """The mean of the states that count, unit length."""
    weights = mask[..., None].float()
    return nn.functional.normalize((states * weights).sum(1) / weights.sum(1), dim=-1)


def batches(lengths: Sequence[int], chance: random.Random) -> list[list[int]]:
    """The places of texts in batches of about BATCH_TOKENS, alike in length, the batches in random order."""
    order = list(range(len(lengths)))
    chance.shuffle(order)
    found: list[list[int]] = []
    size = POOL * BATCH_TOKENS // 20
    for start in range(0, len(order), size):
        batch: list[int] = []
        for place in sorted(order[start : start + size], key=lengths.__getitem__):
            if batch and (len(batch) + 1) * lengths[place] > BATCH_TOKENS:
                found.append(batch)
                batch = []
            batch.append(place)
        found.append(batch)
    chance.shuffle(found)
    return [batch for batch in found if len(batch) > 3]


def padded(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Token ids and mask of a batch."""
    width = max(map(len, rows))
    ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    return ids, mask


def teach(tokenizer: Tokenizer, texts: Sequence[str], say: Say) -> Tensor:
    """The original's vectors, ``(len(texts), 384)``, unit length, float16."""
    bert = load_original()
    tokens = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    vectors = torch.empty(len(texts), bert.config.hidden_size, dtype=torch.float16)
    order = batches([len(row) for row in tokens], random.Random(SEED))
    missing = set(range(len(texts))) - {place for batch in order for place in batch}
    order += [[place] for place in sorted(missing)]
    started = time.time()
    for number, batch in enumerate(order):
        ids, mask = padded([tokens[place] for place in batch])
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=False):
            vectors[batch] = pooled(bert(ids, mask).last_hidden_state, mask).half()
        if number % 200 == 0:
            say(f"teacher: batch {number}/{len(order)}, {time.time() - started:.0f} s")
    return vectors


def loss_of(found: Tensor, wanted: Tensor) -> Tensor:
    """One minus the cosine, and the divergence of the similarities within the batch."""
    cosine = (1 - (found * wanted).sum(-1)).mean()
    target = (wanted @ wanted.T / TEMPERATURE).softmax(-1)
    likely = (found @ wanted.T / TEMPERATURE).log_softmax(-1)
    return cosine + 0.5 * nn.functional.kl_div(likely, target, reduction="batchmean")


def train(
    student: Student,
    name: str,
    tokens: Sequence[Sequence[int]],
    wanted: Callable[[Sequence[int]], Tensor],
    *,
    work: Path,
    say: Say,
) -> None:
    """One round, from its last checkpoint if there is one."""
    plan = ROUNDS[name]
    torch.manual_seed(SEED)
    order = batches([len(row) for row in tokens], random.Random(f"{SEED}{name}"))
    order = order[: int(plan["share"] * len(order))]
    body = [p for p in student.bert.parameters() if p is not student.bert.embeddings.word_embeddings.weight]
    groups = [{"params": [student.new], "lr": plan["rate"]}]
    if plan["body"]:
        groups.append({"params": [*body, student.old], "lr": plan["body"]})
    for parameter in [*body, student.old]:
        parameter.requires_grad_(bool(plan["body"]))
    optimiser = torch.optim.AdamW(groups, weight_decay=0.0, betas=(0.9, 0.98))

    def step_loss(batch: Sequence[int]) -> tuple[Tensor, int]:
        ids, mask = padded([tokens[place] for place in batch])
        with torch.autocast("cpu", torch.bfloat16):
            vectors = student(ids, mask)
        return loss_of(vectors.float(), wanted(batch)), int(mask.sum())

    descend(student, optimiser, order, step_loss, checkpoint=work / f"{name}.pt", say=say, warmup=50, keep_every=500)


def save(student: Student, tokenizer: Tokenizer, folder: Path) -> None:
    """Writes the model with all rows in one matrix."""
    bert = student.bert
    rows = torch.cat([student.old.detach(), student.new.detach()])
    bert.embeddings.word_embeddings = nn.Embedding.from_pretrained(rows, padding_idx=0)
    bert.config.vocab_size = len(rows)
    bert.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)


def gather_pairs(data: Path, more: Sequence[str]) -> dict[str, list[Pair]]:
    """The sentence pairs of each language, those named on the command line (language=file) added."""
    found = {
        language: [pair for name in names for pair in read_pairs(data / "parallel" / f"{name}.tsv.gz")]
        for language, names in PAIR_FILES.items()
    }
    for entry in more:
        language, _, path = entry.partition("=")
        found.setdefault(language, []).extend(read_pairs(Path(path)))
    return found


def main() -> None:
    """Builds the vocabulary, trains both rounds and writes their mean."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder that has parallel/ and qa/")
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints, the log and the result")
    parser.add_argument("--pairs", action="append", default=[], metavar="LANGUAGE=FILE", help="one more language")
    parser.add_argument("--share", type=float, default=1.0, help="of the training texts, for a trial")
    parser.add_argument("--untrained", action="store_true", help="only the vocabulary")
    options = parser.parse_args()
    with logged(options.work / "training.log") as say:
        run(options, say)


def run(options: argparse.Namespace, say: Say) -> None:
    """What main does, with the options read."""
    original, bert = load_tokenizer(), load_original()
    pairs = gather_pairs(options.data, options.pairs)
    english = english_texts(options.data)
    others = {
        "id": read_facqa(options.data / "qa" / "facqa.id.train.csv.gz", "facqa").texts.values(),
        "fr": read_squad(options.data / "qa" / "piaf-even.fr.json.gz", "piaf", "fr", (0, 2)).texts.values(),
    }
    rows = bert.embeddings.word_embeddings.weight.detach().numpy()
    vocabulary = gloss_vocabulary.build(original, rows, pairs, [*english[1], *english[2]], others)
    say(json.dumps(vocabulary.report))
    tokenizer = gloss_vocabulary.extended(original, vocabulary.words)
    student = Student(bert, torch.tensor(vocabulary.rows))
    save(_copy(student), tokenizer, options.work / "untrained")
    if options.untrained:
        return
    chosen = items(original, vocabulary, pairs, english)
    chosen = chosen[: int(options.share * len(chosen))]
    original.enable_truncation(LONGEST)
    tokenizer.enable_truncation(LONGEST)
    texts = sorted({item.english for item in chosen})
    vectors = _cached(options.work / f"teacher-{len(texts)}.pt", lambda: teach(original, texts, say))
    place = {text: number for number, text in enumerate(texts)}
    targets = np.array([place[item.english] for item in chosen])
    tokens = [encoding.ids for encoding in tokenizer.encode_batch([item.student for item in chosen])]
    say(f"{len(chosen)} texts, {sum(map(len, tokens))} tokens")

    def wanted(batch: Sequence[int]) -> Tensor:
        return vectors[targets[list(batch)]].float()

    states = []
    for name in ROUNDS:
        train(student, name, tokens, wanted, work=options.work, say=say)
        states.append({key: value.clone() for key, value in student.state_dict().items()})
    tokenizer.no_truncation()
    for weight in (1.0, 0.5):
        student.load_state_dict({key: torch.lerp(states[0][key], states[1][key], weight) for key in states[0]})
        save(_copy(student), tokenizer, options.work / ("trained" if weight == 1.0 else "embedder"))


def _copy(student: Student) -> Student:
    """A student of its own with the same weights, as saving changes it."""
    copy = Student(load_original(), student.new.detach())
    copy.load_state_dict(student.state_dict())
    return copy


def _cached(path: Path, make: Callable[[], Tensor]) -> Tensor:
    """What a file holds, or what is made and then written there."""
    if path.exists():
        found: Tensor = torch.load(path, weights_only=True)
        return found
    made = make()
    torch.save(made, path)
    return made


if __name__ == "__main__":
    main()
