"""copydesk train tokenizer on a desk: learned from its reviewed articles, published on its own."""

from copydesk.process import run_parameters, use_services
from copydesk.show import say
from copydesk.show_tokenizer import tokenizer_lines, tokenizer_remarks


def train_desk_tokenizer(
    desk: str, source: str | None, set_: list[str] | None, publishes: bool
) -> None:
    """Train, compare, and publish unless it shall stay here."""
    run = run_parameters(desk, source, set_)
    use_services()
    from flows.train_tokenizer import TrainTokenizer, train_tokenizer

    config = TrainTokenizer(**run, publish=publishes)
    name = config.read().name
    found = train_tokenizer(config)
    stored = found.stored
    for line in tokenizer_remarks(stored.report, name):
        say(line)
    done = "found from an earlier run, trained" if stored.reused else "trained"
    print(f"{stored.folder}: {done} on {stored.report.texts:,} articles.")
    print("\n".join(tokenizer_lines(stored.report, name, name)))
    if found.item is None:
        print("Not published, as asked for: copydesk train tokenizer publishes it.")
        return
    item = found.item
    print(f"Model    {item.url} {item.tag}{'' if item.changed else ' (unchanged)'}")
