"""`hf://` paths through fsspec and pandas."""

import json
import sys
from typing import Any

import fsspec
import pandas as pd
from huggingface_hub import HfApi, HfFileSystem

LARGE = bytes(range(256)) * 4096


def files(repo: str) -> dict[str, Any]:
    """Write, read, range, list, copy, move and remove, at the head and at a tag."""
    fs, root = HfFileSystem(), f"datasets/{repo}"
    with fs.open(f"{root}/notes/a.txt", "w") as file:
        file.write("first\nsecond\n")
    with fs.open(f"{root}/large.bin", "wb") as file:
        file.write(LARGE)
    HfApi().create_tag(repo, tag="v1", repo_type="dataset")
    fs.cp_file(f"{root}/notes/a.txt", f"{root}/notes/b.txt")
    fs.mv(f"{root}/notes/a.txt", f"{root}/notes/c.txt")
    with fs.open(f"{root}/large.bin", "rb") as file:
        file.seek(1000)
        middle = file.read(300)
    written = sorted(path.removeprefix(f"{root}/") for path in fs.glob(f"{root}/**/*.txt"))
    fs.rm(f"{root}/notes", recursive=True)
    with fsspec.open(f"hf://{root}@v1/notes/a.txt", "r") as file:
        lines = file.readlines()
    return {
        "written": written,
        "middle": middle == LARGE[1000:1300],
        "whole": fs.cat_file(f"{root}/large.bin") == LARGE,
        "size": fs.info(f"{root}/large.bin")["size"],
        "lines_of_v1": lines,
        "removed": not fs.exists(f"{root}/notes/b.txt"),
        "kept_in_v1": fs.exists(f"{root}@v1/notes/a.txt"),
        "left": sorted(fs.ls(root, detail=False))
        == [f"{root}/.gitattributes", f"{root}/large.bin"],
    }


def tables(repo: str) -> dict[str, Any]:
    """Parquet and CSV by pandas, at the head and at a branch."""
    address = f"hf://datasets/{repo}"
    frame = pd.DataFrame({"id": ["a", "b"], "score": [0.5, 1.0]})
    frame.to_parquet(f"{address}/table.parquet")
    HfApi().create_branch(repo, branch="before", repo_type="dataset")
    frame.head(1).to_parquet(f"{address}/table.parquet")
    frame.to_csv(f"{address}/table.csv", index=False)
    return {
        "now": pd.read_parquet(f"{address}/table.parquet").to_dict("list"),
        "before": pd.read_parquet(f"{address}@before/table.parquet").to_dict("list"),
        "column": pd.read_parquet(f"{address}@before/table.parquet", columns=["id"]).to_dict(
            "list"
        ),
        "csv": pd.read_csv(f"{address}/table.csv").to_dict("list"),
    }


def main(repo: str) -> dict[str, Any]:
    """Findings of the file system and of pandas."""
    HfApi().create_repo(repo, repo_type="dataset")
    return {"fsspec": files(repo), "pandas": tables(repo)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])) + "\n")
