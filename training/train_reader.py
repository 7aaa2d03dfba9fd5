"""Trains the reader: does this passage answer the question, and with which of its words.

    python -m training.train_reader PATH_TO_DATA --embedder FOLDER/embedder --work FOLDER

A cross-encoder that starts from the embedder's weights; the rows of the words stay as they are, so that words which the
questions never had keep their meaning. Three outputs: whether the passage answers (binary cross-entropy), and the first
and the last token of the answer (cross-entropy over the passage, for passages that answer), as Devlin et al. 2019
(doi:10.18653/v1/N19-1423) did it. Seeded; a run that was stopped goes on from its last checkpoint. Some 40 minutes on
two cores.

FOLDER/reader then holds config.json, model.safetensors, heads.pt and tokenizer.json for training/export_reader.py.
"""

from __future__ import annotations

import argparse
import json
import pickle
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor, nn
from transformers import BertModel

from rag import metrics
from rag.config import read_settings
from rag.documents import Span
from rag.embedding import open_embedder
from rag.reader import best_span
from training import gloss_vocabulary
from training.loop import Say, descend, logged
from training.original import load_original, load_tokenizer
from training.question_sets import QuestionSet, read_facqa, read_squad
from training.reader_examples import Example, all_examples
from training.train_embedder import batches, english_texts, gather_pairs

SEED = 13
PASSES = 2
LONGEST = 224
BODY_RATE = 1e-4
HEAD_RATE = 1e-3
HIDDEN = 384


class Reader(nn.Module):
    """The encoder with its three heads."""

    def __init__(self, bert: BertModel) -> None:
        super().__init__()
        self.bert = bert
        self.inner = nn.Linear(HIDDEN, HIDDEN)
        self.answers = nn.Linear(HIDDEN, 1)
        self.bounds = nn.Linear(HIDDEN, 2)

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Whether it answers, ``(batch,)``, and start and end of each token, ``(batch, tokens, 2)``; logits."""
        states = self.bert(ids, mask, types).last_hidden_state
        return self.answers(torch.tanh(self.inner(states[:, 0])))[:, 0], self.bounds(states)


@dataclass(frozen=True, slots=True)
class Row:
    """An example in tokens; the answer's first and last token, or -1."""

    ids: list[int]
    types: list[int]
    start: int
    end: int
    label: float


def encode(tokenizer: Tokenizer, found: Sequence[Example]) -> list[Row]:
    """The examples in tokens; one whose answer was cut off is left out."""
    encodings = tokenizer.encode_batch([(example.question, example.passage) for example in found])
    rows = []
    for example, encoding in zip(found, encodings, strict=True):
        start, end = (-1, -1) if example.answer is None else _tokens(encoding, example.answer)
        if example.answer is None or start >= 0:
            rows.append(Row(encoding.ids, encoding.type_ids, start, end, float(example.answer is not None)))
    return rows


def _tokens(encoding: Encoding, answer: Span) -> tuple[int, int]:
    """The first and last token of the passage that touch the answer; -1 when none does."""
    touching = [
        place
        for place, ((low, high), part) in enumerate(zip(encoding.offsets, encoding.sequence_ids, strict=True))
        if part == 1 and low < answer.end and answer.start < high
    ]
    return (touching[0], touching[-1]) if touching else (-1, -1)


def tensors(rows: Sequence[Row]) -> tuple[Tensor, Tensor, Tensor]:
    """Ids, types and mask of a batch."""
    width = max(len(row.ids) for row in rows)

    def pad(values: list[list[int]]) -> Tensor:
        return torch.tensor([[*value, *[0] * (width - len(value))] for value in values])

    return pad([row.ids for row in rows]), pad([row.types for row in rows]), pad([[1] * len(row.ids) for row in rows])


def loss_of(answers: Tensor, bounds: Tensor, types: Tensor, rows: Sequence[Row]) -> Tensor:
    """Binary cross-entropy of the answer, and cross-entropy of its bounds where there is one."""
    labels = torch.tensor([row.label for row in rows])
    loss = nn.functional.binary_cross_entropy_with_logits(answers, labels)
    having = [place for place, row in enumerate(rows) if row.start >= 0]
    if having:
        scores = bounds[having].masked_fill((types[having] == 0)[..., None], -1e4)
        for side, wanted in enumerate(("start", "end")):
            target = torch.tensor([getattr(rows[place], wanted) for place in having])
            loss = loss + 0.5 * nn.functional.cross_entropy(scores[..., side], target)
    return loss


def train(reader: Reader, rows: Sequence[Row], work: Path, say: Say) -> None:
    """PASSES passes over the examples, from the last checkpoint if there is one; the rates of each fall to nearly 0."""
    torch.manual_seed(SEED)
    reader.bert.embeddings.word_embeddings.weight.requires_grad_(False)
    heads = [*reader.inner.parameters(), *reader.answers.parameters(), *reader.bounds.parameters()]
    body = [parameter for parameter in reader.bert.parameters() if parameter.requires_grad]

    def step_loss(batch: Sequence[int]) -> tuple[Tensor, int]:
        chosen = [rows[place] for place in batch]
        ids, types, mask = tensors(chosen)
        with torch.autocast("cpu", torch.bfloat16):
            answers, bounds = reader(ids, types, mask)
        return loss_of(answers.float(), bounds.float(), types, chosen), int(mask.sum())

    for number in range(1, PASSES + 1):
        order = batches([len(row.ids) for row in rows], random.Random(SEED + number - 1))
        optimiser = torch.optim.AdamW(
            [{"params": body, "lr": BODY_RATE / number}, {"params": heads, "lr": HEAD_RATE / number}], weight_decay=0.01
        )
        checkpoint = work / f"reader-{number}.pt"
        descend(reader, optimiser, order, step_loss, checkpoint=checkpoint, say=say, warmup=100, keep_every=400)


