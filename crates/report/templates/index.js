// The list of runs: rows by text, scenario and verdict. Without it all rows stand there.
(function () {
  "use strict";
  const form = document.querySelector("form.filter");
  if (!form) return;
  const rows = Array.from(document.querySelectorAll("table.runs tbody tr"));
  const trends = Array.from(document.querySelectorAll(".trend"));
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const narrow = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const scenario = form.elements.scenario.value, verdict = form.elements.verdict.value;
    let shown = 0;
    rows.forEach((row) => {
      const fits = (!scenario || row.dataset.scenario === scenario)
        && (!verdict || row.dataset.verdict === verdict)
        && words.every((word) => texts.get(row).includes(word));
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    trends.forEach((trend) => { trend.hidden = Boolean(scenario) && trend.dataset.scenario !== scenario; });
    form.querySelector(".shown").textContent =
      shown === rows.length ? "" : shown + " of " + rows.length + " runs";
  };
  form.hidden = false;
  form.addEventListener("input", narrow);
  form.addEventListener("submit", (event) => event.preventDefault());
  // A browser keeps what was typed when the page is loaded again.
  narrow();
})();
