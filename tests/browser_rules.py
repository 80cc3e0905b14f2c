"""What every page is held to: the rules of axe, and a budget of bytes."""

from typing import Any, Final

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHECK: Final = "rules => axe.run(document, { resultTypes: ['violations'], runOnly: rules })"


async def violations(page: Page) -> list[str]:
    """What axe finds wrong on the page as it stands."""
    if not await page.evaluate("typeof axe === 'object'"):
        await page.evaluate(AXE_SCRIPT)
    found: dict[str, Any] = await page.evaluate(CHECK, RULES)
    return [told(rule["id"], node) for rule in found["violations"] for node in rule["nodes"]]


def told(rule: str, node: dict[str, Any]) -> str:
    """The rule, where it is broken, and how it is kept."""
    return f"{rule}: {' '.join(map(str, node['target']))}: {node['failureSummary'].splitlines()[-1].strip()}"


async def weigh(page: Page, url: str) -> int:
    """The bytes that came over the wire for this page's first view, headers and all."""
    wire = await page.context.new_cdp_session(page)
    sizes: list[float] = []
    wire.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    await wire.send("Network.enable")
    await page.goto(url, wait_until="networkidle")
    await wire.detach()
    return round(sum(sizes))
