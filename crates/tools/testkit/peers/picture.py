"""Makes README's picture of the live page again, light and dark.

Run it with `just picture`: it starts the book, plays a lesson in headless
Chromium, opens a message, and writes figures/live-light.png and
figures/live-dark.png.
"""

import subprocess
from pathlib import Path

from browser import launch
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[4]
LESSON = "ws_chat_server"
SIZE = {"width": 1280, "height": 720}
# The lesson may have to be compiled first.
PATIENCE = 300_000


def play(page, url):
    """Plays the lesson up to a message that is worth a look, and opens it."""
    page.set_default_timeout(PATIENCE)
    page.goto(f"{url}/{LESSON}.html")
    page.locator(".run button").wait_for()
    page.keyboard.press("r")
    page.locator(".message.frame", has_text="com máscara").first.click()
    page.locator(".opened-frame [role=option]", has_text="Masking-key").click()
    # The same picture whether or not something had to be compiled.
    page.evaluate(
        "document.querySelectorAll('.lines > .cargo')"
        ".forEach((line) => line.remove())"
    )


def main():
    book = subprocess.Popen(
        ["cargo", "run", "--quiet", "-p", "lecture", "--", "127.0.0.1:0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = next(line for line in book.stdout if "http" in line).split()[-1]
        with sync_playwright() as playwright:
            browser = launch(playwright)
            page = browser.new_page(viewport=SIZE)
            play(page, url)
            for scheme in "light", "dark":
                page.emulate_media(color_scheme=scheme)
                page.screenshot(path=ROOT / f"figures/live-{scheme}.png")
            browser.close()
    finally:
        book.terminate()
        book.wait()


if __name__ == "__main__":
    main()
