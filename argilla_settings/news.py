"""What annotators see: fields, questions, metadata, distribution and guidelines of a desk."""

import hashlib
import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import argilla as rg
from argilla._exceptions import ArgillaAPIError, ArgillaError

from argilla_settings.connection import http
from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.permissions import states_licenses

log = logging.getLogger(__name__)

GUIDELINES = Path(__file__).parent / "guidelines"
GUIDELINES_MAX_CHARACTERS = 10_000
VISIBLE_LABELS = 10


def guidelines_text(desk: Desk) -> str:
    """The guidelines with the desk's own label definitions in them."""
    name = desk.review.guidelines or _own_guidelines(desk)
    file = next((f for f in (Path(name), GUIDELINES / name) if f.is_file()), None)
    if file is None:
        raise DeskError(
            f"Guidelines {name!r} are neither a file nor in argilla_settings/guidelines.",
            "Set review.guidelines in the desk.",
        )
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DeskError(f"Guidelines {file} are not UTF-8: {error}.", "Save them so.") from error
    text = text.replace("{topics}", definitions(desk.labels.topics))
    # Argilla strips it too; the two are compared.
    text = text.replace("{entities}", definitions(desk.labels.entities)).strip()
    return require_length(text, f"Shorten {file} or the label definitions.")


def require_length(guidelines: str, next_step: str) -> str:
    """The guidelines; DeskError where Argilla would refuse them."""
    if len(guidelines) > GUIDELINES_MAX_CHARACTERS:
        raise DeskError(
            f"The guidelines have {len(guidelines)} characters; Argilla takes "
            f"{GUIDELINES_MAX_CHARACTERS}.",
            next_step,
        )
    return guidelines


def _own_guidelines(desk: Desk) -> str:
    if desk.labels.topics and desk.labels.entities:
        return "news.md"
    return "topics.md" if desk.labels.topics else "entities.md"


def guidelines_revision(dataset: rg.Dataset) -> str:
    """A short hash of what annotators read in Argilla, kept with every answer."""
    return hashlib.sha256((dataset.settings.guidelines or "").encode()).hexdigest()[:12]


def news_settings(desk: Desk, client: rg.Argilla) -> rg.Settings:
    """Argilla settings of the desk: a title, a text, a topic question, an entity question."""
    questions: list[rg.LabelQuestion | rg.SpanQuestion] = []
    if desk.labels.topics:
        questions.append(
            rg.LabelQuestion(
                name="topic",
                title="What is this article mainly about?",
                labels=list(desk.labels.topics),
                description=definitions(desk.labels.topics)[:1000],
                client=client,
            )
        )
    if desk.labels.entities:
        questions.append(
            rg.SpanQuestion(
                name="entities",
                field="text",
                title="Mark every person, place and name in the text",
                labels=list(desk.labels.entities),
                visible_labels=_visible(len(desk.labels.entities)),
                allow_overlapping=False,
                # Argilla wants one required question; an article without entities is still
                # submitted with an empty answer.
                required=not desk.labels.topics,
                client=client,
            )
        )
    return rg.Settings(
        guidelines=guidelines_text(desk),
        fields=[
            rg.TextField(name="title", title="Title", required=False, client=client),
            rg.TextField(name="text", title="Article", use_markdown=False, client=client),
        ],
        questions=questions,
        metadata=[
            rg.TermsMetadataProperty(name="source", title="Source", client=client),
            rg.TermsMetadataProperty(name="published_at", title="Published", client=client),
            *_license_property(desk, client),
            rg.TermsMetadataProperty(
                name="topic_predicted", title="Predicted topic", client=client
            ),
            rg.FloatMetadataProperty(
                name="uncertainty", title="Uncertainty of the model", client=client
            ),
            rg.TermsMetadataProperty(
                name="blind",
                title="Shown without suggestions",
                visible_for_annotators=False,
                client=client,
            ),
        ],
        distribution=rg.TaskDistribution(min_submitted=desk.review.min_submitted),
    )


