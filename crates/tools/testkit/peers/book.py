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
    """Each page, with →: its layout, its programs, and what a reader may stumble on."""
    shown = 0
    addresses = pages(page)
    page.goto(URL)
    for number, address in enumerate(addresses):
        if number > 0:
            # In their order, as a reader does.
            page.keyboard.press("ArrowRight")
            page.wait_for_url(address)
        layout(page, columns=True)
        figure(page)
        shown += copy(page)
        # The colours are the same on every page: dark for every second one.
        accessible(page, "dark" if number % 2 else "light")
    check(shown > 0, "no program on any page")


def layout(page, columns=None):
    """`columns`: whether a program has two of them on a wide screen."""
    for size in SIZES:
        page.set_viewport_size(size)
        page.evaluate(DRAWN)
        two = columns and size["width"] >= 1180
        for problem in page.evaluate(LAYOUT, two):
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
    for (const element of document.querySelectorAll("main *, #slide *")) {
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
        if (twoColumns === false && first.top < text.bottom - 1) {
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

    # ← goes back, i to the contents; `every_page` goes on with →.
    page.goto(addresses[-1])
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


def pages_at_hand(page):
    """The list of all pages: beside the text, or over it."""
    addresses = pages(page)
    page.goto(addresses[20])
    current = page.locator("#pages [aria-current=page]")
    check(current.evaluate("a => a.href") == addresses[20], "not marked")
    shown = page.locator("#pages a").evaluate_all("all => all.map(a => a.href)")
    check(shown[: len(addresses)] == [URL + "index.html", *addresses[1:]], shown)

    # Beside it: where it was, on the next page as well.
    page.evaluate("document.getElementById('pages').scrollTop = 300")
    current.scroll_into_view_if_needed()
    was = page.evaluate("document.getElementById('pages').scrollTop")
    check(was > 0, "the list does not scroll")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(addresses[21])
    now = page.evaluate("document.getElementById('pages').scrollTop")
    check(abs(now - was) < 2, f"the list was at {was} and is at {now}")
    page.keyboard.press("p")
    check(not current.is_visible(), "p does not close the list")
    page.reload()
    check(not current.is_visible(), "the list is open again")
    page.keyboard.press("p")
    check(current.is_visible(), "p does not open the list")

    # Over it.
    page.set_viewport_size({"width": 390, "height": 844})
    check(not current.is_visible(), "the list covers the text")
    page.get_by_role("button", name="Páginas").click()
    check(current.is_visible(), "the button does not open the list")
    accessible(page, "light")
    page.keyboard.press("Escape")
    check(not current.is_visible(), "Escape does not close the list")
    page.get_by_role("button", name="Páginas").click()
    page.locator("#pages").get_by_role("link", name="Cliente TCP Python").click()
    page.wait_for_url("**/tcp_echo_client.html")


def figure(page):
    """A figure and its text are together on one screen."""
    if page.locator("main .figure img").count() == 0:
        return
    together = page.evaluate(
        """() => {
        const [figure, text] = [
            "main .figure img", "main .figure > div > :first-child",
        ].map((one) => document.querySelector(one).getBoundingClientRect());
        return figure.bottom <= innerHeight && figure.right <= text.left
            && text.top < innerHeight / 3;
        }"""
    )
    check(together, f"{page.url}: the text is not beside its figure")


def printed(page):
    """A page and the whole book on paper."""
    addresses = pages(page)
    page.goto(f"{URL}ws_chat_server.html")
    check(page.locator("details[open]").count() == 0, "imports are open")
    page.pdf()
    check(page.locator("details:not([open])").count() == 0, "imports are folded")

    page.goto(f"{URL}print.html")
    titles = page.locator("main h1").count()
    check(titles == len(addresses), f"{titles} of {len(addresses)} pages")
    dead = page.evaluate(
        """() => Array.from(document.querySelectorAll("main a"))
            .map((link) => link.getAttribute("href"))
            .filter((link) => link.startsWith("#") &&
                !document.getElementById(decodeURIComponent(link.slice(1))))"""
    )
    check(dead == [], f"print.html: {dead}")
    page.emulate_media(media="print", color_scheme="dark")
    for hidden in ".bar", "#pages":
        check(not page.locator(hidden).is_visible(), f"{hidden} is printed")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    check(paper == "rgb(255, 255, 255)", f"the paper is {paper}")
    page.set_viewport_size({"width": 680, "height": 960})  # A4, without margins
    for problem in page.evaluate(LAYOUT, False):
        check(False, f"on paper: {problem}")


def slides(page):
    """The deck of the tests, beside the pages."""
    slide, lesson = page.locator("#slide"), page.locator("main")

    def titles(name):
        page.goto(f"{URL}{name}.html")
        return page.locator("#slide h2").all_inner_texts()

    server = "Servidor TCP Python (Eco)"
    for name, expected in (
        ("index", ["🧪 Programação em redes: de sockets à cloud"]),
        ("tcp_echo_server", [server, server]),
        ("blocking_io", ["O Problema: I/O Blocante (Blocking I/O)"]),
        ("threaded_tcp_echo_server", ["O Problema: I/O Blocante (Blocking I/O)"]),
        ("sockets", []),
    ):
        check(titles(name) == expected, f"{name}: {titles(name)}")
    check(not page.locator("#views").is_visible(), "views without a slide")

    # What it shows.
    page.goto(f"{URL}tcp_echo_server.html")
    keyword = page.locator("#slide code.language-python .hljs-keyword").first
    check(keyword.inner_text() == "def", "Python without colours")
    check(page.locator("#slide ol").nth(1).get_attribute("start") == "3", "list")
    text = slide.inner_text()
    check("uma conta: 2 * 2." in text, text)
    page.goto(f"{URL}tcp_vs_udp.html")
    for part, count in ("tbody tr", 2), ("blockquote", 1), ("li li li", 1), (
        "h3",
        1,
    ):
        found = slide.locator(part).count()
        check(found == count, f"{found} {part} on the slide")
    page.goto(f"{URL}udp.html")
    for figure in slide.locator("img").all():
        loaded = figure.evaluate("async f => (await f.decode(), f.complete)")
        check(loaded, "a figure is not there")
    check(slide.locator("img").count() == 2, "two figures")

    # What is not for the reader, and what does not run.
    page.goto(f"{URL}tcp_echo_client.html")
    text = slide.inner_text()
    check('<script>window.invadido = "script"</script>' in text, text)
    check("<iframe" in text and "onerror=" in text, text)
    links = slide.locator("a").evaluate_all("all => all.map(a => a.href)")
    web = ["https://example.org/", "https://invasor.invalid/b.png"]
    check(links == web, links)
    page.get_by_text("perigosa").click()
    page.get_by_text("em HTML").hover()
    invaded = page.evaluate("window.invadido ?? null")
    check(invaded is None, f"a script of the deck ran: {invaded}")
    for address in [f"{URL}index.html", *pages(page)]:
        html = page.request.get(address).text()
        for hidden in "nota do orador", "nunca-impresso", "{.allow", "width=33%":
            check(hidden not in html, f"{address} shows «{hidden}»")
        check("\\pause" not in html, f"{address} shows LaTeX")

    # Side by side, each with its own scroll, as far as Python and Rust.
    page.goto(f"{URL}tcp_echo_server.html")
    page.evaluate(DRAWN)
    left, right = slide.bounding_box(), lesson.bounding_box()
    check(left["x"] + left["width"] <= right["x"] + 1, "not side by side")
    check(right["x"] + right["width"] <= 1280, "wider than the screen")
    check(page.locator("main .code").first.is_visible(), "no code")
    code = page.locator("main .code").first.bounding_box()
    check(code["y"] < 200, "the code does not stand beside the slide")
    before = slide.evaluate("slide => slide.scrollTop")
    lesson.evaluate("lesson => lesson.scrollBy(0, 400)")
    check(slide.evaluate("slide => slide.scrollTop") == before, "both scroll")
    check(page.evaluate("scrollY") == 0, "the page scrolls")

    def seen(expected):
        now = (slide.is_visible(), lesson.is_visible())
        pressed = page.locator("#views [aria-pressed=true]").all_inner_texts()
        what = f"{now} {pressed} at {page.url}, and not {expected}"
        check((*now, *pressed) == expected, what)

    both, only_slide, only_lesson = (
        (True, True, "Ambos"),
        (True, False, "Diapositivo"),
        (False, True, "Lição"),
    )
    for expected in both, only_slide, only_lesson, both, only_slide:
        seen(expected)
        page.keyboard.press("d")

    # The lesson alone has its page as where there are no slides.
    page.evaluate(DRAWN)
    listed = page.locator("#pages").bounding_box()
    text = lesson.bounding_box()
    check(listed["x"] == 0, f"the list of pages is at {listed}")
    check(text["x"] == listed["width"], f"the lesson is at {text}")
    check(text["x"] + text["width"] == 1280, f"the lesson is at {text}")
    layout(page, columns=True)
    page.keyboard.press("d")
    seen(both)
    page.get_by_role("button", name="Diapositivo").click()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/tcp_echo_client.html")
    seen(only_slide)
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/tcp_echo_server.html")
    page.get_by_role("button", name="Ambos").click()
    seen(both)

    # On every page, in every size and both colours.
    for name in "index", "tcp_echo_server", "tcp_echo_client", "tcp_vs_udp", "udp":
        page.goto(f"{URL}{name}.html")
        layout(page)
        for colours in "light", "dark":
            accessible(page, colours)

    # Narrow: two tabs.
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{URL}tcp_echo_server.html")
    seen(only_slide)
    check(page.locator("#views button:visible").count() == 2, "two tabs")
    page.get_by_role("button", name="Lição").click()
    seen(only_lesson)
    page.keyboard.press("d")
    seen(only_slide)
    accessible(page, "dark")

    # On paper, both.
    page.emulate_media(media="print")
    check(slide.is_visible() and lesson.is_visible(), "not both on paper")


def copy(page):
    """How many programs the page shows, each copied and compared."""
    programs = page.locator(".program").all()
    for program in programs:
        path = program.locator(".file span").inner_text()
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
    # The first rows of a program, and of the list of pages, stand for the
    # others, which are many and alike.
    alike = [[".row:nth-of-type(n+8)"], ["#pages li:nth-of-type(n+3)"]]
    found = Axe().run(
        page, {"exclude": alike}, options={"resultTypes": ["violations"]}
    )
    for violation in found.response["violations"]:
        nodes = [node["html"][:120] for node in violation["nodes"][:3]]
        check(
            violation["impact"] not in ("serious", "critical"),
            f"{page.url}, {colours}: {violation['id']}: {nodes}",
        )


NAME, URL = sys.argv[1:]
CHECKS = every_page, search, keyboard, pages_at_hand, printed, slides
CHECK = {each.__name__: each for each in CHECKS}
with sync_playwright() as playwright:
    CHECK[NAME](reader(launch(playwright)))
if wrong:
    sys.exit("\n".join(wrong))
