"""The manifest of a data set: figures of what is in its files and of the review behind them."""

import re
import statistics
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from corpus.articles import ReviewedArticle, chosen_topics
from corpus.desk import Desk
from corpus.gold import Gold
from corpus.permissions import withheld_ids
from corpus.review_state import Reviewed
from corpus.sources.rows import source_name
from corpus.splits import BLIND_POLICY, POLICY, leaks
from publishing.dataset import SPLITS, resolved_rows
from publishing.describe_answers import (
    describe_agreement,
    describe_answers,
    describe_guidelines,
    describe_suggestions,
)
from publishing.manifest import DatasetManifest
from publishing.manifest_parts import Label, Provenance, Review, Source, Splits
from publishing.provenance import license_of
from publishing.shards import WrittenConfig

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def describe_dataset(
    desk: Desk,
    review: Reviewed,
    configs: Sequence[WrittenConfig],
    files: dict[str, str],
    made_by: Provenance,
) -> DatasetManifest:
    """What the card of the data set may say."""
    gold, seed = review.gold, desk.models.seed
    topics, entities = list(desk.labels.topics), list(desk.labels.entities)
    published = resolved_rows(gold.reviewed, topics, entities)
    default = next(config for config in configs if config.name == "default")
    return DatasetManifest(
        pretty_name=desk.publish.pretty_name,
        license=license_of(desk),
        language=desk.publish.language,
        provenance=made_by,
        source=_source(desk, published, withheld_ids(desk, (r.article for r in gold.reviewed))),
        topics=_labels(desk.labels.topics, [(r.split, chosen_topics(r) or ()) for r in published]),
        several_topics=desk.labels.several_topics,
        entities=_labels(
            desk.labels.entities,
            [(r.split, [span.label for span in r.spans or ()]) for r in published],
        ),
        rows={split: default.rows.get(split, 0) for split in SPLITS},
        configs={config.name: sum(config.rows.values()) for config in configs},
        answers=describe_answers(review.answers, review.simulated),
        guidelines=describe_guidelines(review.answers, review.guidelines),
        review=_review(desk, gold),
        agreement=describe_agreement(review.answers, seed),
        suggestions=describe_suggestions(review.answers, seed),
        splits=_splits(desk, gold, published),
        seed=seed,
        files=files,
    )


def _labels(
    definitions: Mapping[str, str], marks: Sequence[tuple[str, Sequence[str]]]
) -> dict[str, Label]:
    counts = {split: Counter[str]() for split in SPLITS}
    for split, labels in marks:
        counts[split].update(labels)
    return {
        label: Label(
            definition=definition,
            rows={split: counts[split][label] for split in SPLITS},
            total=sum(counts[split][label] for split in SPLITS),
        )
        for label, definition in definitions.items()
    }


def _source(desk: Desk, published: Sequence[ReviewedArticle], withheld: Collection[str]) -> Source:
    lengths = [len(r.article.text) for r in published] or [0]
    days = sorted(r.article.published_at for r in published if _DAY.match(r.article.published_at))
    return Source(
        name=source_name(desk.source),
        rows=dict(sorted(Counter(r.article.source for r in published).items())),
        first_published=days[0] if days else "",
        last_published=days[-1] if days else "",
        characters_median=float(statistics.median(lengths)),
        characters_max=max(lengths),
        withheld=sum(r.article.id in withheld for r in published),
    )


def _review(desk: Desk, gold: Gold) -> Review:
    return Review(
        min_submitted=desk.review.min_submitted,
        reviewed=len(gold.reviewed),
        unresolved=gold.unresolved,
        quarantined=len(gold.quarantined),
        rules=gold.rules,
    )


def _splits(desk: Desk, gold: Gold, published: Sequence[ReviewedArticle]) -> Splits:
    splits = {r.article.id: r.split for r in gold.reviewed}
    blind = {split: {r.blind for r in gold.reviewed if r.split == split} for split in SPLITS}
    # By the articles, not by the desk: it may have asked otherwise when they got their splits.
    blind_test = blind["test"] == {True}
    apart = blind_test and blind["validation"] <= {True}
    return Splits(
        policy=f"{POLICY} {BLIND_POLICY}" if apart else POLICY,
        leaks=len(leaks([r.article for r in gold.reviewed], splits)),
        blind_percent=round(100 * desk.review.blind_share, 1),
        blind_rows=sum(r.blind for r in published),
        blind_test=blind_test,
    )
