"use strict";

// Antes de desenhar a página, para que não mude de cor à vista.
document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "auto";
