"use strict";

/*
 * What passed between the programs, in its order: a lifeline for each, an arrow
 * for each message. It is a table too, for who cannot see the arrows and for
 * who prefers it; only the rows in sight are in the page.
 */

const MESSAGES = 20000; // kept in the diagram; older ones go

const seconds = new Intl.NumberFormat("pt-PT", {
    minimumFractionDigits: 3, maximumFractionDigits: 3,
});
const whole = new Intl.NumberFormat("pt-PT");

/** A number of bytes, with at most six digits. */
function size(bytes) {
    return bytes < 1e6 ? whole.format(bytes) : `${whole.format(bytes / 1000)} k`;
}

class Diagram {
    /** `opened` is called with the message that the person opens. */
    constructor(opened) {
        this.opened = opened;
        this.lifelines = []; // {terminal, name}
        this.rows = [];
        this.dropped = 0;
        this.active = -1; // the row that the keyboard is on
        this.following = true;
        this.shown = new Map(); // rows in the page, by their numbers

        this.heads = element("div", "heads");
        this.heads.setAttribute("role", "row");
        this.body = element("div", "rows");
        this.body.setAttribute("role", "rowgroup");
        this.grid = element("div", "grid",
            element("div", "top", this.heads), this.body);
        this.grid.firstChild.setAttribute("role", "rowgroup");
        this.grid.setAttribute("role", "grid");
        this.grid.setAttribute("aria-label",
            "Mensagens entre os programas, pela sua ordem");
        this.grid.tabIndex = 0;
        this.empty = element("p", "empty");
        this.view = element("section", "diagram", this.grid, this.empty);
        this.view.setAttribute("aria-label", "O fio");

        this.grid.addEventListener("scroll", () => {
            this.following = this.#atEnd();
            this.#draw();
        });
        this.grid.addEventListener("keydown", (event) => this.#key(event));
        this.body.addEventListener("click", (event) => {
            const row = event.target.closest("[role=row]");
            if (row) {
                this.activate(Number(row.dataset.row) - this.dropped, true);
            }
        });
        new ResizeObserver(() => this.#draw()).observe(this.grid);
    }

    /** Shows arrows, or the same as a table. */
    asTable(table) {
        this.view.classList.toggle("table", table);
        this.#drawHeads();
        this.#draw();
    }

    lifeline(terminal, name) {
        this.lifelines.push({ terminal, name });
        this.#drawHeads();
        this.#draw();
    }

    /**
     * A message: its event, with its kind (a class in live.css), and what it is
     * in words.
     */
    add(row) {
        this.rows.push(row);
        if (this.rows.length > MESSAGES) {
            const gone = MESSAGES / 10;
            this.rows.splice(0, gone);
            this.dropped += gone;
            this.active = Math.max(-1, this.active - gone);
            this.view.dataset.dropped =
                `As primeiras ${whole.format(this.dropped)} já não estão aqui`;
        }
        this.#draw();
    }

    /** Without lifelines and messages, as at the beginning. */
    clear() {
        this.lifelines = [];
        this.rows = [];
        this.dropped = 0;
        this.active = -1;
        this.following = true;
        this.shown.clear();
        delete this.view.dataset.dropped;
        this.#drawHeads();
        this.#draw();
    }

    /** Moves to a row, and opens what it shows where `open` says so. */
    activate(number, open = false) {
        if (this.rows.length === 0) {
            return;
        }
        this.active = Math.min(Math.max(number, 0), this.rows.length - 1);
        const height = this.#rowHeight();
        const top = this.active * height;
        const sight = this.#sight();
        if (top < this.grid.scrollTop) {
            this.grid.scrollTop = top;
        } else if (top + height > this.grid.scrollTop + sight) {
            this.grid.scrollTop = top + height - sight;
        }
        this.following = this.#atEnd();
        this.#draw();
        if (open) {
            this.opened(this.rows[this.active]);
        }
    }

    #key(event) {
        const page = Math.floor(this.#sight() / this.#rowHeight());
        const steps = {
            ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page,
            Home: -Infinity, End: Infinity,
        };
        if (event.key in steps) {
            const from = this.active < 0 && steps[event.key] < 0
                ? this.rows.length : this.active;
            this.activate(from + steps[event.key], this.opened.isOpen());
        } else if (event.key === "Enter" || event.key === " ") {
            this.activate(this.active, true);
        } else {
            return;
        }
        event.preventDefault();
    }

    #rowHeight() {
        return parseFloat(getComputedStyle(this.body).getPropertyValue("line-height"));
    }

    #sight() {
        return this.grid.clientHeight - this.heads.offsetHeight;
    }

