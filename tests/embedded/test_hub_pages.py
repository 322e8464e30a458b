"""What people see of the embedded Hub: cards, previews, files, history."""

import json
import re
import uuid
from io import BytesIO
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from huggingface_hub import CommitOperationAdd, HfApi, constants

from embedded.hub.preview import highlight, read_table
from embedded.hub.render import markdown_html, size_text

pytestmark = pytest.mark.services

CARD = b"""---
license: cc-by-4.0
tags: [news, "<b>bold</b>"]
---
<!-- for maintainers -->
# Harbour news

| split | rows |
|---|---:|
| train | 2 |

![curve](figures/curve.png) [settings](../settings.yaml) [bad](javascript:alert(1))

<script>alert(1)</script>
"""
FEATURES = {
    "text": {"dtype": "string", "_type": "Value"},
    "topic": {"names": ["world", "sports"], "_type": "ClassLabel"},
    "spans": {
        "feature": {"label": {"names": ["PERSON", "ORG"], "_type": "ClassLabel"}},
        "_type": "List",
    },
}


def rows_parquet() -> bytes:
    """Two rows as `datasets` writes them: labels as numbers, their names in the schema."""
    table = pa.table(
        {
            "text": ["Ana Ruiz left Zürich's port.", "<img src=x onerror=alert(1)>"],
            "topic": [1, 0],
            "spans": [[{"start": 0, "end": 8, "label": 0}], []],
        }
    )
    info = json.dumps({"info": {"features": FEATURES}})
    sink = BytesIO()
    parquet.write_table(table.replace_schema_metadata({"huggingface": info}), sink)
    return sink.getvalue()


@pytest.fixture(scope="module")
def repo(hub_service: Any) -> str:
    api = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    name = api.create_repo(f"copydesk/pages-{uuid.uuid4().hex[:10]}", repo_type="dataset").repo_id
    files = {
        "README.md": CARD,
        "data/train-00000-of-00001.parquet": rows_parquet(),
        "settings.yaml": b"labels:\n- world\n",
        "broken.parquet": b"no parquet",
    }
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        commit = api.create_commit(
            name, operations, commit_message="Publish <i>one</i>", repo_type="dataset"
        )
    api.create_tag(name, tag="v1.0", revision=commit.oid, repo_type="dataset")
    return name


@pytest.fixture
def browser(hub_service: Any) -> httpx.Client:
    return httpx.Client(base_url=hub_service.endpoint, headers={"Accept": "text/html"})


def test_home_lists_the_repository_with_its_tags(browser: httpx.Client, repo: str) -> None:
    page = browser.get("/", params={"q": repo}).text
    assert f'href="/datasets/{repo}"' in page
    assert '<span class="key">license</span> cc-by-4.0' in page
    assert f'href="/datasets/{repo}"' not in browser.get("/", params={"q": "no-such-word"}).text


def test_the_card_is_rendered_and_harmless(browser: httpx.Client, repo: str) -> None:
    answer = browser.get(f"/datasets/{repo}")
    assert "<h1>Harbour news</h1>" in answer.text
    assert '<td class="align-right">2</td>' in answer.text
    assert f'src="/datasets/{repo}/resolve/main/figures/curve.png"' in answer.text
    assert f'href="/datasets/{repo}/blob/main/settings.yaml"' in answer.text
    assert "<script>" not in answer.text
    assert 'href="javascript:' not in answer.text
    assert "<b>bold</b>" not in answer.text
    assert "for maintainers" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_preview_shows_words_and_spans(browser: httpx.Client, repo: str) -> None:
    page = browser.get(f"/datasets/{repo}").text
    assert 'Ana Ruiz<span class="label">PERSON</span></mark>' in page
    assert '<div class="cell">sports</div>' in page
    assert "First 2 of 2 rows" in page
    assert "<img src=x" not in page


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
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
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


def test_files_history_and_commits_have_pages(browser: httpx.Client, repo: str) -> None:
    tree = browser.get(f"/datasets/{repo}/tree/v1.0").text
    assert f'href="/datasets/{repo}/blob/v1.0/settings.yaml"' in tree
    blob = browser.get(f"/datasets/{repo}/blob/main/settings.yaml").text
    assert '<span class="line">labels:</span>' in blob
    commits = browser.get(f"/datasets/{repo}/commits/main").text
    assert "Publish &lt;i&gt;one&lt;/i&gt;" in commits
    assert ">v1.0</a>" in commits
    commit = browser.get(f"/datasets/{repo}/commit/v1.0").text
    assert '<span class="plus">+labels:</span>' in commit
    assert "large file" in commit


