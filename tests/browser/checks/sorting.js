// A press on a column's head sorts ascending by value, the next one descending, blanks last both times. The
// value is read from the cell as a reader would: number and unit.
unfold();
const findings = [];
const UNITS = { ns: 1e-9, "µs": 1e-6, ms: 1e-3, s: 1, min: 60, B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, "/s": 1, "%": 1, "×": 1, "": 1 };
const text = (cell) => Array.from(cell.childNodes).filter((node) => node.localName !== "small").map((node) => node.textContent).join("").trim();
const quantity = (words) => {
  const found = /^[≥≤<>~]?\s*([-−+]?\d{1,3}(?:[\s\u00a0\u202f]\d{3})+(?:\.\d+)?|[-−+]?\d+(?:\.\d+)?)[\s\u00a0\u202f]*([^\s\d(]*)/.exec(words);
  return found && found[2] in UNITS ? Number(found[1].replace(/[\s\u00a0\u202f]/g, "").replace("−", "-")) * UNITS[found[2]] : undefined;
};
// 20 000 within a text counts as a number too.
const ungrouped = (words) => words && words.replace(/(\d)[\s\u00a0\u202f](?=\d{3})/g, "$1");
const read = (rows, column) => {
  const cells = rows.map((row) => row.cells[column]);
  const words = cells.map((cell) => (cell.querySelector(".blank") || !text(cell) ? null : text(cell)));
  if (cells.some((cell) => cell.dataset.v !== undefined)) {
    return cells.map((cell, at) => (words[at] === null ? null : Number(cell.dataset.v)));
  }
  return words.map((word) => (word === null ? null : quantity(word) ?? ungrouped(word)));
};
const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true }));
const inOrder = (values, sign) => values.every((value, at) => {
  const next = values[at + 1];
  if (at + 1 === values.length || next === null) return true;
  return value !== null && sign * compare(value, next) <= 0;
});
for (const table of all("table.sortable")) {
  const body = table.tBodies[0];
  all("thead th", table).forEach((head, column) => {
    const press = head.querySelector("button");
    const place = (table.closest("section,article")?.id || table.closest("section,article")?.className || "") + " " + (table.caption?.textContent || "");
    const tell = (what) => findings.push("table " + place.trim() + ", column " + cut(head.textContent) + " " + what);
    if (!press) return tell("has no button");
    for (const [direction, sign] of [["ascending", 1], ["descending", -1]]) {
      press.click();
      if (head.getAttribute("aria-sort") !== direction) tell("does not say " + direction);
      const values = read(Array.from(body.rows), column);
      if (!inOrder(values, sign)) tell("is not " + direction + ": " + values.slice(0, 12).join(" | "));
    }
  });
}
return findings;
