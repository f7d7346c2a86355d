// World: the report's page. Trusts nothing, loads nothing: switches between light and dark, and lets people
// sort, filter and copy tables.
"use strict";
document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.style.colorScheme
    ? root.style.colorScheme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.style.colorScheme = dark ? "light" : "dark";
});

for (const table of document.querySelectorAll("table.data")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  heads.forEach((head, column) => sortable(head, () => sort(heads, body, column)));
  const tools = document.createElement("div");
  tools.className = "tools";
  tools.append(filter(body), copy(table));
  table.before(tools);
}

function sortable(head, onClick) {
  if (!head.textContent.trim()) return;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = head.textContent;
  button.addEventListener("click", onClick);
  head.replaceChildren(button);
}

function sort(heads, body, column) {
  const ascending = heads[column].getAttribute("aria-sort") !== "ascending";
  for (const head of heads) head.removeAttribute("aria-sort");
  heads[column].setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const keyed = [...body.rows].map((row) => [key(row.cells[column]), row]);
  keyed.sort(([a], [b]) => (ascending ? compare(a, b) : compare(b, a)));
  body.append(...keyed.map(([, row]) => row));
}

// A number sorts before any text.
function key(cell) {
  const number = cell.dataset.n;
  return number ? Number(number) : text(cell);
}

function compare(a, b) {
  if (typeof a === typeof b) return typeof a === "number" ? a - b : a.localeCompare(b);
  return typeof a === "number" ? -1 : 1;
}

// What a cell holds; its title has more of a long text than it shows.
function text(cell) {
  return (cell.title || cell.textContent).trim();
}

function filter(body) {
  const input = document.createElement("input");
  input.type = "search";
  input.placeholder = "Filter";
  input.setAttribute("aria-label", "Show only rows with this text");
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase();
    for (const row of body.rows) {
      row.hidden = ![...row.cells].some((cell) => text(cell).toLowerCase().includes(wanted));
    }
  });
  return input;
}

function copy(table) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy as CSV";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(csv(table));
      button.textContent = "Copied";
    } catch {
      button.textContent = "The browser refuses";
    }
    setTimeout(() => (button.textContent = "Copy as CSV"), 2000);
  });
  return button;
}

// The rows that are shown. A text that a spreadsheet would run as a formula gets a quote before it.
function csv(table) {
  const rows = [table.tHead.rows[0], ...[...table.tBodies[0].rows].filter((row) => !row.hidden)];
  const field = (cell) => {
    const value = cell.dataset.n ?? text(cell);
    const safe = cell.dataset.n === undefined && /^[=+@\t\r-]/.test(value) ? `'${value}` : value;
    return `"${safe.replaceAll('"', '""')}"`;
  };
  return rows.map((row) => [...row.cells].map(field).join(",")).join("\r\n") + "\r\n";
}
