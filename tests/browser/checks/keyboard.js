// Tab reaches everything that can be pressed, followed or scrolled, and shows where it is.
const reached = window.reached;
const findings = [];
const pressable = all("button,summary,a[href],input,select,textarea,[role=button],[tabindex='0']").filter((element) => shown(element) && !element.disabled);
pressable.filter((element) => !reached.has(element)).forEach((element) => findings.push("Tab does not reach " + named(element)));
reached.forEach((outlined, element) => { if (!outlined) findings.push("no outline shows the focus on " + named(element)); });
// A frame is scrolled by itself, or by the focus on what stands in it.
all("body :not(tr,th,td,svg,svg *)").filter(shown).forEach((element) => {
  const scrolls = /auto|scroll/.test(getComputedStyle(element).overflowX) && element.scrollWidth > element.clientWidth + 1;
  const reachable = () => reached.has(element) || Array.from(reached.keys()).some((other) => element.contains(other));
  if (scrolls && !reachable()) findings.push("Tab does not reach the scrolled " + named(element));
});
return findings;
