"""demo: two rounds on a desk with simulated reviewers; round 1's models pre-annotate round 2."""

from dataclasses import dataclass

from prefect import flow
from prefect.artifacts import create_table_artifact
from pydantic import Field

from corpus.gold import Acceptance
from corpus.sources.read import read_articles
from flows.curate import Curate, CurateReport, curate
from flows.desk_run import DeskRun
from flows.load_news import choose_batch
from flows.score_tables import UNDEFINED
from flows.verdicts import verdict_text

NAMES = {"accuracy": "accuracy", "macro_f1": "macro-F1", "f1": "span F1"}


class Demo(DeskRun):
    """``accounts`` is the file with the annotator accounts that the simulated reviewers use."""

    accounts: str
    rounds: int = Field(2, ge=1, le=10)


@dataclass(frozen=True, slots=True)
class DemoReport:
    """One report a round, in order."""

    rounds: list[CurateReport]


@flow(name="demo")
def demo(config: Demo) -> DemoReport:
    """Curate the desk's articles in equal batches, one a round."""
    desk = config.read()
    articles = read_articles(desk.source, desk.labels).articles
    batch = -(-len(choose_batch(desk, articles, 0, desk.source.limit)) // config.rounds)
    reports = [
        curate(
            Curate(
                desk=config.desk,
                overrides=config.overrides,
                skip=number * batch,
                limit=batch,
                simulate_with=config.accounts,
                # Of the models that stay; it costs a minute.
                insight=number == config.rounds - 1,
            )
        )
        for number in range(config.rounds)
    ]
    create_table_artifact(
        table=[{"figure": name, **values} for name, values in demo_table(reports).items()],
        key=f"{desk.name}-rounds".replace("_", "-"),
    )
    return DemoReport(reports)


def demo_table(reports: list[CurateReport]) -> dict[str, dict[str, str]]:
    """Figure → round → value, for people."""
    table: dict[str, dict[str, str]] = {}
    shown = Acceptance(0, 0, 0, 0)
    for number, report in enumerate(reports, start=1):
        for name, value in _figures(report, shown).items():
            table.setdefault(name, {})[f"round {number}"] = value
        shown = report.gold.acceptance
    return table


def nothing_changed(reports: list[CurateReport]) -> bool:
    """Whether no record, no answer and no commit is new."""
    return not any(
        r.loaded.new or r.new_answers or any(item.changed for item in r.published.items)
        for r in reports
    )


def _figures(report: CurateReport, before: Acceptance) -> dict[str, str]:
    gold = report.gold
    now = gold.acceptance
    figures = {
        "articles (new records)": f"{report.loaded.articles} ({report.loaded.new})",
        "new blind records": str(report.loaded.blind),
        "suggestions by": "\n".join(map(_agent_text, report.loaded.suggestions)) or "nothing new",
        # Of this round's answers; a run that finds all of them there already has none of its own.
        "topic suggestions kept": _part(
            now.topics_accepted - before.topics_accepted,
            now.topics_shown - before.topics_shown if report.new_answers else 0,
        ),
        "span suggestions kept": _part(
            now.spans_accepted - before.spans_accepted,
            now.spans_shown - before.spans_shown if report.new_answers else 0,
        ),
        "new answers": f"{report.new_answers} ({report.simulated_answers} simulated)",
        "answers so far": str(gold.answers),
        "reviewed (tied) so far": f"{len(gold.reviewed)} ({gold.unresolved})",
        "same topic, two reviewers": _share(gold.agreement.topic_percent),
        "span F1, two reviewers": _share(gold.agreement.span_f1),
    }
    figures |= _scores(report)
    for published in report.published.items:
        state = "committed" if published.changed else "unchanged"
        figures[f"Hub: {published.repo_id.split('/')[1]}"] = f"{published.revision[:8]} ({state})"
    return figures


def _scores(report: CurateReport) -> dict[str, str]:
    """What the models can, whether they go out, and what would make them better."""
    figures: dict[str, str] = {}
    for scores in report.scores:
        for on, part in (("test", scores.test), ("benchmark", scores.benchmark)):
            if part:
                figures[f"{on} articles so far"] = str(part["n"])
            for name in ("accuracy", "macro_f1", "f1"):
                if name in part:
                    figures[f"{scores.kind}: {NAMES[name]}, {on}"] = interval_text(part[name])
    figures["answers worth a second look"] = str(report.doubted)
    for judged in report.published.judged:
        figures[f"gate: {judged.kind}"] = verdict_text(judged)
    for model in report.worth:
        gain = model.worth["gain"]
        name = f"{model.kind}: by the next {model.worth['more']} labels"
        figures[name] = f"+{interval_text(gain)}" if gain else "cannot be told"
    return figures


def interval_text(value: dict[str, float] | None) -> str:
    """``0.87 [0.83, 0.91]``: a score and its 95 % interval."""
    if value is None:
        return UNDEFINED
    return f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"


def _agent_text(agent: str) -> str:
    """Without namespace and revision: ``zero-shot MiniLM``, ``sample-news-topics``."""
    kind, _, model = agent.partition(":")
    return f"zero-shot {model.split('/')[-1]}" if kind == "zero-shot" else kind.split("/")[-1]


def _share(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"


def _part(kept: int, shown: int) -> str:
    return f"{kept} of {shown}" if shown else "none"
