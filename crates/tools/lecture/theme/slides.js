"use strict";

/* O diapositivo ao lado da lição: um, o outro ou ambos. Num ecrã estreito são
   dois separadores. */
(() => {
    const slide = document.getElementById("slide");
    const views = document.getElementById("views");
    if (slide === null) {
        return;
    }
    const root = document.documentElement;
    const lesson = document.getElementById("content");
    const narrow = matchMedia("(max-width: 999px)");

    // O que se vê depende da largura, e cada uma lembra-se do seu.
    const choice = () => narrow.matches ? "tab" : "view";
    const choices = () => narrow.matches
        ? ["slide", "lesson"]
        : ["both", "slide", "lesson"];
    const chosen = () => root.dataset[choice()] ?? choices()[0];

    function show() {
        for (const button of views.children) {
            const { view } = button.dataset;
            button.hidden = !choices().includes(view);
            button.setAttribute("aria-pressed", view === chosen());
        }
        // Lado a lado, o código em Rust começa à altura do de Python.
        const program = lesson.querySelector(".program");
        if (chosen() === "both" && location.hash === "" && program !== null) {
            lesson.scrollTop += program.getBoundingClientRect().top
                - lesson.getBoundingClientRect().top;
        }
        // Cada um desliza por si: as teclas movem o que está à vista.
        if (!narrow.matches) {
            const seen = chosen() === "slide" ? slide : lesson;
            seen.focus({ preventScroll: true });
        }
    }

    function choose(view) {
        root.dataset[choice()] = view;
        localStorage.setItem(choice(), view);
        show();
    }

    for (const button of views.children) {
        button.addEventListener("click", () => choose(button.dataset.view));
    }
    document.addEventListener("keydown", (event) => {
        const typing = event.target.closest("input, textarea, [role=textbox]");
        const modified = event.ctrlKey || event.altKey || event.metaKey;
        if (event.key === "d" && !typing && !modified) {
            const all = choices();
            choose(all[(all.indexOf(chosen()) + 1) % all.length]);
        }
    });
    narrow.addEventListener("change", show);
    views.hidden = false;
    show();
})();
