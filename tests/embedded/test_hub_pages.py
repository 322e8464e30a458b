"""What people see of the embedded Hub: list, cards, files, history."""

import json
import time
import uuid
from typing import Any

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from embedded.hub.render import markdown_html, size_text, without_comments
from tests.embedded.hub_example import browser_of, publish_example

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def example_repo(hub_service: Any) -> str:
    return publish_example(hub_service)


@pytest.fixture
def browser(hub_service: Any) -> httpx.Client:
    return browser_of(hub_service)


def test_home_lists_the_repository_with_its_tags(browser: httpx.Client, example_repo: str) -> None:
    page = browser.get("/", params={"q": example_repo}).text
    assert f'href="/datasets/{example_repo}"' in page
    assert '<span class="key">license</span> cc-by-4.0' in page
    assert (
        f'href="/datasets/{example_repo}"'
        not in browser.get("/", params={"q": "no-such-word"}).text
    )


def test_the_card_is_rendered_and_harmless(browser: httpx.Client, example_repo: str) -> None:
    answer = browser.get(f"/datasets/{example_repo}")
    assert "<h1>Harbour news</h1>" in answer.text
    assert '<td class="align-right">2</td>' in answer.text
    assert f'src="/datasets/{example_repo}/resolve/main/figures/curve.png"' in answer.text
    assert f'href="/datasets/{example_repo}/blob/main/settings.yaml"' in answer.text
    assert "<script>" not in answer.text
    assert 'href="javascript:' not in answer.text
    assert "<b>bold</b>" not in answer.text
    assert "for maintainers" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_files_history_and_commits_have_pages(browser: httpx.Client, example_repo: str) -> None:
    tree = browser.get(f"/datasets/{example_repo}/tree/v1.0").text
    assert f'href="/datasets/{example_repo}/blob/v1.0/settings.yaml"' in tree
    blob = browser.get(f"/datasets/{example_repo}/blob/main/settings.yaml").text
    assert '<span class="line">labels:</span>' in blob
    commits = browser.get(f"/datasets/{example_repo}/commits/main").text
    assert "Publish &lt;i&gt;one&lt;/i&gt;" in commits
    assert ">v1.0</a>" in commits
    commit = browser.get(f"/datasets/{example_repo}/commit/v1.0").text
    assert '<span class="plus">+labels:</span>' in commit
    assert "large file" in commit


def test_a_card_links_what_was_made_from_what(
    browser: httpx.Client, example_repo: str, hub_service: Any
) -> None:
    api = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    model = api.create_repo(f"copydesk/topics-{uuid.uuid4().hex[:10]}").repo_id
    card = f"---\nlibrary_name: setfit\ndatasets: [{example_repo}, elsewhere/gone]\n---\n# Topics\n"
    api.create_commit(model, [CommitOperationAdd("README.md", card.encode())], commit_message="x")
    page = browser.get(f"/{model}").text
    assert f'<a href="/datasets/{example_repo}">{example_repo}</a>, elsewhere/gone' in page
    assert "SetFitModel.from_pretrained(" in page
    assert f'<a href="/{model}">{model}</a>' in browser.get(f"/datasets/{example_repo}").text


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


def test_browsers_get_an_error_page_and_programs_get_json(
    browser: httpx.Client, hub_service: Any
) -> None:
    assert browser.get("/copydesk/nowhere").headers["content-type"].startswith("text/html")
    answer = httpx.get(f"{hub_service.endpoint}/api/models/copydesk/nowhere")
    assert (answer.status_code, answer.json()) == (404, {"error": "Repository not found"})


def test_nobody_has_no_page(browser: httpx.Client, hub_service: Any) -> None:
    for path in ("/favicon.ico", "/robots.txt", "/no-such-org"):
        assert browser.get(path).status_code == 404
    account = httpx.BasicAuth("x", hub_service.token)
    assert browser.get("/copydesk", auth=account).status_code == 200


def test_a_card_of_a_megabyte_is_offered_as_a_file(api: HfApi, browser: httpx.Client) -> None:
    repo = f"copydesk/long-{uuid.uuid4().hex[:8]}"
    api.create_repo(repo)
    api.create_commit(
        repo,
        [CommitOperationAdd("README.md", b"*a* _b_ [c](d)\n\n" * 60_000)],
        commit_message="long",
    )
    page = browser.get(f"/{repo}", timeout=5)
    assert page.status_code == browser.get(f"/{repo}/blob/main/README.md").status_code == 200
    assert f'too long to be shown here: <a href="/{repo}/blob/main/README.md">' in page.text


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


def test_no_page_asks_another_machine_for_anything(
    browser: httpx.Client, example_repo: str
) -> None:
    for path in (
        "/",
        f"/datasets/{example_repo}",
        f"/datasets/{example_repo}/tree/main",
        "/static/style.css",
    ):
        text = browser.get(path).text
        for needle in ('src="http', 'href="http', "url(http", "@import"):
            assert needle not in text, (path, needle)


def test_relative_addresses_never_climb_above_the_repository() -> None:
    html = markdown_html("![x](../../../api/whoami-v2)", "/copydesk/m", "a/b", "docs")
    assert 'src="/copydesk/m/resolve/a%2Fb/api/whoami-v2"' in html


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1234, "1.2 kB"), (12_582_912, "12.6 MB")]
)
def test_sizes_read_as_on_the_hub(size: int, text: str) -> None:
    assert size_text(size) == text


def test_comments_of_a_card_are_left_out_in_one_pass() -> None:
    assert without_comments("a\n<!-- b\n-->  \nc <!-- d -->\n<!-- e") == "a\nc <!-- d -->\n<!-- e"
    assert without_comments("<!-- a --><!-- b -->\nc") == "<!-- b -->\nc"
    begun = time.process_time()
    without_comments("<!--\n" * 50_000)
    assert time.process_time() - begun < 1
