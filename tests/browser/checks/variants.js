// A chart of variants shows one at a time, and the switch says which.
unfold();
const findings = [];
for (const figure of all("figure.variants")) {
  const chart = figure.closest("article.chart"), panels = all(".panel", figure), presses = all(".switch button", chart);
  if (panels.length < 2) continue;
  if (presses.length !== panels.length) { findings.push("#" + chart.id + " has " + presses.length + " switches for " + panels.length + " panels"); continue; }
  const only = (index) => panels.every((panel, at) => shown(panel) === (at === index))
    && presses.every((press, at) => press.getAttribute("aria-pressed") === String(at === index));
  if (!panels.some((_, index) => only(index))) findings.push("#" + chart.id + " does not begin with one panel");
  for (const index of [...panels.keys()].reverse()) {
    presses[index].click();
    if (!only(index)) findings.push("#" + chart.id + ": the switch " + cut(presses[index].textContent) + " does not show its panel alone");
  }
}
return findings;
