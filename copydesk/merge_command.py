"""copydesk merge: an adapter and its base as one model, which plain transformers loads."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from copydesk.data_file import prepare
from copydesk.options import DeskOption, SetOption, SourceOption
from copydesk.out_folder import new_folder, require_free
from copydesk.process import run_parameters, use_services
from corpus.errors import DeskError

if TYPE_CHECKING:
    from training.instruct.base import Base

DESK = "desk.yaml"
WHAT = "merged model of ours"


def merge(
    out: Annotated[Path, typer.Option("--out", help="Folder of the merged model.")],
    adapter: Annotated[
        str | None,
        typer.Argument(
            help="A folder or a repo_id; left out: what copydesk train sft trained for the desk."
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(help="With ADAPTER: where its base is, a folder or a repo_id, if it moved."),
    ] = None,
    desk: DeskOption = DESK,
    source: SourceOption = None,
    set_: SetOption = None,
) -> None:
    """Merge an adapter into its base: one model for servers that know no adapters.

    The base lies in memory in fp32 meanwhile: 4 bytes a parameter, so 4 GB a billion.
    """
    if adapter is None:
        if base is not None:
            raise DeskError("--base needs an ADAPTER.", "For a desk, its own base is taken.")
        _merge_desk(out, desk, source, set_)
        return
    _refuse_desk_options({"--desk": desk != DESK, "--source": source, "--set": set_})
    prepare()
    from training.instruct.merged import (
        adapter_folder,
        is_merged,
        open_base_of,
        public_name,
        published_prompt,
    )

    require_free(out, is_merged, WHAT)
    folder = adapter_folder(adapter)
    opened = open_base_of(folder, base)
    _write(out, folder, public_name(adapter), opened, published_prompt(folder))
    _say_how_to_push(out, private=False)


def _refuse_desk_options(given: Mapping[str, Any]) -> None:
    for flag in (flag for flag, value in given.items() if value):
        raise DeskError(
            f"{flag} is for desks; an ADAPTER is read without one.", f"Leave {flag} out."
        )


def _merge_desk(out: Path, desk: str, source: str | None, set_: list[str] | None) -> None:
    run: dict[str, Any] = run_parameters(desk, source, set_)
    use_services()
    from corpus.desk import read_desk
    from flows.desk_adapter import desk_prompt, open_desk_adapter
    from training.instruct.merged import is_merged

    require_free(out, is_merged, WHAT)
    settings = read_desk(run["desk"], run["overrides"])
    found = open_desk_adapter(settings)
    _write(out, found.folder, found.name, found.base, desk_prompt(settings))
    _say_how_to_push(out, settings.publish.private)


def _write(
    out: Path, adapter: Path, name: str, base: "Base", prompt: tuple[str, str] | None
) -> None:
    from publishing.merged_card import MergedFacts, merged_card
    from training.instruct.merged import is_merged, write_card, write_merged

    with new_folder(out, is_merged) as folder:
        merged = write_merged(adapter, name, base, folder)
        write_card(merged, merged_card(MergedFacts(**asdict(merged), prompt=prompt)), folder)
    print(f"{out}: {merged.adapter} merged into {merged.base}, one model.")
    print(f"{merged.parameters:,} parameters in {merged.precision}; transformers alone loads it.")


def _say_how_to_push(out: Path, private: bool) -> None:
    """What a desk hides is hidden in this form, too."""
    print(f"Push it: hf upload {'--private ' if private else ''}owner/name {out}")
