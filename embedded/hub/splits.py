"""Which Parquet files make which split of which configuration of a data set."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

_SHARD = re.compile(r"-\d+-of-\d+$")
_ORDER = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Split:
    """`paths` are its Parquet files in the repository, in order; never empty."""

    config: str
    name: str
    paths: tuple[str, ...]


def splits_of(metadata: dict[str, Any], paths: Sequence[str]) -> list[Split]:
    """As the `configs` of the card say, else by the names of the files; training first."""
    parquet = sorted(path for path in paths if path.endswith(".parquet"))
    return list(_declared(metadata, parquet)) or _guessed(parquet)


def chosen_split(splits: Sequence[Split], config: str | None, name: str | None) -> Split | None:
    """The wanted split, else the first of the wanted configuration, else the first of all."""
    of_config = [split for split in splits if split.config == config] or list(splits)
    named = [split for split in of_config if split.name == name]
    return next(iter(named or of_config), None)


def _declared(metadata: dict[str, Any], parquet: Sequence[str]) -> Iterator[Split]:
    configs = metadata.get("configs")
    for config in configs if isinstance(configs, list) else []:
        if not isinstance(config, dict):
            continue
        files = config.get("data_files")
        for part in files if isinstance(files, list) else [files]:
            part = part if isinstance(part, dict) else {"split": "train", "path": part}
            patterns = part.get("path")
            patterns = patterns if isinstance(patterns, list) else [patterns]
            found = [p for p in parquet if any(fnmatchcase(p, str(one)) for one in patterns)]
            if found:
                name = str(config.get("config_name", "default"))
                yield Split(name, str(part.get("split")), tuple(found))


def _guessed(parquet: Sequence[str]) -> list[Split]:
    groups: dict[str, list[str]] = {}
    for path in parquet:
        groups.setdefault(_SHARD.sub("", PurePosixPath(path).stem), []).append(path)
    splits = [Split("default", name, tuple(found)) for name, found in groups.items()]
    return sorted(splits, key=lambda split: (_place(split.name), split.name))


def _place(name: str) -> int:
    return next((i for i, word in enumerate(_ORDER) if word in name), len(_ORDER))
