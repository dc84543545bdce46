// A form from a provider's definition (contract §4.3, §6.4).
import { h, outLink } from "./view.js";

/** @typedef {{title?: string, description?: string, example?: string, pattern?: string, format?: string,
 *   order?: number, optional?: boolean, default_value?: string, hidden?: boolean, automated?: boolean,
 *   prefix?: string, suffix?: string, doc_section?: string, secret?: boolean, enum?: string[], multiline?: boolean,
 *   group?: "params" | "credentials"}} Definition */
/** @typedef {Definition & {name: string, group: "params" | "credentials"}} Field */
/** @typedef {{field: Field, node: HTMLElement, value: () => string, check: (loud: boolean) => boolean,
 *   focus: () => void}} Control */

/** What a mode asks whatever the definition says. @type {Record<string, Record<string, Definition>>} */
const BASE_FIELDS = {
  OAUTH2_CC: { client_id: { title: "Client ID" }, client_secret: { title: "Client secret", secret: true } },
  API_KEY: { apiKey: { title: "API key", secret: true } },
  BASIC: { username: { title: "User name" }, password: { title: "Password", secret: true, optional: true } },
  SIGNATURE: { username: { title: "User name" }, password: { title: "Secret", secret: true } },
  TBA: { token_id: { title: "Token ID" }, token_secret: { title: "Token secret", secret: true } },
  BILL: {
    username: { title: "User name" },
    password: { title: "Password", secret: true },
    organization_id: { title: "Organisation ID" },
    dev_key: { title: "Developer key", secret: true },
  },
  AWS_SIGV4: {
    role_arn: { title: "IAM role ARN" },
    external_id: {
      title: "External ID",
      description: "The role's trust policy must ask for it, so that nobody else can name your role.",
      order: -1,
      group: "params",
    },
  },
};
/** Shown when the session names them, even empty: the end user brings their own OAuth app. */
const OVERRIDES = {
  oauth_client_id_override: { title: "Client ID" },
  oauth_client_secret_override: { title: "Client secret", secret: true },
  oauth_refresh_token_override: { title: "Refresh token", secret: true, optional: true },
};
/** @type {Record<string, [RegExp, string]>} */
const FORMATS = {
  uuid: [/^[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12}$/i, "Use the form a1b2c3d4-e5f6-47a8-9b0c-d1234567890f."],
  email: [/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "Enter an e-mail address."],
  hostname: [/^(?=.{1,253}$)[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)*$/i, "Enter a host name."],
  uri: [/^https?:\/\/\S+$/i, "Enter an address that begins with https://."],
};
const QUIET_MS = 600;

/** The fields to ask, in order.
 * @param {any} provider @param {import("./api.js").Integration} integration @param {any} defaults
 * @returns {Field[]} */
export function fieldsOf(provider, integration, defaults) {
  const given = defaults?.connection_config ?? {};
  const overrides = Object.entries(OVERRIDES).filter(([name]) => provider.auth_mode === "OAUTH2" && name in given);
  const credentials = { ...BASE_FIELDS[provider.auth_mode], ...provider.credentials };
  const skipped = new Set(integration.preconfigured_credentials);
  if (provider.auth_mode === "AWS_SIGV4")
    credentials.external_id = { ...credentials.external_id, default_value: crypto.randomUUID() };
  /** @param {[string, Definition][]} list @param {Field["group"]} group @returns {Field[]} */
  const named = (list, group) => list.map(([name, field]) => ({ group, ...field, name }));
  return [
    ...named(overrides, "credentials"),
    ...named(Object.entries(credentials).filter(([name]) => !skipped.has(name)), "credentials"),
    ...named(Object.entries(provider.connection_config ?? {}).filter(([name]) => !(name in given)), "params"),
  ]
    .filter((field) => !field.hidden && !field.automated)
    .sort((a, b) => (a.order ?? 99) - (b.order ?? 99));
}

