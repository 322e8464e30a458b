"""The card of an adapter and its base merged into one model: what it is, and how it is asked.

It has no scores: those of the adapter's card were not measured on it.
"""

from dataclasses import dataclass
from typing import Any

from huggingface_hub import ModelCardData

CARD = """---
{front}
---

# {title}, merged

[{adapter}](/{adapter}), a LoRA adapter, and its base model [{base}](/{base}) as one model, for
whoever serves models without peft. It answers as the two do together.

| | |
| --- | --- |
| Adapter | `{adapter}`{adapter_revision} |
| Base model | `{base}`{base_revision}, weights `{base_weights}` |
| Parameters | {parameters}, {precision} |

Nothing was measured on it. Scores, training data and limits stand on the adapter's card; the scores
there are those of the adapter on its base.

## Use it

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

place = "."  # this folder, or owner/name once it is on a Hub
model = AutoModelForCausalLM.from_pretrained(place)
tokenizer = AutoTokenizer.from_pretrained(place)
chat = {chat}
question = tokenizer.apply_chat_template(
    chat, add_generation_prompt=True, return_tensors="pt", return_dict=True
)
answer = model.generate(**question, max_new_tokens=256, do_sample=False)
print(tokenizer.decode(answer[0, question["input_ids"].shape[1] :], skip_special_tokens=True))
```

## Licence

What the licences of base model and adapter ask holds for both in one. Name it above as `license`.

Made by `copydesk merge`; `merged.json` holds the same facts.
"""
ARTICLE = "The striker Ada Obi scored twice in Geneva."


@dataclass(frozen=True, slots=True)
class MergedFacts:
    """What the card says; revisions are empty where a folder was taken.

    ``prompt``: the system message and the instruction that it was trained with, if known.
    """

    adapter: str
    adapter_revision: str
    base: str
    base_revision: str
    base_weights: str
    parameters: int
    precision: str
    prompt: tuple[str, str] | None


def merged_card(facts: MergedFacts) -> str:
    """Front matter and page."""
    # A name without an owner is that of a folder.
    known = [name for name in (facts.base, facts.adapter) if "/" in name]
    relation: dict[str, Any] = {"base_model_relation": "merge"} if known else {}
    data = ModelCardData(
        base_model=known or None,
        library_name="transformers",
        pipeline_tag="text-generation",
        tags=["copydesk"],
        **relation,
    )
    page = CARD.format(
        front=data.to_yaml(),
        title=facts.adapter.rpartition("/")[2],
        adapter=facts.adapter,
        adapter_revision=_at(facts.adapter_revision),
        base=facts.base,
        base_revision=_at(facts.base_revision),
        base_weights=facts.base_weights,
        parameters=f"{facts.parameters:,}",
        precision=facts.precision,
        chat=_chat(facts.prompt),
    )
    for name in {facts.adapter, facts.base} - set(known):
        page = page.replace(f"[{name}](/{name})", f"`{name}`")
    return page


def _at(revision: str) -> str:
    return f", revision `{revision}`" if revision else ""


def _chat(prompt: tuple[str, str] | None) -> str:
    """As Python writes it: labels may hold any sign."""
    system, instruction = prompt or ("", "What is this article about?")
    user = {"role": "user", "content": f"{ARTICLE}\n\n{instruction}"}
    messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    lines = "".join(f"    {message!r},\n" for message in (*messages, user))
    return f"[\n{lines}]"
