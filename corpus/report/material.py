"""What the annotator report is made of: a ledger, read once and grouped."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from corpus.adjudication import adjudication_ledger
from corpus.articles import Article
from corpus.ledger import Ledger
from corpus.ledger_rows import LedgerEntry
from corpus.statements import StatementKey, current_statements
from corpus.suggestions.hidden import Hidden, read_hidden


@dataclass(frozen=True, slots=True)
class Material:
    """``statements`` are all ever appended; the others count now.

    ``records`` in Argilla at the last pull, None where no pull was noted; ``guidelines`` are
    revision → text. ``decisions`` are the answers of adjudicators that count now: no figure of the
    work counts them.
    """

    articles: Mapping[str, Article]
    statements: Sequence[LedgerEntry]
    submitted: Sequence[LedgerEntry]
    discarded: Sequence[LedgerEntry]
    drafts: int
    simulated: Collection[StatementKey] = frozenset()
    hidden: Hidden = field(default_factory=dict)
    guidelines: Mapping[str, str] = field(default_factory=dict)
    records: int | None = None
    decisions: Sequence[LedgerEntry] = ()

    def by_article(self) -> dict[str, list[LedgerEntry]]:
        """Submitted answers of each article, the earliest first."""
        groups: dict[str, list[LedgerEntry]] = defaultdict(list)
        for entry in sorted(self.submitted, key=lambda e: (e.answered_at, e.key)):
            groups[entry.response.article_id].append(entry)
        return dict(sorted(groups.items()))

    def annotators(self) -> dict[str, int]:
        """Everybody who submitted or discarded, with the number of submitted answers."""
        found = Counter({e.response.annotator: 0 for e in self.discarded})
        found.update(e.response.annotator for e in self.submitted)
        return dict(sorted(found.items()))


def read_material(ledger: Ledger) -> Material:
    """All of a desk's ledger, and what adjudicators decided beside it."""
    records = ledger.cursor().get("records")
    return gather(
        ledger.entries(),
        ledger.articles(),
        simulated=ledger.simulated(),
        hidden=read_hidden(ledger),
        guidelines=ledger.guidelines(),
        records=None if records is None else int(records),
        decisions=adjudication_ledger(ledger).entries(),
    )


def gather(
    statements: Sequence[LedgerEntry],
    articles: Mapping[str, Article],
    simulated: Collection[StatementKey] = frozenset(),
    hidden: Hidden | None = None,
    guidelines: Mapping[str, str] | None = None,
    records: int | None = None,
    decisions: Sequence[LedgerEntry] = (),
) -> Material:
    """Sorted out by what counts now; ``decisions`` are all that adjudicators ever said."""
    counted = _counted(statements)
    return Material(
        articles=articles,
        statements=statements,
        submitted=[e for e in counted if e.status == "submitted"],
        discarded=[e for e in counted if e.status == "discarded"],
        drafts=sum(e.status == "draft" for e in counted),
        simulated=simulated,
        hidden=hidden or {},
        guidelines=guidelines or {},
        records=records,
        decisions=[e for e in _counted(decisions) if e.status == "submitted"],
    )


def _counted(statements: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    current = current_statements(statements)
    return [current[key] for key in sorted(current)]
