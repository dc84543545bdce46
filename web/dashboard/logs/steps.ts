// An operation's messages as steps of a timeline. What a message carries is open; only what is known is read from it.

import { safeLink } from "../../shared/link.ts";
import type { Told } from "./operation.ts";
import { duration } from "./operation.ts";

/** A failure of the other side in words: why, who must act, how. */
export interface Problem {
  code: string | null;
  cause: string;
  actor: string | null;
  remedy: string | null;
  link: string | null;
  traceId: string | null;
  correlationId: string | null;
}

/** What the log kept of a body, or why it kept none. */
export type Kept = { text: string; redacted: boolean; cut: boolean } | { leftOut: string };

/** One side of a call. */
export interface Side {
  headers: [string, string][];
  body: Kept | null;
  /** Whatever else was written down. */
  facts: [string, string][];
}

export interface Step {
  /** Unix milliseconds. */
  at: number;
  durationMs: number | null;
  level: string;
  text: string;
  /** `target` is the address as the caller said it: a path, or an absolute URL. */
  request: (Side & { method: string; url: string; target: string | null }) | null;
  response: (Side & { code: number | null }) | null;
  /** A repeated attempt: which, of how many, and how long it waits. */
  retry: { attempt: number; max: number | null; waitedMs: number } | null;
  problem: Problem | null;
  /** What is left, to look at as it is. */
  rest: Record<string, unknown> | null;
}

/** The steps of an operation, in the order of time. */
export function stepsOf(told: Told): Step[] {
  return (told.messages ?? []).map(stepOf).sort((one, other) => one.at - other.at);
}

function stepOf(message: Record<string, unknown>): Step {
  const detail = object(message["detail"]) ?? {};
  const request = object(message["request"]) ?? object(detail["request"]);
  const response = object(message["response"]) ?? object(detail["response"]);
  const retry = object(message["retry"]) ?? object(detail["retry"]);
  const { request: _, response: __, retry: ___, problem: ____, duration_us: _____, ...others } = detail;
  const said = object(response?.["error"]);
  const problem = problemOf(detail["problem"]) ?? problemOf(detail) ?? problemOf(message["error"]) ?? problemOf(said?.["decoded"]) ?? wordsOf(said);
  // A lone status stands in the text already.
  const told = Object.keys(others).filter((name) => name !== "status").length > 0;
  const rest = problemOf(detail) === null && told ? others : null;
  return {
    at: Date.parse(text(message["created_at"]) ?? "") || 0,
    durationMs: number(message["duration_ms"]) ?? thousandth(number(detail["duration_us"])),
    level: text(message["level"]) ?? "info",
    text: text(message["message"]) ?? "",
    request: request && {
      ...side(request, ["method", "url", "target", "base_url"]), method: text(request["method"]) ?? "", url: text(request["url"]) ?? "",
      // With another base than the connection's own, only the whole address says where it went.
      target: text(request["base_url"]) === null ? text(request["target"]) : null,
    },
    response: response && { ...side(response, ["code"]), code: number(response["code"]) },
    retry: retry && { attempt: number(retry["attempt"]) ?? 1, max: number(retry["max"]), waitedMs: number(retry["waited"]) ?? 0 },
    problem,
    rest,
  };
}

/** Reads `{cause, remedy, …}`; null for anything else. */
export function problemOf(value: unknown): Problem | null {
  const told = object(value);
  const cause = text(told?.["cause"]);
  if (told === null || cause === null) return null;
  return {
    code: text(told["code"]),
    cause,
    actor: text(told["actor"]) ?? text(told["who"]),
    remedy: text(told["remedy"]),
    link: safeLink(text(told["link"])),
    traceId: text(told["trace_id"]),
    correlationId: text(told["correlation_id"]),
  };
}

/** The provider's own words about a refusal: `{code, message}`. */
function wordsOf(said: Record<string, unknown> | null): Problem | null {
  const cause = text(said?.["message"]) ?? text(said?.["code"]);
  if (said === null || cause === null) return null;
  return { code: text(said["code"]), cause, actor: null, remedy: null, link: null, traceId: null, correlationId: null };
}

const NAMES: Record<string, string> = {
  bytes: "Bytes",
  first_byte_us: "First byte",
  grant_type: "Grant",
};

function side(told: Record<string, unknown>, known: string[]): Side {
  const { headers, body, ...others } = told;
  const facts = Object.entries(others)
    .filter(([name, value]) => !known.includes(name) && value !== null && typeof value !== "object")
    .map(([name, value]): [string, string] => [NAMES[name] ?? name.replaceAll("_", " "), factText(name, value)]);
  return { headers: headersOf(headers), body: keptOf(body), facts };
}

function keptOf(body: unknown): Kept | null {
  if (body === null || body === undefined) return null;
  if (typeof body === "string") return { text: body, redacted: false, cut: false };
  const kept = object(body);
  const leftOut = text(kept?.["left_out"]);
  if (leftOut !== null) return { leftOut };
  const inner = kept?.["text"];
  return typeof inner === "string" ? { text: inner, redacted: kept?.["redacted"] === true, cut: kept?.["cut"] === true } : null;
}

/** A body that can be sent again as it stands. */
export function wholeBody(body: Kept | null): string | null {
  return body !== null && "text" in body && !body.redacted && !body.cut ? body.text : null;
}

function factText(name: string, value: unknown): string {
  if (typeof value !== "number") return String(value);
  return name.endsWith("_us") ? duration(value / 1_000) : value.toLocaleString();
}

function headersOf(value: unknown): [string, string][] {
  return Object.entries(object(value) ?? {}).map(([name, told]) => [name, typeof told === "string" ? told : JSON.stringify(told)]);
}

function object(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function number(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

function thousandth(value: number | null): number | null {
  return value === null ? null : value / 1_000;
}
