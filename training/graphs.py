"""Encoders as ONNX graphs: exported small, smoothed, quantised to 8 bits, optimised."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn
from transformers import BertModel

HEADS, HEAD_SIZE = 12, 32


class Encoder(nn.Module):
    """BERT's encoder with what never changes worked into the weights, so that the exported graph is small.

    The attention's scale is in the query weights, and unless token types are given the vector of the first segment is
    added to the positions'. Equal to the original within rounding.
    """

    def __init__(self, bert: BertModel, *, small_words: bool = False, segments: bool = False) -> None:
        """Takes the weights over.

        Args:
            bert: Whose weights.
            small_words: Word vectors as 8-bit integers, with a scale for each word.
            segments: Whether token types are an input.
        """
        super().__init__()
        embeddings = bert.embeddings
        words = embeddings.word_embeddings.weight.detach()
        scales = words.abs().amax(1, keepdim=True) / 127 if small_words else torch.ones(1)
        scales = scales.clamp(min=1e-9)
        self.words = nn.Parameter(
            (words / scales).round().to(torch.int8) if small_words else words, requires_grad=False
        )
        self.scales = nn.Parameter(scales, requires_grad=False)
        self.small_words = small_words
        types = embeddings.token_type_embeddings.weight.detach()
        self.segments = nn.Parameter(types, requires_grad=False) if segments else None
        self.positions = nn.Parameter(embeddings.position_embeddings.weight.detach() + (0 if segments else types[0]))
        self.norm = embeddings.LayerNorm
        self.layers = bert.encoder.layer
        for layer in self.layers:
            layer.attention.self.query.weight.data *= HEAD_SIZE**-0.5
            layer.attention.self.query.bias.data *= HEAD_SIZE**-0.5

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None) -> Tensor:
        """The token states, ``(batch, sequence, 384)``."""
        hidden_from = (attention_mask.to(torch.float32) - 1.0)[:, None, None, :] * 10_000.0
        words = self.words[input_ids]
        if self.small_words:
            words = words.to(torch.float32) * self.scales[input_ids]
        words = words + self.positions[: input_ids.shape[1]]
        if self.segments is not None:
            words = words + self.segments[token_type_ids]
        states = self.norm(words)
        for layer in self.layers:
            states = _attended(layer.attention, states, hidden_from)
            inner = nn.functional.gelu(layer.intermediate.dense(states))
            states = layer.output.LayerNorm(layer.output.dense(inner) + states)
        return states


def _attended(attention: Any, states: Tensor, hidden_from: Tensor) -> Tensor:
    shape = (states.shape[0], -1, HEADS, HEAD_SIZE)
    query = attention.self.query(states).reshape(shape).permute(0, 2, 1, 3)
    key = attention.self.key(states).reshape(shape).permute(0, 2, 3, 1)
    value = attention.self.value(states).reshape(shape).permute(0, 2, 1, 3)
    mixed = (torch.softmax(query @ key + hidden_from, -1) @ value).transpose(1, 2)
    flat = mixed.reshape(states.shape[0], -1, HEADS * HEAD_SIZE)
    return attention.output.LayerNorm(attention.output.dense(flat) + states)


class Smoothed(nn.Module):
    """A linear layer whose inputs are divided by what its weights are multiplied with."""

    def __init__(self, linear: nn.Linear, scales: Tensor) -> None:
        super().__init__()
        self.linear = linear
        self.linear.weight.data = linear.weight.data * scales
        self.inverse = nn.Parameter(1 / scales, requires_grad=False)

    def forward(self, states: Tensor) -> Tensor:
        """What the linear layer alone would give, within rounding."""
        return self.linear(states * self.inverse)


def smooth(encoder: Encoder, inputs: Sequence[tuple[Tensor, ...]], strength: float = 0.85) -> Encoder:
    """The encoder with the outliers among its activations moved into weights, where 8 bits per column hold them better.

    SmoothQuant (Xiao et al. 2023, arXiv:2211.10438), with the strength of 0.5 to 1 that gave the best cosine, and not
    for the layer after the attention, where it changed nothing. ``inputs`` tell how large activations get.
    """
    peaks: dict[nn.Module, Tensor] = {}

    def watch(layer: nn.Module, given: tuple[Tensor], _: Tensor) -> None:
        highest = given[0].detach().abs().flatten(0, 1).amax(0)
        peaks[layer] = torch.maximum(peaks.get(layer, highest), highest)

    hooks = [layer.register_forward_hook(watch) for layer in encoder.modules() if isinstance(layer, nn.Linear)]
    for each in inputs:
        with torch.no_grad():
            encoder(*each)
    for hook in hooks:
        hook.remove()
    for layer in encoder.layers:
        for owner, names in (
            (layer.attention.self, ("query", "key", "value")),
            (layer.intermediate, ("dense",)),
            (layer.output, ("dense",)),
        ):
            linears = [getattr(owner, name) for name in names]
            heaviest = torch.stack([linear.weight.detach().abs().amax(0) for linear in linears]).amax(0)
            scales = peaks[linears[0]].clamp(min=1e-4) ** strength / heaviest.clamp(min=1e-5) ** (1 - strength)
            for name, linear in zip(names, linears, strict=True):
                setattr(owner, name, Smoothed(linear, scales))
    return encoder


def export(module: nn.Module, inputs: Sequence[str], outputs: Sequence[str], path: Path) -> None:
    """Writes the module as ONNX with dynamic batch and sequence axes.

    Args:
        module: Takes integer tensors of ``(batch, sequence)`` in the order of inputs.
        inputs: Among input_ids, attention_mask and token_type_ids.
        outputs: Their names; a name that ends in "states" or "bounds" has a sequence axis.
        path: Where to.
    """
    ids = torch.randint(1_000, 20_000, (2, 16))
    values = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "token_type_ids": torch.zeros_like(ids)}
    both = {0: "batch", 1: "sequence"}
    axes = {
        name: both if name in values or name.endswith(("states", "bounds")) else {0: "batch"}
        for name in [*inputs, *outputs]
    }
    torch.onnx.export(
        module.eval(),
        tuple(values[name] for name in inputs),
        str(path),
        input_names=list(inputs),
        output_names=list(outputs),
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )


def optimise(source: Path, target: Path) -> None:
    """Writes the graph as onnxruntime's extended optimisation leaves it: for any CPU, and done once for all."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(target)
    onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def quantise(source: Path, target: Path, *, leave: Sequence[str] = ()) -> None:
    """Writes the graph with matrix products of 8-bit weights per column; activations are quantised as they come.

    Products whose node has one of ``leave`` in its name stay as they are.
    """
    import onnx

    names = [node.name for node in onnx.load(str(source), load_external_data=False).graph.node]
    quantize_dynamic(
        source,
        target,
        op_types_to_quantize=["MatMul"],
        nodes_to_exclude=[name for name in names if any(part in name for part in leave)],
        weight_type=QuantType.QInt8,
        per_channel=True,
        extra_options={"MatMulConstBOnly": True, "DefaultTensorType": 1},
    )
