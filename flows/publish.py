"""publish: gold and scored models → data set and model repositories, one commit each."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi
from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from pydantic import Field

from corpus.desk import Desk
from corpus.destination import published_to
from corpus.review_state import Reviewed, read_reviewed
from flows.cards import NOT_YET
from flows.desk_run import DeskRun
from flows.gate import Judged, judge_model
from flows.hub_access import hub_api, labels_at
from flows.model_store import desk_kinds
from flows.publishable import ready_model
from flows.verdicts import show_verdicts
from publishing.hub import Published, plan_publish, publish_folder
from publishing.parts import Part, dataset_part, model_part
from publishing.plan import Plan
from publishing.write_access import with_refusal


class Publish(DeskRun):
    """Where to publish, if not where the desk says. ``dry_run`` compares and writes nothing."""

    to: str | None = Field(None, description="hub:org/name; models go to org/name-topics, …")
    private: bool = Field(False, description="hide the repositories")
    dry_run: bool = False
    force_model: bool = Field(
        False, description="publish models whatever the gate says; their cards say so"
    )


@dataclass(frozen=True, slots=True)
class PublishReport:
    """One item a repository, the data set first; ``plans`` instead of it after a dry run.

    ``judged`` holds the verdict on each model, also on those that stayed here.
    """

    items: list[Published]
    plans: list[Plan]
    judged: list[Judged]


@flow(name="publish")
def publish(config: Publish) -> PublishReport:
    """Publish what is reviewed, trained, scored and let through by the gate; what the Hub already
    holds makes no commit.
    """
    desk = published_to(config.read(), config.to, config.private)
    review = read_reviewed(desk)
    kinds = desk_kinds(desk)
    for kind in kinds:
        ready_model(desk, review, kind)
    judged = [judge_model(desk, review.gold, kind, config.force_model) for kind in kinds]
    show_verdicts(desk, judged)
    shipping = [one for one in judged if one.ships]
    if config.dry_run:
        return PublishReport([], plan(desk, review, shipping), judged)
    data = publish_dataset(desk, review)
    items = [data, *(publish_model(desk, review, one, data) for one in shipping)]
    show(desk, items)
    return PublishReport(items, [], judged)


@task(cache_policy=NO_CACHE)
def publish_dataset(desk: Desk, review: Reviewed) -> Published:
    """Parquet files, card and manifest in one commit."""
    with tempfile.TemporaryDirectory() as name:
        return send(dataset_part(desk, review, Path(name), labels_at(desk.publish.dataset)))


@task(cache_policy=NO_CACHE)
def publish_model(desk: Desk, review: Reviewed, judged: Judged, data: Published) -> Published:
    """Model files, pictures, predictions, card and manifest in one commit."""
    with tempfile.TemporaryDirectory() as name:
        trained, files = ready_model(desk, review, judged.kind, judged.gate)
        return send(model_part(desk, review, trained, files, data, Path(name) / "model"))


def send(part: Part) -> Published:
    """One commit and its tag."""
    return publish_folder(hub_api(), part.target, part.folder, part.complete, part.message)


@task(cache_policy=NO_CACHE)
def plan(desk: Desk, review: Reviewed, shipping: list[Judged]) -> list[Plan]:
    """What a publish would change. A data set that would change has no revision yet."""
    api = hub_api()
    with tempfile.TemporaryDirectory() as name:
        part = dataset_part(desk, review, Path(name) / "data", labels_at(desk.publish.dataset))
        plans = [compare(api, part)]
        data = as_if_published(plans[0])
        for one in shipping:
            trained, files = ready_model(desk, review, one.kind, one.gate)
            part = model_part(desk, review, trained, files, data, Path(name) / one.kind)
            plans.append(compare(api, part))
    return plans


def compare(api: HfApi, part: Part) -> Plan:
    """What would change, and whether the token may do it."""
    return with_refusal(api, plan_publish(api, part.target, part.folder, part.complete))


def as_if_published(plan: Plan) -> Published:
    """The data set as the cards of its models would name it."""
    unchanged = plan.head is not None and not plan.changes
    revision = (plan.head or "") if unchanged else NOT_YET
    tag = (plan.tag or "") if unchanged else "next"
    return Published(plan.target.repo_id, "dataset", revision, tag, "", not unchanged)


def show(desk: Desk, items: list[Published]) -> None:
    """Artifact: what was published, with links."""
    lines = [
        f"- [{item.repo_id}]({item.url}) ({item.repo_type}) {item.tag} `{item.revision[:8]}`"
        f" {'committed' if item.changed else 'unchanged'}"
        for item in items
    ]
    create_markdown_artifact(
        markdown="\n".join(lines), key=f"{desk.name}-published".replace("_", "-")
    )
