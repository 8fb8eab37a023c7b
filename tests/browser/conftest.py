"""A real browser, without a window and without a way out: Chromium, driven by Selenium.

Where there is none the tests are skipped and say why; with ``BATCHSIM_BROWSER_REQUIRED`` set, as in CI, they fail.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from pathlib import Path

import pytest

#: Reports what is wrong for people who use a keyboard or a screen reader; for tests only.
_AXE = "axe_playwright_python"


def unavailable(reason):
    """Skip, or fail where a browser is required."""
    if os.environ.get("BATCHSIM_BROWSER_REQUIRED"):
        pytest.fail(reason)
    pytest.skip(reason)


class Browser:
    """Pages in a browser, as a reader sees them.

    Attributes
    ----------
    driver : selenium.webdriver.Chrome
        For what is not here.
    """

    def __init__(self, driver, axe):
        self.driver = driver
        self._axe = axe

    def open(self, path, *, width=1200, scheme="light"):
        """Open a file in a window of a width, with the reader's preference for light or dark."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        for log in ("browser", "performance"):
            self.driver.get_log(log)
        self.driver.get(path.as_uri())

    def run(self, script, *arguments):
        """The value of a script's ``return``."""
        return self.driver.execute_script(script, *arguments)

    @property
    def complaints(self):
        """What the browser has said in its console since the page was opened."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    @property
    def requests(self):
        """Addresses that the page asked for since it was opened, its own among them; the browser's new tab asks too."""
        sent = (json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance"))
        asked = (each["params"] for each in sent if each["method"] == "Network.requestWillBeSent")
        return [each["request"]["url"] for each in asked if each["documentURL"] == self.driver.current_url]

    def roles(self, until):
        """What a screen reader is told of, by role, once a condition holds: it is made after the page is loaded."""
        from selenium.webdriver.support.ui import WebDriverWait

        def told(driver):
            tree = driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
            found = [node.get("role", {}).get("value") for node in tree if not node.get("ignored")]
            return found if until(found) else None

        return WebDriverWait(self.driver, 30).until(told)

    def violations(self):
        """What axe-core finds, as rule and the elements that break it."""
        self.driver.execute_script(self._axe)
        found = self.driver.execute_async_script("axe.run().then(arguments[0])")
        return {each["id"]: [node["html"] for node in each["nodes"]] for each in found["violations"]}


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """One browser for all tests."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    chromedriver = shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        unavailable("there is no Chromium with its chromedriver")
    if importlib.util.find_spec("selenium") is None or (axe := importlib.util.find_spec(_AXE)) is None:
        unavailable(f"selenium or {_AXE} (which carries axe-core) is not installed")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    profile = tmp_path_factory.mktemp("profile")
    quiet = ("disable-dev-shm-usage", "disable-background-networking", "hide-scrollbars")
    for argument in ("headless=new", "no-sandbox", *quiet):
        options.add_argument(f"--{argument}")
    options.add_argument(f"--user-data-dir={profile}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromedriver))
    try:
        yield Browser(driver, (Path(axe.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8"))
    finally:
        driver.quit()
