"use strict";

/* A program's terminal: what it printed, a line to type into, and its keys. */

const LINES = 1000; // kept in a terminal; older ones go

/** What a colour number of `ESC [ … m` is called in live.css. */
const COLOURS = [
    "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
];

/**
 * Text with the colours that cargo writes: `ESC [ … m` becomes classes, any
 * other escape sequence is dropped, and a control character is shown.
 */
class Colours {
    constructor() {
        this.classes = new Set();
        this.unfinished = ""; // a sequence whose end has not come yet
    }

    /** The pieces of a text, each with its classes. */
    pieces(text) {
        text = this.unfinished + text;
        const cut = text.match(/\x1b(\[[0-9;?]*)?$/)?.index ?? text.length;
        this.unfinished = text.slice(cut);
        text = text.slice(0, cut);

        const pieces = [];
        const sequence = /\x1b\[([0-9;?]*)([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)/g;
        let start = 0;
        for (const found of text.matchAll(sequence)) {
            this.#piece(pieces, text.slice(start, found.index));
            start = found.index + found[0].length;
            if (found[2] === "m") {
                this.#choose(found[1].split(";").map(Number));
            }
        }
        this.#piece(pieces, text.slice(start));
        return pieces;
    }

    #piece(pieces, text) {
        if (text !== "") {
            const shown = text.replace(/[\x00-\x08\x0b-\x1f]/g, (control) =>
                String.fromCharCode(0x2400 + control.charCodeAt(0)));
            pieces.push({ text: shown, classes: [...this.classes] });
        }
    }

    #choose(codes) {
        while (codes.length > 0) {
            const code = codes.shift();
            if (code === 0) {
                this.classes.clear();
            } else if (code === 1) {
                this.classes.add("bold");
            } else if (code === 22) {
                this.classes.delete("bold");
            } else if (code >= 30 && code <= 37) {
                this.#colour(code - 30);
            } else if (code >= 90 && code <= 97) {
                this.#colour(code - 90);
            } else if (code === 39) {
                this.#colour(undefined);
            } else if (code === 38) {
                // 5;n is one of 256 colours, 2;r;g;b any; the first 16 have
                // names.
                const number = codes.shift() === 5
                    ? codes.shift()
                    : codes.splice(0, 3) && undefined;
                this.#colour(number < 16 ? number % 8 : undefined);
            }
        }
    }

    #colour(number) {
        COLOURS.forEach((name) => this.classes.delete(name));
        if (number !== undefined) {
            this.classes.add(COLOURS[number]);
        }
    }
}

/** The states of a terminal, as the page says them. */
const STATES = {
    idle: "por iniciar",
    building: "a compilar",
    running: "a correr",
    ended: "terminou",
};

/** An element with a class, and with text or children in it. */
function element(tag, className, ...content) {
    const made = document.createElement(tag);
    made.className = className;
    made.append(...content);
    return made;
}

function button(text, title, pressed) {
    const made = element("button", "", text);
    made.type = "button";
    made.title = title;
    made.addEventListener("click", pressed);
    return made;
}

class Terminal {
    /**
     * `description` is the event that announced the terminal; `act` is called
     * with what the person does in it, and is missing in a recording.
     */
    constructor(description, act) {
        this.number = description.terminal;
        this.act = act;
        this.colours = {};
        this.state = "idle";

        this.status = element("span", "status", STATES.idle);
        this.lines = element("pre", "lines");
        this.screen = element("div", "screen", this.lines);
        this.screen.tabIndex = 0;
        this.screen.setAttribute("role", "log");
        this.screen.setAttribute("aria-label", `Saída de ${description.name}`);
        const command = element("code", "command", description.command);
        command.title = description.command;
        this.view = element("section", "terminal",
            element("header", "", command, this.status), this.screen);
        this.view.dataset.state = this.state;
        this.view.setAttribute("aria-label", description.name);
        if (act) {
            this.#keys(description);
        }
    }

