"""The causal language model that an adapter is trained on, checked before any work."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    PreTrainedTokenizerBase,
)

from corpus.errors import DeskError
from training.encoder import download
from training.instruct.turns import SETTING, turn_end
from training.instruct.weights import weights_digest


@dataclass(frozen=True, slots=True)
class Base:
    """Model and tokenizer, on the device where they run; ``context`` is None without a limit.

    ``weights`` is a hash of the weights that were loaded.
    """

    name: str
    weights: str
    model: Any
    tokenizer: PreTrainedTokenizerBase
    context: int | None


def load_base(
    folder_or_repo: str,
    name: str | None = None,
    four_bit: bool = False,
    packing: bool = False,
    exact: bool = False,
) -> Base:
    """A causal language model of a folder or a ``repo_id``; ``name`` is what adapters call it.

    In bf16 on a GPU that has it, else in fp32; ``exact`` means fp32 on the CPU everywhere, which
    rounds no weight. Raises DeskError where it is not there, is no such model, or its chat template
    cannot be used.
    """
    folder = base_folder(folder_or_repo)
    tokenizer = _tokenizer(folder, folder_or_repo)
    end = turn_end(tokenizer, folder_or_repo)
    options: dict[str, Any] = {"dtype": torch.float32 if exact else _dtype()}
    if four_bit:
        options["quantization_config"] = _four_bit()
    if packing and _has_flash_attention():
        options["attn_implementation"] = "flash_attention_2"
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(folder, **options)
    # Whatever a library raises for files that are gone, cut off, or of another kind of model.
    except Exception as error:
        raise DeskError(
            f"{folder_or_repo!r} is no causal language model that can be loaded: {error}",
            f"Name one as {SETTING}, or offline.",
        ) from error
    if not four_bit and not exact and torch.cuda.is_available():
        model = model.to("cuda")
    model.config.pad_token_id = tokenizer.pad_token_id
    model.generation_config = _only_greedy(model.generation_config, tokenizer, end)
    context = getattr(model.config, "max_position_embeddings", None)
    return Base(name or folder_or_repo, weights_digest(folder), model, tokenizer, context)


def base_folder(folder_or_repo: str) -> str:
    """Where its files lie, downloaded if need be."""
    if Path(folder_or_repo).is_dir():
        return folder_or_repo
    folder, tried = download(folder_or_repo)
    if folder is None:
        raise DeskError(
            f"Base model {folder_or_repo!r} cannot be downloaded ({'; '.join(tried)}).",
            f"Name offline, a folder or a repo_id as {SETTING}.",
        )
    return folder


def _tokenizer(folder: str, name: str) -> PreTrainedTokenizerBase:
    try:
        found: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder)
    except Exception as error:
        raise DeskError(
            f"The tokenizer of {name!r} cannot be loaded: {error}",
            f"Name another model as {SETTING}, or offline.",
        ) from error
    if not found.chat_template:
        raise DeskError(
            f"{name!r} has no chat template, so it cannot be told who speaks.",
            f"Name a model that is tuned to chat as {SETTING} (often …-Instruct), or offline.",
        )
    if found.eos_token is None:
        raise DeskError(
            f"{name!r} has no token that ends an answer (eos_token).",
            f"Set eos_token in its tokenizer_config.json, or name another model as {SETTING}.",
        )
    # What pads is never read: the attention mask leaves it out, and so does the loss.
    if found.pad_token is None:
        found.pad_token = found.eos_token
    return found


def _has_flash_attention() -> bool:
    return torch.cuda.is_available() and importlib.util.find_spec("flash_attn") is not None


def _dtype() -> torch.dtype:
    gpu = torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    return torch.bfloat16 if gpu else torch.float32


def _four_bit() -> Any:
    """As in QLoRA (Dettmers et al. 2023)."""
    if not torch.cuda.is_available() or importlib.util.find_spec("bitsandbytes") is None:
        raise DeskError(
            "models.instructions.four_bit needs a CUDA GPU and the package bitsandbytes.",
            "Leave it out, or run .venv/bin/pip install bitsandbytes on a machine with a GPU.",
        )
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(  # type: ignore[no-untyped-call]
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def _only_greedy(published: Any, tokenizer: PreTrainedTokenizerBase, end: int) -> GenerationConfig:
    """The likeliest token, until one that ends: of what was published with the base only those.

    Penalties of repetition and the like would forbid the same keys and names a second time.
    """
    said = published.eos_token_id
    ends = {*(said if isinstance(said, list) else [said]), tokenizer.eos_token_id, end}
    ids = sorted(i for i in ends if i is not None)
    return GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=False,
        bos_token_id=published.bos_token_id,
        eos_token_id=ids[0] if len(ids) == 1 else ids,
        pad_token_id=tokenizer.pad_token_id,
    )