def test_a_card_links_what_was_made_from_what(
    browser: httpx.Client, repo: str, hub_service: Any
) -> None:
    api = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    model = api.create_repo(f"copydesk/topics-{uuid.uuid4().hex[:10]}").repo_id
    card = f"---\nlibrary_name: setfit\ndatasets: [{repo}, elsewhere/gone]\n---\n# Topics\n"
    api.create_commit(model, [CommitOperationAdd("README.md", card.encode())], commit_message="x")
    page = browser.get(f"/{model}").text
    assert f'<a href="/datasets/{repo}">{repo}</a>, elsewhere/gone' in page
    assert "SetFitModel.from_pretrained(" in page
    assert f'<a href="/{model}">{model}</a>' in browser.get(f"/datasets/{repo}").text


def test_a_card_with_odd_metadata_breaks_neither_page_nor_list(
    browser: httpx.Client, hub_service: Any
) -> None:
    api = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    name = api.create_repo(f"copydesk/odd-{uuid.uuid4().hex[:10]}").repo_id
    odd = b"---\nlicense: 5\nlanguage: {a: 1}\ndate: 2024-01-01\nv: .nan\n1: x\n---\nText.\n"
    body = [
        {"key": "header", "value": {"summary": "odd"}},
        {"key": "file", "value": {"path": "README.md", "content": odd.decode()}},
    ]
    sent = httpx.post(
        f"{hub_service.endpoint}/api/models/{name}/commit/main",
        content="\n".join(json.dumps(line) for line in body),
        headers={"Authorization": f"Bearer {hub_service.token}"},
    )
    assert sent.status_code == 200
    assert browser.get(f"/{name}").status_code == 200
    assert browser.get("/").status_code == 200
    info = httpx.get(f"{hub_service.endpoint}/api/models/{name}").json()
    assert (info["cardData"]["date"], info["cardData"]["v"]) == ("2024-01-01", "NaN")


def test_a_file_that_only_claims_to_be_parquet_still_has_a_page(
    browser: httpx.Client, repo: str
) -> None:
    answer = browser.get(f"/datasets/{repo}/blob/main/broken.parquet")
    assert answer.status_code == 200
    assert "Download it" in answer.text


def test_browsers_get_an_error_page_and_programs_get_json(
    browser: httpx.Client, hub_service: Any
) -> None:
    assert browser.get("/copydesk/nowhere").headers["content-type"].startswith("text/html")
    answer = httpx.get(f"{hub_service.endpoint}/api/models/copydesk/nowhere")
    assert (answer.status_code, answer.json()) == (404, {"error": "Repository not found"})


def test_sign_in_shows_private_repositories_and_cannot_write(hub_service: Any) -> None:
    api = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    name = api.create_repo(f"copydesk/secret-{uuid.uuid4().hex[:10]}", private=True).repo_id
    url = f"{hub_service.endpoint}/{name}"
    assert httpx.get(url).status_code == 404
    basic = httpx.BasicAuth("anyone", hub_service.token)
    assert httpx.get(url, auth=basic).status_code == 200
    challenge = httpx.get(f"{hub_service.endpoint}/login")
    assert challenge.headers["www-authenticate"].startswith("Basic")
    refused = httpx.post(
        f"{hub_service.endpoint}/api/repos/create", json={"name": "by-basic"}, auth=basic
    )
    assert refused.status_code == 401


def test_no_page_asks_another_machine_for_anything(browser: httpx.Client, repo: str) -> None:
    for path in ("/", f"/datasets/{repo}", f"/datasets/{repo}/tree/main", "/static/style.css"):
        text = browser.get(path).text
        for needle in ('src="http', 'href="http', "url(http", "@import"):
            assert needle not in text, (path, needle)


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


def test_relative_addresses_never_climb_above_the_repository() -> None:
    html = markdown_html("![x](../../../api/whoami-v2)", "/copydesk/m", "a/b", "docs")
    assert 'src="/copydesk/m/resolve/a%2Fb/api/whoami-v2"' in html


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1234, "1.2 kB"), (12_582_912, "12.6 MB")]
)
def test_sizes_read_as_on_the_hub(size: int, text: str) -> None:
    assert size_text(size) == text


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
