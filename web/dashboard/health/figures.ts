// What the server tells of itself. Parts may be missing where a database or a platform does not know them.

import { count } from "../components/text.tsx";

export interface Health {
  version: string;
  uptime_ms: number;
  node: string | null;
  nodes?: { name: string; version?: string; seen_at?: string | number }[] | null;
  database: { kind: string; bytes: number | null; schema: number | string | null };
  queue: { waiting: number; running: number; failed: number; oldest_due_at: string | number | null; most_counted: number };
  cache: { accounts: number; keys: number };
  memory: { rss_bytes: number | null };
  log: { queued: number; dropped?: number; bytes?: number | null; operations: number | null; oldest_at: string | number | null };
  series: { step_ms: number; points: Point[] };
}

export interface Point {
  at: string | number;
  calls: number;
  failed: number;
  p50_ms: number | null;
  p95_ms: number | null;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** 1536 → "1.5 KiB". */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return "not known";
  let rest = value;
  let unit = 0;
  while (rest >= 1024 && unit < UNITS.length - 1) {
    rest /= 1024;
    unit += 1;
  }
  return `${rest >= 100 || unit === 0 ? Math.round(rest) : rest.toFixed(1)} ${UNITS[unit]}`;
}

/** 93784000 → "1 d 2 h". */
export function span(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.floor(ms / 1_000)} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** What deserves attention, worst first. */
export function worries(health: Health, now: number): { kind: "bad" | "wait"; title: string; text: string }[] {
  const found: { kind: "bad" | "wait"; title: string; text: string }[] = [];
  const due = health.queue.oldest_due_at === null ? null : new Date(health.queue.oldest_due_at).getTime();
  if (due !== null && now - due > 60_000) {
    found.push({ kind: "bad", title: "Background work is late.", text: `The oldest task was due ${span(now - due)} ago. Webhooks, refreshes and checks wait behind it. Look at the server's own log for what holds the workers.` });
  }
  if (health.log.queued > 10_000) {
    found.push({ kind: "bad", title: "The log cannot keep up.", text: "More than half of its queue is full; beyond it entries are dropped. The database is too slow for the traffic: a faster disk, or log.proxy = errors." });
  }
  if ((health.log.dropped ?? 0) > 0) {
    found.push({ kind: "bad", title: `${(health.log.dropped ?? 0).toLocaleString()} entries of the log were dropped.`, text: "Since the start of this server its log's queue was full at times. The calls themselves were not harmed." });
  }
  const calls = health.series.points.slice(-30).reduce((sum, point) => sum + point.calls, 0);
  const failed = health.series.points.slice(-30).reduce((sum, point) => sum + point.failed, 0);
  if (calls >= 20 && failed / calls > 0.2) {
    found.push({ kind: "wait", title: `${Math.round((failed / calls) * 100)} % of recent calls failed.`, text: "The log tells why, call by call." });
  }
  return found;
}

/** A number of tasks; past what the server counts it is only known to be that many. */
export function tasks(queue: Health["queue"], number: number): string {
  return number >= queue.most_counted ? `${count(queue.most_counted)}+` : count(number);
}