/** Why a value will not do; "" when it will. @param {Field} field @param {string} value */
export function complaint(field, value) {
  if (!value) return field.optional ? "" : `${field.title ?? field.name} is needed.`;
  const [rule, advice] = FORMATS[field.format ?? ""] ?? [];
  if (rule && !rule.test(value)) return advice;
  if (field.pattern && !matches(field.pattern, value))
    return field.example ? `This does not look right. An example: ${field.example}` : "This does not look right.";
  return "";
}

/** A pattern that this browser cannot read lets everything pass: the server checks too.
 * @param {string} pattern @param {string} value */
function matches(pattern, value) {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true;
  }
}

/** One labelled input with its help and its complaint. @param {Field} field @param {string | undefined} docs
 * @returns {Control} */
export function control(field, docs) {
  const id = `f-${field.name}`;
  const input = inputFor(field, id);
  const error = h("p", { class: "complaint", id: `${id}-e`, "aria-live": "polite" });
  const value = () => undecorated(field, input.value.trim());
  let timer = 0;
  const check = (/** @type {boolean} */ loud) => {
    const text = complaint(field, value());
    if (loud || !text) {
      error.textContent = text;
      input.setAttribute("aria-invalid", String(text !== ""));
    }
    return !text;
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    check(false);
    timer = setTimeout(() => input.value && check(true), QUIET_MS);
  });
  input.addEventListener("change", () => {
    if (input.tagName === "INPUT") input.value = value();
    if (input.value) check(true);
  });
  const help = field.doc_section && docs && outLink(docs + field.doc_section, "Where to find it");
  const reveal = field.secret && input.tagName === "INPUT" && revealButton(input, field.title ?? field.name);
  const node = h(
    "div",
    { class: "field" },
    h("label", { for: id }, field.title ?? field.name, field.optional && h("span", {}, " (optional)")),
    field.description && h("p", { class: "hint", id: `${id}-d` }, field.description, help && " ", help),
    h("div", { class: "box" }, affix(field.prefix), input, affix(field.suffix), reveal),
    error,
  );
  return { field, node, value, check, focus: () => input.focus() };
}

/** @param {string | undefined} text */
const affix = (text) => (text ? h("span", { class: "affix", "aria-hidden": "true" }, text) : null);

/** @param {Field} field @param {string} id */
function inputFor(field, id) {
  const shared = {
    id,
    name: field.name,
    required: !field.optional,
    "aria-describedby": `${field.description ? `${id}-d ` : ""}${id}-e`,
  };
  if (field.enum) {
    const options = field.enum.map((text) => h("option", { selected: text === field.default_value }, text));
    return h("select", shared, !field.default_value && h("option", { value: "" }, "Choose…"), ...options);
  }
  const typed = {
    ...shared,
    placeholder: field.secret ? undefined : field.example,
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    maxlength: 16384,
  };
  if (field.multiline || field.example?.startsWith("-----BEGIN"))
    return h("textarea", { ...typed, rows: 4, placeholder: field.example });
  return h("input", { ...typed, type: field.secret ? "password" : "text", value: field.default_value });
}

/** Someone who pastes the whole address gets the part that is asked. @param {Field} field @param {string} value */
function undecorated(field, value) {
  const { prefix = "", suffix = "" } = field;
  if (prefix && value.startsWith(prefix)) value = value.slice(prefix.length);
  return suffix && value.endsWith(suffix) ? value.slice(0, -suffix.length) : value;
}

/** @param {HTMLInputElement} input @param {string} title */
function revealButton(input, title) {
  const node = h("button", { type: "button", class: "reveal", "aria-label": `Show ${title}` }, "Show");
  node.addEventListener("click", () => {
    const hidden = input.type === "password";
    input.type = hidden ? "text" : "password";
    node.textContent = hidden ? "Hide" : "Show";
    node.setAttribute("aria-label", `${node.textContent} ${title}`);
  });
  return node;
}
