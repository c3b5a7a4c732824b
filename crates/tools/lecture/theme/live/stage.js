"use strict";

/*
 * A lesson that runs in its page: terminals, what passes between them, and the
 * message that is open. What happens comes as events, from the WebSocket of
 * `cargo run -p lecture` or from a recording.
 */

/** What is not a frame: as the diagram says it, a sentence, and a page. */
const HAPPENINGS = {
    started: ["começou", "O programa começou a correr.", ""],
    ended: ["terminou", "O programa terminou: com um código (0 é bem) ou por um sinal. O sistema fecha o que ele tinha aberto.", ""],
    opened: ["ligação aberta", "O TCP abriu a ligação (SYN, SYN-ACK, ACK); a partir daqui, cada lado pode enviar.", "tcp.html"],
    half_closed: ["não envia mais (FIN)", "Este lado não envia mais nada, mas ainda pode receber. Quando ambos o disserem, a ligação acaba.", "tcp.html"],
    reset: ["ligação cortada (RST)", "Deste lado já não há quem leia: a ligação acaba aqui, com o que ainda estivesse por entregar.", "tcp.html"],
    left_out: ["", "Passou mais do que se consegue mostrar a tempo. Os programas receberam tudo, e a captura também o tem, até ao seu limite.", ""],
};

class Stage {
    constructor(lesson, source) {
        this.source = source;
        this.names = new Map(); // of terminals, by number
        this.terminals = new Map();

        this.frame = new Frame(() => this.#closeFrame());
        const opened = (row) => {
            this.frame.open(row, this.names.get(row.from), this.names.get(row.to));
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
            this.view.showModal();
        }
        this.#keep();
    }

    hide() {
        this.view.close();
        this.#keep();
    }

    /** Whether any of the programs runs. */
    get isRunning() {
        return [...this.terminals.values()].some(({ state }) =>
            state === "running" || state === "building");
    }

    /** The page stays as it is while it is of use here. */
    #keep() {
        document.body.classList.toggle("live", this.view.open || this.isRunning);
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
            this.#keep();
            break;
        case "started":
            terminal.show("running");
            this.#keep();
            this.#mark(event, "started");
            break;
        case "output":
            terminal.print(event.from, event.text);
            break;
        case "left_out":
            terminal.remark(`[… ${whole.format(event.bytes)} bytes por mostrar …]`);
            break;
        case "ended":
            terminal.show("ended", event.how);
            this.#keep();
            // Nothing ran where cargo did not build it.
            if (event.how !== "") {
                this.#mark(event, "ended", `: ${event.how}`);
            }
            break;
        case "opened":
        case "half_closed":
        case "reset":
            this.#add(event, event.is, HAPPENINGS[event.is][0]);
            break;
        case "frame":
            this.#add(event, event.wrong ? "frame malformed" : "frame", event.title);
            break;
        case "frames_left_out":
            this.#add(event, "left_out", `${whole.format(event.count)} mensagens `
                + `por desenhar, com ${whole.format(event.bytes)} bytes`);
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
            : new Browser(event, this.source.recorded);
        this.terminals.set(event.terminal, terminal);
        this.column.append(terminal.view);
        this.column.dataset.count = this.terminals.size;
        this.diagram.lifeline(event.terminal, event.name);
    }

    /** A mark on a program's own lifeline. */
    #mark({ at, terminal }, kind, more = "") {
        const text = HAPPENINGS[kind][0] + more;
        this.#add({ at, from: terminal, to: terminal }, kind, text);
    }

    #add(event, kind, text) {
        const [, about, page] = HAPPENINGS[kind] ?? [];
        this.diagram.add({ ...event, kind, text, about, page });
    }
}
