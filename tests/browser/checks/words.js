// Put before every check: what is looked at, and how a finding names it.
const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
const cut = (text, length = 60) => {
  const words = text.replace(/\s+/g, " ").trim();
  return words.length > length ? words.slice(0, length) + "…" : words;
};
// Drawn, with some size; folded, hidden and switched-off things are not.
const shown = (element) => {
  const box = element.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
};
const named = (element) => {
  const chart = element.closest("article.chart");
  const classes = Array.from(element.classList, (name) => "." + name).join("");
  const place = chart && chart !== element ? " in #" + chart.id : "";
  return element.localName + (element.id ? "#" + element.id : "") + classes + ' "' + cut(element.textContent) + '"' + place;
};
const unfold = () => all("details").forEach((node) => { node.open = true; });
// Calls `look` with each panel of a chart that shows one at a time; once where all are shown.
const eachView = (chart, look) => {
  const presses = all(".switch button", chart);
  if (!presses.length) return look();
  const first = presses.find((press) => press.getAttribute("aria-pressed") === "true") || presses[0];
  presses.forEach((press) => { press.click(); look(); });
  first.click();
};
