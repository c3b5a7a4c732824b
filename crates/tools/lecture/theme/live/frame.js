"use strict";

/* One message: its fields, and where each is in the bytes. */

class Frame {
    /** `closed` is called when the person closes it. */
    constructor(closed) {
        this.title = element("h2", "");
        this.fields = element("div", "fields");
        this.fields.setAttribute("role", "listbox");
        this.fields.setAttribute("aria-label", "Campos");
        this.fields.tabIndex = 0;
        this.bytes = element("div", "bytes");
        this.bytes.tabIndex = 0;
        this.bytes.setAttribute("role", "region");
        this.bytes.setAttribute("aria-label", "Bytes, em hexadecimal e em texto");
        this.about = element("p", "about");
        this.about.setAttribute("aria-live", "polite");
        this.view = element("section", "opened-frame",
            element("header", "", this.title,
                button("✕", "Fechar a mensagem", closed)),
            element("div", "inside",
                element("div", "", this.fields, this.about), this.bytes));
        this.view.setAttribute("aria-label", "A mensagem aberta");
        this.view.hidden = true;

        this.fields.addEventListener("keydown", (event) => {
            const steps = {
                ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity,
            };
            if (event.key in steps) {
                event.preventDefault();
                this.#choose(this.chosen + steps[event.key]);
            }
        });
        this.fields.addEventListener("click", (event) => {
            const option = event.target.closest("[role=option]");
            if (option) {
                this.#choose(Number(option.dataset.field));
            }
        });
        this.bytes.addEventListener("click", (event) => {
            const at = Number(event.target.dataset.byte ?? -1);
            // The innermost of the fields that this byte is in.
            const inside = this.message.fields
                .map((field, number) => ({ field, number }))
                .filter(({ field }) => field.start <= at && at < field.end)
                .sort((a, b) => (a.field.end - a.field.start)
                    - (b.field.end - b.field.start));
            if (inside.length > 0) {
                this.#choose(inside[0].number);
            }
        });
    }

    get isOpen() {
        return !this.view.hidden;
    }

    /** Opens a row of the diagram; `from` and `to` are names. */
    open(message, from, to) {
        this.message = { fields: [], bytes: "", size: 0, ...message };
        this.view.hidden = false;
        const who = message.from === message.to ? from ?? "" : `${from} → ${to}`;
        const size = message.size === undefined ? ""
            : `, ${whole.format(message.size)} bytes`;
        this.title.replaceChildren(
            element("b", "", message.text),
            ` ${who}, ${seconds.format(message.at / 1000)} s${size}`);
        const { fields } = this.message;
        this.fields.replaceChildren(...fields.map((field, number) => {
            const option = element("div", "",
                element("span", "name", field.name),
                element("span", "value", field.value));
            option.id = `field-${number}`;
            option.dataset.field = number;
            option.setAttribute("role", "option");
            option.style.setProperty("--depth", depth(field, fields));
            return option;
        }));
        this.fields.hidden = fields.length === 0;
        this.bytes.hidden = this.message.bytes === "";
        this.#drawBytes();
        this.#choose(0);
    }

    close() {
        this.view.hidden = true;
    }

    #drawBytes() {
        const bytes = fromHex(this.message.bytes);
        const rows = [];
        for (let start = 0; start < bytes.length; start += 8) {
            const row = element("div", "eight");
            row.append(element("i", "", start.toString(16).padStart(4, "0")));
            const hex = element("span", "hex");
            const text = element("span", "text");
            bytes.slice(start, start + 8).forEach((byte, place) => {
                for (const [into, shown] of [
                    [hex, byte.toString(16).padStart(2, "0")],
                    [text, byte > 32 && byte < 127 ? String.fromCharCode(byte)
                        : byte === 32 ? "\u00a0" : "·"],
                ]) {
                    const one = element("span", "", shown);
                    one.dataset.byte = start + place;
                    into.append(one);
                }
            });
            row.append(hex, text);
            rows.push(row);
        }
        if (bytes.length < this.message.size) {
            rows.push(element("p", "",
                `E mais ${whole.format(this.message.size - bytes.length)} bytes.`));
        }
        this.bytes.replaceChildren(...rows);
    }

    /** The bits of a field's byte, its own marked. */
    #bits({ start, bits }) {
        const byte = fromHex(this.message.bytes)[start];
        if (!bits || byte === undefined) {
            return [];
        }
        const text = byte.toString(2).padStart(8, "0");
        return [element("code", "", text.slice(0, bits[0]),
            element("mark", "", text.slice(bits[0], bits[1])),
            text.slice(bits[1])), " "];
    }

    #choose(number) {
        const { fields, wrong, about, page } = this.message;
        if (fields.length === 0) {
            this.#say([wrong ? `Não se consegue ler: ${wrong}.` : about ?? ""], page);
            return;
        }
        this.chosen = Math.min(Math.max(number, 0), fields.length - 1);
        const field = fields[this.chosen];
        for (const option of this.fields.children) {
            const chosen = Number(option.dataset.field) === this.chosen;
            option.setAttribute("aria-selected", chosen);
            if (chosen) {
                option.scrollIntoView({ block: "nearest" });
            }
        }
        this.fields.setAttribute("aria-activedescendant", `field-${this.chosen}`);
        let first;
        for (const one of this.bytes.querySelectorAll("[data-byte]")) {
            const at = Number(one.dataset.byte);
            const marked = field.start <= at && at < field.end;
            one.classList.toggle("marked", marked);
            first ??= marked ? one : undefined;
        }
        first?.scrollIntoView({ block: "nearest" });
        const [sentence, where] = FIELDS[field.id] ?? [];
        this.#say([element("b", "", whereIs(field)), " ", ...this.#bits(field),
            sentence ?? "", field.other_port
                ? " Nos bytes está a porta que o programa usa nesta página." : "",
        ], where);
    }

    /** A sentence, and the page of the book that says more. */
    #say(words, page) {
        this.about.replaceChildren(...words, " ");
        if (page) {
            const link = element("a", "", "Ver no livro");
            link.href = root + page;
            link.target = "_blank";
            this.about.append(link);
        }
    }
}

/** How many fields this one is inside of. */
function depth(field, fields) {
    const [start, end] = bitsOf(field);
    const outer = fields.slice(0, fields.indexOf(field)).filter((other) => {
        const [first, beyond] = bitsOf(other);
        return first <= start && end <= beyond && beyond - first > end - start;
    });
    return outer.length;
}

/** The first bit of a field in the message, and the first beyond it. */
function bitsOf({ start, end, bits }) {
    return bits ? bits.map((bit) => 8 * start + bit) : [8 * start, 8 * end];
}

/** Where a field is, in words. */
function whereIs({ start, end, bits }) {
    const last = end - 1;
    const bytes = start === end ? "" : start === last ? `Byte ${start}`
        : `Bytes ${start} a ${last}`;
    if (!bits) {
        return bytes && `${bytes}.`;
    }
    const [first, beyond] = bits;
    return beyond - first === 1 ? `${bytes}, bit ${first}.`
        : `${bytes}, bits ${first} a ${beyond - 1}.`;
}

/** The bytes of a text of hexadecimal digits. */
function fromHex(hex) {
    return Array.from({ length: hex.length / 2 }, (_, place) =>
        parseInt(hex.slice(2 * place, 2 * place + 2), 16));
}
