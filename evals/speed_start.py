"""Measure how long a person waits for a cold `ask`, side by side with what it cannot avoid.

    python evals/speed_start.py

Four commands are run in turn, several rounds, each in a new process: bare Python, `ask --help`, importing chromadb and
onnxruntime, and `ask` over the seeds with an index already there. The figures are medians; the two differences are what
the project promises (at most 0.3 s and 0.5 s).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SEEDS = Path(__file__).parent.parent / "seeds"
ASK = [sys.executable, "-c", "from rag.cli import ask_command; ask_command()"]
QUESTION = "what does the Xiaomi laptop deal involve?"


def seconds(command: list[str], folder: Path) -> float:
    """Wall time of one process."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAG_")}
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


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
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "seeds").symlink_to(SEEDS)
        for command in commands.values():  # warms the file cache and makes the index
            seconds(command, folder)
        times: dict[str, list[float]] = {label: [] for label in commands}
        for _ in range(rounds):
            for label, command in commands.items():
                times[label].append(seconds(command, folder))
    medians = {label: statistics.median(values) for label, values in times.items()}
    for label, median in medians.items():
        print(f"{median:7.3f} s  {label}")
    bare, help_, imports, ask = medians.values()
    print(f"{help_ - bare:+7.3f} s  ask --help above bare Python (at most 0.3)")
    print(f"{ask - imports:+7.3f} s  ask above import chromadb, onnxruntime (at most 0.5)")


if __name__ == "__main__":
    main()
