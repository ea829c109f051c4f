// Every visible text holds 4.5:1 against what it stands on, as WCAG 2.2 counts it; large text too, which
// would get by with 3:1. Looks at the parts of the page that PART selects.
unfold();
const LEAST = 4.5;
const findings = new Map();
const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const known = new Map();
const parse = (color) => {
  if (!known.has(color)) {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = color;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    known.set(color, { rgb: [r, g, b], a: a / 255 });
  }
  return known.get(color);
};
const over = (top, alpha, bottom) => top.map((channel, index) => channel * alpha + bottom[index] * (1 - alpha));
const luminance = (rgb) => {
  const [r, g, b] = rgb.map((channel) => channel / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ratio = (a, b) => {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
};
// What an element stands on, and how much of it is seen through the opacity of those around it.
const grounds = new Map();
const ground = (element) => {
  if (!element) return { rgb: [255, 255, 255], opacity: 1, image: false };
  if (!grounds.has(element)) {
    const below = ground(element.parentElement), style = getComputedStyle(element);
    const opacity = below.opacity * Number(style.opacity), paint = parse(style.backgroundColor);
    const image = below.image || style.backgroundImage !== "none";
    grounds.set(element, { rgb: over(paint.rgb, paint.a * opacity, below.rgb), opacity, image });
  }
  return grounds.get(element);
};
// Shapes of a drawing with what they are filled with; boxes first, because a heatmap has thousands.
const shapesOf = new Map();
const shapes = (svg) => {
  if (!shapesOf.has(svg)) {
    shapesOf.set(svg, all("rect,circle,ellipse,polygon,path", svg).flatMap((shape) => {
      const style = getComputedStyle(shape), paint = style.fill === "none" ? { a: 0 } : parse(style.fill);
      const alpha = paint.a * Number(style.fillOpacity) * Number(style.opacity);
      return alpha && shown(shape) ? [{ shape, rgb: paint.rgb, alpha, box: shape.getBBox() }] : [];
    }));
  }
  return shapesOf.get(svg);
};
// The drawing behind five points along the middle of a text.
const behind = (text, paper) => {
  const svg = text.ownerSVGElement, box = text.getBBox(), point = svg.createSVGPoint();
  point.y = box.y + box.height / 2;
  return [0.02, 0.25, 0.5, 0.75, 0.98].map((part) => {
    point.x = box.x + box.width * part;
    return shapes(svg).reduce((below, { shape, rgb, alpha, box: at }) => {
      const near = point.x >= at.x && point.x <= at.x + at.width && point.y >= at.y && point.y <= at.y + at.height;
      const under = near && shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING;
      return under && shape.isPointInFill(point) ? over(rgb, alpha, below) : below;
    }, paper);
  });
};
const judge = (element) => {
  const style = getComputedStyle(element), below = ground(element);
  const drawn = element instanceof SVGElement && element.ownerSVGElement;
  const ink = parse(drawn ? style.fill : style.color);
  const alpha = ink.a * below.opacity * (drawn ? Number(style.fillOpacity) : 1);
  const papers = drawn ? behind(element, below.rgb) : [below.rgb];
  const least = Math.min(...papers.map((paper) => ratio(over(ink.rgb, alpha, paper), paper)));
  if (below.image) findings.set(named(element), named(element) + " stands on a picture");
  // One finding for a kind of text; a page has hundreds of ticks.
  const kind = element.localName + element.getAttribute("class") + least.toFixed(2);
  if (least < LEAST && !findings.has(kind)) findings.set(kind, named(element) + " has a contrast of " + least.toFixed(2) + ":1");
};
const seen = new Set();
for (const part of all(PART)) {
  const walk = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || seen.has(element)) continue;
    seen.add(element);
    if (shown(element)) judge(element);
  }
}
return Array.from(findings.values());
