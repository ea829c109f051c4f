// The page does not scroll sideways; what is too wide scrolls in a frame of its own.
unfold();
const wide = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth <= wide) return [];
const contained = (element) => {
  for (let at = element.parentElement; at && at !== document.body; at = at.parentElement) {
    if (getComputedStyle(at).overflowX !== "visible") return true;
  }
  return false;
};
// A text can leave the box of its element.
const end = (element) => {
  const texts = Array.from(element.childNodes).filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return range.getBoundingClientRect().right;
  });
  return Math.max(element.getBoundingClientRect().right, ...texts);
};
const culprits = all("body *").filter((element) => shown(element) && end(element) > wide + 0.5 && !contained(element));
return ["the page is " + document.documentElement.scrollWidth + " px wide in a window of " + wide,
  ...culprits.slice(0, 5).map((element) => named(element) + " ends at " + Math.round(end(element)))];
