"""The causal language model that an adapter is trained on, checked before any work."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from corpus.errors import DeskError
from training.encoder import download
from training.instruct.weights import weights_digest

SETTING = "models.instructions.base"


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
    model.config.pad_token_id = model.generation_config.pad_token_id = tokenizer.pad_token_id
    _only_greedy(model.generation_config)
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
    _require_usable(found, name)
    # What pads is never read: the attention mask leaves it out, and so does the loss.
    if found.pad_token is None:
        found.pad_token = found.eos_token
    return found


def _require_usable(tokenizer: PreTrainedTokenizerBase, name: str) -> None:
    """Some templates refuse a system message; some write a prompt that no chat begins with."""
    chat = [{"role": r, "content": r} for r in ("system", "user", "assistant")]
    try:
        whole = str(tokenizer.apply_chat_template(chat, tokenize=False))
        prompt = str(
            tokenizer.apply_chat_template(chat[:2], tokenize=False, add_generation_prompt=True)
        )
    # jinja2's, with whatever the template says.
    except Exception as error:
        raise DeskError(
            f"The chat template of {name!r} takes no system, user and assistant message: {error}",
            f"Name another model as {SETTING}, or offline.",
        ) from error
    if not whole.startswith(prompt):
        raise DeskError(
            f"The chat template of {name!r} writes a prompt that its own chats do not begin with, "
            "so the answer's tokens cannot be told from it.",
            f"Name another model as {SETTING}, or offline.",
        )


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


def _only_greedy(config: Any) -> None:
    """Answers are never drawn; settings of drawing would only make transformers warn."""
    config.do_sample, config.temperature, config.top_p, config.top_k = False, None, None, None
