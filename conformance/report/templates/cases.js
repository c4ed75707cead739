// The list of all cases: unpacked, filtered, sorted, drawn as far as it is in sight.
const HEIGHT = 30;
const VIEW = 416; // the most that the style gives the list
const COLUMNS = [
  ["status", "verdict"], ["loss", "loss"], ["property", "property"], ["target", "target"],
  ["dtype", "dtype"], ["case", "case"], ["ulp", "error, ulp"], ["used", "used"], ["class", "class"],
];
const NUMBERS = new Set(["ulp", "used"]);
const WORDS = ["status", "loss", "property", "target", "dtype", "device", "class", "case"];
const state = { filter: "", sort: "", rows: [], shown: [] };

// Each id is a head and a tail; a column of tails is what stands between two slashes.
function named(data) {
  const whole = (row) => data.tails.map((column) => column[row]).filter((part) => part !== 0).join("/");
  const tails = (data.tails[0] || []).map((_, row) => whole(row));
  let head = 0;
  let tail = 0;
  return data.head.map((step, at) => {
    head += step;
    tail += data.tail[at];
    return data.heads[head] + tails[tail];
  });
}

async function unpack() {
  const bytes = Uint8Array.from(atob($("case-data").textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const data = JSON.parse(await new Response(stream).text());
  const rows = [];
  const number = (value) => (value === -1 ? Infinity : value);
  const ids = named(data);
  let at = 0;
  let id = 0;
  for (const [loss, property, target, dtype, count] of data.cells) {
    const cell = {
      loss: data.loss[loss], property: data.property[property],
      target: data.target[target], dtype: data.dtype[dtype],
    };
    cell.device = (cell.target.split("@")[1] || "").split("+")[0];
    const prefix = `${cell.property}:${cell.loss}/${cell.dtype}/`;
    for (const end = at + count; at < end; at += 1) {
      id += data.case[at];
      const full = ids[id];
      rows.push({
        ...cell, full, symbol: data.symbols[data.verdict[at]],
        status: data.symbols[data.verdict[at]].slice(2),
        case: full.startsWith(prefix) ? full.slice(prefix.length) : full,
        ulp: number(data.ulp[at]), used: number(data.share[at]),
        class: data.classes[data.class[at]] || "",
      });
    }
  }
  return rows;
}

function parse(text) {
  const tests = [];
  const wrong = [];
  for (const token of text.trim().split(/\s+/).filter(Boolean)) {
    const negated = token.startsWith("-") && token.length > 1;
    const word = negated ? token.slice(1) : token;
    const compare = /^(\w+)(<=|>=|<|>)([\d.eE+-]+)(%?)$/.exec(word);
    const choice = /^([a-z]+):(.+)$/.exec(word);
    let test = null;
    if (compare && NUMBERS.has(compare[1])) {
      const limit = Number(compare[3]) / (compare[4] ? 100 : 1);
      const key = compare[1];
      const compares = {
        "<": (v) => v < limit, "<=": (v) => v <= limit, ">": (v) => v > limit, ">=": (v) => v >= limit,
      };
      if (!Number.isNaN(limit)) test = (row) => row[key] !== null && compares[compare[2]](row[key]);
    } else if (choice && WORDS.includes(choice[1])) {
      const [key, options] = [choice[1], choice[2].toLowerCase().split(",")];
      const inside = key === "case" || key === "target";
      const hit = (value) => options.some((o) => o && (inside ? value.includes(o) : value === o));
      test = (row) => hit((key === "case" ? row.full : row[key]).toLowerCase());
    } else if (!compare && !/^[a-z]+:/.test(word)) {
      const plain = word.toLowerCase();
      test = (row) => row.full.toLowerCase().includes(plain) || row.target.includes(plain);
    } else if (!choice || !/^[a-z]+:$/.test(word)) {
      wrong.push(word);
    }
    if (test) tests.push(negated ? (row) => !test(row) : test);
  }
  return { tests, wrong };
}

function order(rows, sort) {
  const key = sort.replace(/^-/, "");
  if (!COLUMNS.some(([name]) => name === key)) return rows;
  const sign = sort.startsWith("-") ? -1 : 1;
  const rank = NUMBERS.has(key) ? (row) => row[key] ?? -1 : (row) => row[key];
  return rows.sort((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return x < y ? -sign : x > y ? sign : 0;
  });
}

const figure = (value) => {
  if (value === null) return "–";
  if (value === Infinity) return "∞";
  return value >= 1e5 || (value && value < 1e-3) ? value.toExponential(1) : String(value);
};
const used = (value) => {
  if (value === null || value === Infinity) return figure(value);
  return value >= 10 ? `${figure(Number(value.toPrecision(3)))}×` : `${Number((100 * value).toPrecision(2))} %`;
};
const quoted = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
const replay = (row) => `conformance replay ${quoted(row.full)} -t ${quoted(row.target)}`;
const issue = (row) => [
  `${row.loss} ${row.property} on ${row.target}, ${row.dtype}: ${row.status}`, "",
  `- case: \`${row.full}\``, `- error: ${figure(row.ulp)} ulp, ${used(row.used)} of its bound`,
  `- class: ${row.class || "not measured"}`, "", "```", replay(row), "```",
].join("\n");

function action(label, title, text) {
  const button = make("button", label);
  button.type = "button";
  button.title = title;
  button.setAttribute("aria-label", title);
  button.addEventListener("click", async () => {
    await copy(text);
    $("filter-state").textContent = "Copied.";
  });
  return button;
}

function line(row, at) {
  const node = make("tr");
  node.setAttribute("aria-rowindex", at + 2);
  for (const [key] of COLUMNS) {
    const text = key === "status" ? row.symbol : key === "ulp" ? figure(row.ulp) : key === "used" ? used(row.used) : row[key];
    const cell = make("td", text, key === "status" ? `v ${row.status.replace(" ", "-").replace("/", "")}` : NUMBERS.has(key) ? "n" : "");
    if (key === "case") cell.title = row.full;
    node.append(cell);
  }
  const last = make("td");
  last.append(action("replay", `Copy the replay line of ${row.full}`, replay(row)));
  last.append(action("issue", `Copy ${row.full} as an issue`, issue(row)));
  node.append(last);
  return node;
}

function draw() {
  const box = $("case-list");
  const body = box.querySelector("tbody");
  const start = Math.max(0, Math.floor(box.scrollTop / HEIGHT) - 2);
  const end = Math.min(state.shown.length, start + Math.ceil(VIEW / HEIGHT) + 3);
  const gap = (count) => {
    const node = make("tr");
    node.setAttribute("aria-hidden", "true");
    const cell = make("td");
    cell.colSpan = COLUMNS.length + 1;
    cell.style.cssText = `height:${count * HEIGHT}px;padding:0;border:0`;
    node.append(cell);
    return count > 0 ? [node] : [];
  };
  body.replaceChildren(
    ...gap(start),
    ...state.shown.slice(start, end).map((row, at) => line(row, start + at)),
    ...gap(state.shown.length - end),
  );
}

function apply(remember) {
  const { tests, wrong } = parse(state.filter);
  state.shown = order(state.rows.filter((row) => tests.every((test) => test(row))), state.sort);
  const box = $("case-list");
  box.querySelector("table").setAttribute("aria-rowcount", state.shown.length + 1);
  for (const head of box.querySelectorAll("th[data-key]")) {
    const mine = state.sort.replace("-", "") === head.dataset.key;
    head.setAttribute("aria-sort", !mine ? "none" : state.sort[0] === "-" ? "descending" : "ascending");
  }
  const found = `${state.shown.length.toLocaleString("en")} of ${state.rows.length.toLocaleString("en")} cases.`;
  const help = wrong.length ? ` Not understood: ${wrong.join(" ")}; words are ${WORDS.join(", ")}, numbers used and ulp.` : "";
  $("filter-state").textContent = found + help;
  box.scrollTop = 0;
  draw();
  if (!remember) return;
  const query = new URLSearchParams();
  if (state.filter) query.set("q", state.filter);
  if (state.sort) query.set("sort", state.sort);
  history.replaceState(null, "", `#cases${query.size ? `?${query}` : ""}`);
}

function restore() {
  const match = /^#cases\?(.*)$/.exec(location.hash);
  if (!match) return false;
  const query = new URLSearchParams(match[1]);
  state.filter = query.get("q") || "";
  state.sort = query.get("sort") || "";
  $("filter").value = state.filter;
  apply(false);
  $("cases").scrollIntoView();
  return true;
}

function csv() {
  const safe = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
  const field = (value) => (typeof value === "number" ? String(value) : `"${safe(value ?? "").replaceAll('"', '""')}"`);
  const keys = ["status", "loss", "property", "target", "dtype", "full", "class", "ulp", "used"];
  const head = "verdict,loss,property,target,dtype,case,class,ulp,share";
  const lines = state.shown.map((row) => keys.map((key) => field(row[key])).join(","));
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([[head, ...lines].join("\n")], { type: "text/csv" }));
  link.download = "cases.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function header() {
  const row = $("case-list").querySelector("thead tr");
  for (const [key, label] of COLUMNS) {
    const head = make("th");
    head.scope = "col";
    head.dataset.key = key;
    const button = make("button", label);
    button.type = "button";
    button.addEventListener("click", () => {
      const first = NUMBERS.has(key) ? `-${key}` : key;
      const second = NUMBERS.has(key) ? key : `-${key}`;
      state.sort = state.sort === first ? second : first;
      apply(true);
    });
    head.append(button);
    row.append(head);
  }
  const last = make("th", "copy as");
  last.scope = "col";
  row.append(last);
}

async function start() {
  state.rows = await unpack();
  header();
  $("cases-off").hidden = true;
  $("cases-on").hidden = false;
  let waiting = 0;
  $("filter").addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { state.filter = event.target.value; apply(true); }, 120);
  });
  $("filter").form.addEventListener("submit", (event) => event.preventDefault());
  $("csv").addEventListener("click", csv);
  $("case-list").addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
  addEventListener("hashchange", restore);
  if (!restore()) apply(false);
}
start().catch((error) => { $("cases-off").append(` (The script stopped: ${error.message})`); });
