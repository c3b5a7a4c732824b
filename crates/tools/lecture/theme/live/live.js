"use strict";

/*
 * The button that runs the lesson of this page. Where it comes from
 * `cargo run -p lecture`, the lesson runs on this machine, through a WebSocket:
 * when that closes, everything that the page started ends. In a written site,
 * a recording is played.
 */

// The page that has the whole book runs none of them.
const lessons = document.querySelectorAll("[data-lesson]");
const lessonHere = lessons.length === 1 ? lessons[0] : null;

/** The programs of this machine. */
class Programs {
    constructor(lesson, token, happened) {
        const { host } = location;
        this.recorded = false;
        this.waiting = [];
        this.socket = new WebSocket(
            `ws://${host}/live?lesson=${lesson}&token=${token}`);
        this.socket.binaryType = "blob";
        this.socket.onopen = () => {
            this.waiting.forEach((text) => this.socket.send(text));
            this.waiting = [];
        };
        this.socket.onmessage = ({ data }) => {
            if (data instanceof Blob) {
                save(data, `${lesson}.pcapng`);
            } else {
                JSON.parse(data).forEach(happened);
                // Only then is the page given more: it is never left behind.
                const next = document.hidden ? setTimeout : requestAnimationFrame;
                next(() => this.socket.send("shown"));
            }
        };
        this.socket.onclose = () => happened({
            is: "notice",
            text: "O servidor da aula terminou, e com ele os programas. "
                + "Inicie-o outra vez (cargo run -p lecture) e recarregue a "
                + "página.",
        });
    }

    send(command) {
        const text = JSON.stringify(command);
        if (this.socket.readyState === WebSocket.CONNECTING) {
            this.waiting.push(text);
        } else {
            this.socket.send(text);
        }
    }
}

/** What happened when the lesson was recorded. */
class Recording {
    constructor(events, happened) {
        this.recorded = true;
        this.events = events;
        this.happened = happened;
    }

    send() {
        // The only command of a recording: from the beginning.
        clearTimeout(this.timer);
        this.#next(0, 0);
    }

    #next(number, time) {
        while (number < this.events.length && this.events[number].at <= time) {
            this.happened(this.events[number]);
            number += 1;
        }
        if (number < this.events.length) {
            const { at } = this.events[number];
            // Nobody wants to wait for what was compiled, or for five seconds.
            const wait = Math.min(at - time, 1500);
            this.timer = setTimeout(() => this.#next(number, at), wait);
        }
    }
}

function save(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Loads a recording: a script, so that a site on the disk plays too. */
function loadRecording(address) {
    return new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = root + address;
        script.onload = () => resolve(window.recording);
        script.onerror = reject;
        document.head.append(script);
    });
}

let stage;

/** Opens the lesson's terminals, and plays its console block. */
async function run() {
    if (stage === undefined) {
        const { lesson, recording } = lessonHere.dataset;
        const happened = (event) => stage.happened(event);
        const source = recording
            ? new Recording(await loadRecording(recording), happened)
            : new Programs(lesson, token, happened);
        stage = new Stage(lesson, source);
    }
    stage.show();
    if (!stage.isRunning) {
        stage.play();
    }
}

let token;

async function offer() {
    if (lessonHere === null) {
        return;
    }
    if (!lessonHere.dataset.recording) {
        // A site that was written has nobody to ask.
        if (document.body.dataset.version === undefined) {
            return;
        }
        // Only for this machine.
        const answer = await fetch("/live/token").catch(() => undefined);
        if (!answer?.ok) {
            return;
        }
        token = await answer.text();
    }
    const what = lessonHere.dataset.recording ? "Ver a correr (r)" : "Correr (r)";
    lessonHere.append(button(`▶ ${what}`, "Nesta página, com o que passa entre os programas", run));
    // Above the console block that it runs.
    document.querySelector("code.language-console")?.closest("pre")
        .before(lessonHere);
    lessonHere.hidden = false;
    document.addEventListener("keydown", (event) => {
        const plain = !event.ctrlKey && !event.altKey && !event.metaKey;
        if (plain && event.key === "r" && !event.target.matches("input")) {
            run();
        }
    });
}

offer();
