"""The tokenizer to start from: its kind, normalisation and special tokens stay, its words go."""

from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from corpus.errors import DeskError
from training.encoder import OFFLINE, base_model_name, download, encoder_path

BYTES = "bytes"
BYTES_NAME = "byte-level BPE"
END = "<|end|>"
# Of a repository; its weights may be gigabytes.
TOKENIZER_FILES = ["tokenizer*", "special_tokens_map.json", "vocab*", "merges.txt", "config.json"]
HINT = (
    "Name offline, bytes, or a folder or repo_id with a tokenizer.json: --base with --data, "
    "models.tokenizer.base of a desk."
)


def base_tokenizer(name: str) -> PreTrainedTokenizerBase:
    """Of a folder or ``repo_id``, of the offline encoder, or "bytes": a byte-level BPE without
    any merge, whose texts decode to what they were.

    Raises DeskError where it is not there or has no fast form, which alone can learn.
    """
    if name == BYTES:
        return _bytes()
    folder = _folder(name)
    try:
        found: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder)
    # Whatever a library raises for files that are gone, cut off, or want another library.
    except Exception as error:
        raise DeskError(f"{name!r} has no tokenizer that can be read: {error}.", HINT) from error
    if not found.is_fast:
        raise DeskError(f"The tokenizer of {name!r} has no fast form, so it cannot learn.", HINT)
    return found


def tokenizer_name(name: str) -> str:
    """For reports and cards."""
    return BYTES_NAME if name == BYTES else base_model_name(name)


def _folder(name: str) -> str:
    if name == OFFLINE or Path(name).is_dir():
        return encoder_path(name)
    folder, tried = download(name, only=TOKENIZER_FILES)
    if folder is None:
        raise DeskError(f"Tokenizer {name!r} cannot be downloaded ({'; '.join(tried)}).", HINT)
    return folder


def _bytes() -> PreTrainedTokenizerBase:
    """As GPT-2 cuts words (Radford et al. 2019), with an end token and nothing learned."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    bare = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(letters)}, merges=[]))
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=bare, eos_token=END, pad_token=END
    )
