// Calls to the server this page came from. Every call ends in a value: what was asked for, or a failure that says what
// happened, who must act and how. Nothing here throws for an answer of the server or for its absence.

import { safeLink } from "./link.ts";
import type { paths } from "./openapi.d.ts";

type Method = "get" | "post" | "put" | "patch" | "delete";

/** The paths of the public API that know a method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, infer Operation> ? (Operation extends { responses: unknown } ? P : never) : never;
}[keyof paths];

type OperationOf<P extends keyof paths, M extends Method> = paths[P] extends Record<M, infer Operation> ? Operation : never;
type JsonOf<Content> = Content extends { content: { "application/json": infer Body } } ? Body : undefined;
type SuccessOf<Responses> = Responses extends { 200: infer Answer } ? Answer : Responses extends { 201: infer Answer } ? Answer : undefined;

/** What a call answers when it succeeds. */
export type Reply<P extends keyof paths, M extends Method> =
  OperationOf<P, M> extends { responses: infer Responses } ? JsonOf<SuccessOf<Responses>> : never;

/** What a call takes as its body. */
export type Body<P extends keyof paths, M extends Method> =
  OperationOf<P, M> extends { requestBody?: infer Request } ? JsonOf<NonNullable<Request>> : undefined;

export type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>;

/** A place in the request that the server did not accept. */
export interface Place {
  path: string[];
  code: string;
  message: string;
}

/** Why a call did not do what it should. */
export interface Failure {
  /** `refused`: the server answered; `unreachable`: it did not; `cancelled`: the page no longer wanted it. */
  kind: "refused" | "unreachable" | "cancelled";
  /** HTTP status, 0 without an answer. */
  status: number;
  code: string;
  /** What happened, for people. */
  message: string;
  /** Who must act: `user`, `admin`, `developer`, … where the server knows. */
  actor: string | null;
  /** What to do about it. */
  remedy: string | null;
  link: string | null;
  places: Place[];
}

export type Answer<T> = { ok: true; value: T } | { ok: false; failure: Failure };

export interface Options {
  /** Values for the `{names}` in the path; they are encoded. */
  path?: Record<string, string | number>;
  query?: Query;
  signal?: AbortSignal;
}

/** What the page knows and the calls need. */
export interface Surroundings {
  /** Before every path: "" or "/prefix". */
  base: string;
  headers(method: string): Record<string, string>;
  /** After every call that ended: with its failure, or null. */
  seen(failure: Failure | null, path: string): void;
}

/** Calls within the given surroundings. */
export function calls(surroundings: Surroundings) {
  const call = <T>(method: Method, path: string, options: Options = {}, body?: unknown): Promise<Answer<T>> =>
    send<T>(surroundings, method, path, options, body);
  return {
    get: <P extends PathOf<"get">>(path: P, options?: Options) => call<Reply<P, "get">>("get", path, options),
    post: <P extends PathOf<"post">>(path: P, body?: Body<P, "post">, options?: Options) =>
      call<Reply<P, "post">>("post", path, options, body),
    put: <P extends PathOf<"put">>(path: P, body?: Body<P, "put">, options?: Options) =>
      call<Reply<P, "put">>("put", path, options, body),
    patch: <P extends PathOf<"patch">>(path: P, body?: Body<P, "patch">, options?: Options) =>
      call<Reply<P, "patch">>("patch", path, options, body),
    delete: <P extends PathOf<"delete">>(path: P, options?: Options & { body?: Body<P, "delete"> }) =>
      call<Reply<P, "delete">>("delete", path, options, options?.body),
    /** A route under `/internal`, whose types stand in `internal.ts`. */
    internal: <T>(method: Method, path: string, options?: Options & { body?: unknown }) =>
      call<T>(method, `/internal${path}`, options, options?.body),
    /** An open answer, for streams; null in place of the failure that `seen` was told. */
    open: (path: string, options: Options = {}): Promise<Response | null> => open(surroundings, path, options),
  };
}

