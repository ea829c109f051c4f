// Remembers what the keyboard reaches, and whether one can see that it is there.
unfold();
window.reached = new Map();
document.addEventListener("focusin", ({ target }) => {
  const style = getComputedStyle(target);
  window.reached.set(target, style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0);
});
document.activeElement.blur();
window.scrollTo(0, 0);
const scrolls = (element) => element.scrollWidth > element.clientWidth + 1;
return all("button,summary,a[href],[tabindex]").filter(shown).length + all("div,pre").filter((element) => shown(element) && scrolls(element)).length;
