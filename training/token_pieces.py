"""Find the pieces of words that the vocabularies of language models share: rag/words/pieces.txt.

    python -m training.token_pieces FOLDER

FOLDER holds vocabularies as they are published, told apart by their names: ranks of byte-pair encodings as tiktoken
reads them ("*.tiktoken"), models of sentencepiece ("*.model"; the library is to be installed), Tekken's and Hugging
Face's tokenizers ("*.json"). The shipped list is what ten of them have in common: cl100k, o200k and p50k of OpenAI,
Llama 3 and 4, Qwen, DeepSeek V3, Mistral 7B and Tekken, and Anthropic's of 2023, taken from the Python packages litellm
1.109.1, llama-models 0.3.0, dashscope 2.0.2 and mistral-common 1.13.1.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

LONGEST = 4  # letters, a space before them included; longer pieces make hardly any difference
OUTPUT = Path(__file__).parent.parent / "rag" / "words" / "pieces.txt"
_PIECE = re.compile(r"(?: ?[A-Z]?[a-z]+| ?[A-Z])")
Vocabulary = dict[bytes, int]
"""Token -> its rank, the lowest of which are joined first."""


def read(path: Path) -> Vocabulary:
    """The vocabulary in a file; "▁" of sentencepiece is a space."""
    if path.suffix == ".tiktoken":
        pairs = (line.split() for line in path.read_bytes().splitlines() if line.strip())
        return {base64.b64decode(token): int(rank) for token, rank in pairs}
    if path.suffix == ".model":
        import sentencepiece

        model = sentencepiece.SentencePieceProcessor(model_file=str(path))
        pieces = [model.id_to_piece(number).replace("▁", " ") for number in range(model.get_piece_size())]
        return {piece.encode(): number for number, piece in enumerate(pieces) if not re.fullmatch("<.*>", piece)}
    found = json.loads(path.read_text("utf-8"))
    if "vocab" in found:
        used = found["config"]["default_vocab_size"] - found["config"]["default_num_special_tokens"]
        return {base64.b64decode(entry["token_bytes"]): entry["rank"] for entry in found["vocab"][:used]}
    printed = _bytes_of_printed()
    known = found["model"]["vocab"].items()
    return {bytes(printed[c] for c in token): number for token, number in known if set(token) <= printed.keys()}


def _bytes_of_printed() -> dict[str, int]:
    """GPT-2's printable character for each byte, the other way round."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {chr(byte): byte for byte in shown} | {chr(256 + place): byte for place, byte in enumerate(hidden)}


def shared(vocabularies: Iterable[Vocabulary]) -> set[str]:
    """The pieces of so many letters that all vocabularies have."""
    common: set[bytes] = set.intersection(*map(set, vocabularies))
    found = {token.decode() for token in common if token.isascii()}
    return {piece for piece in found if 1 < len(piece) <= LONGEST and _PIECE.fullmatch(piece)}


def main() -> None:
    """Write the pieces, those with the same first letter on one line and "_" for a space."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    files = sorted(path for path in parser.parse_args().folder.iterdir() if path.is_file())
    pieces = shared(read(path) for path in files)
    printed = sorted(piece.replace(" ", "_") for piece in pieces)
    groups = [" ".join(group) for _, group in groupby(printed, key=lambda piece: piece[: 1 + (piece[0] == "_")])]
    OUTPUT.write_text("\n".join(groups) + "\n", "utf-8")
    print(f"{len(pieces):,} pieces of {len(files)} vocabularies: {', '.join(path.name for path in files)}")


if __name__ == "__main__":
    main()
