"""The page, in a real Chromium: PLAYWRIGHT_CHROMIUM or the one that is installed."""

import os
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

CHROMIUM = os.environ.get("PLAYWRIGHT_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium")


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser, served):
    page = browser.new_page()
    page.asked, page.said = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto(served.url)
    expect(page.get_by_role("button", name="Predict")).to_be_visible()
    yield page
    assert all(url.startswith((served.url, "data:")) for url in page.asked), page.asked
    assert not page.said, page.said
    page.close()


def test_the_golden_row_is_filled_in_and_is_predicted(page):
    assert page.get_by_label("Pclass").input_value()
    page.get_by_role("button", name="Predict").click()
    result = page.get_by_role("region", name="Prediction")
    expect(result.get_by_text("Survived: ")).to_be_visible()
    expect(result.get_by_role("table", name="Probabilities")).to_contain_text("%")
    expect(result.get_by_role("table", name="Each member's vote")).to_contain_text("fcnn")
    expect(page.get_by_role("region", name="Since start")).to_contain_text("Requests")


def test_a_cell_that_is_none_is_said_and_gone_to(page):
    page.get_by_label("Age").fill("old")
    page.get_by_label("Age").press("Enter")
    expect(page.get_by_role("region", name="Prediction")).to_contain_text("unreadable cell")
    expect(page.get_by_label("Age")).to_be_focused()
    assert page.get_by_label("Age").get_attribute("aria-invalid") == "true"
    page.said.clear()  # Chromium says that something was answered with 422.
    page.get_by_role("button", name="Golden row").click()
    assert page.get_by_label("Age").input_value() != "old"


def test_the_keyboard_is_enough(page):
    page.get_by_label("Model").focus()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Predict":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_text("Survived: 0", exact=True)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(page, scheme):
    page.emulate_media(color_scheme=scheme)
    back, text = page.evaluate("""() => { const of = getComputedStyle(document.body);
        return [of.backgroundColor, of.color].map(color => color.match(/[0-9.]+/g).slice(0, 3).map(Number)) }""")

    def light(color):
        parts = [part / 255 for part in color]
        parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    bright, dim = sorted([light(back), light(text)], reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= 7
    assert (light(back) < 0.5) == (scheme == "dark")


def test_every_field_has_a_label_and_nothing_is_wider_than_a_telephone(page):
    unlabelled = page.evaluate("[...document.querySelectorAll('input,select')].filter(one => !one.labels.length).length")
    assert unlabelled == 0
    page.set_viewport_size({"width": 360, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