def evaluate(reader: Reader, tokenizer: Tokenizer, found: QuestionSet, most: int = 400) -> dict[str, float]:
    """Exact match and F1 of the best span in the paragraph, and how well the answer head tells real questions apart.

    A paragraph longer than LONGEST tokens is cut, so that an answer further on is a miss.
    """
    cases = random.Random(SEED).sample(found.cases, min(most, len(found.cases)))
    asked = [(case.question, found.texts[case.about or ""]) for case in cases]
    encodings = tokenizer.encode_batch(asked)
    exact, overlap, scores, labels = [], [], [], []
    reader.eval()
    for case, encoding, (_, passage) in zip(cases, encodings, asked, strict=True):
        row = Row(encoding.ids, encoding.type_ids, -1, -1, 0.0)
        with torch.no_grad():
            answers, bounds = reader(*tensors([row]))
        scores.append(float(answers))
        labels.append(bool(case.answers))
        if case.answers:
            span = _best(encoding, bounds[0].double().numpy())
            gold = [answer.of(passage) for _, answer in case.answers]
            exact.append(max(metrics.exact_match(span.of(passage), each) for each in gold))
            overlap.append(max(metrics.f1(span.of(passage), each) for each in gold))
    figures = {"questions": len(cases), "exact": float(np.mean(exact)), "f1": float(np.mean(overlap))}
    if not all(labels):
        figures["auroc"] = metrics.auroc(scores, labels)
    return figures


def _best(encoding: Encoding, bounds: np.ndarray) -> Span:
    """The likeliest answer, code points of the passage."""
    inside = [place for place, part in enumerate(encoding.sequence_ids) if part == 1]
    return best_span(bounds[inside], [encoding.offsets[place] for place in inside]) or Span(0, 0)


def dev_sets(data: Path) -> list[QuestionSet]:
    """Sets that the reader never learnt from."""
    return [
        read_squad(data / "tydiqa-goldp.en.dev.json.gz", "tydiqa_dev", "en"),
        read_squad(data / "piaf-even.fr.json.gz", "piaf_dev", "fr", (1, 2)),
        read_facqa(data / "facqa.id.valid.csv.gz", "facqa_valid"),
        read_squad(data / "xquad.es.json.gz", "xquad_es", "es"),
        read_squad(data / "squad2-sample.en.json.gz", "squad2", "en"),
    ]


def main() -> None:
    """Trains and writes the reader, and says what it does on the dev sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder that has parallel/ and qa/")
    parser.add_argument("--embedder", type=Path, required=True, help="what training/train_embedder.py wrote")
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints, the log and the result")
    parser.add_argument("--share", type=float, default=1.0, help="of the examples, for a trial")
    options = parser.parse_args()
    with logged(options.work / "reader.log") as say:
        run(options, say)


def run(options: argparse.Namespace, say: Say) -> None:
    """What main does, with the options read."""
    tokenizer = Tokenizer.from_file(str(options.embedder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(LONGEST, strategy="only_second")
    found = _examples(options.data, options.work)
    say(f"{len(found)} examples")
    rows = encode(tokenizer, found[: int(options.share * len(found))])
    bert = BertModel.from_pretrained(options.embedder, attn_implementation="eager", add_pooling_layer=False)
    torch.manual_seed(SEED)
    reader = Reader(bert)
    train(reader, rows, options.work, say)
    folder = options.work / "reader"
    reader.bert.save_pretrained(folder)
    heads = {key: value for key, value in reader.state_dict().items() if not key.startswith("bert.")}
    torch.save(heads, folder / "heads.pt")
    tokenizer.no_truncation()
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    tokenizer.enable_truncation(LONGEST, strategy="only_second")
    for each in dev_sets(options.data / "qa"):
        say(f"{each.name}: {json.dumps(evaluate(reader, tokenizer, each))}")


def _examples(data: Path, work: Path) -> list[Example]:
    """The examples, made once and kept in the work folder."""
    path = work / "examples.pickle"
    if path.exists():
        found: list[Example] = pickle.loads(path.read_bytes())
        return found
    english = english_texts(data)
    rows = load_original().embeddings.word_embeddings.weight.detach().numpy()
    vocabulary = gloss_vocabulary.build(load_tokenizer(), rows, gather_pairs(data, []), [*english[1], *english[2]], {})
    found = all_examples(
        data,
        open_embedder(read_settings()),
        load_tokenizer(),
        translations=vocabulary.translations,
        glosses=vocabulary.glosses,
    )
    path.write_bytes(pickle.dumps(found))
    return found


if __name__ == "__main__":
    main()
