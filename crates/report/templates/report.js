// Hover values, series toggles, sortable tables, theme. The page reads the same without it.
(function () {
  "use strict";
  const all = (root, selector) => Array.from(root.querySelectorAll(selector));
  const make = (tag, name, text) => {
    const node = document.createElement(tag);
    if (name) node.className = name;
    if (text !== undefined) node.textContent = text;
    return node;
  };

  // Theme: the button overrides the system's wish for this visit.
  const root = document.documentElement;
  const button = document.querySelector(".theme");
  const systemDark = window.matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : systemDark.matches);
  const nameTheme = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    nameTheme();
  });
  systemDark.addEventListener("change", nameTheme);
  nameTheme();

  // Printing shows what is folded away.
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = all(document, "details:not([open])");
    opened.forEach((node) => { node.open = true; });
  });
  window.addEventListener("afterprint", () => opened.forEach((node) => { node.open = false; }));

  // Sortable tables: figures by their value, blanks last. Where the record's value isn't at hand, a figure
  // is read as it is printed: digits in groups of three, unit.
  const UNITS = { ns: 1e-9, "µs": 1e-6, ms: 1e-3, B: 1, KiB: 1024, MiB: 1048576, GiB: 1073741824 };
  const FIGURE = /^[≥≤]?\s*(-?\d+(?:\.\d+)?)\s*(ns|µs|ms|s|\/s|B|KiB|MiB|GiB|%|×)?(?=\s|$)/;
  const key = (row, column) => {
    const cell = row.cells[column];
    if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
    if (cell.querySelector(".blank")) return null;
    const words = Array.from(cell.childNodes, (node) => (node.localName === "small" ? "" : node.textContent)).join("").trim();
    const plain = words.replace(/(\d)\u00a0(?=\d{3})/g, "$1"), figure = FIGURE.exec(plain);
    return figure ? Number(figure[1]) * (UNITS[figure[2]] || 1) : plain || null;
  };
  const compare = (a, b) => {
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), undefined, { numeric: true });
  };
  all(document, "table.sortable").forEach((table) => {
    const heads = all(table, "thead th");
    heads.forEach((head, column) => {
      const press = make("button", "", head.textContent);
      press.type = "button";
      head.replaceChildren(press);
      press.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const body = table.tBodies[0];
        const rows = Array.from(body.rows);
        rows.sort((x, y) => {
          const a = key(x, column), b = key(y, column);
          if (a === null || b === null) return (a === null) - (b === null);
          return up ? compare(a, b) : compare(b, a);
        });
        body.append(...rows);
      });
    });
  });

  // Several views of the same data: one at a time.
  all(document, "figure.variants").forEach((figure) => {
    const panels = all(figure, ".panel");
    if (panels.length < 2) return;
    const bar = make("div", "switch");
    const show = (chosen) => panels.forEach((panel, index) => {
      panel.classList.toggle("off", index !== chosen);
      bar.children[index].setAttribute("aria-pressed", String(index === chosen));
    });
    panels.forEach((panel, index) => {
      const choose = make("button", "", panel.dataset.title);
      choose.type = "button";
      choose.addEventListener("click", () => show(index));
      bar.append(choose);
      panel.querySelector("h3").hidden = true;
    });
    figure.closest(".chart").querySelector(".keys").append(bar);
    show(Number(figure.dataset.first || 0));
  });

  // Legends switch a transport off and on, in their own chart.
  all(document, ".legend button").forEach((press) => {
    press.addEventListener("click", () => {
      const on = press.getAttribute("aria-pressed") !== "true";
      press.setAttribute("aria-pressed", String(on));
      const figure = press.closest(".chart").querySelector("figure");
      all(figure, ".s-" + CSS.escape(press.dataset.series)).forEach((mark) => mark.classList.toggle("off", !on));
      figure.dataset.off = all(press.closest(".legend"), "button[aria-pressed=false]")
        .map((other) => other.dataset.series).join(" ");
    });
  });

  // Hover: the nearest column of the drawing's readout.
  all(document, ".drawing").forEach((drawing) => {
    const data = JSON.parse(drawing.querySelector("script").textContent);
    const [left, right, top, bottom, width] = data.bounds;
    if (!data.x.length) return;
    const cross = make("div", "cross off"), tip = make("div", "tip off");
    drawing.append(cross, tip);
    const hide = () => { cross.classList.add("off"); tip.classList.add("off"); };
    const fill = (nearest) => {
      const off = (drawing.closest("figure").dataset.off || "").split(" ");
      tip.replaceChildren(make("b", "", data.labels[nearest]));
      data.series.forEach((series) => {
        const value = series.values[nearest];
        if (!value || off.includes(series.class)) return;
        const row = make("div");
        row.append(make("span", series.class ? "label s-" + series.class : "", series.name), make("span", "", value));
        tip.append(row);
      });
    };
    drawing.addEventListener("pointermove", (event) => {
      const box = drawing.getBoundingClientRect(), scale = box.width / width;
      const x = (event.clientX - box.left) / scale;
      if (x < left - 20 || x > right + 20) return hide();
      let nearest = 0;
      data.x.forEach((at, index) => { if (Math.abs(at - x) < Math.abs(data.x[nearest] - x)) nearest = index; });
      fill(nearest);
      const at = data.x[nearest] * scale;
      cross.style.left = at + "px";
      cross.style.top = top * scale + "px";
      cross.style.height = (bottom - top) * scale + "px";
      cross.classList.remove("off");
      tip.classList.remove("off");
      const beside = at + 14 + tip.offsetWidth > box.width ? at - 14 - tip.offsetWidth : at + 14;
      tip.style.left = Math.max(0, beside) + "px";
    });
    drawing.addEventListener("pointerleave", hide);
  });
})();
