r"""Measure a briefing over thousands of documents: seconds and peak memory, with a topic and without.

    python -m evals.speed_brief \
        PATH_TO_DATA/qa/{covidqa.en,tydiqa-goldp.en.train,policyqa.en.dev,policyqa.en.test}.json.gz

The documents are the texts of the sets, one file each; indexing them is not measured. Memory is that of a process of
its own which opens the index, writes the page and ends; it is read from /proc, so on Linux only.
"""

from __future__ import annotations

import argparse
import datetime as dt
import multiprocessing
import re
import tempfile
import time
from pathlib import Path

from evals.speed_question import write_corpus
from rag.config import read_settings
from rag.desk import Order
from rag.opening import sync
from rag.workspace import Workspace
from training.question_sets import read_squad

TOPICS = (None, "vaccination", "privacy policy")


def measure(home: Path, topic: str | None) -> tuple[float, float, str]:
    """Seconds, peak memory in MiB and what the page says of itself."""
    with Workspace.open(read_settings(home=home), tell=lambda message: None) as workspace:
        started = time.perf_counter()
        page = workspace.brief(Order(topic, None, dt.date(2026, 11, 21)))
        seconds = time.perf_counter() - started
    # Linux's own count: that of getrusage begins with what the process that started this one had.
    [peak] = re.findall(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    return (
        seconds,
        int(peak) / 1024,
        f"{len(page.facts)} facts, {len(page.sources)} sources, {page.considered:,} considered",
    )


def main() -> None:
    """Prints a line for each topic."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("squad", type=Path, nargs="+", help="gzipped files in SQuAD format")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, home = Path(name) / "corpus", Path(name) / "home"
        write_corpus([read_squad(path, path.name, "en") for path in options.squad], folder)
        report = sync(read_settings(home=home), [folder])
        print(f"{len(report.added):,} documents, {report.chunks:,} passages")
        context = multiprocessing.get_context("spawn")
        for topic in TOPICS:
            with context.Pool(1) as pool:
                seconds, peak, said = pool.apply(measure, (home, topic))
            print(f"{topic or 'the whole folder':18} {seconds:5.1f} s, {peak:4.0f} MiB at most; {said}")


if __name__ == "__main__":
    main()