    #keys({ name, page }) {
        this.input = element("input", "");
        this.input.setAttribute("aria-label", `Escrever a ${name}`);
        this.input.autocomplete = "off";
        this.input.spellcheck = false;
        const form = element("form", "", this.input);
        form.addEventListener("submit", (event) => {
            event.preventDefault();
            this.act("type", { text: this.input.value });
            this.input.value = "";
        });
        this.start = button("▶", `Iniciar ${name}`, () => this.act("start"));
        const more = button("＋", `Mais um ${name}`, () => this.act("more"));
        this.running = [
            button("Ctrl-C", `Interromper ${name}`, () => this.act("interrupt")),
            button("Ctrl-D", "Fim da entrada", () => this.act("end_input")),
            button("Matar", `Matar ${name}, como kill -9`, () => this.act("kill")),
        ];
        const keys = element("div", "keys", form, ...this.running, this.start, more);
        this.view.append(keys);
        this.view.addEventListener("keydown", (event) => {
            const control = event.ctrlKey && !event.altKey && !event.metaKey;
            if (control && event.key === "c" && getSelection().isCollapsed) {
                this.act("interrupt");
            } else if (control && event.key === "d") {
                this.act("end_input");
            } else {
                return;
            }
            event.preventDefault();
        });
        this.#allow();
    }

    /** Only the keys that do something now can be pressed. */
    #allow() {
        if (!this.act) {
            return;
        }
        const running = this.state === "running";
        const busy = running || this.state === "building";
        const [interrupt, endInput, kill] = this.running;
        this.input.disabled = !running;
        endInput.disabled = !running;
        kill.disabled = !running;
        interrupt.disabled = !busy;
        this.start.disabled = busy;
    }

    /**
     * Shows another state; `how` is how it ended, as `0` or `SIGKILL`, and
     * empty where it never ran.
     */
    show(state, how) {
        this.state = state;
        this.view.dataset.state = state;
        this.status.textContent = how === "" ? "não correu"
            : how === undefined ? STATES[state] : `${STATES[state]}: ${how}`;
        this.#allow();
    }

    /** What the program wrote to `stdout` or `stderr`, cargo, or the person. */
    print(from, text) {
        this.#follow();
        this.colours[from] ??= new Colours();
        let lines = text.replaceAll("\r\n", "\n").split("\n");
        if (lines.length > LINES) {
            this.#drop();
            lines = lines.slice(-LINES);
        }
        lines.forEach((line, number) => {
            if (number > 0) {
                this.line = undefined;
            }
            if (line !== "") {
                this.#write(from, line);
            } else if (number + 1 < lines.length) {
                this.#begin(from);
            }
        });
        while (this.lines.childElementCount > LINES) {
            this.lines.firstElementChild.remove();
            this.#drop();
        }
    }

    /** Keeps the end in sight, if it is, whatever comes before the next frame. */
    #follow() {
        if (this.following) {
            return;
        }
        const { scrollHeight, scrollTop, clientHeight } = this.screen;
        if (scrollHeight - scrollTop - clientHeight < 40) {
            this.following = requestAnimationFrame(() => {
                this.following = undefined;
                this.screen.scrollTop = this.screen.scrollHeight;
            });
        }
    }

    /** A remark of the page's own among the lines. */
    remark(text) {
        this.line = undefined;
        this.print("remark", `${text}\n`);
    }

    #drop() {
        this.view.dataset.dropped = `Só as últimas ${LINES} linhas`;
    }

    #begin(from) {
        this.line ??= this.lines.appendChild(element("div", from));
        return this.line;
    }

    #write(from, text) {
        const line = this.#begin(from);
        for (const piece of this.colours[from].pieces(text)) {
            const classes = [...piece.classes, from].join(" ");
            line.append(element("span", classes, piece.text));
        }
    }
}

/** A page that a lesson serves, beside the terminals. */
class Browser {
    constructor({ name, command, page }, recorded) {
        const header = element("header", "", element("code", "command", command));
        this.view = element("section", "terminal browser", header);
        this.view.setAttribute("aria-label", name);
        if (recorded) {
            this.view.append(element("p", "", command.includes("?ws=")
                ? "Nesta gravação não há um browser: no lugar dele, um cliente pediu a página e enviou uma mensagem pelo WebSocket."
                : "Nesta gravação não há um browser: no lugar dele, um cliente pediu a página."));
            return;
        }
        this.frame = element("iframe", "");
        this.frame.title = name;
        this.page = page;
        const link = element("a", "", "Noutro separador");
        link.href = page;
        link.target = "_blank";
        const beside = element("span", "status", "em portas próprias · ", link);
        beside.title = "Os programas desta página não usam as portas do livro, "
            + "que podem estar ocupadas: aqui dentro veem-se as verdadeiras.";
        header.append(beside);
        this.view.append(this.frame);
    }

    /** Shows the page while its server runs. */
    show(state) {
        const source = state === "running" ? this.page : "about:blank";
        if (this.frame && this.frame.getAttribute("src") !== source) {
            this.frame.src = source;
        }
    }
}