def find_dataset(client: rg.Argilla, desk: Desk, name: str = "") -> rg.Dataset | None:
    """The desk's Argilla data set (or another one, by name), or None where it was not made yet."""
    if client.workspaces(desk.workspace) is None:
        return None
    with warnings.catch_warnings():
        # The SDK warns about a data set that is not there; here that is an answer.
        warnings.simplefilter("ignore", UserWarning)
        return client.datasets(name=name or desk.name, workspace=desk.workspace)


def require_dataset(client: rg.Argilla, desk: Desk) -> rg.Dataset:
    """The desk's Argilla data set; DeskError where it was not made yet."""
    dataset = find_dataset(client, desk)
    if dataset is None:
        raise DeskError(
            f"Argilla has no data set {desk.name!r} in workspace {desk.workspace!r}.",
            "Run copydesk load first.",
        )
    return dataset


def ensure_dataset(client: rg.Argilla, desk: Desk) -> rg.Dataset:
    """The desk's Argilla data set, made if it is not there.

    Guidelines and the number of answers a record needs follow the desk. Raises DeskError for
    other labels, which Argilla cannot change.
    """
    found = find_dataset(client, desk)
    if found is not None and found._model.status == "draft":
        delete_unfinished(found, guidelines_text(desk))
        found = None
    if found is None:
        workspace = ensure_workspace(client, desk)
        dataset = rg.Dataset(
            name=desk.name, workspace=workspace, settings=news_settings(desk, client), client=client
        )
        try:
            return dataset.create()
        except ArgillaError as error:
            cause = error.__cause__ or error
            raise DeskError(
                f"Argilla refuses the data set {desk.name!r}: {cause}",
                "Correct labels: or review: of the desk, then run copydesk load again.",
            ) from error
    _refuse_other_labels(found, desk)
    _add_license(client, found, desk)
    follow_desk(client, found, guidelines_text(desk), desk.review.min_submitted)
    return found


def dataset_url(client: rg.Argilla, dataset: rg.Dataset) -> str:
    """Where a person opens it in the browser."""
    return f"{client.api_url.rstrip('/')}/dataset/{dataset.id}/annotation-mode"


def ensure_workspace(client: rg.Argilla, desk: Desk) -> rg.Workspace:
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


def _license_property(desk: Desk, client: rg.Argilla) -> list[rg.TermsMetadataProperty]:
    """Articles carry their licence where the source says one."""
    if not states_licenses(desk):
        return []
    return [
        rg.TermsMetadataProperty(
            name="license", title="Licence", visible_for_annotators=False, client=client
        )
    ]


def _visible(labels: int) -> int | None:
    """How many labels the question shows at once; Argilla takes no number below 3."""
    return min(VISIBLE_LABELS, labels) if labels >= 3 else None


def delete_unfinished(draft: rg.Dataset, guidelines: str) -> None:
    """A process that was killed while making the data set left it without records."""
    if draft.settings.guidelines != guidelines:
        raise DeskError(
            f"Argilla has an unpublished data set {draft.name!r} that Copydesk did not make.",
            "Publish or delete it in Argilla, or give the desk another `name:`.",
        )
    draft.delete()


def follow_desk(client: rg.Argilla, dataset: rg.Dataset, guidelines: str, wanted: int) -> None:
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


def _add_license(client: rg.Argilla, dataset: rg.Dataset, desk: Desk) -> None:
    """A desk whose source began to state licences after the data set was made."""
    there = {item.name for item in dataset.settings.metadata}
    for item in _license_property(desk, client):
        if item.name not in there:
            item.dataset = dataset
            dataset.settings.metadata.add(item.create())


def _refuse_other_labels(dataset: rg.Dataset, desk: Desk) -> None:
    asked = {question.name: question for question in dataset.settings.questions}
    for name, wanted in (("topic", desk.labels.topics), ("entities", desk.labels.entities)):
        there = list(getattr(asked.get(name), "labels", None) or [])
        if set(there) != set(wanted):
            raise DeskError(
                f"Argilla data set {desk.name!r} asks {name} with labels {there}, "
                f"the desk has {list(wanted)}.",
                "Argilla cannot change labels of a data set with records: give the desk a new "
                "`name:`, or restore its labels.",
            )


def definitions(labels: Mapping[str, str]) -> str:
    """A Markdown list of labels with what they mean."""
    return "\n".join(f"- **{label}**: {definition}" for label, definition in labels.items())
