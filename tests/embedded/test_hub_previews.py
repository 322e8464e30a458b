"""What people see of a data set on the embedded Hub: rows, spans, labels."""

import re
import uuid
from io import BytesIO
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from embedded.hub.preview import highlight, read_table
from tests.embedded.hub_example import browser_of, publish_example, rows_parquet

pytestmark = pytest.mark.services


@pytest.fixture
def browser(hub_service: Any) -> httpx.Client:
    return browser_of(hub_service)


def test_the_preview_shows_words_and_spans(browser: httpx.Client, hub_service: Any) -> None:
    page = browser.get(f"/datasets/{publish_example(hub_service)}").text
    assert 'Ana Ruiz<span class="label">PERSON</span></mark>' in page
    assert '<div class="cell">sports</div>' in page
    assert "First 2 of 2 rows" in page
    assert "<img src=x" not in page


def test_chats_are_shown_turn_by_turn_with_the_answer_in_sight() -> None:
    def said(*turns: tuple[str, str]) -> list[dict[str, str]]:
        return [{"role": role, "content": content} for role, content in turns]

    many = said(*(("user", "again") for _ in range(5000)), ("assistant", "yes"))
    asked_last = said(("user", "long " * 100 + "WHICH?"), ("assistant", '{"topic": "Sports"}'))
    chats = [asked_last, [], None, many]
    sink = BytesIO()
    parquet.write_table(pa.table({"messages": chats}), sink)
    long, empty, missing, all_of_many = (
        row[0].pieces[0].text for row in read_table(sink.getvalue()).rows
    )
    asked, answered = long.split("\n\n")
    assert asked.startswith("user: long long") and asked.endswith("WHICH?") and len(asked) < 200
    assert all_of_many.endswith("… 4988 more\n\nassistant: yes") and len(all_of_many) < 400
    assert answered == 'assistant: {"topic": "Sports"}'
    assert (empty, missing) == ("[]", "—")


def configured_repo(hub_service: Any) -> str:
    """Two configurations; the first has two splits, one of them in two shards."""
    api = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    name = api.create_repo(f"copydesk/conf-{uuid.uuid4().hex[:10]}", repo_type="dataset").repo_id
    card = """---
configs:
- config_name: default
  data_files:
  - {split: train, path: data/train-*}
  - {split: test, path: data/test-*}
- config_name: answers
  data_files: answers/*.parquet
---
# Configured
"""
    files = {
        "README.md": card.encode(),
        "data/train-00000-of-00002.parquet": rows_parquet(),
        "data/train-00001-of-00002.parquet": rows_parquet(),
        "data/test-00000-of-00001.parquet": rows_parquet(),
        "answers/all.parquet": _parquet({"who": ["annotator-1"]}),
    }
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    api.create_commit(name, operations, commit_message="x", repo_type="dataset")
    return name


def _parquet(columns: dict[str, list[str]]) -> bytes:
    sink = BytesIO()
    parquet.write_table(pa.table(columns), sink)
    return sink.getvalue()


def test_a_preview_follows_the_configurations_and_counts_labels(
    browser: httpx.Client, hub_service: Any
) -> None:
    url = f"/datasets/{configured_repo(hub_service)}"
    first = browser.get(url).text
    path = httpx.URL(url).path
    assert f'href="{path}?config=default" aria-current="true">default</a>' in first
    assert f'href="{path}?config=default&amp;split=train" aria-current="true">train</a>' in first
    assert "First 2 of 4 rows" in first
    assert set(_bars(first)) == {("world", "2"), ("sports", "2"), ("PERSON", "2")}
    test = browser.get(f"{url}?config=default&split=test").text
    assert "First 2 of 2 rows" in test
    answers = browser.get(f"{url}?config=answers").text
    assert "annotator-1" in answers
    assert _bars(answers) == []
    assert browser.get(f"{url}?config=none&split=none").status_code == 200


def _bars(page: str) -> list[tuple[str, str]]:
    pattern = r'<th scope="row">(.*?)</th>.*?<td class="number">(.*?)</td>'
    return re.findall(pattern, page)


def test_a_file_that_only_claims_to_be_parquet_still_has_a_page(
    browser: httpx.Client, hub_service: Any
) -> None:
    answer = browser.get(f"/datasets/{publish_example(hub_service)}/blob/main/broken.parquet")
    assert answer.status_code == 200
    assert "Download it" in answer.text


def test_overlapping_and_impossible_spans_do_not_break_a_text() -> None:
    spans = [
        {"start": 0, "end": 3, "label": "A"},
        {"start": 2, "end": 5, "label": "B"},
        {"start": 4, "end": 99, "label": "C"},
        {"start": 5, "end": 6, "label": "D"},
    ]
    pieces = list(highlight("🙂bcdef", spans, {}))
    assert "".join(piece.text for piece in pieces) == "🙂bcdef"
    assert [(piece.text, piece.label) for piece in pieces if piece.label] == [
        ("🙂bc", "A"),
        ("f", "D"),
    ]


