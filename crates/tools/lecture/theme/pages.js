"use strict";

// A lista das páginas: ao lado do texto onde há espaço, por cima dele onde não
// há. Fica onde estava na página anterior.
(() => {
    const root = document.documentElement;
    const list = document.getElementById("pages");
    const button = document.getElementById("menu");

    const isBeside = () =>
        getComputedStyle(list).getPropertyValue("--beside") === "yes";

    list.scrollTop = sessionStorage.getItem("pages") ?? 0;
    const show = () => {
        const here = list.querySelector("[aria-current]");
        const { top, bottom } = here?.getBoundingClientRect() ?? {};
        const frame = list.getBoundingClientRect();
        if (top < frame.top || bottom > frame.bottom) {
            here.scrollIntoView({ block: "center" });
        }
    };
    show();
    list.addEventListener("toggle", show);
    window.addEventListener("pagehide", () => {
        sessionStorage.setItem("pages", list.scrollTop);
    });

    button.addEventListener("click", (event) => {
        if (isBeside()) {
            event.preventDefault(); // não abre por cima
            const closed = root.dataset.pages === "closed";
            root.dataset.pages = closed ? "open" : "closed";
            localStorage.setItem("pages", root.dataset.pages);
        }
    });
})();
