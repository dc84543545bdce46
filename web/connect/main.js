// The order of things: token, session, list, form, sign-in or form post, result.
import { ApiError, createApi } from "./api.js";
import { CERTIFICATE_FIELDS, certificatePanel } from "./certificate.js";
import { control, fieldsOf } from "./forms.js";
import { framed, hear, options, sessionToken, tell } from "./parent.js";
import * as screens from "./screens.js";
import { startSignIn } from "./signin.js";
import { show } from "./view.js";

/** @typedef {import("./api.js").Problem} Problem */
/** @typedef {import("./api.js").Integration} Integration */
/** @typedef {Record<string, string>} Values */

/** Where a mode's form goes; a mode in neither place is not run by this server yet. @type {Record<string, string>} */
const FORM_PATHS = {
  OAUTH2_CC: "oauth2/auth",
  TWO_STEP: "auth/two-step",
  NONE: "auth/unauthenticated",
  API_KEY: "api-auth/api-key",
  BASIC: "api-auth/basic",
  JWT: "auth/jwt",
  BILL: "auth/bill",
  SIGNATURE: "auth/signature",
  TBA: "auth/tba",
  AWS_SIGV4: "auth/aws-sigv4",
};
/** Modes that begin in a window of the provider's. */
const IN_A_WINDOW = ["OAUTH2", "OAUTH1", "APP", "CUSTOM", "INSTALL_PLUGIN", "MCP_OAUTH2", "MCP_OAUTH2_GENERIC"];
/** Modes whose form says which it is (contract §5.6). */
const TYPED = ["TWO_STEP", "JWT", "SIGNATURE"];

/** @type {ReturnType<typeof createApi>} */
let api;
/** @type {any} */
let session;
/** @type {Integration[]} */
let integrations = [];
/** @type {ReturnType<typeof startSignIn> | null} */
let signIn = null;

const close = framed && !options.inline ? () => tell("close") : undefined;
const root = document.documentElement;

/** @param {any[]} children @param {() => void} [back] */
function screen(children, back) {
  show(screens.topBar({ back, close }), ...children, screens.bottomLine());
}

/** What the API says to programs of a session that has ended; a person gets it in their words. */
const SESSION_CODES = ["unknown_connect_session_token", "invalid_connect_session_token_format"];

/** @param {unknown} error @returns {Problem} */
function problemOf(error) {
  if (error instanceof ApiError && SESSION_CODES.includes(error.problem.code))
    return {
      ...error.problem,
      message: "This link has ended or is not complete.",
      actor: "user",
      remedy: "Go back to the app and start again from there.",
    };
  if (error instanceof ApiError) return error.problem;
  console.error(error);
  return { code: "page", message: "This page met an unexpected problem.", remedy: "Reload it and try again." };
}

/** @param {Problem} problem @param {{retry?: () => void, admin?: () => void}} acts */
function fail(problem, acts = {}) {
  tell("error", { errorType: problem.code, errorMessage: problem.message });
  screen(screens.failureScreen(problem, acts), integrations.length > 1 ? list : undefined);
}

/** Colours of the environment's settings, set through the object model: the page's CSP allows no inline style.
 * @param {any} settings */
function applyTheme(settings) {
  const theme = options.theme ?? settings?.defaultTheme;
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  else delete root.dataset.theme;
  for (const mode of /** @type {const} */ (["light", "dark"])) {
    const color = settings?.theme?.[mode]?.primary;
    if (!/^#[\da-f]{6}$/i.test(color ?? "")) continue;
    root.style.setProperty(`--${mode}-accent`, color);
    root.style.setProperty(`--${mode}-on-accent`, readableOn(color));
  }
}

/** Black or white, whichever has the higher contrast (WCAG 2.2 relative luminance). @param {string} color */
function readableOn(color) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
}

function list() {
  signIn?.stop();
  if (integrations.length === 0) return fail({ code: "no_integration", message: "There is nothing to connect yet.", actor: "developer" });
  if (integrations.length === 1) return go(integrations[0]);
  screen(screens.listScreen(integrations, go));
}

/** @param {Integration} integration */
async function go(integration) {
  const card = document.getElementById("card");
  card?.setAttribute("aria-busy", "true");
  try {
    form(integration, await api.provider(integration.provider));
  } catch (error) {
    fail(problemOf(error), { retry: () => go(integration) });
  }
}

/** @param {Integration} integration @param {any} provider */
function form(integration, provider) {
  const key = integration.unique_key;
  const name = integration.display_name || provider.display_name || key;
  const path = FORM_PATHS[provider.auth_mode];
  if (!path && !IN_A_WINDOW.includes(provider.auth_mode))
    return fail({ code: "auth_mode_err", message: `${name} cannot be connected on this page yet.`, actor: "developer" });
  const docs = session.overrides?.[key]?.docs_connect ?? provider.docs_connect;
  const proof = provider.auth_mode === "TWO_STEP" && provider.certificate;
  const fields = fieldsOf(provider, integration, session.integrations_config_defaults?.[key]);
  const shown = proof ? fields.filter((field) => !CERTIFICATE_FIELDS.includes(field.name)) : fields;
  const make = () => api.certificate(key);
  const view = screens.formScreen({
    name,
    docs,
    popup: !path,
    reconnecting: session.isReconnecting === true,
    controls: shown.map((field) => control(field, docs)),
    panel: proof ? certificatePanel(key, proof !== "given", make, (error) => problemOf(error).message) : null,
    submit: (controls, extra, busy) => {
      const params = values(controls, "params");
      const credentials = { ...values(controls, "credentials"), ...extra };
      const flow = { key, name, again, params, credentials, admin: Boolean(provider.cloud_family) };
      if (path) post(flow, path, provider.auth_mode, busy);
      else signInWindow(flow, "window");
    },
  });
  /** The same elements again, so that nothing typed is lost. */
  function again() {
    signIn?.stop();
    screen(view, integrations.length > 1 ? list : undefined);
  }
  again();
}

