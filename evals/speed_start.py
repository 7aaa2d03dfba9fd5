"""Measure how long a person waits for a cold `ask`, side by side with what it cannot avoid.

    python evals/speed_start.py

Four commands are run in turn, several rounds, each in a new process: bare Python, `ask --help`, importing chromadb and
onnxruntime, and `ask` over the seeds with an index already there. The figures are medians, of the wall clock and of the
processor's time, which other programs disturb less; the two differences are what the project promises (at most 0.3 s
and 0.5 s). Compiled bytecode is kept from the first run of each, as pip leaves it behind.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
ASK = [sys.executable, "-c", "from rag.cli import ask_command; ask_command()"]
QUESTION = "what does the Xiaomi laptop deal involve?"


class Cost(NamedTuple):
    """Seconds of one process, or medians of several."""

    wall: float
    processor: float

    def above(self, other: Cost) -> str:
        """The difference in words."""
        return f"{self.wall - other.wall:+7.3f} s ({self.processor - other.processor:+.3f} s)"


def run(command: list[str], folder: Path) -> Cost:
    """What one process costs; it sees this repository's package and keeps its bytecode in the folder."""
    dropped = "PYTHONDONTWRITEBYTECODE"
    environment = {name: value for name, value in os.environ.items() if name != dropped and not name.startswith("RAG_")}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "ask --help": [*ASK, "--help"],
        "import chromadb, onnxruntime": [sys.executable, "-c", "import chromadb, onnxruntime"],
        f'ask "{QUESTION}"': [*ASK, QUESTION],
    }
    costs: dict[str, list[Cost]] = {label: [] for label in commands}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "seeds").symlink_to(ROOT / "seeds")
        for command in commands.values():  # compiles, warms the file cache and makes the index
            run(command, folder)
        for _ in range(rounds):
            for label, command in commands.items():
                costs[label].append(run(command, folder))
    medians = {label: Cost(*map(statistics.median, zip(*runs, strict=True))) for label, runs in costs.items()}
    print("   wall  (processor)")
    for label, (wall, processor) in medians.items():
        print(f"{wall:7.3f} s ({processor:6.3f} s)  {label}")
    bare, help_, imports, ask = medians.values()
    print(f"{help_.above(bare)}  ask --help above bare Python (at most 0.3)")
    print(f"{ask.above(imports)}  ask above import chromadb, onnxruntime (at most 0.5)")


if __name__ == "__main__":
    main()
