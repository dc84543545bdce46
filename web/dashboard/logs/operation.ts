// What the log's pages know of an operation and its messages. All texts come from outside and are shown as text only.

import type { components } from "../../shared/openapi.d.ts";

/** An operation as the server tells it. */
export type Told = components["schemas"]["Operation"];

/** What a row of the list needs: the detail stays behind, so that thousands of rows stay light. */
export interface Row {
  id: string;
  type: string;
  action: string;
  state: string;
  status: number | null;
  summary: string;
  integration: string | null;
  connection: string | null;
  error: string | null;
  /** Unix milliseconds. */
  at: number;
  durationMs: number | null;
}

/** Characters of a summary that a row keeps. */
const SUMMARY = 600;

/** The row of an operation. */
export function rowOf(told: Told): Row {
  return {
    id: told.id,
    type: told.type,
    action: told.action,
    state: told.state,
    status: told.status ?? null,
    summary: told.message.slice(0, SUMMARY),
    integration: told.integration ?? null,
    connection: told.connection ?? null,
    error: told.error?.message.slice(0, SUMMARY) ?? null,
    at: Date.parse(told.created_at),
    durationMs: told.duration_ms ?? null,
  };
}

/** Kinds of operation, as filters and labels know them. */
export const KINDS: readonly { value: string; name: string }[] = [
  { value: "proxy", name: "Proxy call" },
  { value: "auth", name: "All about credentials" },
  { value: "auth:create_connection", name: "New connection" },
  { value: "auth:refresh_token", name: "Token refresh" },
  { value: "auth:mint_token", name: "Resource token" },
  { value: "auth:connection_test", name: "Connection test" },
  { value: "auth:post_connection", name: "After connecting" },
  { value: "auth:expiry_warning", name: "Expiry warning" },
];

/** How an operation may stand. */
export const STATES: readonly { value: string; name: string }[] = [
  { value: "success", name: "Success" },
  { value: "failed", name: "Failed" },
  { value: "running", name: "Running" },
  { value: "timeout", name: "Timed out" },
  { value: "cancelled", name: "Cancelled" },
];

/** A short name of what kind of operation it is. */
export function kindName(type: string, action: string): string {
  if (type === "proxy") return "Proxy call";
  return KINDS.find((kind) => kind.value === `${type}:${action}`)?.name ?? `${type} ${action.replaceAll("_", " ")}`;
}

/** The colour of an operation: `good`, `bad`, `wait`, `soft`. */
export function toneOf(state: string, status: number | null): string {
  if (state === "failed" || state === "timeout") return "bad";
  if (state === "running" || state === "waiting") return "wait";
  if (state === "cancelled") return "soft";
  return status !== null && status >= 400 ? "bad" : "good";
}

/** What stands in the list's status column. */
export function statusText(row: { state: string; status: number | null }): string {
  if (row.status !== null) return String(row.status);
  return STATES.find((state) => state.value === row.state)?.name ?? row.state;
}

/** A duration for people: `0.4 ms`, `82 ms`, `1.24 s`, `3 min 5 s`. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "";
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(2)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}

/** A moment of today as a time, of another day with its date. */
export function clock(at: number, now: number): string {
  const time = new Date(at);
  if (time.toDateString() === new Date(now).toDateString()) return timeOf(time, true);
  return `${time.toLocaleDateString(undefined, { day: "numeric", month: "short" })} ${timeOf(time, false)}`;
}

function timeOf(time: Date, seconds: boolean): string {
  return time.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(seconds ? { second: "2-digit" } : {}) });
}

/** A moment to the millisecond, with its date. */
export function exactly(at: number): string {
  const time = new Date(at);
  return `${time.toLocaleDateString(undefined, { dateStyle: "medium" })}, ${timeOf(time, true)}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}

/** Host and path of an address; a path alone has no host. */
export function partsOf(url: string): { host: string | null; path: string } {
  const match = /^https?:\/\/([^/?#]+)(.*)$/.exec(url);
  return match === null ? { host: null, path: url } : { host: match[1] ?? null, path: match[2] || "/" };
}

/** A method and the rest, where a summary is a request line. */
export function requestLine(summary: string): { method: string; url: string } | null {
  const match = /^([A-Z]{3,10}) (\S.*)$/.exec(summary);
  return match?.[1] === undefined || match[2] === undefined ? null : { method: match[1], url: match[2] };
}
