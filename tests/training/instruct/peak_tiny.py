"""One short training of a small model of a given shape, with what it took and what was foretold.

python -m tests.training.instruct.peak_tiny FOLDER HIDDEN INNER LAYERS CHECKPOINTING
"""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

from transformers import LlamaConfig, LlamaForCausalLM

from tests.training.instruct.tiny import tiny_pairs, tiny_tokenizer, with_
from training.entities.fit import Run
from training.instruct.answers_alone import answers_alone
from training.instruct.base import load_base
from training.instruct.fit import adapter_size, make_trainer
from training.instruct.lengths import fit_lengths
from training.instruct.memory import GIB, memory_bytes, shape_of

BATCH, TOKENS = 4, 512


def peak(folder: Path, hidden: int, inner: int, layers: int, checkpointing: bool) -> list[float]:
    """The estimate and the peak of this process, in GiB."""
    tokenizer = tiny_tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=hidden, intermediate_size=inner,
        num_hidden_layers=layers, num_attention_heads=hidden // 64, num_key_value_heads=2,
        max_position_embeddings=TOKENS,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    base = load_base(str(folder / "base"), "a/base")
    settings = with_(
        max_steps=2,
        batch_size=BATCH,
        max_length_tokens=TOKENS,
        gradient_checkpointing=checkpointing,
    )
    long = [replace(p, text=(p.text + " ") * 30) for p in tiny_pairs() if p.split == "train"]
    chats = fit_lengths(long[:BATCH], tokenizer, TOKENS, "shorten")
    shape = shape_of(base.model, adapter_size(base, settings))
    foretold = memory_bytes(shape, BATCH, chats.longest, checkpointing)
    run = Run(folder / "checkpoints", "key", None, "none")
    trainer = make_trainer(base, chats.pairs, [], settings, 1, run)
    with answers_alone():
        trainer.train()
    return [foretold / GIB, _peak_kib() * 1024 / GIB]


def _peak_kib() -> int:
    """Of this program alone: getrusage keeps the peak of the process that it was forked from."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1])  # type: ignore[index]


if __name__ == "__main__":
    place, *shape, checkpointed = sys.argv[1:]
    hidden, inner, layers = map(int, shape)
    found = peak(Path(place), hidden, inner, layers, checkpointed == "1")
    sys.stdout.write(json.dumps(found))
