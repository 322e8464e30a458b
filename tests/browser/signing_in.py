"""The sign-in form of Argilla's UI."""

from playwright.sync_api import Page

from tests.running import ArgillaService


def sign_in(page: Page, argilla: ArgillaService, annotator: str) -> None:
    """As this annotator, with name and password."""
    user = argilla.credentials[annotator]
    page.goto(f"{argilla.api_url}/sign-in")
    page.fill("input[type=text]", user["username"])
    page.fill("input[type=password]", user["password"])
    page.click("button[type=submit]")
    page.wait_for_url(lambda address: "sign-in" not in address)
