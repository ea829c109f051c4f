// Where a picture's first and last element lie on the page, once all that it leaves out is gone.
const [from, to, without] = SELECTORS;
if (without) all(without).forEach((element) => element.remove());
const [first, last] = [from, to].map((selector) => {
  const element = document.querySelector(selector);
  if (!element) throw new Error("nothing on the page is " + selector);
  return element.getBoundingClientRect();
});
const left = Math.min(first.left, last.left), right = Math.max(first.right, last.right);
return { x: left + scrollX, y: first.top + scrollY, width: right - left, height: last.bottom - first.top };
