// No text of a drawing leaves its frame, and no two lie on one another. Boxes are those of whole lines, so
// a pixel of overlap isn't one of letters.
unfold();
const TOLERANCE = 1;
const findings = [];
const overlap = (a, b) => Math.min(
  Math.min(a.right, b.right) - Math.max(a.left, b.left),
  Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));
const look = (svg) => {
  const frame = svg.getBoundingClientRect();
  const texts = all("text", svg).filter((text) => text.textContent.trim() && shown(text))
    .map((text) => ({ text, box: text.getBoundingClientRect() }));
  for (const { text, box } of texts) {
    const outside = Math.max(frame.left - box.left, frame.top - box.top, box.right - frame.right, box.bottom - frame.bottom);
    if (outside > TOLERANCE) findings.push(named(text) + " is " + outside.toFixed(1) + " px outside its frame");
  }
  texts.forEach((one, index) => texts.slice(index + 1).forEach((other) => {
    const depth = overlap(one.box, other.box);
    if (depth > TOLERANCE) findings.push(named(one.text) + " lies " + depth.toFixed(1) + " px over " + named(other.text));
  }));
};
for (const chart of all("article.chart")) {
  eachView(chart, () => all("figure svg", chart).filter(shown).forEach(look));
}
return findings;
