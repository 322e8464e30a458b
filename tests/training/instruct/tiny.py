"""A tiny causal language model made from a config, and chats about two topics."""

from pathlib import Path
from typing import Any

from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase, set_seed

from corpus.instruct.answers import Answer, Mention, Questions
from corpus.instruct.pairs import Pair, pair
from corpus.settings.instructions import InstructionModelSettings
from tests.training.conftest import tiny_articles
from training.instruct.tokens import CHAT_TEMPLATE, ROLES
from training.tokenizer.base import BYTES, base_tokenizer
from training.tokenizer.train import train_tokenizer

QUESTIONS = Questions(("Sports", "Business"), ("person", "location"))
CONTEXT = 320
SETTINGS = InstructionModelSettings(
    base="tiny",
    max_steps=6,
    batch_size=4,
    max_length_tokens=CONTEXT,
    max_new_tokens=24,
    lora_rank=4,
    evaluations=3,
)


def tiny_pairs(questions: Questions = QUESTIONS) -> list[Pair]:
    """Chats of the tiny articles, in their splits."""
    return [
        pair(
            r.article.id,
            r.article.text,
            Answer(
                r.topic if questions.topics else None,
                tuple(
                    dict.fromkeys(
                        Mention(r.article.text[s.start : s.end], s.label) for s in r.spans or ()
                    )
                )
                if questions.types
                else None,
            ),
            r.split,
            questions,
        )
        for r in tiny_articles()
    ]


def tiny_tokenizer() -> PreTrainedTokenizerBase:
    """Byte-level, with the chat template of the offline decoder."""
    texts = [m["content"] for p in tiny_pairs() for m in p.messages()]
    found = train_tokenizer(texts, base_tokenizer(BYTES), 500)
    found.add_special_tokens({"additional_special_tokens": list(ROLES)})
    found.chat_template = CHAT_TEMPLATE
    return found


def save_tiny(folder: Path, seed: int = 1, context: int = CONTEXT) -> str:
    """Model and tokenizer, by their folder's name."""
    set_seed(seed)
    tokenizer = tiny_tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=context,
        initializer_range=0.2,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def with_(**changes: Any) -> InstructionModelSettings:
    """The tiny settings, but for these."""
    return SETTINGS.model_copy(update=changes)
