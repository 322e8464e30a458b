"""The base model of a desk's instruction models: named by the desk, or the offline decoder.

The offline decoder is made once a desk and its labels. Once it is on the Hub, that one is used
everywhere: an adapter fits the weights that it was trained on and no others.
"""

import hashlib
import json
import logging
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.gold import Gold
from corpus.instruct.answers import Questions
from corpus.instruct.pairs import Pair
from corpus.permissions import withheld_ids
from corpus.review_state import Reviewed, desk_questions
from flows.frozen_test import asked
from flows.hub_access import download_model, hub_api, last_revision
from flows.model_store import UNFINISHED, desk_repo, kind_folder
from publishing.base_model import publish_base_model
from publishing.hub import Published
from training.encoder import OFFLINE, base_license, base_model_name
from training.instruct.base import Base, base_folder, load_base
from training.instruct.frames import frames_of
from training.instruct.plain import require_plain_labels
from training.instruct.weights import weights_digest
from training.results import Progress

log = logging.getLogger("flows.instruction_base")
SUFFIX = "-base"
FOLDER = "base"


def base_repo(desk: Desk) -> str:
    """What adapters call their base: the repository where people find it."""
    base = desk.models.instructions.base
    if base != OFFLINE:
        # Of a folder its last part: the rest is nobody's business.
        return Path(base).name if Path(base).is_dir() else base
    return desk.publish.instruction_base or require_repo(desk) + SUFFIX


def require_repo(desk: Desk) -> str:
    """Where the desk publishes its instruction models; DeskError where it names none."""
    repo_id = desk_repo(desk, "instructions")
    if not repo_id:
        raise DeskError(
            f"Desk {desk.name!r} names no repository for an instruction model.",
            "Add publish.instruction_model: owner/name to the desk, or "
            "--set publish.instruction_model=owner/name.",
        )
    return repo_id


def require_one_topic(desk: Desk) -> None:
    """DeskError for a desk with several topics an article: the answers of these models name one."""
    if desk.labels.several_topics:
        raise DeskError(
            f"Desk {desk.name!r} asks for several topics an article, and an instruction model "
            "answers with one.",
            "Train its topic and entity models (copydesk train), or use a desk that asks for one.",
        )


def require_public_base(desk: Desk) -> None:
    """DeskError for a base in a folder: nobody else could load an adapter of it."""
    base = desk.models.instructions.base
    if Path(base).is_dir():
        raise DeskError(
            f"models.instructions.base is the folder {Path(base).name!r}, and whoever loads the "
            "published adapter would not have it.",
            "Publish the base model and name its repo_id, or keep the adapter here: --no-publish.",
        )


def warn_of_other_labels(desk: Desk) -> None:
    """The offline base that is published stays as it is, also where the labels changed since."""
    repo_id = base_repo(desk)
    if desk.models.instructions.base != OFFLINE or not (revision := last_revision(repo_id)):
        return
    if not is_made_for(download_model(repo_id, revision), desk_questions(desk)):
        log.warning(
            "The base %s was made for other labels than desk %s has now: it reads the system's "
            "message and new labels word by word, so chats are a fifth longer or more, and answers "
            "keep their form less well. For a new base set publish.instruction_base to a new "
            "repository, for example %s-2; adapters that are published keep theirs.",
            repo_id, desk.name, repo_id,
        )  # fmt: skip


def is_made_for(folder: Path, questions: Questions) -> bool:
    """Whether the offline base in a folder has the tokens of chats that ask these questions."""
    read = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    known = {token["content"] for token in read["added_tokens"]}
    return known.issuperset(frames_of(questions).all())


def open_base(desk: Desk, gold: Gold) -> Base:
    """Loaded and checked; the offline decoder is made where there is none yet."""
    settings = desk.models.instructions
    source = str(base_source(desk, gold))
    base = load_base(source, base_repo(desk), settings.four_bit, settings.packing)
    require_plain_labels(base.tokenizer, desk_questions(desk))
    return base


def base_source(desk: Desk, gold: Gold) -> str | Path:
    """The folder or ``repo_id`` that it is loaded from."""
    if desk.models.instructions.base != OFFLINE:
        return desk.models.instructions.base
    repo_id = base_repo(desk)
    revision = last_revision(repo_id)
    return download_model(repo_id, revision) if revision else _made(desk, gold)


def base_weights(desk: Desk, gold: Gold) -> str:
    """Which weights the base has now: an adapter fits those that it was trained on."""
    return weights_digest(base_folder(str(base_source(desk, gold))))


@task(cache_policy=NO_CACHE)
def publish_base(desk: Desk, review: Reviewed) -> list[Published]:
    """The offline decoder's repository, made once; nothing for a base that others publish."""
    if desk.models.instructions.base != OFFLINE or last_revision(base_repo(desk)):
        return []
    made_from = (base_model_name(OFFLINE), base_license(OFFLINE) or "")
    with tempfile.TemporaryDirectory() as name:
        model = _made(desk, review.gold)
        return [
            publish_base_model(
                hub_api(), desk, model, base_repo(desk), made_from, Path(name) / "base"
            )
        ]


def _made(desk: Desk, gold: Gold) -> Path:
    """By the seed and the labels; gold that came later changes nothing of a base that is there."""
    labels = hashlib.sha256(repr(desk_questions(desk)).encode()).hexdigest()[:8]
    folder = kind_folder(desk, "instructions") / f"{FOLDER}-{desk.models.seed}-{labels}"
    if (folder / "config.json").is_file():
        return folder
    chats = _chats(desk, gold)
    from training.instruct.decoder import make_decoder

    folder.parent.mkdir(parents=True, exist_ok=True)
    # By this suffix a later training removes what a kill leaves.
    name = tempfile.mkdtemp(prefix=f".{FOLDER}.", suffix=UNFINISHED, dir=folder.parent)
    unfinished = Path(name)
    log.info("making the offline base model %s", base_repo(desk))
    try:
        make_decoder(lambda: chats, desk.models.seed, unfinished, _progress())
        # Where another run was first, with the same, that one stays.
        with suppress(OSError):
            unfinished.replace(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _chats(desk: Desk, gold: Gold) -> list[Pair]:
    """Of the train split: nothing of the test is looked at, and no text that must not be passed on,
    since the base's tokens are words of it. DeskError where none is left.
    """
    train = [r for r in gold.reviewed if r.split == "train"]
    withheld = withheld_ids(desk, (r.article for r in gold.reviewed))
    chats = [pair for _, pair in asked(desk, [r for r in train if r.article.id not in withheld])]
    if not chats:
        passed_on = " and whose text may be passed on" if withheld else ""
        raise DeskError(
            f"The offline base is made from reviewed articles of the train split, and desk "
            f"{desk.name!r} has none whose every question is resolved{passed_on}.",
            "Review more articles and run copydesk pull"
            f"{', add their licence to publish.text_licenses' if withheld else ''}, or name a "
            "pre-trained model as models.instructions.base.",
        )
    return chats


def _progress() -> Progress:
    return lambda done, _: log.info("learning words: %d texts", done)
