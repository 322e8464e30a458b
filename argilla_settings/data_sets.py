"""The Argilla data sets of a desk: found, made, and kept as the desk wants them."""

import hashlib
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import argilla as rg
from argilla._exceptions import ArgillaAPIError, ArgillaError

from argilla_settings.addresses import dataset_address
from argilla_settings.connection import http
from argilla_settings.rest import read, send
from corpus.desk import Desk
from corpus.errors import DeskError

log = logging.getLogger(__name__)

# Of a data set's metadata in Argilla.
REVISION = "guidelines_revision"


@dataclass(frozen=True, slots=True)
class DatasetKind:
    """What a desk asks of one of its data sets; ``load`` is the command that makes it, and
    ``min_submitted`` how many answers complete a record.

    ``adapt`` gets one that was there before: it adds what is missing, and raises DeskError where
    Argilla cannot change it into what the desk wants.
    """

    name: Callable[[Desk], str]
    guidelines: Callable[[Desk], str]
    settings: Callable[[Desk, rg.Argilla], rg.Settings]
    adapt: Callable[[rg.Argilla, rg.Dataset, Desk], None]
    load: str
    min_submitted: Callable[[Desk], int] = lambda desk: desk.review.min_submitted


def find_dataset(client: rg.Argilla, desk: Desk, name: str = "") -> rg.Dataset | None:
    """The desk's Argilla data set (or another one, by name), or None where it was not made yet."""
    if client.workspaces(desk.workspace) is None:
        return None
    with warnings.catch_warnings():
        # The SDK warns about a data set that is not there; here that is an answer.
        warnings.simplefilter("ignore", UserWarning)
        return client.datasets(name=name or desk.name, workspace=desk.workspace)


def require_dataset(client: rg.Argilla, desk: Desk, kind: DatasetKind) -> rg.Dataset:
    """The desk's Argilla data set of this kind; DeskError where it was not made yet."""
    name = kind.name(desk)
    dataset = find_dataset(client, desk, name)
    if dataset is None:
        raise DeskError(
            f"Argilla has no data set {name!r} in workspace {desk.workspace!r}.",
            f"Run {kind.load} first.",
        )
    return dataset


def ensure_dataset(client: rg.Argilla, desk: Desk, kind: DatasetKind) -> rg.Dataset:
    """The desk's Argilla data set of this kind, made if it is not there.

    Guidelines and the number of answers a record needs follow the desk. The data set's metadata
    name the revision of the guidelines, so that any client can tell which one people read.
    """
    guidelines = kind.guidelines(desk)
    found = find_dataset(client, desk, kind.name(desk))
    if found is not None and found._model.status == "draft":
        _delete_unfinished(found, guidelines)
        found = None
    if found is None:
        found = _make(client, desk, kind)
    else:
        kind.adapt(client, found, desk)
        _follow_desk(client, found, guidelines, kind.min_submitted(desk))
    _note_revision(client, found)
    return found


def dataset_url(client: rg.Argilla, dataset: rg.Dataset) -> str:
    """Where a person opens it in the browser."""
    return dataset_address(client.api_url, str(dataset.id))


def guidelines_revision(dataset: rg.Dataset) -> str:
    """A short hash of what annotators read in Argilla, kept with every answer."""
    return hashlib.sha256((dataset.settings.guidelines or "").encode()).hexdigest()[:12]


def _make(client: rg.Argilla, desk: Desk, kind: DatasetKind) -> rg.Dataset:
    name, workspace = kind.name(desk), _ensure_workspace(client, desk)
    settings = kind.settings(desk, client)
    try:
        return rg.Dataset(name, workspace, settings=settings, client=client).create()
    except ArgillaError as error:
        raise DeskError(
            f"Argilla refuses the data set {name!r}: {error.__cause__ or error}",
            f"Correct labels: or review: of the desk, then run {kind.load} again.",
        ) from error


def _ensure_workspace(client: rg.Argilla, desk: Desk) -> rg.Workspace:
    workspace = client.workspaces(desk.workspace)
    if workspace is not None:
        return workspace
    try:
        return rg.Workspace(name=desk.workspace, client=client).create()
    except ArgillaAPIError as error:
        raise DeskError(
            f"Argilla has no workspace {desk.workspace!r} that this key may use, and it may not "
            f"create one ({type(error).__name__}).",
            "Ask an owner for the workspace, or set `workspace:` in the desk.",
        ) from error


def _delete_unfinished(draft: rg.Dataset, guidelines: str) -> None:
    """A process that was killed while making the data set left it without records."""
    if draft.settings.guidelines != guidelines:
        raise DeskError(
            f"Argilla has an unpublished data set {draft.name!r} that Copydesk did not make.",
            "Publish or delete it in Argilla, or give the desk another `name:`.",
        )
    draft.delete()


def _follow_desk(client: rg.Argilla, dataset: rg.Dataset, guidelines: str, wanted: int) -> None:
    """Let Argilla follow the desk where it differs; ``wanted`` answers complete a record."""
    change: dict[str, Any] = {}
    if dataset.settings.guidelines != guidelines:
        log.warning("guidelines of %r in Argilla are replaced by those of the desk", dataset.name)
        change["guidelines"] = dataset.settings.guidelines = guidelines
    there = dataset.settings.distribution.min_submitted
    if there != wanted:
        log.warning(
            "records of %r need %d answers from now on, not %d", dataset.name, wanted, there
        )
        change["distribution"] = {"strategy": "overlap", "min_submitted": wanted}
    if change:
        answer = http(client).patch(f"/api/v1/datasets/{dataset.id}", json=change)
        if answer.is_error:
            raise DeskError(
                f"Argilla refuses to change {', '.join(change)} of {dataset.name!r}: {answer.text}",
                f"Set review.min_submitted back to {there}, or give the desk a new `name:`.",
            )


def _note_revision(client: rg.Argilla, dataset: rg.Dataset) -> None:
    """The SDK knows no metadata of data sets, so this goes by REST.

    argilla_server 2.8 answers 200 to other metadata and keeps the old, unless there are none. Those
    of others are never taken away for that, since a kill in between would lose them.
    """
    path = f"datasets/{dataset.id}"
    there = read(client, path).get("metadata") or {}
    noted = {**there, REVISION: guidelines_revision(dataset)}
    if noted == there:
        return
    send(client, "PATCH", path, {"metadata": noted})
    if (read(client, path).get("metadata") or {}) == noted:
        return
    others = sorted(there.keys() - {REVISION})
    if others:
        log.warning(
            "the metadata of %r in Argilla name guidelines %s, people read %s: this server changes "
            "metadata only where there are none, and there is %s of others",
            dataset.name,
            there.get(REVISION, "not at all"),
            noted[REVISION],
            ", ".join(map(repr, others)),
        )
        return
    for metadata in (None, noted):
        send(client, "PATCH", path, {"metadata": metadata})
