"""A reader of the book: `book.py CHECK URL` opens it in headless Chromium.

Ends with 1 and says what is wrong, where something is. In every check, a
request that leaves this machine and an error in the console are wrong too.
"""

import sys
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from browser import launch
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[4]

# In CSS pixels, which is what a layout sees: 1920 × 1080 at 150 % is 1280 × 720.
PROJECTOR = {"width": 1280, "height": 720}
SIZES = [
    PROJECTOR,
    {"width": 1920, "height": 1080},
    {"width": 853, "height": 480},  # 1280 × 720 at 150 %: one column
    {"width": 390, "height": 844},
]

wrong = []


def check(holds, what):
    if not holds:
        wrong.append(what)


def reader(browser):
    """A new page, watched."""
    context = browser.new_context(
        viewport=PROJECTOR, permissions=["clipboard-read", "clipboard-write"]
    )
    page = context.new_page()
    page.on(
        "request",
        lambda request: check(
            urlsplit(request.url).hostname == "127.0.0.1",
            f"{page.url} asks for {request.url}",
        ),
    )
    page.on(
        "console",
        lambda message: check(
            message.type != "error", f"{page.url} says: {message.text}"
        ),
    )
    page.on("pageerror", lambda error: check(False, f"{page.url}: {error}"))
    return page


def pages(page):
    """The address of every page, in the order of the contents."""
    page.goto(URL)
    links = page.locator("main li a").evaluate_all("all => all.map(a => a.href)")
    assert len(links) > 10, links
    return [page.url, *links]


def every_page(page):
    """Each page: its layout, its programs, and what a reader may stumble on."""
    shown = 0
    for number, address in enumerate(pages(page)):
        page.goto(address)
        layout(page)
        shown += copy(page)
        # The colours are the same on every page: dark for every second one.
        accessible(page, "dark" if number % 2 else "light")
    check(shown > 0, "no program on any page")


def layout(page):
    for size in SIZES:
        page.set_viewport_size(size)
        page.evaluate(DRAWN)
        for problem in page.evaluate(LAYOUT, size["width"] >= 1180):
            check(False, f"{page.url} at {size}: {problem}")
    page.set_viewport_size(PROJECTOR)


# What a new size sets off is drawn some frames later.
DRAWN = """new Promise((resolve) => {
    let frames = 5;
    const frame = () =>
        frames-- > 0 ? requestAnimationFrame(frame) : resolve();
    frame();
})"""

LAYOUT = """(twoColumns) => {
    const wrong = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) {
        wrong.push(`scrolls sideways by ${root.scrollWidth - root.clientWidth}`);
    }
    for (const element of document.querySelectorAll("main *")) {
        if (element.scrollWidth > element.clientWidth + 1
            && getComputedStyle(element).display !== "inline") {
            wrong.push(`too wide: ${element.outerHTML.slice(0, 80)}`);
        }
    }
    // The first character's place, or nothing where there is no text.
    const firstCharacter = (element) => {
        const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            const start = texts.currentNode.data.search(/\\S/);
            if (start >= 0) {
                const range = document.createRange();
                range.setStart(texts.currentNode, start);
                range.setEnd(texts.currentNode, start + 1);
                return range.getBoundingClientRect();
            }
        }
    };
    const middle = (rect) => rect.top + rect.height / 2;
    for (const row of document.querySelectorAll(".row")) {
        const why = row.querySelector(".why");
        const code = row.querySelector("pre");
        const [text, first] = [why, code].map(firstCharacter);
        const about = row.textContent.trim().slice(0, 60);
        if (twoColumns) {
            const folded = code.clientHeight;
            code.style.whiteSpace = "pre";
            const unfolded = code.clientHeight;
            code.style.whiteSpace = "";
            const lines = code.textContent.split("\\n");
            if (folded !== unfolded && lines.every((line) => line.length <= 80)) {
                wrong.push(`a line of code is folded: ${about}`);
            }
        }
        if (text === undefined) {
            continue;
        }
        if (!twoColumns && first.top < text.bottom - 1) {
            wrong.push(`not one below the other: ${about}`);
        }
        if (twoColumns && first.left < why.getBoundingClientRect().right) {
            wrong.push(`not side by side: ${about}`);
        }
        const apart = middle(text) - middle(first);
        if (twoColumns && Math.abs(apart) > 4) {
            wrong.push(`${apart} pixels from level: ${about}`);
        }
    }
    return wrong;
}"""


def search(page):
    for word in "QoS", "fiável", "FIAVEL", "bind accept":
        page.goto(URL)
        page.keyboard.press("/")
        page.keyboard.type(word)
        page.locator("#found li").first.wait_for()
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: url != URL)
        text = page.locator("main").inner_text().lower()
        for part in word.replace("FIAVEL", "fiável").split():
            check(part.lower() in text, f"«{part}» is not on {page.url}")
    page.goto(URL)
    page.keyboard.press("/")
    page.keyboard.type("xyzzy")
    page.get_by_text("Nada sobre «xyzzy»").wait_for()


def keyboard(page):
    addresses = pages(page)

    # Every link of the contents has its turn with Tab.
    page.goto(URL)
    focused = set()
    for _ in range(len(addresses) + 20):
        page.keyboard.press("Tab")
        focused.add(page.evaluate("document.activeElement.href"))
    for address in addresses[1:]:
        check(address in focused, f"Tab does not reach {address}")

    # → goes through all of them in their order, ← goes back, i to the contents.
    for address in addresses[1:]:
        page.keyboard.press("ArrowRight")
        page.wait_for_url(address)
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(addresses[-2])
    page.keyboard.press("i")
    page.wait_for_url("**/index.html")

    # The theme, with a key, and it lasts.
    theme = page.locator("#theme")
    theme.focus()
    for expected in "claro", "escuro":
        page.keyboard.press("Enter")
        check(
            theme.inner_text() == f"Tema: {expected}", f"theme is not {expected}"
        )
    page.goto(URL)
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    check(colour == "rgb(20, 22, 26)", f"dark is {colour}")


def copy(page):
    """How many programs the page shows, each copied and compared."""
    programs = page.locator(".program").all()
    for program in programs:
        path = program.locator(".file").evaluate("file => file.firstChild.data")
        source = (ROOT / path.strip()).read_text().splitlines()
        comment = ("//", "<!-- ")
        code = [line for line in source if not line.lstrip().startswith(comment)]
        program.get_by_role("button", name="Copiar o código").click()
        program.get_by_role("button", name="Copiado").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        check(
            [line for line in copied.splitlines() if line]
            == [line for line in code if line],
            f"{path} is copied as:\n{copied}",
        )
    return len(programs)


def accessible(page, colours):
    page.emulate_media(color_scheme=colours)
    # A program's first rows stand for the others, which are many and alike.
    rows = {"exclude": [[".row:nth-of-type(n+8)"]]}
    found = Axe().run(page, rows, options={"resultTypes": ["violations"]})
    for violation in found.response["violations"]:
        nodes = [node["html"][:120] for node in violation["nodes"][:3]]
        check(
            violation["impact"] not in ("serious", "critical"),
            f"{page.url}, {colours}: {violation['id']}: {nodes}",
        )


NAME, URL = sys.argv[1:]
CHECK = {each.__name__: each for each in (every_page, search, keyboard)}
with sync_playwright() as playwright:
    CHECK[NAME](reader(launch(playwright)))
if wrong:
    sys.exit("\n".join(wrong))
