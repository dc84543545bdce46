// What the end user sees, one function a screen. Nothing here knows HTTP or sockets.
import { control } from "./forms.js";
import { button, copyButton, h, icon, logo, outLink } from "./view.js";

/** @typedef {import("./api.js").Problem} Problem */
/** @typedef {import("./api.js").Integration} Integration */
/** @typedef {import("./forms.js").Control} Control */
/** @typedef {() => void} Act */
/** @typedef {{back?: Act, close?: Act}} Bar */

const WHO = {
  user: "You can fix this",
  admin: "Your administrator must act",
  developer: "The makers of this app must act",
  nobody: "This usually passes by itself",
};

/** @param {Bar} bar */
export function topBar({ back, close }) {
  const glyph = (/** @type {any} */ name, /** @type {string} */ label, /** @type {Act} */ onclick) =>
    h("button", { type: "button", class: "glyph", "aria-label": label, onclick }, icon(name));
  return h("header", {}, back ? glyph("back", "Back", back) : h("i"), close && glyph("close", "Close", close));
}

/** Under every screen. */
export const bottomLine = () => h("footer", {}, icon("lock"), "Credentials are stored encrypted");

/** @param {any} mark @param {string} title @param {...(Node | string | null | false)} below */
const head = (mark, title, ...below) => h("div", { class: "head" }, mark, h("h1", {}, title), ...below);

/** @param {"good" | "bad" | "wait"} tone */
const badge = (tone) =>
  h("span", { class: `badge ${tone}` }, icon(tone === "good" ? "check" : tone === "bad" ? "alert" : "clock"));

/** @param {string} text */
const lead = (text) => h("p", { class: "lead" }, text);

/** @param {Integration[]} all @param {(chosen: Integration) => void} choose */
export function listScreen(all, choose) {
  const name = (/** @type {Integration} */ item) => item.display_name || item.unique_key;
  const rows = all.map((item) => ({
    words: `${name(item)} ${item.unique_key} ${item.provider}`.toLowerCase(),
    node: h(
      "li",
      {},
      h("button", { type: "button", class: "row", onclick: () => choose(item) }, logo(name(item)), h("span", {}, name(item)), icon("next")),
    ),
  }));
  const empty = h("p", { class: "hint empty", role: "status" });
  const search = h("input", {
    type: "search",
    placeholder: "Search",
    "aria-label": "Search integrations",
    autocomplete: "off",
    oninput: () => {
      const wanted = search.value.trim().toLowerCase();
      for (const row of rows) row.node.hidden = !row.words.includes(wanted);
      const found = rows.some((row) => !row.node.hidden);
      empty.textContent = found ? "" : "Nothing has that name.";
    },
  });
  return [
    head(null, "Connect an account", lead("Choose what you want to connect.")),
    h("div", { class: "box search" }, search),
    h("ul", { class: "list" }, ...rows.map((row) => row.node)),
    empty,
  ];
}

/** @param {{name: string, reconnecting: boolean, popup: boolean, docs?: string, controls: Control[],
 *   panel: ReturnType<typeof import("./certificate.js").certificatePanel> | null,
 *   submit: (controls: Control[], extra: Record<string, string>, busy: (on: boolean) => void) => void}} form */
export function formScreen({ name, reconnecting, popup, docs, controls, panel, submit }) {
  const verb = reconnecting ? "Reconnect" : "Connect";
  const go = h("button", { type: "submit", class: "primary" }, popup ? `${verb} with ${name}` : verb);
  const note = h("p", { class: "complaint", role: "alert" });
  const busy = (/** @type {boolean} */ on) => {
    go.disabled = on;
    go.classList.toggle("busy", on);
  };
  const onsubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const proof = panel ? panel.controls() : [];
    note.textContent = proof ? "" : "Create a key pair first.";
    const asked = [...controls, ...(proof ?? [])];
    const wrong = asked.filter((item) => !item.check(true));
    if (wrong.length) wrong[0].focus();
    else if (proof) submit(asked, panel?.extra() ?? {}, busy);
  };
  const guide = outLink(docs, "Step-by-step guide");
  return [
    head(
      logo(name),
      `${verb} ${name}`,
      lead(
        reconnecting
          ? `${popup ? "Sign in with the same account" : "Enter the details again"} to renew this connection.`
          : popup
            ? "A window opens where you sign in and give permission. Your password is never seen here."
            : controls.length || panel
              ? "Enter the details of your account. They are stored encrypted."
              : "There is nothing to fill in.",
      ),
    ),
    h(
      "form",
      { novalidate: true, onsubmit },
      ...controls.map((item) => item.node),
      panel && panel.node,
      note,
      go,
    ),
    guide && h("p", { class: "foot" }, guide),
  ];
}

