"""A tiny language model with random weights, and llama.cpp's own server for it, in this process.

The model knows nothing. It reads any text, and writes letters, words and whole sentences by chance, the sentences it is
given more often than the rest. Held to a schema by the server, it fills in any form with true, false and senseless
claims that point at any sentence: what the programs around a model must be ready for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gguf
import numpy as np

_LAYERS, _WIDTH, _INNER, _HEADS = 2, 64, 128, 4
_KINDS = gguf.TokenType
_CONTROLS = [("<unk>", _KINDS.UNKNOWN, -9), ("<s>", _KINDS.CONTROL, -9), ("</s>", _KINDS.CONTROL, 0)]
_LIKELY, _UNLIKELY, _HARDLY = 1, -6, -40
_MARKS = dict.fromkeys('{}[:"', 0) | {"]": 1, ",": -0.5}  # of JSON; lists are short
_INFLUENCE = np.float32(0.1)  # of what a layer adds, so that chance does not drown what is likely


def write_model(path: Path, sentences: Sequence[str], texts: Sequence[str], *, context: int) -> None:
    """Write a Llama of two layers, 64 dimensions and random weights; the same arguments give the same bytes.

    Args:
        path: The GGUF file.
        sentences: Each is one token, likely to be written as a whole text.
        texts: Their words are tokens, so that reading them does not take a token for each letter.
        context: The tokens that it can read and write.
    """
    tokens = _tokens(sentences, texts)
    names = [name for name, _, _ in tokens]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(context)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_INNER)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(names)
    writer.add_token_scores([0.0 if kind != _KINDS.NORMAL else -1.0 for _, kind, _ in tokens])
    writer.add_token_types([kind for _, kind, _ in tokens])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    for name, values in _weights(names, [weight for _, _, weight in tokens], len(sentences)):
        writer.add_tensor(f"{name}.weight", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _tokens(sentences: Sequence[str], texts: Sequence[str]) -> list[tuple[str, int, float]]:
    """Name, kind and likelihood of each token; the sentences come last."""
    letters = {letter for text in texts for letter in text if not letter.isspace()} | set(map(chr, range(33, 127)))
    words = {f" {word}" for text in texts for word in re.findall(r"[^\W\d_]{2,}", text)}
    starts = {word[:end] for word in words for end in range(2, len(word) + 1)} - {f" {letter}" for letter in letters}
    starts |= {f" {letter}" for letter in letters if letter.isalpha()}
    plain = [(name, _UNLIKELY) for name in [" ", *sorted(letters), *sorted(starts)]]
    plain += [(word[1:], _UNLIKELY / 2) for word in sorted(words)]  # as whole, within quotation marks
    plain = [(name, _MARKS.get(name, weight)) for name, weight in plain]
    plain += [(sentence, _LIKELY) for sentence in sentences]
    return [
        *_CONTROLS,
        *((f"<0x{byte:02X}>", _KINDS.BYTE, _HARDLY) for byte in range(256)),
        *((name.replace(" ", "▁"), _KINDS.NORMAL, weight) for name, weight in plain),
    ]


def _weights(names: Sequence[str], likelihoods: Sequence[float], sentences: int) -> Iterator[tuple[str, Any]]:
    """Name and values of each tensor.

    The first dimensions are not random. One says how likely a token is, wherever it stands; the others make a sentence
    likely after a quotation mark, a mark or the end after a sentence, and an item in a list that has just begun.
    """
    random = np.random.default_rng(0)

    def some(*shape: int) -> Any:
        return (random.standard_normal(shape) * 0.1).astype(np.float32)

    read, write = some(len(names), _WIDTH), some(len(names), _WIDTH)
    read[:, :4] = write[:, :4] = 0
    read[:, 0], write[:, 0] = 1, np.array(likelihoods) / 6
    quote, bracket, item, end = map(names.index, ('"', "[", "{", "</s>"))
    read[quote, 1] = write[-sentences:, 1] = 1
    read[-sentences:, 2] = write[quote, 2] = write[end, 2] = 1.5
    read[bracket, 3] = write[item, 3] = 1
    yield "token_embd", read
    yield "output", write
    yield "output_norm", np.ones(_WIDTH, np.float32)
    for layer in range(_LAYERS):
        for name in ("attn_norm", "ffn_norm"):
            yield f"blk.{layer}.{name}", np.ones(_WIDTH, np.float32)
        for name in ("attn_q", "attn_k", "attn_v"):
            yield f"blk.{layer}.{name}", some(_WIDTH, _WIDTH)
        yield f"blk.{layer}.attn_output", some(_WIDTH, _WIDTH) * _INFLUENCE
        yield f"blk.{layer}.ffn_gate", some(_INNER, _WIDTH)
        yield f"blk.{layer}.ffn_up", some(_INNER, _WIDTH)
        yield f"blk.{layer}.ffn_down", some(_WIDTH, _INNER) * _INFLUENCE


@contextmanager
def serve(path: Path, *, context: int, seed: int = 0, key: str | None = None) -> Iterator[str]:
    """The address, with the version, of llama.cpp's server for a model, as long as the block runs.

    Args:
        path: The GGUF file.
        context: Tokens that a request and its answer may have.
        seed: Of the chance by which the model writes.
        key: Requests need it, if given.
    """
    import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path = str(path)
    settings.n_ctx = context
    settings.hostnames, settings.port = ["127.0.0.1"], 0
    settings.n_parallel, settings.cpuparams.n_threads = 1, 1
    settings.warmup = settings.ui = settings.cache_prompt = False
    settings.cache_ram_mib = 0
    settings.verbosity = -1
    settings.sampling.seed, settings.sampling.temp = seed, 1.0
    settings.sampling.top_k, settings.sampling.top_p, settings.sampling.min_p = 0, 1.0, 0.0
    if key is not None:
        settings.api_keys = [key]
    settings.endpoint_metrics = True
    server = xllamacpp.Server(settings)
    server.handle_metrics()  # answered once its loop runs; a server that is ended before then never ends
    try:
        yield f"{server.listening_address}/v1"
    finally:
        del server
