"use strict";

/*
 * A lesson that runs in its page: terminals, what passes between them, and the
 * message that is open. What happens comes as events, from the WebSocket of
 * `cargo run -p lecture` or from a recording.
 */

/** What happens to a connection, as the diagram says it. */
const HAPPENINGS = {
    opened: "ligação aberta",
    half_closed: "não envia mais (FIN)",
    reset: "ligação cortada (RST)",
};

class Stage {
    constructor(lesson, source) {
        this.source = source;
        this.names = new Map(); // of terminals, by number
        this.terminals = new Map();

        this.frame = new Frame(() => this.#closeFrame());
        const opened = (row) => {
            if (row.frame) {
                this.frame.open(row.frame, this.names.get(row.from),
                    this.names.get(row.to));
            }
        };
        opened.isOpen = () => this.frame.isOpen;
        this.diagram = new Diagram(opened);

        this.notice = element("p", "notice");
        this.notice.setAttribute("role", "status");
        this.column = element("div", "terminals");
        const table = button("Tabela (t)", "O diagrama como tabela", () => {
            const pressed = table.getAttribute("aria-pressed") !== "true";
            table.setAttribute("aria-pressed", pressed);
            this.diagram.asTable(pressed);
        });
        table.setAttribute("aria-pressed", "false");
        this.keys = { t: table };
        this.bar = element("header", "", element("h1", "", lesson));
        this.blocks = element("select", "");
        this.blocks.setAttribute("aria-label", "Bloco da página");
        this.blocks.hidden = true;
        this.blocks.addEventListener("change", () =>
            this.source.send({ do: "open", block: Number(this.blocks.value) }));
        this.bar.append(this.blocks);
        this.#buttons();
        this.bar.append(table,
            button("Voltar à página (Esc)",
                "Volta à página; os programas continuam", () => this.hide()));
        this.view = element("dialog", "stage", this.bar, this.notice,
            element("div", "all", this.column,
                element("div", "wire", this.diagram.view, this.frame.view)));
        this.view.setAttribute("aria-label", `${lesson}, a correr`);
        this.view.addEventListener("cancel", (event) => {
            event.preventDefault();
            if (this.frame.isOpen) {
                this.#closeFrame();
            } else {
                this.hide();
            }
        });
        this.view.addEventListener("keydown", (event) => {
            // The page's own keys (←, /, i) rest meanwhile.
            event.stopPropagation();
            const plain = !event.ctrlKey && !event.altKey && !event.metaKey;
            if (plain && !event.target.matches("input, select")) {
                this.keys[event.key]?.click();
            }
        });
        document.body.append(this.view);
    }

    #buttons() {
        const recorded = this.source.recorded;
        const add = (key, text, title, pressed) => {
            const made = button(key ? `${text} (${key})` : text, title, pressed);
            if (key) {
                this.keys[key] = made;
            }
            this.bar.append(made);
            return made;
        };
        add("r", recorded ? "Ver outra vez" : "Correr",
            "Do princípio, como no bloco da página", () => this.play());
        this.rest = add("c", "Continuar", "As teclas que faltam no bloco",
            () => this.source.send({ do: "finish" }));
        this.rest.disabled = true;
        if (!recorded) {
            add("p", "Parar tudo", "Termina todos os programas",
                () => this.source.send({ do: "stop" }));
            add("g", "Guardar captura", "Um ficheiro .pcapng, para o Wireshark",
                () => this.source.send({ do: "capture" }));
        }
    }

    #closeFrame() {
        this.frame.close();
        this.diagram.grid.focus();
    }

    show() {
        if (!this.view.open) {
            document.body.classList.add("staged");
            this.view.showModal();
        }
    }

    hide() {
        document.body.classList.remove("staged");
        this.view.close();
    }

    play() {
        this.source.send({ do: "play" });
    }

    /** An empty stage, for the terminals that come next. */
    #begin({ blocks, block }) {
        this.blocks.hidden = blocks < 2;
        this.blocks.replaceChildren(...Array.from({ length: blocks }, (_, number) =>
            new Option(`Bloco ${number + 1} de ${blocks}`, number)));
        this.blocks.value = block;
        this.terminals.clear();
        this.names.clear();
        this.column.replaceChildren();
        this.diagram.clear();
        this.frame.close();
        this.notice.textContent = "";
    }

    /** What happened, one event. */
    happened(event) {
        const terminal = this.terminals.get(event.terminal);
        switch (event.is) {
        case "session":
            this.#begin(event);
            break;
        case "terminal":
            this.#terminal(event);
            break;
        case "building":
            terminal.show("building");
            break;
        case "started":
            terminal.show("running");
            this.#mark(event, "started", "começou");
            break;
        case "output":
            terminal.print(event.from, event.text);
            break;
        case "left_out":
            terminal.remark(`[… ${whole.format(event.bytes)} bytes por mostrar …]`);
            break;
        case "ended":
            terminal.show("ended", event.how);
            // Nothing ran where cargo did not build it.
            if (event.how !== "") {
                this.#mark(event, "ended", `terminou: ${event.how}`);
            }
            break;
        case "opened":
        case "half_closed":
        case "reset":
            this.diagram.add({ ...event, kind: event.is, text: HAPPENINGS[event.is] });
            break;
        case "frame":
            this.diagram.add({
                ...event, kind: `frame ${event.protocol}`, text: event.title,
                frame: event,
            });
            break;
        case "frames_left_out":
            this.diagram.add({
                ...event, kind: "left_out", text: `${whole.format(event.count)} `
                    + "mensagens por desenhar, por serem muitas",
            });
            break;
        case "script":
            this.rest.disabled = !event.rest;
            this.rest.title = event.rest || "Não falta nada ao bloco";
            break;
        case "notice":
            this.notice.textContent = event.text;
            break;
        }
    }

    #terminal(event) {
        this.names.set(event.terminal, event.name);
        const act = this.source.recorded ? undefined : (what, more) =>
            this.source.send({ do: what, terminal: event.terminal, ...more });
        const terminal = event.page === undefined
            ? new Terminal(event, act)
            : new Browser(event);
        this.terminals.set(event.terminal, terminal);
        this.column.append(terminal.view);
        this.column.dataset.count = this.terminals.size;
        this.diagram.lifeline(event.terminal, event.name);
    }

    #mark(event, kind, text) {
        this.diagram.add({
            at: event.at, from: event.terminal, to: event.terminal, kind, text,
        });
    }
}