/** @param {{name: string, closed: boolean, blocked: boolean, open: Act, cancel: Act, admin?: Act}} state */
export function waitingScreen({ name, closed, blocked, open, cancel, admin }) {
  const [title, text] = blocked
    ? ["Your browser blocked the window", `Press the button and the ${name} sign-in opens.`]
    : closed
      ? ["Was the window closed?", "We have not heard back. If it is still open, go on there; else open it again."]
      : [`Continue with ${name}`, "Finish the sign-in in the window that we opened. This page goes on by itself."];
  return [
    head(blocked || closed ? badge("wait") : h("span", { class: "spinner big" }), title, lead(text)),
    h(
      "div",
      { class: "actions" },
      button(blocked ? "Open the sign-in window" : "Open the window again", open, blocked || closed ? "primary" : ""),
      button("Cancel", cancel, "quiet"),
    ),
    admin &&
      !blocked &&
      h(
        "details",
        {},
        h("summary", {}, "It says “Need admin approval”"),
        h("p", { class: "hint" }, "Your organization lets only an administrator approve new apps."),
        button("Send a link to your administrator", admin),
      ),
  ];
}

/** @param {Problem} problem @param {{retry?: Act, admin?: Act}} acts */
export function failureScreen(problem, { retry, admin }) {
  const cause = problem.cause ?? problem.message;
  const who = WHO[/** @type {keyof typeof WHO} */ (problem.actor)];
  const help = outLink(problem.link, "Read more");
  const facts = [`Code: ${problem.code}`, problem.trace_id && `Trace: ${problem.trace_id}`].filter(Boolean).join("\n");
  const text = problem.message === cause ? facts : `${problem.message}\n${facts}`;
  return [
    head(badge("bad"), "That did not work", h("p", { class: "lead", role: "alert" }, cause)),
    (who || problem.remedy || help) &&
      h("div", { class: "advice" }, who && h("b", {}, who), problem.remedy && h("p", {}, problem.remedy), help),
    h(
      "div",
      { class: "actions" },
      admin && button("Send a link to your administrator", admin, "primary"),
      retry && button("Try again", retry, admin ? "" : "primary"),
    ),
    h("details", {}, h("summary", {}, "Details for support"), h("pre", {}, text), copyButton(text)),
  ];
}

/** @param {{name: string, url: string, expires_at?: string, approved: boolean, proceed: Act}} state */
export function adminScreen({ name, url, expires_at, approved, proceed }) {
  if (approved)
    return [
      head(badge("good"), "Your administrator approved", lead("One last step: sign in with your own account.")),
      h("div", { class: "actions" }, button(`Continue with ${name}`, proceed, "primary")),
    ];
  const until = new Date(expires_at ?? "");
  const subject = encodeURIComponent(`Please approve ${name}`);
  const body = encodeURIComponent(`Please open this link and approve the connection to ${name}:\n\n${url}\n`);
  const field = control({ name: "link", group: "params", title: "Link for your administrator", default_value: url }, undefined);
  field.node.querySelector("input")?.setAttribute("readonly", "");
  field.node.querySelector(".box")?.append(copyButton(url));
  return [
    head(
      h("span", { class: "spinner big" }),
      "Send this link to your administrator",
      lead("Keep this page open: it goes on by itself once they have approved."),
    ),
    field.node,
    !Number.isNaN(until.getTime()) &&
      h("p", { class: "hint" }, `It works once, until ${until.toLocaleString(undefined, { dateStyle: "long", timeStyle: "short" })}.`),
    h(
      "div",
      { class: "actions" },
      h("a", { class: "button primary", href: `mailto:?subject=${subject}&body=${body}` }, "Write the e-mail"),
      button("They have approved, continue", proceed, "quiet"),
    ),
  ];
}

/** @param {{name: string, pending: boolean, reconnecting: boolean, finish?: Act}} state */
export function successScreen({ name, pending, reconnecting, finish }) {
  const title = pending ? "Waiting for approval" : `${name} is ${reconnecting ? "connected again" : "connected"}`;
  const text = pending ? "The request was sent. The connection works as soon as it is approved." : "All done.";
  return [
    head(badge(pending ? "wait" : "good"), title, lead(finish ? text : `${text} You can close this page.`)),
    finish && h("div", { class: "actions" }, button("Finish", finish, "primary")),
  ];
}
