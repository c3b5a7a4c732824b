"use strict";

const root = document.body.dataset.root;

// O mdBook guarda aqui o índice da procura.
window.search = {};

/* Cores do código. Num terminal, o que se escreve distingue-se do que se lê. */
for (const code of document.querySelectorAll("pre code")) {
    if (code.classList.contains("language-console")) {
        code.innerHTML = code.innerHTML
            .replace(/^(\$ .*|&gt; .*|\^[CD])$/gm, "<strong>$1</strong>")
            .replace(/^# .*$/gm, "<em>$&</em>");
    } else {
        hljs.highlightBlock(code);
    }
}

/* Uma tabela que não cabe mostra cada linha como uma ficha, e cada célula diz
   de que coluna é. */
const wrappers = document.querySelectorAll(".table-wrapper");
for (const wrapper of wrappers) {
    const labels = Array.from(wrapper.querySelectorAll("th"), (th) => th.innerText);
    for (const cell of wrapper.querySelectorAll("td")) {
        cell.dataset.label = labels[cell.cellIndex] ?? "";
    }
}

function stackTables() {
    for (const wrapper of wrappers) {
        wrapper.classList.remove("stacked");
        const fits = wrapper.scrollWidth <= wrapper.clientWidth;
        wrapper.classList.toggle("stacked", !fits);
    }
}

const resized = new ResizeObserver(() => requestAnimationFrame(stackTables));
for (const place of document.querySelectorAll("main, #slide")) {
    resized.observe(place);
}

/* No papel vê-se tudo. */
window.addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) {
        details.open = true;
    }
});

/* Claro, escuro, ou como o sistema. */
const themes = { auto: "automático", light: "claro", dark: "escuro" };
const themeButton = document.getElementById("theme");

function showTheme() {
    const theme = document.documentElement.dataset.theme ?? "auto";
    themeButton.textContent = `Tema: ${themes[theme]}`;
}

themeButton.addEventListener("click", () => {
    const names = Object.keys(themes);
    const now = names.indexOf(document.documentElement.dataset.theme ?? "auto");
    const next = names[(now + 1) % names.length];
    document.documentElement.dataset.theme = next;
    localStorage.setItem("theme", next);
    showTheme();
});
themeButton.hidden = false;
showTheme();

/* Copiar a coluna do código inteira. */
for (const program of document.querySelectorAll(".program")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copiar o código";
    button.addEventListener("click", async () => {
        const code = program.querySelectorAll(".code code");
        const text = Array.from(code, (part) => part.textContent).join("");
        await navigator.clipboard.writeText(text);
        button.textContent = "Copiado";
        setTimeout(() => { button.textContent = "Copiar o código"; }, 2000);
    });
    program.querySelector(".file").append(button);
}

/* Procurar: todas as palavras, sem olhar a acentos nem a maiúsculas. */
const searchForm = document.querySelector("[role=search]");
const searchInput = searchForm.querySelector("input");
const found = document.getElementById("found");
let places; // depois de carregado o índice

function plain(text) {
    return text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase();
}

function loadPlaces() {
    places ??= new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = `${root}searchindex.js`;
        script.onload = () => {
            const { index, doc_urls: urls } = window.search;
            const docs = Object.values(index.documentStore.docs);
            resolve(docs.map((doc) => ({
                url: root + urls[doc.id],
                title: doc.title,
                slide: doc.breadcrumbs.split(" » ").slice(0, -1).pop(),
                body: doc.body,
                plainTitle: plain(doc.title),
                plainBody: plain(doc.body),
            })));
        };
        script.onerror = reject;
        document.head.append(script);
    });
    return places;
}

/* O texto à volta da primeira palavra encontrada. */
function excerpt(place, word) {
    // Sem acentos o texto fica com o mesmo comprimento, salvo raridades.
    const at = Math.max(0, place.plainBody.indexOf(word));
    const start = place.body.lastIndexOf(" ", Math.max(0, at - 60)) + 1;
    const end = start + 160;
    return (start > 0 ? "… " : "") + place.body.slice(start, end)
        + (end < place.body.length ? "…" : "");
}

async function find() {
    const words = plain(searchInput.value).split(/\s+/).filter(Boolean);
    found.hidden = words.length === 0;
    if (words.length === 0) {
        return;
    }
    const all = await loadPlaces();
    const inTitle = (place) =>
        words.every((word) => place.plainTitle.includes(word));
    const hits = all
        .filter((place) => words.every((word) =>
            place.plainTitle.includes(word) || place.plainBody.includes(word)))
        .sort((a, b) => inTitle(b) - inTitle(a));

    const list = document.createElement("ul");
    for (const place of hits.slice(0, 20)) {
        const link = document.createElement("a");
        link.href = place.url;
        link.textContent = place.title;
        const slide = document.createElement("small");
        slide.textContent = place.slide === place.title ? "" : place.slide;
        const text = document.createElement("p");
        text.textContent = excerpt(place, words[0]);
        const item = document.createElement("li");
        item.append(link, " ", slide, text);
        list.append(item);
    }
    const count = document.createElement("p");
    count.textContent = hits.length === 0
        ? `Nada sobre «${searchInput.value}».`
        : `${hits.length} ${hits.length === 1 ? "lugar" : "lugares"}`;
    found.replaceChildren(count, list);
}

searchForm.hidden = false;
searchForm.addEventListener("submit", (event) => {
    event.preventDefault();
    found.querySelector("a")?.click();
});
searchInput.addEventListener("input", find);

/* O teclado. */
document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) {
        return;
    }
    const typing = event.target.closest("input, textarea, [role=textbox]");
    if (event.key === "Escape") {
        found.hidden = true;
        searchInput.blur();
    } else if (typing) {
        return;
    } else if (event.key === "ArrowLeft") {
        document.querySelector("[rel=prev]")?.click();
    } else if (event.key === "ArrowRight") {
        document.querySelector("[rel=next]")?.click();
    } else if (event.key === "i") {
        location.assign(`${root}index.html`);
    } else if (event.key === "p") {
        document.getElementById("menu").click();
    } else if (event.key === "/") {
        event.preventDefault();
        searchInput.select();
    }
});

/* Servido por `cargo run -p lecture`: mostrar a edição mais recente. */
if (document.body.dataset.version !== undefined) {
    const timer = setInterval(async () => {
        // Uma lição que corre na página acabaria com ela.
        if (document.hidden || document.body.classList.contains("live")) {
            return;
        }
        try {
            const answer = await fetch("/version", { cache: "no-store" });
            if (await answer.text() !== document.body.dataset.version) {
                location.reload();
            }
        } catch {
            clearInterval(timer); // o servidor terminou
        }
    }, 1000);
}
