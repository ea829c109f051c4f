// A chart has a title, a takeaway, a label that readers of screens get, a drawing with a size, and its data.
unfold();
const findings = [];
const ids = all("[id]").map((element) => element.id);
new Set(ids.filter((id, at) => ids.indexOf(id) !== at)).forEach((id) => findings.push("more than one element is #" + id));
for (const chart of all("article.chart")) {
  const lacks = (what) => findings.push("chart #" + chart.id + " has no " + what);
  const says = (selector) => (chart.querySelector(selector)?.textContent || "").trim();
  if (!says("h2")) lacks("title");
  if (!says(".takeaway")) lacks("takeaway");
  const figure = chart.querySelector("figure[role=img]");
  if (!figure) { lacks("figure[role=img]"); continue; }
  const labels = (figure.getAttribute("aria-labelledby") || "").split(/\s+/).filter(Boolean);
  if (!labels.length) lacks("aria-labelledby");
  for (const label of labels) {
    if (!(document.getElementById(label)?.textContent || "").trim()) lacks("text for its label #" + label);
  }
  if (!all("details table tbody tr", chart).some((row) => row.cells.length > 1)) lacks("table with rows");
  if (!all("svg", figure).length) lacks("drawing");
  const drawn = new Set();
  eachView(chart, () => all("svg", figure).filter(shown).forEach((svg) => drawn.add(svg)));
  all("svg", figure).filter((svg) => !drawn.has(svg)).forEach((svg, index) => {
    findings.push("chart #" + chart.id + ": a drawing has no size: " + cut(svg.textContent));
  });
}
return findings;
