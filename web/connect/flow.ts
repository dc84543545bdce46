// The order of things: token, session, list, form, sign-in or form post, result.
import { ApiError, ask, type Answers, type Api, type Integration, type Problem, type Provider, type Session, type Values } from "./api.ts";
import type { Direction } from "./directions.ts";
import type { Begun } from "./early.ts";
import { fieldsOf } from "./fields.ts";
import { language, t } from "./i18n/index.ts";
import { framed, hear, mayBeShown, options, tell } from "./parent.ts";
import type { FormModel } from "./screens/form.tsx";
import { nameOf } from "./screens/picker.tsx";
import type { Stuck } from "./screens/waiting.tsx";
import { loadRest, rest, type Rest } from "./rest.ts";
import type { SignIn, WindowState } from "./signin.ts";
import { applyTheme } from "./theme.ts";
import { show } from "./view.ts";

/** Where a mode's form goes. */
const FORM_PATHS: Record<string, string> = {
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

interface Loaded extends Answers {
  api: Api;
}

interface Flow {
  loaded: Loaded;
  model: FormModel;
  params: Values;
  credentials: Values;
  /** The provider's pages may end at a message, and an administrator's consent can help. */
  entra: boolean;
}

let signIn: SignIn | null = null;
/** What was typed, by integration: going back and forth loses nothing. */
const models = new Map<string, FormModel>();

/** What goes back to the list, when there is one. */
const toList = (loaded: Loaded) => (loaded.integrations.length > 1 ? () => list(loaded) : undefined);

/** Waits for the session, then shows where to begin. */
export async function start(arrival: Promise<Begun | null>): Promise<void> {
  if (options.preview) return preview();
  const begun = await arrival;
  if (begun) return load(begun.api, begun.answers);
  fail({ code: "missing_session_token", message: framed ? "The page that opened this one sent no session token." : "The link has no session token." });
}

/** What the dashboard shows beside the settings: the usual first view without a session, and with nothing behind it. */
function preview(): void {
  hear((data) => {
    if (data.type === "settings_changed") wear(data.payload as Session["connectUISettings"]);
  });
  wear(undefined);
  tell("ready");
}

function wear(settings: Session["connectUISettings"]): void {
  applyTheme(settings);
  logo = settings?.logo ?? null;
  const name = "Microsoft Excel";
  const nothing = { docs: undefined, account: null, fields: [], values: {}, refused: {}, proof: null, make: async () => "", submit: async () => {} };
  show({ kind: "form", model: { key: "preview", name, marked: { name, mark: "grid" }, inWindow: true, reconnecting: false, ...nothing } });
}

async function load(api: Api, asked: Promise<Answers>): Promise<void> {
  show({ kind: "loading" });
  try {
    const answers = await asked;
    const { session } = answers;
    applyTheme(session.connectUISettings);
    logo = session.connectUISettings?.logo ?? null;
    if (!mayBeShown(session.connectOrigins)) return fail({ code: "stranger", message: "The embedding origin is not among connect_origins." });
    list({ api, ...answers });
  } catch (error) {
    const problem = problemOf(error);
    const again = ["network", "server"].includes(problem.code) || /^http_5/.test(problem.code);
    fail(problem, again ? { retry: () => void load(api, ask(api)) } : {});
  }
}

/** What the picker lists, and what it does. */
export let shown: readonly Integration[] = [];
export let choose: (item: Integration) => void = () => {};
/** The environment's own logo, a `data:` address. */
export let logo: string | null = null;

function list(loaded: Loaded): void {
  signIn?.stop();
  const [only, second] = loaded.integrations;
  if (!only) return fail({ code: "no_integration", message: "No integration is set up or allowed." });
  if (!second) return void go(loaded, only);
  shown = loaded.integrations;
  choose = (item) => void go(loaded, item);
  show({ kind: "list", busy: null });
}

async function go(loaded: Loaded, integration: Integration): Promise<void> {
  const known = models.get(integration.unique_key);
  if (known) return form(loaded, known);
  if (loaded.integrations.length > 1) show({ kind: "list", busy: integration.unique_key });
  try {
    const asked = loaded.provider ?? loaded.api.provider(integration.provider);
    // A failure is not kept: the next attempt asks again.
    loaded.provider = null;
    form(loaded, await modelOf(loaded, integration, await asked));
  } catch (error) {
    fail(problemOf(error), { retry: () => void go(loaded, integration), back: toList(loaded), name: nameOf(integration) });
  }
}

function form(loaded: Loaded, model: FormModel | null): void {
  signIn?.stop();
  if (model) show({ kind: "form", model, back: toList(loaded) });
  // After the form is drawn: then it waits for nobody.
  setTimeout(() => loadRest().catch(() => {}));
}

/** Null when the page cannot connect it; then it says so. */
async function modelOf(loaded: Loaded, integration: Integration, provider: Provider): Promise<FormModel | null> {
  const { session, api } = loaded;
  const key = integration.unique_key;
  const name = integration.display_name || provider.display_name || key;
  const path = FORM_PATHS[provider.auth_mode];
  if (!path && !IN_A_WINDOW.includes(provider.auth_mode)) {
    fail({ code: "auth_mode_err", message: `No form for ${provider.auth_mode}.` }, { name, back: toList(loaded) });
    return null;
  }
  const proven = provider.auth_mode === "TWO_STEP" && provider.certificate;
  const panel = proven ? await loadRest().then(() => import("./parts/certificate.tsx")) : null;
  const fields = fieldsOf(provider, integration, session.integrations_config_defaults?.[key]);
  const model: FormModel = {
    key,
    name,
    marked: { name, mark: integration.mark, categories: integration.categories },
    docs: session.overrides?.[key]?.docs_connect ?? provider.docs_connect,
    inWindow: !path,
    reconnecting: session.isReconnecting === true,
    account: session.reconnectAccount ?? null,
    fields: panel ? fields.filter((field) => !panel.CERTIFICATE_FIELDS.includes(field.name)) : fields,
    values: {},
    refused: {},
    proof: panel && { panel, mayMake: proven !== "given", chosen: proven !== "given" ? "make" : "own" },
    make: async () => {
      try {
        const made = await api.certificate(key);
        if (model.proof) model.proof.made = made;
        return "";
      } catch (error) {
        return (await loadRest()).directionOf(problemOf(error), { name }, true).text;
      }
    },
    submit: async (params, credentials) => {
      const flow = { loaded, model, params, credentials, entra: Boolean(provider.cloud_family) };
      if (path) return post(flow, path, provider.auth_mode);
      if (rest) return signInWindow(flow, rest, "window");
      await loadRest().then((loadedRest) => signInWindow(flow, loadedRest, "window"), () => unloadable(() => form(loaded, model)));
    },
  };
  models.set(key, model);
  return model;
}

/** Sends a form that needs no other window. */
async function post({ loaded, model, params, credentials }: Flow, path: string, mode: string): Promise<void> {
  const typed = TYPED.includes(mode) ? { type: mode, ...credentials } : credentials;
  // Both keys must be there, even empty.
  const body = mode === "BASIC" ? { username: "", password: "", ...typed } : typed;
  try {
    const made = await loaded.api.submit(path, model.key, params, body);
    succeed(model, made.providerConfigKey, made.connectionId, false);
  } catch (error) {
    const problem = problemOf(error);
    model.refused = aboutCredentials(problem) ? credentials : {};
    fail(problem, { retry: () => form(loaded, model), back: () => form(loaded, model), name: model.name, typed: true });
  }
}

/** The provider was asked, and said no. */
const aboutCredentials = ({ code }: Problem) =>
  ["connection_test_failed", "invalid_credentials", "new_token_refused"].includes(code) || code.endsWith("_fetch_error");

/** Signs in in another window, or begins with a link for the administrator. */
function signInWindow(flow: Flow, parts: Rest, first: "window" | "admin"): void {
  const { loaded, model, params, credentials } = flow;
  const { key, name } = model;
  const again = () => form(loaded, model);
  const inWindow = () => signInWindow(flow, parts, "window");
  let link: { url: string; expires_at?: string } | null = null;
  let told = false;
  let left = false;

  const askAdmin = async () => {
    try {
      link = await loaded.api.adminLink(key, params, await current.socketId);
      adminScreen(false);
    } catch (error) {
      fail(problemOf(error), { retry: again, back: again, name });
    }
  };
  const adminScreen = (approved: boolean) =>
    link && show({ kind: "admin", name, approved, proceed: inWindow, back: again, ...link });
  const stuck = (at: Stuck) => {
    if (at === "approval") return void askAdmin();
    // What the window does next changes nothing here, but a late success still ends well.
    left = true;
    const state = parts.direction(at === "account" ? "account" : "policy", { name });
    const code = `stuck_${at}`;
    tell("error", { errorType: code, errorMessage: state.title });
    show({ kind: "failure", direction: state, problem: null, button: buttonOf(state, { retry: again }), back: again });
  };
  const changed = (state: WindowState) => {
    if (link || left) return;
    if (state.closed && options.reportClosedWindow && !told) {
      told = true;
      tell("error", { errorType: "window_closed", errorMessage: "The sign-in window was closed." });
    }
    show({ kind: "waiting", name, state, mayStick: flow.entra, open: current.open, cancel: again, stuck });
  };
  signIn?.stop();
  const current = parts.startSignIn({
    websocketsPath: loaded.session.websocketsPath ?? "",
    address: (id) => loaded.api.signInUrl(key, params, credentials, id, language),
    changed,
    // A window that is still open needs no click: it finishes by itself.
    approved: () => {
      const kept = link;
      link = null;
      if (current.goOn()) return;
      link = kept;
      adminScreen(true);
    },
    done: (m) => succeed(model, m.provider_config_key || key, m.connection_id ?? "", m.is_pending === true),
    failed: (problem) => {
      const admin = flow.entra ? () => signInWindow(flow, parts, "admin") : undefined;
      fail(problem, { retry: again, back: again, admin, name });
    },
  });
  signIn = current;
  if (first === "window") current.open();
  else void askAdmin();
}

function succeed(model: FormModel, providerConfigKey: string, connectionId: string, isPending: boolean): void {
  tell("connect", { providerConfigKey, connectionId, isPending });
  models.clear();
  const success = () => show({ kind: "success", name: model.name, pending: isPending, reconnecting: model.reconnecting });
  const finish = () => void loadRest().then(success, () => unloadable(finish));
  finish();
}

function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  console.error(error);
  return { code: "page", message: String(error) };
}

