// The body of a function that returns what is wrong with a page, each as a sentence. It is run in the page.

const faults = [];
const all = (selector) => [...document.querySelectorAll(selector)];
const isSeen = (it) => it.checkVisibility({ visibilityProperty: true }) && it.getClientRects().length > 0
  && it.getBoundingClientRect().right > 0;
const named = (it) => `<${it.tagName.toLowerCase()}${it.id && ` id=${it.id}`}> "${(it.innerText || it.value || "").trim().slice(0, 40)}"`;

// WCAG 2.4.2, 3.1.1, 1.3.1: title, language, headings, one region for what matters.
if (!document.title.trim()) faults.push("there is no title");
if (!document.documentElement.lang) faults.push("there is no language");
if (all("h1").length !== 1) faults.push(`there are ${all("h1").length} first headings`);
if (all("main").length !== 1) faults.push("there is not one <main>");
let level = 0;
for (const heading of all("h1, h2, h3, h4, h5, h6")) {
  const next = Number(heading.tagName[1]);
  if (next > level + 1) faults.push(`heading ${named(heading)} leaves a level out`);
  level = next;
}

// WCAG 4.1.1, 1.3.1, 3.3.2, 4.1.2: ids, labels, descriptions, names.
const ids = all("[id]").map((it) => it.id);
for (const id of ids.filter((it, at) => ids.indexOf(it) !== at)) faults.push(`the id ${id} is there twice`);
for (const field of all("input:not([type=hidden]), select, textarea")) {
  // Of a page that asks for a password alone, the name is there for what keeps passwords.
  if (field.hidden) continue;
  const said = [...(field.labels ?? [])].map((it) => it.textContent).join("") || field.getAttribute("aria-label");
  if (!said?.trim()) faults.push(`${named(field)} has no label`);
  if (field.placeholder && !said) faults.push(`${named(field)} has a placeholder for a label`);
}
for (const attribute of ["aria-describedby", "aria-labelledby", "aria-controls", "for"]) {
  for (const it of all(`[${attribute}]`)) {
    for (const id of it.getAttribute(attribute).split(/\s+/).filter(Boolean)) {
      if (!document.getElementById(id)) faults.push(`${attribute} of ${named(it)} points to nothing: ${id}`);
    }
  }
}
for (const it of all("[aria-invalid=true]")) {
  const described = (it.getAttribute("aria-describedby") ?? "").split(/\s+/);
  if (!described.some((id) => document.getElementById(id)?.closest("[role=alert]"))) {
    faults.push(`${named(it)} is wrong, and nothing that is announced says why`);
  }
}
for (const it of all("[aria-invalid=true]")) {
  const { borderTopWidth, outlineStyle } = getComputedStyle(it);
  if (parseFloat(borderTopWidth) < 2 && outlineStyle === "none") faults.push(`${named(it)} is wrong, and does not look it`);
}
for (const it of all("a[href], button, summary")) {
  if (!it.hidden && !(it.innerText || it.textContent || it.getAttribute("aria-label") || "").trim()) faults.push(`${named(it)} has no name`);
}
for (const it of all("a:not([href])")) faults.push(`${named(it)} leads nowhere`);
for (const it of all("svg, img")) {
  const said = it.closest("[role=img][aria-label], [aria-hidden=true]") || it.getAttribute("alt") !== null || it.getAttribute("aria-label") || it.querySelector(":scope > title");
  if (!said) faults.push(`${named(it)} has no text for it`);
}
for (const table of all("table")) {
  if (!table.querySelector("th")) faults.push("a table has no headings");
  if (!table.querySelector("caption") && !table.getAttribute("aria-labelledby") && !table.getAttribute("aria-label") && !table.closest("[role=region][aria-label]")) faults.push("a table has no name");
}
for (const nav of all("nav")) {
  if (!nav.getAttribute("aria-label") && !nav.getAttribute("aria-labelledby")) faults.push("a <nav> has no name");
}
if (all("[tabindex]").some((it) => it.tabIndex > 0)) faults.push("the order of keys is changed by tabindex");

// WCAG 1.4.10: nothing to scroll for sideways, but within what scrolls by itself.
const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
if (wide > 0) faults.push(`the page is ${wide} pixels too wide`);

// WCAG 2.5.8: targets that a finger hits; links within a sentence are excepted there.
for (const it of all("a[href], button, input:not([type=hidden]), select, summary")) {
  if (!isSeen(it)) continue;
  const target = it.matches("[type=checkbox], [type=radio]") ? it.closest("label") ?? it : it;
  const { width, height } = target.getBoundingClientRect();
  const inSentence = it.matches("a") && [...it.parentElement.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  if (!inSentence && (width < 24 || height < 24)) faults.push(`${named(it)} is only ${Math.round(width)} by ${Math.round(height)}`);
}

// WCAG 1.4.3 and 1.4.11: contrasts of text, and of the borders of fields.
const parsed = (colour) => {
  const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
  return { r, g, b, a };
};
const over = (top, ground) => Object.fromEntries(["r", "g", "b"].map((it) => [it, top[it] * top.a + ground[it] * (1 - top.a)]));
const ground = (element) => {
  const layers = [];
  for (let it = element; it; it = it.parentElement) {
    const layer = parsed(getComputedStyle(it).backgroundColor);
    layers.push(layer);
    if (layer.a === 1) break;
  }
  return layers.reduceRight((below, layer) => over(layer, below), { r: 255, g: 255, b: 255 });
};
const luminance = ({ r, g, b }) => {
  const [red, green, blue] = [r, g, b].map((it) => it / 255).map((it) => (it <= 0.04045 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const contrast = (one, other) => {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const judged = new Set();
while (texts.nextNode()) {
  const it = texts.currentNode.parentElement;
  if (!texts.currentNode.data.trim() || judged.has(it) || !isSeen(it) || it.closest(":disabled, svg")) continue;
  judged.add(it);
  const style = getComputedStyle(it);
  const size = parseFloat(style.fontSize);
  const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  const below = ground(it);
  const found = contrast(over(parsed(style.color), below), below);
  if (found < (isLarge ? 3 : 4.5)) faults.push(`${named(it)} has a contrast of ${found.toFixed(2)}`);
}
for (const field of all("input:not([type=hidden]):not([type=checkbox]):not([type=radio]), select, textarea")) {
  const found = contrast(parsed(getComputedStyle(field).borderTopColor), ground(field.parentElement));
  if (found < 3) faults.push(`the border of ${named(field)} has a contrast of ${found.toFixed(2)}`);
}

return faults;
