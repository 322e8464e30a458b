"""Train and score the models of a desk."""

from copydesk.out_folder import is_first_process
from copydesk.process import run_parameters, use_services
from copydesk.show import show_training
from corpus.errors import DeskError


def train_desk(
    desk: str, source: str | None, set_: list[str] | None, only: str | None, per_class: int | None
) -> None:
    """The desk's models, or ``only`` one of them, from what is reviewed."""
    run = run_parameters(desk, source, set_, per_class)
    use_services()
    from flows.desk_run import DeskRun

    config = DeskRun(**run)
    labels = config.read().labels
    if only is not None and not getattr(labels, only):
        raise DeskError(
            f"Desk {desk!r} has no labels.{only}, so there is no such model to train.",
            "Leave out --only, or add the labels.",
        )
    if labels.topics and only != "entities":
        from flows.train_topics import train_topics

        show_training(train_topics(config))
    if labels.entities and only != "topics":
        from flows.train_entities import train_entities

        show_training(train_entities(config))


def train_desk_sft(
    desk: str,
    source: str | None,
    set_: list[str] | None,
    per_class: int | None,
    publishes: bool,
    force: bool,
) -> None:
    """The desk's instruction model: trained, scored, judged, and published if the gate agrees."""
    run = run_parameters(desk, source, set_, per_class)
    use_services()
    from flows.instruction_training import help_train_sft
    from flows.score_tables import score_lines
    from flows.train_sft import TrainSft, train_sft
    from flows.verdicts import verdict_lines
    from training.encoder import OFFLINE

    config = TrainSft(**run, publish=publishes, force_model=force)
    if not is_first_process():
        help_train_sft(config.read())
        return
    report = train_sft(config)
    show_training(report.stored)
    print("\n".join([*score_lines([report.scores]), *verdict_lines(report.judged)]))
    if config.read().models.instructions.base == OFFLINE:
        print(
            "Its base is the offline decoder, made to try the whole path: for work, set "
            "models.instructions.base to a pre-trained model with a chat template."
        )
    for item in report.items:
        print(f"{item.repo_type.capitalize():8} {item.url}{'' if item.changed else ' (unchanged)'}")
    if not publishes:
        print("Not published, as asked for: copydesk train sft publishes it.")


def score_desk(
    desk: str,
    source: str | None,
    set_: list[str] | None,
    per_class: int | None,
    as_json: bool = False,
) -> None:
    """Every trained model of the desk, with intervals."""
    run = run_parameters(desk, source, set_, per_class)
    use_services()
    from flows.desk_run import DeskRun
    from flows.probe_models import probe_lines, probe_models
    from flows.score_models import score_models
    from flows.score_tables import score_json, score_lines

    scores = score_models(DeskRun(**run))
    probes = probe_models(DeskRun(**run))
    lines = [score_json(scores)] if as_json else [*score_lines(scores), *probe_lines(probes)]
    print("\n".join(lines or ["Nothing was scored."]))
