// Elements. Text only ever enters through text nodes and attributes.

/** @typedef {Node | string | null | false | undefined} Child */

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  back: "M15 5l-7 7 7 7",
  close: "M6 6l12 12M18 6L6 18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  alert: "M12 6.5v7M12 17.2v.3",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2",
  next: "M9 5l7 7-7 7",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6z",
};

/** An element. `on…` are listeners, `true` is a bare attribute, `false` and `undefined` are left out.
 * @param {string} tag @param {Record<string, any>} props @param {Child[]} children @returns {any} */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== false && child !== undefined));
  return element;
}

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Initials on a colour that follows from the name. @param {string} name */
export function logo(name) {
  const words = name.replace(/\(.*/, "").split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const initials = words.length > 1 ? words[0][0] + words[words.length - 1][0] : name.slice(0, 2);
  const hue = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 997, 7) % 6;
  return h("span", { class: `logo hue${hue}`, "aria-hidden": "true" }, initials.toUpperCase());
}

/** A link out, or nothing when the address is not http(s): addresses come from errors and definitions.
 * @param {string | undefined} address @param {string} text @param {string} kind */
export function outLink(address, text, kind = "") {
  if (!address || !/^https?:\/\//i.test(address)) return null;
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer", class: kind }, text);
}

/** @param {string} text @param {() => void} onclick @param {string} kind */
export const button = (text, onclick, kind = "") => h("button", { type: "button", class: kind, onclick }, text);

/** A button that copies. @param {string} text */
export function copyButton(text) {
  const node = button("Copy", async () => {
    await navigator.clipboard.writeText(text).then(
      () => (node.textContent = "Copied"),
      () => (node.textContent = "Select and copy it"),
    );
    setTimeout(() => (node.textContent = "Copy"), 2500);
  });
  return node;
}

/** Says it to screen readers. @param {string} text */
export function announce(text) {
  const live = document.getElementById("live");
  if (live) live.textContent = text;
}

/** Puts a screen on the card and moves the focus to its heading. @param {Child[]} children */
export function show(...children) {
  const card = /** @type {HTMLElement} */ (document.getElementById("card"));
  card.replaceChildren(...h("div", {}, ...children).childNodes);
  card.removeAttribute("aria-busy");
  const heading = card.querySelector("h1");
  if (heading) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    announce("");
  }
  scrollTo(0, 0);
}