/** The address of a call. A name in the path without a value is an error of the page and throws. */
export function address(base: string, path: string, options: Options): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = options.path?.[name];
    if (value === undefined) throw new TypeError(`no value for {${name}} in ${path}`);
    return encodeURIComponent(value);
  });
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value === null || value === undefined || value === "") continue;
    if (Array.isArray(value)) for (const one of value) query.append(name, String(one));
    else query.append(name, String(value));
  }
  const text = query.toString();
  return base + filled + (text && `?${text}`);
}

async function send<T>(around: Surroundings, method: Method, path: string, options: Options, body: unknown): Promise<Answer<T>> {
  const verb = method.toUpperCase();
  const headers: Record<string, string> = { Accept: "application/json", ...around.headers(verb) };
  const request: RequestInit = { method: verb, headers, credentials: "same-origin" };
  if (options.signal) request.signal = options.signal;
  // Handlers that take nothing still read an object, so that another site's plain form is none.
  const sent = body ?? (method === "post" ? {} : undefined);
  if (sent !== undefined) {
    headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(sent);
  }
  const answer = await exchange<T>(address(around.base, path, options), request);
  around.seen(answer.ok ? null : answer.failure, path);
  return answer;
}

async function exchange<T>(url: string, request: RequestInit): Promise<Answer<T>> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, request);
    text = await response.text();
  } catch (error) {
    return { ok: false, failure: withoutAnswer(error) };
  }
  let value: unknown;
  try {
    value = text === "" ? undefined : JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (response.ok) return { ok: true, value: value as T };
  if (isGateway(response.status, value)) return { ok: false, failure: withoutAnswer(null) };
  return { ok: false, failure: failureOf(response.status, value, response.headers.get("Retry-After")) };
}

async function open(around: Surroundings, path: string, options: Options): Promise<Response | null> {
  const request: RequestInit = { headers: around.headers("GET"), credentials: "same-origin" };
  if (options.signal) request.signal = options.signal;
  try {
    const response = await fetch(address(around.base, path, options), request);
    if (response.ok) return response;
    const value: unknown = await response.json().catch(() => undefined);
    around.seen(isGateway(response.status, value) ? withoutAnswer(null) : failureOf(response.status, value, null), path);
  } catch (error) {
    around.seen(withoutAnswer(error), path);
  }
  return null;
}

/** A proxy in front answers for a server that is not there. */
function isGateway(status: number, body: unknown): boolean {
  return [502, 503, 504].includes(status) && text(record(record(body)["error"])["code"]) === undefined;
}

function withoutAnswer(error: unknown): Failure {
  const cancelled = error instanceof DOMException && error.name === "AbortError";
  return {
    kind: cancelled ? "cancelled" : "unreachable",
    status: 0,
    code: cancelled ? "cancelled" : "unreachable",
    message: cancelled ? "The request was cancelled." : "The server does not answer.",
    actor: null,
    remedy: cancelled ? null : "Check that it runs and that this machine reaches it; the page goes on by itself then.",
    link: null,
    places: [],
  };
}

/** Reads an error body: `{error: {code, message, errors, payload: {cause, actor, remedy, link}}}`. */
export function failureOf(status: number, body: unknown, retryAfter: string | null): Failure {
  const error = record(record(body)["error"]);
  const payload = record(error["payload"]);
  const places = Array.isArray(error["errors"]) ? error["errors"].map(place) : [];
  const said = text(payload["cause"]) ?? text(error["message"]) ?? places[0]?.message;
  return {
    kind: "refused",
    status,
    code: text(error["code"]) ?? `http_${status}`,
    message: said ?? `The server answered ${status}.`,
    actor: text(payload["actor"]) ?? null,
    remedy: text(payload["remedy"]) ?? (status === 429 && retryAfter ? `Try again in ${retryAfter} s.` : null),
    link: safeLink(text(payload["link"])),
    places,
  };
}

function place(value: unknown): Place {
  const one = record(value);
  const path = Array.isArray(one["path"]) ? one["path"].map(String) : [];
  return { path, code: text(one["code"]) ?? "", message: text(one["message"]) ?? "Not accepted." };
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
