"""Tiny encoders made from a config: random weights, real tokenizers of the kinds that are about."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import BPE, Unigram, WordPiece
from tokenizers.trainers import BpeTrainer
from transformers import (
    BertConfig,
    BertModel,
    DebertaV2Config,
    DebertaV2Model,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
    set_seed,
)

POSITIONS = 66
SHAPE: dict[str, Any] = {
    "hidden_size": 32,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": POSITIONS,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    # Of random layers larger weights tell more texts apart.
    "initializer_range": 0.2,
}


def bert(
    folder: Path,
    texts: Sequence[str],
    lowers: bool = True,
    layers: int = 2,
    width: int = SHAPE["hidden_size"],
) -> str:
    """BERT with WordPiece, uncased or cased; returns the folder as an encoder's name."""
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]"}
    special |= {"sep_token": "[SEP]", "mask_token": "[MASK]"}
    normalizer = normalizers.BertNormalizer(lowercase=lowers)
    splitter = pre_tokenizers.BertPreTokenizer()
    read = [splitter.pre_tokenize_str(normalizer.normalize_str(text)) for text in texts]
    # Its trainer numbers the pieces in another order each time: no two runs had equal models.
    words = sorted({word for found in read for word, _ in found})
    letters = sorted({letter for word in words for letter in word})
    pieces = [*special.values(), *letters, *(f"##{letter}" for letter in letters), *words]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, splitter
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    shape = SHAPE | {"hidden_size": width, "num_hidden_layers": layers}
    config = BertConfig(vocab_size=tokenizer.get_vocab_size(), pad_token_id=0, **shape)
    return _saved(folder, BertModel, config, tokenizer, special)


def roberta(folder: Path, texts: Sequence[str], layers: int = 2) -> str:
    """RoBERTa with byte-level BPE, whose positions begin behind that of padding."""
    special = {"cls_token": "<s>", "pad_token": "<pad>", "sep_token": "</s>"}
    special |= {"unk_token": "<unk>", "mask_token": "<mask>"}
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=700,
        special_tokens=list(special.values()),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    config = RobertaConfig(
        vocab_size=tokenizer.get_vocab_size(), pad_token_id=1, num_hidden_layers=layers, **SHAPE
    )
    return _saved(folder, RobertaModel, config, tokenizer, special)


def deberta(folder: Path, texts: Sequence[str]) -> str:
    """DeBERTa-v2 with Unigram as sentencepiece makes it: a token holds the space before it."""
    special = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    special |= {"unk_token": "[UNK]", "mask_token": "[MASK]"}
    # Its trainer finds nothing but letters in so little text.
    words = sorted({f"\u2581{word}" for text in texts for word in text.split()})
    letters = sorted({"\u2581", *"".join(texts)} - {" "})
    pieces = [*((name, 0.0) for name in special.values()), *((word, -4.0) for word in words)]
    tokenizer = Tokenizer(Unigram([*pieces, *((c, -8.0) for c in letters)], unk_id=3))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    config = DebertaV2Config(
        vocab_size=tokenizer.get_vocab_size(), pad_token_id=0, num_hidden_layers=2, **SHAPE
    )
    return _saved(folder, DebertaV2Model, config, tokenizer, special)


def _saved(
    folder: Path, kind: Any, config: Any, tokenizer: Tokenizer, special: dict[str, str]
) -> str:
    set_seed(1)
    kind(config).save_pretrained(folder)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=512, **special)
    fast.save_pretrained(folder)
    return str(folder)
