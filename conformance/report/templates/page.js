// What the whole page gains from a script: copying, links into the list, print with nothing folded.
const $ = (id) => document.getElementById(id);
const make = (tag, text, name) => {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (name) node.className = name;
  return node;
};
const copy = (text) => navigator.clipboard.writeText(text).catch(() => {
  const area = make("textarea", text);
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
});

for (const node of document.querySelectorAll(".scripted")) node.hidden = false;
for (const block of document.querySelectorAll(".body pre")) {
  const button = make("button", "Copy", "copy");
  button.type = "button";
  button.addEventListener("click", async () => {
    await copy(block.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  block.after(button);
}
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details:not([open])")) {
    fold.open = true;
    fold.dataset.printed = "";
  }
});
addEventListener("afterprint", () => {
  for (const fold of document.querySelectorAll("details[data-printed]")) {
    fold.open = false;
    delete fold.dataset.printed;
  }
});
