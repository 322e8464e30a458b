"""The tokenizer of a desk: which texts teach it, and where it lies until they change.

The library numbers equally frequent pieces of a WordPiece vocabulary by chance, so a tokenizer is
trained once for each key: one that is here or on the Hub is taken instead of trained again.
"""

import fcntl
import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.articles import Article, Split, model_input
from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.review_state import copydesk_home, open_ledger
from corpus.training_texts import stream_training_texts, training_splits
from flows.hub_access import download_model, last_revision
from flows.model_store import UNFINISHED
from flows.train_once import remove_abandoned
from publishing.manifest import (
    FILE,
    TokenizerManifest,
    file_hashes,
    read_manifest,
    sha256_of,
)

if TYPE_CHECKING:
    from training.tokenizer.make import TokenizerReport

log = logging.getLogger("flows.desk_tokenizer")
COMPARED_ON = "the validation split of the desk's reviewed articles"
REPORTED = 5000


@dataclass(frozen=True, slots=True)
class StoredTokenizer:
    """What AutoTokenizer loads lies in ``folder``, with its report and picture."""

    folder: Path
    key: str
    reused: bool
    report: "TokenizerReport"


def require_tokenizer_repo(desk: Desk) -> str:
    """Where the desk publishes its tokenizer; DeskError where it names no repository."""
    if not desk.publish.tokenizer:
        raise DeskError(
            f"Desk {desk.name!r} names no repository for a tokenizer.",
            "Add publish.tokenizer: owner/name to the desk, or --set publish.tokenizer=owner/name; "
            "--no-publish keeps it here.",
        )
    return desk.publish.tokenizer


def desk_splits(desk: Desk) -> dict[str, Split]:
    """The articles that training may see; DeskError where none of them is in the train split."""
    splits = training_splits(open_ledger(desk))
    if "train" not in splits.values():
        raise DeskError(
            f"Desk {desk.name!r} has no reviewed article in its train split, so there are no words "
            "to learn.",
            "Answer records in Argilla, then run copydesk pull.",
        )
    return splits


def tokenizer_key(desk: Desk, splits: Mapping[str, Split]) -> str:
    """A hash of all that decides it; an article's id is the hash of its text."""
    parts = [sorted(splits.items()), desk.models.tokenizer.model_dump()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def tokenizer_folder(desk: Desk, key: str) -> Path:
    """Where it lies, once it is trained."""
    return Path(copydesk_home()) / "models" / desk.name / "tokenizer" / key


def find_tokenizer(desk: Desk, key: str, repo_id: str | None) -> StoredTokenizer | None:
    """The one at ``repo_id`` on the Hub, else the one that is here, of exactly this key.

    Without a ``repo_id`` no Hub is asked.
    """
    from training.tokenizer.make import read_report

    folder = tokenizer_folder(desk, key)
    _put_back(folder)
    if repo_id:
        _take_published(repo_id, key, folder)
    if not folder.is_dir():
        return None
    return StoredTokenizer(folder, key, reused=True, report=read_report(folder))


def train_into_store(desk: Desk, splits: Mapping[str, Split], key: str) -> StoredTokenizer:
    """Read the train split as a stream, compare on the validation split."""
    from training.tokenizer.make import TokenizerRecipe, make_tokenizer, read_report

    settings = desk.models.tokenizer
    folder = tokenizer_folder(desk, key)
    with _new(folder) as unfinished:
        make_tokenizer(
            (model_input(article) for article in _stream(desk, splits, "train")),
            ((a.source, model_input(a)) for a in _stream(desk, splits, "validation")),
            TokenizerRecipe(settings.base, settings.vocabulary, desk.name, COMPARED_ON),
            unfinished,
            _log_progress,
        )
    return StoredTokenizer(folder, key, reused=False, report=read_report(folder))


def _stream(desk: Desk, splits: Mapping[str, Split], split: Split) -> Iterator[Article]:
    ids = {identifier for identifier, found in splits.items() if found == split}
    return stream_training_texts(open_ledger(desk), ids)


def _take_published(repo_id: str, key: str, folder: Path) -> None:
    """Copy what the Hub holds, if it was made from the same: then every machine has the same.

    Not where somebody changed its files since.
    """
    revision = last_revision(repo_id)
    if revision is None:
        return
    published = download_model(repo_id, revision)
    manifest = read_manifest((published / FILE).read_text(encoding="utf-8"))
    if not isinstance(manifest, TokenizerManifest) or manifest.key != key:
        return
    files = {file for file in published.iterdir() if file.name in manifest.files}
    is_here = folder.is_dir() and file_hashes(folder) == manifest.files
    if is_here or {file.name: sha256_of(file) for file in files} != manifest.files:
        return
    with _new(folder) as unfinished:
        for file in files:
            shutil.copyfile(file, unfinished / file.name)


@contextmanager
def _new(folder: Path) -> Iterator[Path]:
    """A folder to write to, which then takes the place of this one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(folder.parent)
    with tempfile.TemporaryDirectory(prefix=".", suffix=UNFINISHED, dir=folder.parent) as name:
        unfinished = Path(name) / "new"
        unfinished.mkdir()
        yield unfinished
        with _alone(folder):
            _replace(folder, unfinished)


def _replace(folder: Path, new: Path) -> None:
    """Two renames: after a kill between them the old one is put back when it is asked for."""
    old = _aside(folder)
    if folder.is_dir():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _put_back(folder: Path) -> None:
    """What a run that was killed was about to replace; it is gone where that was done."""
    if not folder.parent.is_dir():
        return
    with _alone(folder):
        old = _aside(folder)
        if old.is_dir() and not folder.is_dir():
            old.rename(folder)
        shutil.rmtree(old, ignore_errors=True)


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other run replaces or puts back meanwhile; a lock ends with its process."""
    lock = os.open(folder.parent, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _log_progress(texts: int, _: int) -> None:
    if texts % REPORTED == 0:
        log.info("learning words: %d articles", texts)
