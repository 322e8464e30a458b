"""How a chat template writes turns: what is asked of it, and the token that ends an answer."""

from typing import Any

from transformers import PreTrainedTokenizerBase

from corpus.errors import DeskError

SETTING = "models.instructions.base"
OTHER = f"Name another model as {SETTING}, or offline."
# An answer as all of them begin and end.
ANSWER = '{"topic": "World"}'


def turn_end(tokenizer: PreTrainedTokenizerBase, name: str) -> int:
    """The token that a template writes after an answer, which is what training teaches to write.

    Often ``eos_token``, yet not of all models. Raises DeskError where the template cannot be used:
    some refuse a system message, some write a prompt that no chat begins with.
    """
    prompt, whole = _written(tokenizer, name)
    if not whole.startswith(prompt):
        raise DeskError(
            f"The chat template of {name!r} writes a prompt that its own chats do not begin with, "
            "so the answer's tokens cannot be told from it.",
            OTHER,
        )
    end = whole.find(ANSWER, len(prompt)) + len(ANSWER)
    if end < len(prompt) + len(ANSWER):
        raise DeskError(
            f"The chat template of {name!r} does not write an answer as it is given.", OTHER
        )
    if not whole[end:].strip(" "):
        raise DeskError(
            f"The chat template of {name!r} ends an answer with nothing, so a model that learns "
            "from it never stops.",
            OTHER,
        )
    found = _end_token(tokenizer, whole, end)
    if found is None:
        raise DeskError(
            f"The chat template of {name!r} ends an answer with {whole[end:]!r}, and that is no "
            "token of its own, so a model that learns from it stops nowhere.",
            OTHER,
        )
    return found


def _written(tokenizer: PreTrainedTokenizerBase, name: str) -> tuple[str, str]:
    """A prompt, and the same chat with its answer."""
    chat = [{"role": r, "content": r} for r in ("system", "user")]
    answered = [*chat, {"role": "assistant", "content": ANSWER}]
    try:
        whole = tokenizer.apply_chat_template(answered, tokenize=False)
        prompt = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    # jinja2's, with whatever the template says.
    except Exception as error:
        raise DeskError(
            f"The chat template of {name!r} takes no system, user and assistant message: {error}",
            OTHER,
        ) from error
    return str(prompt), str(whole)


def _end_token(tokenizer: PreTrainedTokenizerBase, whole: str, end: int) -> int | None:
    """The first one behind ``end`` that stands for itself, else the first that is no blank."""
    answered: Any = tokenizer(whole[:end], add_special_tokens=False)["input_ids"]
    ids: Any = tokenizer(whole, add_special_tokens=False)["input_ids"]
    merged = next((i for i, token in enumerate(answered) if ids[i : i + 1] != [token]), None)
    after = ids[len(answered) if merged is None else merged + 1 :]
    added = [i for i in after if i in tokenizer.added_tokens_decoder]
    if added:
        return int(added[0])
    # Text that is one token with the answer's last sign is so behind some answers only.
    after = after if merged is None else []
    return next((int(i) for i in after if str(tokenizer.decode([i])).strip(" ")), None)
