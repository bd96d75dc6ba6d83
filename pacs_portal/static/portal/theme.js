// Light, dark, or as the system: set before the page is painted, remembered in this browser.
"use strict";
(() => {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return window.localStorage.getItem("theme") || "auto";
    } catch {
      return "auto";
    }
  };
  const paint = () => {
    const theme = chosen() === "auto" ? (system.matches ? "dark" : "light") : chosen();
    document.documentElement.setAttribute("data-bs-theme", theme);
    for (const button of document.querySelectorAll("[data-theme-switch] [data-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.theme === chosen()));
    }
  };
  paint();
  system.addEventListener("change", paint);
  document.addEventListener("DOMContentLoaded", paint);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-switch] [data-theme]");
    if (!button) return;
    try {
      window.localStorage.setItem("theme", button.dataset.theme);
    } catch {
      return;
    }
    paint();
  });
})();
