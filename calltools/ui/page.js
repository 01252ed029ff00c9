// Comfort only: every step works as a plain form.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const base = document.body.dataset.base;
  for (const one of all("[data-comfort]")) one.hidden = false;

  // The files of a folder that was dropped, by their path in there; the server leaves out what is no table.
  const addFolder = async (data, folder) => {
    const reader = folder.createReader();
    const read = () => new Promise((done, failed) => reader.readEntries(done, failed));
    // A browser gives some at a time.
    for (let entries = await read(); entries.length; entries = await read())
      for (const entry of entries) {
        if (entry.isDirectory) { await addFolder(data, entry); continue; }
        const file = await new Promise((done, failed) => entry.file(done, failed));
        data.append("folder", file, entry.fullPath.replace(/^\//, ""));
      }
  };

  // Files are sent with a bar that shows how far they are.
  for (const form of all("form[data-drop]")) {
    const sending = form.querySelector("[data-sending]");
    const bar = sending.querySelector("progress");
    const said = sending.querySelector("[role=status]");
    const send = (data) => {
      const request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.upload.addEventListener("progress", (event) => {
        if (!event.lengthComputable) return;
        const percent = Math.floor((100 * event.loaded) / event.total);
        bar.value = percent;
        const text = said.dataset.text.replace("…", String(percent));
        if (said.textContent !== text && (percent % 10 === 0 || percent > 98)) said.textContent = text;
      });
      request.setRequestHeader("X-Script", "1");
      request.addEventListener("load", () => {
        if (request.status === 204) { location.assign(form.action); return; }
        // What went wrong is told in place of this page.
        const page = new DOMParser().parseFromString(request.responseText, "text/html");
        document.querySelector("main").replaceWith(page.querySelector("main"));
        document.querySelector("main").focus();
      });
      request.addEventListener("error", () => form.submit());
      sending.hidden = false;
      request.send(data);
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(new FormData(form));
    });
    const leave = () => form.classList.remove("over");
    form.addEventListener("dragover", (event) => { event.preventDefault(); form.classList.add("over"); });
    form.addEventListener("dragleave", leave);
    form.addEventListener("drop", (event) => {
      event.preventDefault();
      leave();
      const data = new FormData(form);
      // Entries are there only as long as this function runs; what lies in a folder is read afterwards.
      const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
      const folders = entries.filter((entry) => entry.isDirectory);
      for (const file of event.dataTransfer.files)
        if (!folders.some((entry) => entry.name === file.name)) data.append("calls", file, file.name);
      if (event.dataTransfer.files.length) Promise.all(folders.map((entry) => addFolder(data, entry))).then(() => send(data));
    });
  }

  // How far the work is; the page is loaded anew when it has ended.
  for (const working of all("[data-working]")) {
    const bar = working.querySelector("progress");
    const said = working.querySelector("[data-said]");
    const of = working.dataset.working;
    const log = document.querySelector("[data-log]");
    const events = new EventSource(base + "/progress" + (of && "/" + of));
    events.addEventListener("message", (event) => {
      const { said: text, read, size, lines } = JSON.parse(event.data);
      if (lines) {
        while (log.children.length > lines.length) log.lastElementChild.remove();
        lines.forEach((line, place) => {
          const item = log.children[place] ?? log.appendChild(document.createElement("li"));
          if (item.textContent !== line) item.textContent = line;
        });
        return;
      }
      said.textContent = text;
      if (read && size) { bar.max = size; bar.value = Math.min(read, size); }
    });
    events.addEventListener("done", () => { events.close(); location.reload(); });
    events.addEventListener("error", () => { events.close(); setTimeout(() => location.reload(), 1000); });
  }

  // The calls under an answer change with the answer.
  for (const form of all("form[data-questions]")) {
    for (const button of all("[data-without-script]", form)) button.hidden = true;
    let asked = 0;
    form.addEventListener("change", async (event) => {
      const field = event.target;
      const key = (field.name || "").replace(/^(answer|own)-/, "");
      const place = form.querySelector(`[data-examples="${CSS.escape(key)}"]`);
      if (!place || field.type === "file") return;
      const own = form.querySelector(`[name="${CSS.escape("own-" + key)}"]`);
      if (field === own && own.value) for (const one of all(`[name="${CSS.escape("answer-" + key)}"]`, form)) one.checked = one.value === "*own*";
      const value = field === own || field.value === "*own*" ? own.value : field.value;
      const mine = ++asked;
      const answer = await fetch(base + "/questions/examples?" + new URLSearchParams({ key, answer: value }));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (answer.ok && mine === asked) place.replaceChildren(...page.body.childNodes);
    });
  }

  // A cell of the grid is mended where it stands; its record is judged at once.
  for (const table of all("table[data-grid]")) {
    const edit = (cell) => {
      if (cell.querySelector("input")) return;
      const shown = [...cell.childNodes];
      const input = document.createElement("input");
      input.value = cell.dataset.text;
      input.setAttribute("aria-label", table.dataset.hint + ": " + table.tHead.rows[0].cells[cell.cellIndex].textContent);
      const leave = () => { cell.replaceChildren(...shown); cell.focus(); };
      let saving = false;
      const save = async () => {
        if (saving) return;
        saving = true;
        const row = cell.parentElement;
        const form = new URLSearchParams({ token: table.dataset.token, reading: table.dataset.reading, file: row.dataset.file, place: row.dataset.place, seen: row.dataset.seen });
        form.set("cell-" + cell.dataset.position, input.value);
        const answer = await fetch(base + "/mend", { method: "POST", body: form, headers: { "X-Row": "1" } });
        const part = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = part.querySelector("tr[data-place]");
        if (!answer.ok || !fresh) { location.reload(); return; }
        const place = cell.cellIndex;
        row.replaceWith(fresh);
        reach(fresh);
        document.querySelector("[data-mending]").replaceWith(part.querySelector("[data-mending]"));
        fresh.cells[place].focus();
        document.querySelector("[data-judged]").textContent = fresh.querySelector(".why").textContent;
      };
      input.addEventListener("keydown", (event) => {
        if (event.key === "Enter") { event.preventDefault(); save(); }
        if (event.key === "Escape") leave();
      });
      input.addEventListener("change", save);
      cell.replaceChildren(input);
      input.select();
    };
    const reach = (root) => all("td[data-text]", root).forEach((cell) => { cell.tabIndex = 0; });
    reach(table);
    table.addEventListener("click", (event) => {
      const cell = event.target.closest("td[data-text]");
      if (cell) edit(cell);
    });
    table.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.matches("td[data-text]")) { event.preventDefault(); edit(event.target); }
    });
  }

  // A button that must count once looks so; the server counts it once anyway.
  for (const form of all("form[data-once]"))
    form.addEventListener("submit", () => { form.querySelector("button").disabled = true; });

  for (const button of all("button[data-copy]"))
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.querySelector("[data-copied]").textContent);
      button.nextElementSibling.textContent = button.dataset.copy;
    });
})();
