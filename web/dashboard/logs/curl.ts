// A call as a command for a terminal.

/** What stands in the place of the API key: a shell variable, never the key. */
export const KEY_VARIABLE = "SHEETBEND_API_KEY";

export interface Call {
  /** The server's public address. */
  host: string;
  integration: string;
  connection: string;
  method: string;
  /** Path and query, or an absolute URL. */
  target: string;
  headers: readonly [string, string][];
  body?: string | undefined;
}

/** The proxied call as a curl command. */
export function curl(call: Call): string {
  const lines = [`curl${call.method === "GET" ? "" : ` -X ${call.method}`} ${quoted(proxyUrl(call))}`];
  lines.push(`-H "Authorization: Bearer $${KEY_VARIABLE}"`);
  lines.push(`-H ${quoted(`Provider-Config-Key: ${call.integration}`)}`, `-H ${quoted(`Connection-Id: ${call.connection}`)}`);
  for (const [name, value] of call.headers) lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (call.body !== undefined && call.body !== "") lines.push(`--data-raw ${quoted(call.body)}`);
  return lines.join(" \\\n  ");
}

/** Where the proxy takes the call. */
export function proxyUrl(call: Pick<Call, "host" | "target">): string {
  return `${call.host.replace(/\/+$/, "")}/proxy/${call.target.replace(/^\/+/, "")}`;
}

/** Safe in a POSIX shell: single quotes, where nothing is expanded. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Headers that the server adds by itself, or that it would not pass on. */
const OWN = /^(host|authorization|cookie|content-length|connection|transfer-encoding|user-agent|accept-encoding|x-forwarded-.*|forwarded|via)$/i;

/** The headers of a logged request that a repetition should carry. */
export function worthSending(headers: readonly [string, string][]): [string, string][] {
  return headers.filter(([name, value]) => !OWN.test(name) && value !== "REDACTED" && !(name.toLowerCase() === "accept" && value === "*/*"));
}
