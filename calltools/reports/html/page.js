"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const state = new Map();
  const show = (id) => {
    const table = document.getElementById(id);
    const wanted = state.get(id) ?? { words: "", severity: "" };
    let shown = 0;
    for (const body of table.tBodies) {
      const fits = (!wanted.severity || body.dataset.severity === wanted.severity)
        && body.textContent.toLowerCase().includes(wanted.words);
      body.hidden = !fits;
      shown += fits;
    }
    document.getElementById(id + "-nothing").hidden = shown > 0;
  };
  const change = (id, changed) => {
    state.set(id, { words: "", severity: "", ...state.get(id), ...changed });
    show(id);
  };
  for (const tools of all(".tools")) tools.hidden = false;
  for (const input of all("input[data-filter]"))
    input.addEventListener("input", () => change(input.dataset.filter, { words: input.value.trim().toLowerCase() }));
  for (const button of all("button[data-severity]"))
    button.addEventListener("click", () => {
      for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
      change(button.dataset.table, { severity: button.dataset.severity });
    });
  for (const title of all("th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = title.textContent;
    title.replaceChildren(button);
    button.addEventListener("click", () => {
      const table = title.closest("table");
      const down = title.getAttribute("aria-sort") === "ascending";
      for (const other of all("th", table)) other.removeAttribute("aria-sort");
      title.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = title.dataset.sort;
      const value = (body) => (key === "code" ? body.dataset.code : Number(body.dataset[key]));
      const bodies = [...table.tBodies].sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0));
      if (down) bodies.reverse();
      table.append(...bodies);
    });
  }
  addEventListener("beforeprint", () => all("details").forEach((one) => { one.open = true; }));
})();
