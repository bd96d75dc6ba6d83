// Rules of the profile: a row can be taken away; a new one is shown and focused.
"use strict";
(() => {
  const rows = document.getElementById("rule-rows");
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove-row]");
    if (!button) return;
    button.closest(".rule").remove();
    document.getElementById("attribute-search-term")?.focus();
  });
  rows?.addEventListener("htmx:afterSwap", () => {
    const newest = rows.lastElementChild;
    newest?.scrollIntoView({ block: "nearest" });
    newest?.querySelector("select")?.focus();
  });
})();
