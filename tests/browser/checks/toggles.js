// A press on a legend hides that transport's marks in that chart and nothing else; the next one shows them.
unfold();
const findings = [];
const hidden = (mark) => getComputedStyle(mark).display === "none";
const series = (chart, name) => all("figure svg .s-" + CSS.escape(name), chart);
const charts = all("article.chart");
for (const [place, chart] of charts.entries()) {
  const presses = all(".legend button[data-series]", chart);
  const others = () => charts.filter((other) => other !== chart).map((other) => all("figure svg .off", other).length).join();
  for (const [index, press] of presses.entries()) {
    const name = press.dataset.series, marks = series(chart, name);
    const rest = presses.filter((other) => other !== press).flatMap((other) => series(chart, other.dataset.series));
    const tell = (what) => findings.push("legend " + name + " of #" + chart.id + " " + what);
    const before = marks.map(hidden), restBefore = rest.map(hidden).join();
    const elsewhere = index === 0 ? others() : "";
    if (!marks.length) { tell("stands for no mark"); continue; }
    press.click();
    if (!marks.every(hidden)) tell("does not hide its marks");
    if (press.getAttribute("aria-pressed") !== "false") tell("does not say that it is off");
    if (rest.map(hidden).join() !== restBefore) tell("changes marks of others");
    if (index === 0 && others() !== elsewhere) tell("changes another chart");
    press.click();
    if (marks.map(hidden).join() !== before.join()) tell("does not show its marks again");
    if (press.getAttribute("aria-pressed") !== "true") tell("does not say that it is on");
  }
}
return findings;
