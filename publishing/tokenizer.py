"""The repository of a desk's tokenizer: what AutoTokenizer loads, its report, picture and card."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.desk import Desk
from publishing.manifest import (
    CARD,
    FILE,
    TokenizerManifest,
    file_hashes,
    read_manifest,
    same_content,
    to_json,
)
from publishing.parts import Part
from publishing.plan import Complete
from publishing.provenance import license_of, provenance
from publishing.remote import Previous, Target
from publishing.render import render_tokenizer_card


@dataclass(frozen=True, slots=True)
class TokenizerFiles:
    """``folder`` as training left it; ``report`` is what it counted, ``key`` what decided it.

    ``dataset`` is the data set repo, None where it is not published.
    """

    folder: Path
    key: str
    report: Mapping[str, Any]
    base_license: str | None
    dataset: str | None


def tokenizer_part(desk: Desk, repo_id: str, files: TokenizerFiles, folder: Path) -> Part:
    """Copy the files into ``folder``; card and manifest follow when the Hub is read."""
    shutil.copytree(files.folder, folder)
    manifest = describe_tokenizer(desk, files, file_hashes(folder))
    message = f"tokenizer of {desk.name}, {manifest.articles} articles"
    target = Target(repo_id, "model", desk.publish.private)
    return Part(target, folder, _complete(manifest, repo_id), message)


def describe_tokenizer(
    desk: Desk, files: TokenizerFiles, hashes: dict[str, str]
) -> TokenizerManifest:
    """Every figure is one of the report."""
    report, compared = dict(files.report), dict(files.report["on"])
    del report["on"]
    return TokenizerManifest(
        pretty_name=desk.publish.pretty_name,
        license=license_of(desk),
        language=desk.publish.language,
        provenance=provenance(desk),
        key=files.key,
        base_license=files.base_license,
        articles=report.pop("texts"),
        dataset=files.dataset,
        compared=compared.pop("all"),
        sources=compared,
        files=hashes,
        **report,
    )


def _complete(manifest: TokenizerManifest, repo_id: str) -> Complete:
    def complete(previous: Previous) -> dict[str, str]:
        old = read_manifest(previous.manifest)
        if isinstance(old, TokenizerManifest) and same_content(manifest, old):
            card = render_tokenizer_card(old, repo_id, previous.card)
            return {FILE: previous.manifest or "", CARD: card}
        card = render_tokenizer_card(manifest, repo_id, previous.card)
        return {FILE: to_json(manifest), CARD: card}

    return complete
