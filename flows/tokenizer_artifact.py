"""A tokenizer as Prefect artifacts: old against new as a picture and as a table."""

import base64
from collections.abc import Mapping
from typing import Any

from prefect.artifacts import create_image_artifact, create_markdown_artifact

from flows.desk_tokenizer import StoredTokenizer

HEAD = ["| Texts | Words | Tokens a word | Characters a token | Share unknown |"]
HEAD += ["| --- | ---: | ---: | ---: | ---: |"]


def show_tokenizer(desk_name: str, stored: StoredTokenizer) -> None:
    """In total and by source, old → new."""
    from training.tokenizer.make import PICTURE

    key = f"{desk_name}-tokenizer".replace("_", "-")
    picture = base64.b64encode((stored.folder / PICTURE).read_bytes()).decode()
    report = stored.report
    create_image_artifact(
        image_url=f"data:image/png;base64,{picture}",
        description=f"Tokens a word, {report.base} and the tokenizer of {desk_name}.",
        key=f"{key}-picture",
    )
    done = "Found from an earlier run" if stored.reused else "Trained"
    head = f"**Tokenizer of {desk_name}.** {done}: {report.vocabulary:,} tokens from "
    head += f"{report.texts:,} articles, compared with {report.base} on {report.compared_on}."
    rows = [_row(name, part) for name, part in report.on.items()]
    create_markdown_artifact(markdown="\n".join([head, "", *HEAD, *rows]), key=key)


def _row(name: str, part: Mapping[str, Any]) -> str:
    safe = name.replace("|", "\\|")
    keys = ("tokens_per_word", "characters_per_token", "unknown_share")
    cells = [f"{_shown(part['old'][key])} → {_shown(part['new'][key])}" for key in keys]
    return f"| {safe} | {part['words']:,} | {' | '.join(cells)} |"


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