    #atEnd() {
        return this.grid.scrollHeight - this.grid.scrollTop
            - this.grid.clientHeight < this.#rowHeight();
    }

    #drawHeads() {
        this.shown.clear(); // the rows are drawn between other lifelines now
        const head = (className, text) => {
            const made = element("span", className, text);
            made.setAttribute("role", "columnheader");
            return made;
        };
        const heads = [
            head("time", "s"), head("from", "de"), head("to", "para"),
            head("what", "mensagem"), head("size", "bytes"),
        ];
        const lines = element("span", "lifelines",
            ...this.lifelines.map(({ name }, place) => {
                const line = element("span", "", name.replaceAll("_", "_\u200b"));
                line.style.setProperty("--at", this.#at(place));
                return line;
            }));
        lines.setAttribute("aria-hidden", "true");
        lines.style.setProperty("--edge", this.#edge());
        this.heads.replaceChildren(...heads, lines);
    }

    /** How far the first lifeline is from the left, and the last from the right. */
    #edge() {
        const count = this.lifelines.length;
        return count === 1 ? 0.5 : Math.min(0.13, 0.5 / count);
    }

    /** The place of a lifeline, from 0 at the left to 1. */
    #at(place) {
        const between = Math.max(1, this.lifelines.length - 1);
        return this.#edge() + place * (1 - 2 * this.#edge()) / between;
    }

    #draw() {
        this.drawing ??= requestAnimationFrame(() => {
            this.drawing = undefined;
            this.#drawNow();
        });
    }

    #drawNow() {
        const height = this.#rowHeight();
        this.empty.hidden = this.rows.some(({ from, to }) => from !== to);
        this.empty.textContent = this.lifelines.length === 1
            ? "Há um só programa. O que se passa dentro dele, mesmo entre "
                + "sockets, não aparece aqui: só o que um programa envia a outro."
            : "O que os programas disserem uns aos outros aparece aqui.";
        this.body.style.height = `${this.rows.length * height}px`;
        this.grid.setAttribute("aria-rowcount", this.dropped + this.rows.length + 1);
        if (this.following) {
            this.grid.scrollTop = this.grid.scrollHeight;
        }
        const first = Math.max(0, Math.floor(this.grid.scrollTop / height) - 5);
        const count = Math.ceil(this.grid.clientHeight / height) + 10;
        const end = Math.min(this.rows.length, first + count);
        // A row that stays is left alone: it may be just under the mouse.
        const rows = new Map();
        for (let number = first; number < end; number += 1) {
            const key = this.dropped + number;
            const row = this.shown.get(key)
                ?? this.#row(this.rows[number], key);
            row.style.top = `${number * height}px`;
            row.classList.toggle("active", number === this.active);
            row.setAttribute("aria-selected", number === this.active);
            rows.set(key, row);
        }
        if (this.shown.size === 0) {
            this.body.replaceChildren(this.#behind());
        }
        for (const [key, row] of this.shown) {
            if (!rows.has(key)) {
                row.remove();
            }
        }
        for (const row of rows.values()) {
            if (!row.isConnected) {
                this.body.append(row);
            }
        }
        this.shown = rows;
        const active = this.dropped + this.active;
        if (rows.has(active) && this.active >= 0) {
            this.grid.setAttribute("aria-activedescendant", `message-${active}`);
        } else {
            this.grid.removeAttribute("aria-activedescendant");
        }
    }

    /** The lifelines, behind the rows. */
    #behind() {
        const lines = this.lifelines.map((_, place) => {
            const line = element("i", "lifeline");
            line.style.setProperty("--at", this.#at(place));
            return line;
        });
        const behind = element("div", "behind", ...lines);
        behind.setAttribute("aria-hidden", "true");
        return behind;
    }

    #row(row, key) {
        const cell = (className, ...content) => {
            const made = element("span", className, ...content);
            made.setAttribute("role", "gridcell");
            return made;
        };
        const place = (terminal) =>
            this.lifelines.findIndex((line) => line.terminal === terminal);
        // What has no place of its own stands in the middle.
        const [from, to] = row.from === undefined
            ? [0, this.lifelines.length - 1] : [place(row.from), place(row.to)];
        const name = (at) => this.lifelines[at]?.name ?? "";
        const made = element("div", `message ${row.kind}`,
            cell("time", seconds.format(row.at / 1000)),
            cell("from", name(from)),
            cell("to", from === to ? "" : name(to)),
            cell("what", element("b", "", element("span", "", row.text,
                element("i", "", row.preview ? ` «${row.preview}»` : "")))),
            cell("size", row.size === undefined ? "" : size(row.size)));
        made.setAttribute("role", "row");
        made.setAttribute("aria-rowindex", key + 2);
        made.id = `message-${key}`;
        made.dataset.row = key;
        const [left, right] = [from, to].map((at) => this.#at(at)).sort();
        made.style.setProperty("--left", left);
        made.style.setProperty("--right", right);
        made.classList.add(from === to ? "own" : from < to ? "right" : "left");
        return made;
    }
}
