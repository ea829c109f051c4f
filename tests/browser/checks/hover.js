// The pointer over a drawing shows values, and takes them away with it.
unfold();
const findings = [];
const point = (drawing, kind) => {
  const box = drawing.getBoundingClientRect();
  drawing.dispatchEvent(new PointerEvent(kind, { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, bubbles: true }));
};
let told = 0;
for (const drawing of all("figure .drawing").filter(shown)) {
  const tip = drawing.querySelector(".tip"), place = "#" + drawing.closest("article").id;
  if (!tip) continue;
  point(drawing, "pointermove");
  if (shown(tip)) {
    told += 1;
    if (!tip.textContent.trim()) findings.push(place + ": the values that show on hovering are empty");
    if (tip.getBoundingClientRect().right > innerWidth) findings.push(place + ": the values that show on hovering leave the window");
  }
  point(drawing, "pointerleave");
  if (shown(tip)) findings.push(place + ": the values stay when the pointer has left");
}
if (all("figure .drawing").some(shown) && !told) findings.push("no drawing shows values on hovering");
return findings;
