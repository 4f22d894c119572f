"""What a person sees of a report, page by page, in a real browser; screenshots are kept in test-artifacts/."""

import json
import time
from pathlib import Path
from typing import Any

from crm_warehouse.settings import PROJECT_DIR
from tests.browser import Page, browser

ARTIFACTS = PROJECT_DIR / "test-artifacts"
PAGES = (
    "overview",
    "segments",
    "clv",
    "churn",
    "retention",
    "campaigns",
    "support",
    "customers",
    "quality",
    "dictionary",
)
# Some that filters and searches lead to.
PLACES = (*PAGES, "overview?segment=rfm_champions&period=90", "segments?segment=vip", "dictionary?q=churn")
DESKTOP, PHONE = 1280, 390
_SECONDS = 20

# Charts draw themselves once the page stands.
_WAITING = "[...document.querySelectorAll('.chart')].filter((chart) => !chart.dataset.drawn).length"
_FOUND = """JSON.stringify({
    title: document.getElementById('title').textContent,
    text: document.getElementById('content').innerText,
    charts: document.querySelectorAll('.chart[data-drawn] svg').length,
    unnamed: [...document.querySelectorAll('.chart')].filter((chart) => !chart.getAttribute('aria-label')).length,
    unlabelled: [...document.querySelectorAll('select, input')].filter((one) => !one.labels.length).length,
    width: document.documentElement.scrollWidth,
    low: [...document.querySelectorAll('p, td, th, dt, dd, a, button, h1, h2, .name, .value, .change span')]
        .filter((one) => one.innerText && contrast(one) < 4.5).map((one) => one.innerText.slice(0, 40) + contrast(one)),
})"""
# Contrast of a text with what is behind it, by WCAG 2.
_CONTRAST = """
function parse(text) { return (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number); }
function behind(element) {
    const layers = [];
    for (let one = element; one; one = one.parentElement) {
        const [r, g, b, a = 1] = parse(getComputedStyle(one).backgroundColor);
        layers.push([r, g, b, a]);
        if (a === 1) break;
    }
    return layers.reverse()
        .reduce((below, [r, g, b, a]) => [r, g, b].map((c, i) => c * a + below[i] * (1 - a)), [255, 255, 255]);
}
function light(rgb) {
    const [r, g, b] = rgb.slice(0, 3).map((c) => c / 255)
        .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(element) {
    const pair = [light(parse(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
    return Math.round(100 * (pair[0] + 0.05) / (pair[1] + 0.05)) / 100;
}
"""


def look(page: Page, report: Path, place: str, picture: Path) -> dict[str, Any]:
    """Go to a place of the report, keep what it looks like, and return what is there."""
    page.open(f"{report.resolve().as_uri()}#/{place}")
    wait_for(page, "document.body.dataset.page !== undefined")
    wait_for(page, f"{_WAITING} === 0")
    page.value(_CONTRAST)
    picture.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(picture)
    found: dict[str, Any] = json.loads(page.value(_FOUND))
    return found


def wait_for(page: Page, condition: str) -> None:
    """Give scripts some time to make a condition true."""
    until = time.monotonic() + _SECONDS
    while not page.value(condition):
        assert time.monotonic() < until, f"never came true: {condition}"
        time.sleep(0.05)


def faults_of(
    report: Path, shop: str, *, places: tuple[str, ...] = PLACES
) -> tuple[list[str], dict[str, dict[str, Any]]]:
    """What is wrong with any place of a shop's report on a desktop, on a phone and in the dark; and what is there."""
    faults: list[str] = []
    seen: dict[str, dict[str, Any]] = {}
    with browser() as page:
        for width, dark in ((DESKTOP, False), (PHONE, False), (DESKTOP, True)):
            page.size(width, dark=dark)
            look_of = f"{width}{'_dark' if dark else ''}"
            for place in places:
                name = place.split("?")[0] + ("_filtered" if "?" in place else "")
                found = look(page, report, place, ARTIFACTS / shop / f"{name}_{look_of}.png")
                seen[place] = found
                checks = {
                    "no title": not found["title"],
                    "says an error": "could not be drawn" in found["text"],
                    "says undefined or NaN": any(w in found["text"] for w in ("undefined", "NaN", "[object")),
                    "is wider than the screen": found["width"] > width,
                    "has a chart without a text": found["unnamed"] > 0,
                    "has a field without a label": found["unlabelled"] > 0,
                    f"is hard to read: {found['low'][:3]}": bool(found["low"]),
                }
                faults += [f"{name} at {look_of} {fault}" for fault, is_so in checks.items() if is_so]
        faults += [f"a script said: {message}" for message in page.messages]
        faults += [
            f"asked for {url}"
            for url in page.requested
            if not url.startswith((report.resolve().as_uri(), "data:"))
        ]
    return faults, seen
