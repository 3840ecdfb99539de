"use strict";
// The page can be read without this: it adds filters and a keyboard's ways.

const find = (id) => document.getElementById(id);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

const table = document.querySelector(".matrix table");
const lines = all("tr", table).map((tr) => [...tr.cells].slice(1));
const columns = all("col", table).slice(1);

// A scenario's row, and the stretches over which a text is written.
const said = panelWords();
const rows = all("tbody tr:not(.family)", table).map((tr) => {
  const cells = [...tr.cells].slice(1);
  const stretches = [];
  let last;
  for (const cell of cells) {
    const text = cell.querySelector(".t");
    if (text) stretches.push((last = { text, length: spanOf(text), cells: [] }));
    if (last && last.cells.length < last.length) last.cells.push(cell);
  }
  const name = tr.cells[0].textContent;
  const family = tr.parentElement.querySelector(".family")?.textContent;
  const words = `${tr.textContent} ${family} ${tr.cells[0].title} ${said.get(name)}`.toLowerCase();
  const inTest = tr.parentElement.querySelector(".test") !== null;
  return { tr, cells, stretches, words, inTest };
});

// What the panels of a scenario say of facts, reasons, commits and reports; not the console.
function panelWords() {
  const said = new Map();
  for (const panel of all("article.panel")) {
    const name = panel.querySelector("h2").textContent;
    const parts = all(":scope > p, :scope > h3, :scope > .links, table.facts", panel);
    said.set(name, `${said.get(name) ?? ""} ${parts.map((part) => part.textContent).join(" ")}`);
  }
  return said;
}

function spanOf(text) {
  const n = [...text.classList].find((name) => /^n\d+$/.test(name));
  return n ? Number(n.slice(1)) : 1;
}

// Filters.

const controls = find("controls");
const scenario = find("scenario");
const changing = find("changing");
const reds = find("reds");
// Not on every page.
const since = find("since");
const tests = find("tests");
const bounds = [find("from"), find("to")];
const checks = [changing, reds, since, tests].filter(Boolean);
let range = [0, columns.length - 1];

function filter() {
  const chosen = bounds.map((bound) => Number(bound.value));
  chosen.sort((a, b) => a - b);
  if (chosen.join() !== range.join()) {
    range = chosen;
    showColumns();
  }
  const wanted = scenario.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const within = row.cells.slice(range[0], range[1] + 1);
    const isRed = (cell) => cell.classList.contains("red");
    const isNew = (cell) => cell.classList.contains("since");
    const steps = (cell) => cell.classList.contains("step") && !isRed(cell);
    const fits =
      wanted.every((word) => row.words.includes(word)) &&
      (!changing.checked || within.slice(1).some(steps)) &&
      (!reds.checked || within.some(isRed)) &&
      (!since?.checked || within.some(isNew));
    row.fits = fits;
    // A test stands for its cases.
    row.tr.hidden = !fits || (tests?.checked && row.inTest);
    shown += fits;
  }
  for (const body of table.tBodies) body.hidden = !rows.some(({ tr, fits }) => fits && body.contains(tr));
  find("nothing").hidden = shown > 0;
  const kernels = range[1] - range[0] + 1;
  find("shown").textContent = `${shown} of ${rows.length} ${find("shown").dataset.noun}, ${kernels} of ${columns.length} kernels`;
  rove();
}

function showColumns() {
  const isOut = (at) => at < range[0] || at > range[1];
  columns.forEach((col, at) => (col.hidden = isOut(at)));
  for (const cells of lines) cells.forEach((cell, at) => (cell.hidden = isOut(at)));
  for (const { stretches } of rows) {
    for (const { text, cells } of stretches) {
      const visible = cells.filter((cell) => !cell.hidden);
      if (visible.length === 0) continue;
      visible[0].firstElementChild.append(text);
      text.style.setProperty("--n", visible.length);
    }
  }
}

// The address tells the filter, so that a view can be linked to. Kernels stand there by name:
// another page has them in other places.

function readAddress() {
  const told = new URLSearchParams(location.search);
  scenario.value = told.get("find") ?? "";
  for (const check of checks) check.checked = told.has(check.id);
  for (const bound of bounds) {
    const option = [...bound.options].find(({ text }) => text === told.get(bound.id));
    if (option) bound.value = option.value;
  }
}

