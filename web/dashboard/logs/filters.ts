// What the log is narrowed to. It lives in the address, so that a link shows the same to somebody else.

/** The filters of the page. */
export interface Filters {
  search: string;
  types: string[];
  states: string[];
  integration: string;
  connection: string;
  /** `429`, `4xx`, `5xx`, … */
  status: string;
  /** One of `RANGES`, or empty when `from` and `to` say it. */
  range: string;
  /** ISO 8601, or empty. */
  from: string;
  to: string;
}

/** Spans that end now. */
export const RANGES: readonly { value: string; name: string; ms: number }[] = [
  { value: "15m", name: "Last 15 minutes", ms: 900_000 },
  { value: "1h", name: "Last hour", ms: 3_600_000 },
  { value: "24h", name: "Last 24 hours", ms: 86_400_000 },
  { value: "7d", name: "Last 7 days", ms: 7 * 86_400_000 },
  { value: "30d", name: "Last 30 days", ms: 30 * 86_400_000 },
];

const USUAL = "24h";

/** No filter: the last day. */
export function nothing(): Filters {
  return { search: "", types: [], states: [], integration: "", connection: "", status: "", range: USUAL, from: "", to: "" };
}

const list = (text: string | null): string[] => (text === null || text === "" ? [] : text.split(",").slice(0, 20));

/** Reads the filters of an address; what makes no sense is left out. */
export function read(query: URLSearchParams): Filters {
  const moment = (name: string) => {
    const at = Date.parse(query.get(name) ?? "");
    return Number.isNaN(at) ? "" : new Date(at).toISOString();
  };
  const from = moment("from");
  const to = moment("to");
  const range = RANGES.some((one) => one.value === query.get("range")) ? query.get("range") ?? USUAL : USUAL;
  return {
    search: query.get("q") ?? "",
    types: list(query.get("type")),
    states: list(query.get("state")),
    integration: query.get("integration") ?? "",
    connection: query.get("connection") ?? "",
    status: statusOf(query.get("status") ?? ""),
    range: from === "" && to === "" ? range : "",
    from,
    to,
  };
}

/** The filters as an address keeps them; what is usual is left out. */
export function write(filters: Filters): URLSearchParams {
  const query = new URLSearchParams();
  const put = (name: string, value: string) => {
    if (value !== "") query.set(name, value);
  };
  put("q", filters.search);
  put("type", filters.types.join(","));
  put("state", filters.states.join(","));
  put("integration", filters.integration);
  put("connection", filters.connection);
  put("status", filters.status);
  if (filters.range !== USUAL) put("range", filters.range);
  put("from", filters.from);
  put("to", filters.to);
  return query;
}

/** The filters as the API takes them; `now` makes a span that ends now into a beginning. */
export function asked(filters: Filters, now: number): Record<string, string> {
  const span = RANGES.find((one) => one.value === filters.range);
  const query: Record<string, string> = {
    search: filters.search.trim(),
    type: filters.types.join(","),
    state: filters.states.join(","),
    integration: filters.integration,
    connection: filters.connection,
    status: filters.status,
    from: span === undefined ? filters.from : new Date(now - span.ms).toISOString(),
    to: filters.to,
  };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ""));
}

/** True when new operations can still fall within. */
export function endsNow(filters: Filters, now: number): boolean {
  return filters.to === "" || Date.parse(filters.to) > now;
}

/** How many filters beyond the time are set. */
export function count(filters: Filters): number {
  const set = [filters.search.trim(), filters.integration, filters.connection, filters.status];
  return set.filter((text) => text !== "").length + Number(filters.types.length > 0) + Number(filters.states.length > 0);
}

/** A status or a class of them; anything else is nothing. */
export function statusOf(text: string): string {
  const parts = text.toLowerCase().split(",").map((part) => part.trim());
  return parts.filter((part) => /^[1-5](\d\d|xx)$/.test(part)).slice(0, 10).join(",");
}
