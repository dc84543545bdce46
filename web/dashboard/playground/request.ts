// The request that the playground builds.

import type { Example } from "./examples.ts";

export interface Draft {
  integration: string;
  connection: string;
  method: string;
  /** Path and query, or an absolute URL of a host that the integration allows. */
  path: string;
  headers: [string, string][];
  body: string;
}

export const METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"] as const;

/** Whether a method carries a body. */
export function takesBody(method: string): boolean {
  return method === "POST" || method === "PUT" || method === "PATCH" || method === "DELETE";
}

export function exampleIn(draft: Draft, example: Example): Draft {
  return { ...draft, method: example.method, path: example.path, headers: [...(example.headers ?? [])], body: example.body ?? "" };
}

/** The headers that are sent: those with a name, and a type where a JSON body has none. */
export function headersOf(draft: Draft): [string, string][] {
  const named = draft.headers.map(([name, value]): [string, string] => [name.trim(), value.trim()]).filter(([name]) => name !== "");
  const typed = named.some(([name]) => name.toLowerCase() === "content-type");
  if (bodyOf(draft) !== undefined && !typed && isJson(draft.body)) named.push(["Content-Type", "application/json"]);
  return named;
}

export function bodyOf(draft: Draft): string | undefined {
  return takesBody(draft.method) && draft.body !== "" ? draft.body : undefined;
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What is missing before it can be sent, in words; null when nothing is. */
export function missing(draft: Draft): string | null {
  if (draft.integration === "") return "Choose an integration.";
  if (draft.connection.trim() === "") return "Choose a connection.";
  if (draft.path.trim() === "") return "Enter a path, for example one of the ready requests.";
  const bad = headersOf(draft).find(([name, value]) => !/^[!#$%&'*+.^_`|~\w-]+$/.test(name) || /[\r\n]/.test(value));
  if (bad !== undefined) return `“${bad[0].slice(0, 40)}” is not a header's name.`;
  if (/\{\w+\}/.test(draft.path)) return "Put a value in the place of the part in braces.";
  return null;
}

/** The path as it is sent: spaces and quotes as a URL wants them, the rest untouched. */
export function pathOf(draft: Draft): string {
  const text = draft.path.trim().replaceAll(" ", "%20").replaceAll('"', "%22");
  return text.startsWith("/") || /^https?:\/\//i.test(text) ? text : `/${text}`;
}