/** Sends a form that needs no other window.
 * @param {Flow} flow @param {string} path @param {string} mode @param {(on: boolean) => void} busy */
async function post({ key, name, again, params, credentials }, path, mode, busy) {
  busy(true);
  try {
    const typed = TYPED.includes(mode) ? { type: mode, ...credentials } : credentials;
    // Both keys must be there, even empty.
    const body = mode === "BASIC" ? { username: "", password: "", ...typed } : typed;
    const made = await api.submit(path, key, params, body);
    succeed(name, made.providerConfigKey, made.connectionId, false);
  } catch (error) {
    fail(problemOf(error), { retry: again });
  }
  busy(false);
}

/** The values given in one group; empty ones are left out. @param {import("./forms.js").Control[]} controls
 * @param {string} group @returns {Values} */
function values(controls, group) {
  const pairs = controls.filter(({ field }) => field.group === group).map((item) => [item.field.name, item.value()]);
  return Object.fromEntries(pairs.filter(([, value]) => value !== ""));
}

/** @typedef {{key: string, name: string, again: () => void, params: Values, credentials: Values, admin: boolean}} Flow */

/** Signs in in another window, or begins with a link for the administrator.
 * @param {Flow} flow @param {"window" | "admin"} first */
function signInWindow(flow, first) {
  const { key, name, again, params, credentials } = flow;
  /** @type {{url: string, expires_at?: string} | null} */
  let link = null;
  const inWindow = () => signInWindow(flow, "window");
  const askAdmin = async () => {
    try {
      link = await api.adminLink(key, params, await current.socketId);
      adminScreen(false);
    } catch (error) {
      fail(problemOf(error), { retry: again });
    }
  };
  const adminScreen = (/** @type {boolean} */ approved) =>
    link && screen(screens.adminScreen({ name, approved, proceed: inWindow, ...link }), again);

  signIn?.stop();
  const current = startSignIn({
    websocketsPath: session.websocketsPath,
    address: (id) => api.signInUrl(key, params, credentials, id),
    changed: ({ blocked, closed }) => {
      if (link) return;
      if (closed && options.reportClosedWindow)
        tell("error", { errorType: "window_closed", errorMessage: "The sign-in window was closed." });
      const admin = flow.admin ? askAdmin : undefined;
      screen(screens.waitingScreen({ name, blocked, closed, cancel: again, admin, open: current.open }));
    },
    approved: () => adminScreen(true),
    done: (m) => succeed(name, m.provider_config_key ?? key, m.connection_id ?? "", m.is_pending === true),
    failed: (problem) => {
      const admin = flow.admin && problem.actor === "admin" ? () => signInWindow(flow, "admin") : undefined;
      fail(problem, { retry: again, admin });
    },
  });
  signIn = current;
  if (first === "window") current.open();
  else askAdmin();
}

/** @param {string} name @param {string} providerConfigKey @param {string} connectionId @param {boolean} isPending */
function succeed(name, providerConfigKey, connectionId, isPending) {
  tell("connect", { providerConfigKey, connectionId, isPending });
  screen(screens.successScreen({ name, pending: isPending, reconnecting: session.isReconnecting === true, finish: close }));
}

async function start() {
  applyTheme(null);
  if (close) {
    root.classList.add("overlay");
    addEventListener("keydown", (event) => event.key === "Escape" && close());
    document.body.addEventListener("mousedown", (event) => event.target === document.body && close());
  }
  hear((data) => data.type === "settings_changed" && options.preview && applyTheme(data.payload));
  const arrival = sessionToken();
  tell("ready");
  const token = options.preview ? "" : await arrival;
  if (token === null)
    return fail({
      code: "missing_session_token",
      message: framed ? "The page that opened this one did not say who you are." : "This link is not complete.",
      actor: "user",
      remedy: "Go back to the app and start again from there.",
    });
  api = createApi(token, options.lang ?? "en");
  await load();
}

async function load() {
  try {
    if (options.preview) {
      session = {};
      integrations = ["Microsoft Excel", "SharePoint Online"].map((name) => ({ unique_key: name, provider: "", display_name: name }));
      return screen(screens.listScreen(integrations, () => {}));
    }
    [session, integrations] = await Promise.all([api.session(), api.integrations()]);
    applyTheme(session.connectUISettings);
    list();
  } catch (error) {
    const problem = problemOf(error);
    fail(problem, { retry: problem.code === "network" ? load : undefined });
  }
}

start();
