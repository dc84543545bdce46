// Proof by certificate: a key pair that the server makes and keeps, the person's own, or a signed assertion.
import { control } from "./forms.js";
import { announce, button, copyButton, h } from "./view.js";

/** @typedef {import("./forms.js").Control} Control */
/** @typedef {{certificate_id: string, thumbprint_sha256: string, certificate_pem: string, expires_at: string}} Made */

/** Fields that this panel asks in place of the generic form. */
export const CERTIFICATE_FIELDS = ["certificateId", "privateKey", "certificate", "certificateThumbprint", "assertion"];

/** Kept while the page lives, so that going back does not make a second key pair. @type {Map<string, Made>} */
const made = new Map();

/** @param {string} name @param {string} title @param {string} example @param {string} description */
const pem = (name, title, example, description) =>
  control({ name, group: "credentials", title, example, description, pattern: "^-----BEGIN " }, undefined);

/** The panel. @param {string} key @param {boolean} mayMake @param {() => Promise<Made>} make
 * @param {(error: unknown) => string} say @returns {{node: HTMLElement, controls: () => Control[] | null,
 *   extra: () => Record<string, string>}} `controls` is null while there is no key pair yet. */
export function certificatePanel(key, mayMake, make, say) {
  const own = [
    pem("certificate", "Certificate", "-----BEGIN CERTIFICATE-----", "PEM text of the .cer or .crt file."),
    pem("privateKey", "Private key", "-----BEGIN PRIVATE KEY-----", "PEM text. It is stored encrypted."),
  ];
  const signed = control(
    {
      name: "assertion",
      group: "credentials",
      title: "Signed assertion",
      description: "A JWT signed with your key. It works until it expires; then you connect again.",
      multiline: true,
      example: "eyJhbGciOi….eyJhdWQiOi….c2lnbmF0dXJl",
      pattern: "^[\\w-]+\\.[\\w-]+\\.[\\w-]+$",
    },
    undefined,
  );
  const choices = [
    ...(mayMake ? [{ id: "make", text: "New key pair" }] : []),
    { id: "own", text: "My certificate" },
    { id: "signed", text: "Assertion" },
  ];
  let choice = choices[0].id;
  const body = h("div", { class: "panel" });
  const draw = () => {
    if (choice === "make") body.replaceChildren(makePanel(key, make, say, draw));
    else body.replaceChildren(...(choice === "own" ? own : [signed]).map((item) => item.node));
  };
  const tabs = choices.map(({ id, text }) =>
    h("label", {}, h("input", { type: "radio", name: "proof", checked: id === choice, onchange: () => {
      choice = id;
      draw();
    } }), h("span", {}, text)),
  );
  draw();
  return {
    node: h("fieldset", { class: "proof" }, h("legend", {}, "Certificate"), h("div", { class: "tabs" }, ...tabs), body),
    controls: () => (choice === "own" ? own : choice === "signed" ? [signed] : made.has(key) ? [] : null),
    extra: () => Object.fromEntries(choice === "make" ? [["certificateId", made.get(key)?.certificate_id ?? ""]] : []),
  };
}

/** @param {string} key @param {() => Promise<Made>} make @param {(error: unknown) => string} say
 * @param {() => void} redraw */
function makePanel(key, make, say, redraw) {
  const pair = made.get(key);
  if (pair) return steps(key, pair);
  const error = h("p", { class: "complaint", role: "alert" });
  const go = button("Create a key pair", async () => {
    go.disabled = true;
    try {
      made.set(key, await make());
      redraw();
      announce("Key pair created. Download the certificate.");
    } catch (failure) {
      error.textContent = say(failure);
      go.disabled = false;
    }
  });
  return h(
    "div",
    {},
    h("p", { class: "hint" }, "The private key stays here, encrypted. You get the public certificate to register."),
    go,
    error,
  );
}

/** @param {string} key @param {Made} pair */
function steps(key, pair) {
  const href = URL.createObjectURL(new Blob([pair.certificate_pem], { type: "application/pkix-cert" }));
  const until = new Date(pair.expires_at);
  return h(
    "ol",
    { class: "steps" },
    h("li", {}, h("a", { class: "button", href, download: `${key}.cer` }, "Download the certificate (.cer)")),
    h(
      "li",
      {},
      "In the Entra admin center open your app registration, then ",
      h("b", {}, "Certificates & secrets"),
      ", ",
      h("b", {}, "Certificates"),
      ", ",
      h("b", {}, "Upload certificate"),
      ".",
    ),
    h("li", {}, "Come back here and press Connect."),
    h("li", { class: "plain" }, "SHA-256 thumbprint ", h("code", {}, pair.thumbprint_sha256), " ", copyButton(pair.thumbprint_sha256)),
    !Number.isNaN(until.getTime()) &&
      h("li", { class: "plain" }, `Valid until ${until.toLocaleDateString(undefined, { dateStyle: "long" })}.`),
  );
}
