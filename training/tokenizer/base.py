"""The tokenizer to start from: its kind, normalisation and special tokens stay, its words go."""

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from corpus.errors import DeskError
from training.encoder import base_model_name, encoder_path

BYTES = "bytes"
BYTES_NAME = "byte-level BPE"
END = "<|end|>"
# What the words of a byte-level tokenizer are merged from, so that none is unknown.
ALPHABET = pre_tokenizers.ByteLevel.alphabet()


def base_tokenizer(name: str) -> PreTrainedTokenizerBase:
    """Of a folder or ``repo_id``, of the offline encoder, or "bytes": a byte-level BPE without
    any merge, whose texts decode to what they were.

    Raises DeskError where it is not there or has no fast form, which alone can learn.
    """
    if name == BYTES:
        return _bytes()
    try:
        found: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(encoder_path(name))
    except (OSError, ValueError, KeyError) as error:
        raise DeskError(
            f"{name!r} has no tokenizer that can be read: {error}.",
            "Give --base offline, bytes, or the repo_id of a model with a tokenizer.json.",
        ) from error
    if not found.is_fast:
        raise DeskError(
            f"The tokenizer of {name!r} has no fast form (tokenizer.json), so it cannot learn.",
            "Give --base offline, bytes, or the repo_id of a model with a tokenizer.json.",
        )
    return found


def tokenizer_name(name: str) -> str:
    """For reports and cards."""
    return BYTES_NAME if name == BYTES else base_model_name(name)


def _bytes() -> PreTrainedTokenizerBase:
    """As GPT-2 cuts words (Radford et al. 2019), with an end token and nothing learned."""
    bare = Tokenizer(models.BPE())
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    bare.add_tokens(sorted(ALPHABET))
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=bare, eos_token=END, pad_token=END
    )
