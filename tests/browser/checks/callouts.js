// Frames the parts of a page that a guide speaks of, and numbers them in the margin. A banner stands only where
// there is something to warn of.
const findings = [];
const boxes = CALLOUTS.map(([number, selector]) => {
  const element = document.querySelector(selector);
  if (!element && !selector.endsWith(".banner")) findings.push("nothing on the page is " + selector);
  return element && { number, box: element.getBoundingClientRect() };
});
const place = (style, text) => {
  const mark = document.createElement("div");
  mark.style.cssText = "position:absolute;box-sizing:border-box;" + style;
  mark.textContent = text;
  document.body.append(mark);
};
boxes.filter(Boolean).forEach(({ number, box }) => {
  const left = box.left + scrollX, top = box.top + scrollY;
  place(`left:${left - 4}px;top:${top - 3}px;width:${box.width + 8}px;height:${box.height + 6}px;border:1.5px solid #b0005c;border-radius:6px;`, "");
  place(`left:${Math.max(2, left - 30)}px;top:${top - 3}px;width:22px;height:22px;border-radius:11px;background:#b0005c;color:#fff;font:700 13px/22px sans-serif;text-align:center;`, String(number));
});
return findings;
