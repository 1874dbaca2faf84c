"use strict";
{
  const data = JSON.parse(document.getElementById("data").textContent);
  const { tokens, weights } = data;
  const WHOLE = 10000; // weights are in ten-thousandths
  const SHOWN = 8;
  const text = document.getElementById("text");
  const heads = document.getElementById("heads");
  let colors; // pairs of a color and the ink to write on it
  const picked = { layer: 0, head: 0, token: tokens.length - 1 };

  const element = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  const isDark = () => {
    const scheme = document.documentElement.style.colorScheme;
    return scheme === "dark" ||
      scheme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const percent = weight => (weight / WHOLE * 100).toFixed(1) + " %";

  // The square root shows small weights, too.
  const colorOf = weight =>
    colors[Math.round(Math.sqrt(Math.min(1, weight / WHOLE)) * (colors.length - 1))];

  const row = () => weights[picked.layer][picked.head][picked.token];

  function drawHead(canvas, rows) {
    const block = Math.ceil(tokens.length / 128);
    const context = canvas.getContext("2d");
    canvas.width = canvas.height = Math.ceil(tokens.length / block);
    const largest = new Uint16Array(canvas.width * canvas.width);
    rows.forEach((columns, y) => columns.forEach((weight, x) => {
      const cell = Math.floor(y / block) * canvas.width + Math.floor(x / block);
      largest[cell] = Math.max(largest[cell], weight);
    }));
    largest.forEach((weight, cell) => {
      if (weight > 0) {
        context.fillStyle = colorOf(weight)[0];
        context.fillRect(cell % canvas.width, Math.floor(cell / canvas.width), 1, 1);
      }
    });
  }

  function buildHeads() {
    const size = Math.max(24, Math.min(96, Math.floor(520 / weights[0].length)));
    const names = element("div", { className: "layer names", role: "presentation" }, element("span"));
    for (let head = 0; head < weights[0].length; head++) {
      const name = element("span", { textContent: size < 48 ? head : "head " + head });
      name.style.width = size + 8 + "px";
      names.append(name);
    }
    heads.append(names);
    weights.forEach((layerHeads, layer) => {
      const line = element("div", { className: "layer", role: "row" },
        element("span", { textContent: "layer " + layer, role: "rowheader" }));
      layerHeads.forEach((rows, head) => {
        const canvas = element("canvas");
        canvas.style.width = canvas.style.height = size + "px";
        const button = element("button", { className: "head", type: "button", role: "gridcell" }, canvas);
        button.setAttribute("aria-label", `layer ${layer}, head ${head}`);
        Object.assign(button.dataset, { layer, head });
        line.append(button);
      });
      heads.append(line);
    });
  }

  function buildText() {
    tokens.forEach((label, index) => {
      const token = element("span", { className: "token", role: "option", textContent: label });
      token.dataset.token = index;
      text.append(token, label.endsWith("\u23CE") ? element("br") : element("wbr"));
    });
  }

  const headButtons = () => heads.querySelectorAll(".head");
  const tokenSpans = () => text.querySelectorAll(".token");

  function select(items, index) {
    items.forEach((item, i) => {
      item.setAttribute("aria-selected", i === index);
      item.tabIndex = i === index ? 0 : -1;
    });
  }

  function showRow() {
    const columns = row();
    tokenSpans().forEach((token, i) => {
      const weight = columns[i] ?? 0;
      const [color, ink] = weight > 0 ? colorOf(weight) : ["", ""];
      token.style.backgroundColor = color;
      token.style.color = ink;
      token.title = weight > 0 ? percent(weight) : "";
    });
    select(tokenSpans(), picked.token);
    document.getElementById("asked").replaceChildren(
      `Token ${picked.token}, `, element("code", { textContent: tokens[picked.token] }), ", looks at");
    const order = [...columns.keys()].filter(i => columns[i] > 0).sort((a, b) => columns[b] - columns[a]);
    document.getElementById("answer").replaceChildren(...order.slice(0, SHOWN).map(i =>
      element("li", {}, percent(columns[i]) + "  ", element("code", { textContent: tokens[i] }),
        i === picked.token ? "  (itself)" : `  (token ${i})`)));
  }

  function showHead() {
    select(headButtons(), picked.layer * weights[0].length + picked.head);
    document.getElementById("picked").textContent = `Layer ${picked.layer}, head ${picked.head}`;
    showRow();
  }

  function drawAll() {
    colors = isDark() ? data.dark : data.light;
    headButtons().forEach(button =>
      drawHead(button.firstChild, weights[button.dataset.layer][button.dataset.head]));
    document.getElementById("colors").style.background =
      `linear-gradient(to right, ${colors.map(pair => pair[0]).join(", ")})`;
    showHead();
  }

  function pickHead(button) {
    picked.layer = Number(button.dataset.layer);
    picked.head = Number(button.dataset.head);
    showHead();
  }

  function pickToken(token) {
    picked.token = Number(token.dataset.token);
    showRow();
  }

  // Arrow keys, Home and End move among items that stand in lines of a given length.
  function moveByKeys(container, items, perLine, pick) {
    container.addEventListener("keydown", event => {
      const all = [...items()];
      const from = all.indexOf(document.activeElement);
      const to = {
        ArrowLeft: from - 1, ArrowRight: from + 1, ArrowUp: from - perLine, ArrowDown: from + perLine,
        Home: 0, End: all.length - 1
      }[event.key];
      if (from >= 0 && to !== undefined) {
        event.preventDefault();
        if (to >= 0 && to < all.length) {
          pick(all[to]);
          all[to].focus();
        }
      }
    });
  }

  heads.addEventListener("click", event => {
    const button = event.target.closest(".head");
    if (button) {
      pickHead(button);
    }
  });
  for (const kind of ["pointerover", "click", "focusin"]) {
    text.addEventListener(kind, event => {
      const token = event.target.closest(".token");
      if (token && Number(token.dataset.token) !== picked.token) {
        pickToken(token);
      }
    });
  }
  moveByKeys(heads, headButtons, weights[0].length, pickHead);
  moveByKeys(text, tokenSpans, 1, pickToken);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);

  document.title = data.title;
  document.getElementById("title").textContent = data.title;
  buildHeads();
  buildText();
  drawAll();
}