interface Acts {
  retry?: (() => void) | undefined;
  admin?: (() => void) | undefined;
  back?: (() => void) | undefined;
  name?: string;
  typed?: boolean;
}

/** Tells the embedding page and the person what went wrong, with the one thing to press. */
function fail(problem: Problem, acts: Acts = {}): void {
  tell("error", { errorType: problem.code, errorMessage: problem.message });
  const tellPerson = ({ directionOf }: Rest) => {
    const said = directionOf(problem, { name: acts.name ?? "" }, acts.typed === true);
    show({ kind: "failure", direction: said, problem, button: buttonOf(said, acts), back: acts.back });
  };
  void loadRest().then(tellPerson, () => unloadable(acts.retry ?? reload));
}

/** Not even the words for a failure come: the server is gone. */
function unloadable(again: () => void): void {
  show({ kind: "unloadable", again });
}

/** The address bar's entry keeps the token. */
const reload = () => location.reload();

function buttonOf({ act }: Direction, { retry, admin }: Acts): { text: string; press: () => void } | null {
  if (act === "admin" && admin) return { text: t("adminSend"), press: admin };
  if (act === "none" || !retry) return null;
  return { text: t(act === "account" ? "accountButton" : act === "correct" ? "refusedButton" : "retry"), press: retry };
}
