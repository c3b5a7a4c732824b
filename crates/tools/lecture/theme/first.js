"use strict";

// Antes de desenhar a página, para que ela não mude à vista: o que se escolheu
// nas anteriores.
for (const choice of ["theme", "pages", "view", "tab"]) {
    const chosen = localStorage.getItem(choice);
    if (chosen !== null) {
        document.documentElement.dataset[choice] = chosen;
    }
}
