"""train_tokenizer: reviewed articles → a tokenizer of their words, published as a repository."""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from pydantic import Field

from corpus.desk import Desk
from flows.desk_run import DeskRun
from flows.desk_tokenizer import (
    StoredTokenizer,
    desk_splits,
    find_tokenizer,
    require_tokenizer_repo,
    tokenizer_key,
    train_into_store,
)
from flows.hub_access import hub_api
from flows.publish import send
from flows.publish import show as show_published
from flows.tokenizer_artifact import show_tokenizer
from publishing.hub import Published, head_revision
from publishing.tokenizer import TokenizerFiles, tokenizer_part
from training.encoder import base_license


class TrainTokenizer(DeskRun):
    """Without ``publish`` the tokenizer stays here."""

    publish: bool = Field(True, description="publish it as a repository of its own")


@dataclass(frozen=True, slots=True)
class TokenizerRun:
    """``item``: where it is on the Hub now; None where it stayed here."""

    stored: StoredTokenizer
    item: Published | None


@flow(name="train_tokenizer")
def train_tokenizer(config: TrainTokenizer) -> TokenizerRun:
    """Train on the train split, compare with the base, publish; a second run changes nothing."""
    desk = config.read()
    if config.publish:
        require_tokenizer_repo(desk)
    stored = train(desk, config.publish)
    show_tokenizer(desk.name, stored)
    if not config.publish:
        return TokenizerRun(stored, None)
    item = publish_tokenizer(desk, stored)
    show_published(desk, [item])
    return TokenizerRun(stored, item)


@task(cache_policy=NO_CACHE)
def train(desk: Desk, publish: bool) -> StoredTokenizer:
    """One training, or the one that was made of the same before; the Hub is asked to publish."""
    splits = desk_splits(desk)
    key = tokenizer_key(desk, splits)
    found = find_tokenizer(desk, key, require_tokenizer_repo(desk) if publish else None)
    return found or train_into_store(desk, splits, key)


@task(cache_policy=NO_CACHE)
def publish_tokenizer(desk: Desk, stored: StoredTokenizer) -> Published:
    """Tokenizer, report, picture, card and manifest in one commit."""
    dataset = desk.publish.dataset
    files = TokenizerFiles(
        folder=stored.folder,
        key=stored.key,
        report=asdict(stored.report),
        base_license=base_license(desk.models.tokenizer.base),
        # A card links to what is there.
        dataset=dataset if head_revision(hub_api(), dataset, "dataset") else None,
    )
    with tempfile.TemporaryDirectory() as name:
        repo_id = require_tokenizer_repo(desk)
        return send(tokenizer_part(desk, repo_id, files, Path(name) / "tokenizer"))