def test_rows_are_limited_and_counted() -> None:
    sink = BytesIO()
    parquet.write_table(pa.table({"n": list(range(500))}), sink)
    table = read_table(sink.getvalue())
    assert (len(table.rows), table.row_count) == (20, 500)
    assert table.rows[3][0].pieces[0].text == "3"
    assert table.rows[3][0].is_number


def test_a_row_is_shown_where_the_hub_shows_it(
    browser: httpx.Client, api: HfApi, new_repo: Any
) -> None:
    repo_id = new_repo(repo_type="dataset")
    sink = BytesIO()
    parquet.write_table(pa.table({"id": [f"row-{i:03}" for i in range(50)]}), sink)
    add = CommitOperationAdd("data/test-00000-of-00001.parquet", sink.getvalue())
    api.create_commit(repo_id, [add], commit_message="x", repo_type="dataset")
    address = f"/datasets/{repo_id}/viewer/default/test"
    page = browser.get(f"{address}?row=33").text
    assert "row-033" in page
    assert "row-032" not in page
    assert page.index("row-033") < page.index("row-034")
    assert "Rows 33 to 49, counted from 0, of 50 rows" in page
    assert "First 20 of 50 rows" in browser.get(address).text
    assert "row-049" in browser.get(f"{address}?row=999999").text
    assert browser.get(f"{address}?row=x").status_code == 400


def test_a_row_is_found_by_what_it_holds(browser: httpx.Client, api: HfApi, new_repo: Any) -> None:
    repo_id = new_repo(repo_type="dataset")
    shards = []
    for number in range(2):
        sink = BytesIO()
        rows = [f"it's {i:03}" for i in range(30 * number, 30 * number + 30)]
        parquet.write_table(pa.table({"id": rows}), sink)
        name = f"data/test-0000{number}-of-00002.parquet"
        shards.append(CommitOperationAdd(name, sink.getvalue()))
    api.create_commit(repo_id, shards, commit_message="x", repo_type="dataset")
    address = f"/datasets/{repo_id}/viewer/default/test"

    def asked(column: str, value: str) -> str:
        return browser.get(address, params={f"f[{column}][value]": value}).text

    page = asked("id", "'it''s 041'")
    assert page.index("it&#39;s 041") < page.index("it&#39;s 042")
    assert "it&#39;s 040" not in page
    assert "Rows 41 to 59, counted from 0, of 60 rows" in page
    for column, value in (("id", "'gone'"), ("other", "'it''s 041'")):
        page = asked(column, value)
        assert f"No row has the {column} " in page
        assert "First 20 of 60 rows" in page


def _described(columns: dict[str, list[str]], metadata: bytes) -> bytes:
    table = pa.table(columns).replace_schema_metadata({b"huggingface": metadata})
    written = BytesIO()
    parquet.write_table(table, written, compression="zstd")
    return written.getvalue()


SHOWN, HUGE = "A goal in the rain.", "abcdefghijklmnopqrs"
ROWS_AS_TEXT: dict[str, list[str]] = {"text": [SHOWN], "topic": ["Sports"]}


def _twice_named() -> bytes:
    written = BytesIO()
    column = pa.array([SHOWN])
    parquet.write_table(pa.Table.from_arrays([column, column], names=["text", "text"]), written)
    return written.getvalue()


@pytest.mark.parametrize(
    ("shards", "is_shown"),
    [
        ([_described(ROWS_AS_TEXT, b'["list"]')], True),
        ([_described(ROWS_AS_TEXT, b'{"info": null}')], True),
        ([_described(ROWS_AS_TEXT, b'{"info": ["list"]}')], True),
        ([_described(ROWS_AS_TEXT, b"{}"), b"PAR1 broken PAR1"], False),
        # A few KB of file, 190 MB of text below a row that could be shown.
        ([_described({"text": [SHOWN, *(c * 10_000_000 for c in HUGE)]}, b"{}")], False),
        ([_twice_named()], False),
    ],
    ids=["metadata list", "info null", "info list", "broken shard", "huge rows", "one name twice"],
)
def test_a_page_stands_whatever_its_parquet_is(
    browser: httpx.Client, hub_service: Any, shards: list[bytes], is_shown: bool
) -> None:
    api = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    repo_id = f"copydesk/odd-{uuid.uuid4().hex[:8]}"
    api.create_repo(repo_id, repo_type="dataset")
    names = [f"data/train-{i:05d}-of-{len(shards):05d}.parquet" for i in range(len(shards))]
    files = [CommitOperationAdd(n, s) for n, s in zip(names, shards, strict=True)]
    api.create_commit(repo_id, files, repo_type="dataset", commit_message="odd")
    page = browser.get(f"/datasets/{repo_id}")
    assert page.status_code == 200
    assert (SHOWN in page.text) is is_shown
