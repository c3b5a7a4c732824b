"""A browser without a window, driven by lines on standard input.

The page's address in the first argument. Each command is answered by one line
of JSON:

    click SELECTOR      press a mouse button there
    type TEXT           type on the keyboard, where the focus is
    press KEY           one key: Enter, Tab, Shift+Tab
    wait SELECTOR TEXT  until what it shows contains the text
    texts SELECTOR      what each of them shows
    outline SELECTOR    what a screen reader is told: roles and names
    axe                 what makes the page hard to use for some, by axe-core
    run EXPRESSION      the value of a JavaScript expression
    view WIDTH HEIGHT light|dark
    requests            the addresses that it has asked for so far

Errors in the page are printed on standard error.
"""

import json
import os
import shutil
import sys

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import TimeoutError, sync_playwright

# The one without windows comes first: it takes a third less of the processor.
CHROMIUM = [
    "chromium-headless-shell",
    "chromium",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
]
ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    # Glyphs are as wide as where there are windows.
    "--font-render-hinting=none",
    "--no-first-run",
]


def launch(playwright):
    # Windows comes with Edge, which is Chromium.
    if sys.platform == "win32":
        return playwright.chromium.launch(channel="msedge")
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if not path:
        sys.exit("no Chromium; install it with: just setup")
    return playwright.chromium.launch(
        executable_path=path,
        args=ARGUMENTS,
        # Chromium refuses its sandbox to root, as in a container.
        chromium_sandbox=os.geteuid() != 0,
    )


def answer(page, asked, command, rest):
    match command:
        case "click":
            return page.click(rest)
        case "type":
            # A page may give it with its first frame only, which may be late.
            page.locator(":focus").wait_for(state="attached")
            return page.keyboard.type(rest)
        case "press":
            return page.keyboard.press(rest)
        case "wait":
            selector, text = rest.split(" ", 1)
            found = page.locator(selector)
            try:
                return found.filter(has_text=text).first.wait_for()
            except TimeoutError:
                shown = found.all_inner_texts()
                focus = page.evaluate("document.activeElement.outerHTML")
                sys.exit(
                    f"waited in vain for {text!r}; there is {shown}, and the "
                    f"focus is on {focus[:300]}"
                )
        case "texts":
            return page.locator(rest).all_inner_texts()
        case "outline":
            return page.locator(rest).aria_snapshot()
        case "axe":
            found = Axe().run(page).response["violations"]
            return [f"{rule['id']}: {rule['help']}" for rule in found]
        case "run":
            return page.evaluate(rest)
        case "view":
            width, height, scheme = rest.split()
            page.set_viewport_size({"width": int(width), "height": int(height)})
            return page.emulate_media(color_scheme=scheme)
        case "requests":
            return asked
    raise ValueError(f"no such command: {command}")


def main():
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: print(error, file=sys.stderr))
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        page.goto(sys.argv[1])
        print("ready", flush=True)
        for line in sys.stdin:
            command, _, rest = line.rstrip("\n").partition(" ")
            result = answer(page, asked, command, rest)
            print(json.dumps(result, ensure_ascii=False), flush=True)
        browser.close()


if __name__ == "__main__":
    main()
