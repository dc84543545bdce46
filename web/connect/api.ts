// The one place that talks HTTP. The API is the page's own origin plus base path; `apiURL` is ignored on purpose,
// since whoever makes the link could point it at another host.

/** What went wrong, for people. */
export interface Problem {
  code: string;
  message: string;
  cause?: string;
  actor?: string;
  remedy?: string;
  link?: string;
  trace_id?: string;
  correlation_id?: string;
}

export type Values = Record<string, string>;

export interface Integration {
  unique_key: string;
  provider: string;
  display_name?: string;
  preconfigured_credentials?: string[];
  categories?: string[];
  mark?: string;
}

/** One field of a definition (contract §4.3, §6.4). */
export interface Definition {
  title?: string;
  description?: string;
  example?: string;
  pattern?: string;
  format?: string;
  expects?: string;
  order?: number;
  optional?: boolean;
  default_value?: string;
  hidden?: boolean;
  automated?: boolean;
  prefix?: string;
  suffix?: string;
  doc_section?: string;
  secret?: boolean;
  enum?: string[];
  multiline?: boolean;
  warnings?: Record<string, string>;
  visible_when?: { field: string; equals: string };
  group?: "params" | "credentials";
}

export interface Provider {
  display_name?: string;
  auth_mode: string;
  docs_connect?: string;
  cloud_family?: string;
  certificate?: string;
  credentials?: Record<string, Definition>;
  connection_config?: Record<string, Definition>;
}

export interface Defaults {
  connection_config?: Record<string, unknown>;
}

export interface Theme {
  theme?: { light?: { primary?: string }; dark?: { primary?: string } };
  defaultTheme?: string;
  logo?: string | null;
}

export interface Session {
  websocketsPath?: string;
  isReconnecting?: boolean;
  /** The account of the connection that is renewed, as far as it is known. */
  reconnectAccount?: string | null;
  connectUISettings?: Theme;
  /** Origins that may frame the page; empty means all. */
  connectOrigins?: string[];
  integrations_config_defaults?: Record<string, Defaults>;
  overrides?: Record<string, { docs_connect?: string }>;
}

export interface Made {
  providerConfigKey: string;
  connectionId: string;
}

export interface Certificate {
  certificate_id: string;
  thumbprint_sha256: string;
  certificate_pem: string;
  expires_at: string;
}

/** A failed call; `problem` says what to show. */
export class ApiError extends Error {
  problem: Problem;
  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** `https://host/base/` of a page at `https://host/base/connect/`. */
export const BASE = new URL("..", location.origin + location.pathname);

function address(path: string, query: Record<string, Values | string | undefined>): URL {
  const url = new URL(path, BASE);
  for (const [key, value] of Object.entries(query)) {
    if (typeof value === "string") url.searchParams.set(key, value);
    else for (const [name, text] of Object.entries(value ?? {})) url.searchParams.set(`${key}[${name}]`, text);
  }
  return url;
}

// The caller names the answer's type: the server's own tests hold its shape.
async function call<T>(url: URL, init: RequestInit): Promise<T> {
  const request: RequestInit = { ...init, cache: "no-store", credentials: "same-origin" };
  const answer = await fetch(url, request).catch(() => null);
  if (!answer) throw new ApiError({ code: "network", message: "The server cannot be reached." });
  const body = await answer.json().catch(() => null);
  if (answer.ok && body && !body.error) return body;
  const error = body?.error ?? {};
  throw new ApiError({
    code: error.code ?? `http_${answer.status}`,
    message: error.message ?? `The server answered with status ${answer.status}.`,
    ...error.payload,
    ...firstIssue(error.errors),
  });
}

/** Which field an answer complains of. */
function firstIssue(issues: { message?: string }[] | undefined): { cause?: string } {
  const message = Array.isArray(issues) ? issues[0]?.message : undefined;
  return typeof message === "string" ? { cause: message } : {};
}

export type Api = ReturnType<typeof createApi>;

/** The calls of one connect session. */
export function createApi(token: string) {
  const session = { connect_session_token: token };
  const get = async <T>(path: string): Promise<T> => {
    const headers = { authorization: `Bearer ${token}` };
    return (await call<{ data: T }>(address(path, {}), { headers })).data;
  };
  const post = <T>(path: string, query: Record<string, Values | string | undefined>, body: object): Promise<T> =>
    call(address(path, { ...session, ...query }), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const at = encodeURIComponent;
  return {
    session: () => get<Session>("connect/session"),
    integrations: () => get<Integration[]>("integrations"),
    provider: (name: string) => get<Provider>(`providers/${at(name)}`),
    /** Sends a form. */
    submit: (path: string, key: string, params: Values, body: object) =>
      post<Made>(`${path}/${at(key)}`, { params }, body),
    /** Asks for a key pair that the server keeps. */
    certificate: (key: string) => post<Certificate>(`connect/certificates/${at(key)}`, {}, {}),
    /** Asks for a link to an admin-consent page. */
    adminLink: (key: string, params: Values, id: string) =>
      post<{ url: string; expires_at?: string }>(`connect/admin-link/${at(key)}`, { params, ws_client_id: id }, {}),
    /** Where the sign-in window goes; its last page speaks `lang`. */
    signInUrl: (key: string, params: Values, credentials: Values, id: string, lang: string) =>
      address(`oauth/connect/${at(key)}`, { ...session, params, credentials, ws_client_id: id, lang }).href,
  };
}

/** What the first view shows. */
export interface Answers {
  session: Session;
  integrations: Integration[];
  /** The definition of the only integration, on its way. */
  provider: Promise<Provider> | null;
}

/** Asks for all of it, as little in series as can be. */
export async function ask(api: Api): Promise<Answers> {
  const listed = api.integrations().then((integrations) => {
    const [only, second] = integrations;
    const provider = only && !second ? api.provider(only.provider) : null;
    // Whoever draws the form hears of a failure.
    provider?.catch(() => {});
    return { integrations, provider };
  });
  const [session, list] = await Promise.all([api.session(), listed]);
  return { session, ...list };
}