function tellAddress() {
  const told = new URLSearchParams();
  if (scenario.value) told.set("find", scenario.value);
  for (const check of checks) if (check.checked) told.set(check.id, "");
  for (const bound of bounds) {
    if (!bound.selectedOptions[0]?.defaultSelected) told.set(bound.id, bound.selectedOptions[0]?.text);
  }
  const query = told.size > 0 ? `?${told}` : "";
  history.replaceState(null, "", `${location.pathname}${query}${location.hash}`);
}

controls.hidden = false;
controls.addEventListener("input", filter);
controls.addEventListener("change", tellAddress);
controls.addEventListener("submit", (event) => event.preventDefault());

// The matrix is one stop of the Tab key; arrows go on from there.

let current;

function rove(link) {
  const isShown = (link) => link && !link.closest("[hidden]");
  const first = () => rows.find(({ tr }) => !tr.hidden)?.cells[range[0]]?.firstElementChild;
  const next = [link, current, first()].find(isShown);
  if (current) current.tabIndex = -1;
  if (next) next.tabIndex = 0;
  current = next;
}

function neighbour(link, key) {
  const shown = rows.filter(({ tr }) => !tr.hidden);
  const y = shown.findIndex(({ tr }) => tr.contains(link));
  if (y < 0) return undefined;
  const x = shown[y].cells.indexOf(link.parentElement);
  const last = shown.length - 1;
  const within = (at, from, to) => Math.min(Math.max(at, from), to);
  const to = {
    ArrowLeft: [x - 1, y], ArrowRight: [x + 1, y], ArrowUp: [x, y - 1], ArrowDown: [x, y + 1],
    Home: [range[0], y], End: [range[1], y], PageUp: [x, y - 10], PageDown: [x, y + 10],
  }[key];
  return to && shown[within(to[1], 0, last)].cells[within(to[0], ...range)].firstElementChild;
}

for (const { cells } of rows) for (const cell of cells) cell.firstElementChild.tabIndex = -1;
table.addEventListener("focusin", ({ target }) => {
  if (target.matches("tbody td > a")) rove(target);
});
table.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || !event.target.matches("tbody td > a")) return;
  const link = neighbour(event.target, event.key);
  if (!link) return;
  event.preventDefault();
  link.focus();
});

// Panels.

// The cell that is open, and the link that opened it, to which the focus returns.
const linkTo = (hash) => table.querySelector(`a[href="${CSS.escape(hash)}"]`);
let opener;
let from;

function opened() {
  const target = find(decodeURIComponent(location.hash.slice(1)));
  const panel = target?.closest(".panel");
  opener?.classList.remove("open");
  if (!panel) {
    (from ?? opener)?.focus({ preventScroll: true });
    opener = from = undefined;
    return;
  }
  opener = linkTo(location.hash);
  opener?.classList.add("open");
  panel.tabIndex = -1;
  panel.focus({ preventScroll: true });
  panel.scrollTop = 0;
}

const isOpen = () => document.querySelector(".panel:target, .panel:has(:target)");
const close = () => (location.hash = "-");

addEventListener("hashchange", opened);
addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const panel = isOpen();
  if (event.key === "Escape" && panel) {
    close();
  } else if (event.key === "/" && !event.target.matches("input, select")) {
    event.preventDefault();
    opener?.classList.remove("open");
    opener = from = undefined;
    if (panel) close();
    scenario.focus();
  } else if (panel && opener && !event.target.closest("pre, table") && event.key.startsWith("Arrow")) {
    // Along the row and from row to row, the panel staying open.
    const link = neighbour(opener, event.key);
    if (!link) return;
    event.preventDefault();
    from = undefined;
    location.replace(link.hash);
    link.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
});
addEventListener("click", ({ target }) => {
  const link = target.closest('a[href^="#"]');
  if (link && !link.closest(".panel")) from = link;
  if (isOpen() && !target.closest(".panel, a, label, input, select")) close();
});

// A command is there to be copied.

if (navigator.clipboard) {
  for (const command of all(".command")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(command.firstElementChild.textContent);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
    command.before(button);
  }
}

readAddress();
filter();
opened();
