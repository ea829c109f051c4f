// On paper nothing is folded, hidden, cut off or dark. The window has the width of a page.
window.dispatchEvent(new Event("beforeprint"));
const findings = [];
const light = (color) => color.match(/[\d.]+/g).slice(0, 3).every((channel) => Number(channel) > 240);
all("details").filter((node) => !node.open).forEach((node) => findings.push("folded: " + named(node.querySelector("summary"))));
all("article.chart").forEach((chart) => {
  all("figure .panel", chart).forEach((panel) => {
    const title = panel.querySelector("h3");
    if (!shown(panel)) findings.push("#" + chart.id + ": panel " + panel.dataset.title + " is not printed");
    else if (title && !shown(title)) findings.push("#" + chart.id + ": panel " + panel.dataset.title + " has no title on paper");
  });
});
all("table").filter((table) => !shown(table)).forEach((table) => findings.push("not printed: " + named(table)));
if (!light(getComputedStyle(document.body).backgroundColor)) findings.push("the paper is dark: " + getComputedStyle(document.body).backgroundColor);
all("body :not(tr,th,td,svg,svg *)").filter(shown).forEach((element) => {
  const style = getComputedStyle(element);
  const cuts = (overflow, inside, outside) => overflow !== "visible" && inside > outside + 1;
  if (cuts(style.overflowX, element.scrollWidth, element.clientWidth)) findings.push(named(element) + " is cut off at its side");
  if (cuts(style.overflowY, element.scrollHeight, element.clientHeight)) findings.push(named(element) + " is cut off at its foot");
});
window.dispatchEvent(new Event("afterprint"));
return findings;
