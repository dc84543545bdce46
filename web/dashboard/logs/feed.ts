// What the log's page shows: pages of rows by cursor, the live tail, the bars over time. One feed for one set of filters.

import { batch, signal } from "@preact/signals";
import type { Failure } from "../../shared/api.ts";
import { api } from "../shell/api.ts";
import type { Bucket } from "../components/chart.tsx";
import type { Filters } from "./filters.ts";
import { asked, endsNow } from "./filters.ts";
import type { Row } from "./operation.ts";
import { rowOf } from "./operation.ts";
import type { Tail } from "./live.ts";
import { tailed } from "./live.ts";
import { EMPTY, arrive, newer, older } from "./rows.ts";

/** Rows of a page. */
const PAGE = 200;
/** New rows that wait to be shown; with more the list is fetched anew instead. */
const HELD = 1_000;
const BARS = 60;
const BARS_AGAIN_MS = 15_000;

export interface Bars {
  buckets: Bucket[];
  stepMs: number;
}

/** A feed that runs until `end`. */
export function openFeed(filters: Filters) {
  const stop = new AbortController();
  const opened = Date.now();
  const query = asked(filters, opened);
  const window = signal(EMPTY);
  const phase = signal<"loading" | "shown" | "failed">("loading");
  const failure = signal<Failure | null>(null);
  const busy = signal(false);
  const bars = signal<Bars | null>(null);
  const barsFailed = signal(false);
  const tail = signal<Tail>("off");
  const paused = signal(false);
  const atTop = signal(true);
  /** New rows that are not shown yet. */
  const held = signal<readonly Row[]>([]);
  /** More came than was held: the list must be fetched anew to show it. */
  const missed = signal(false);
  const rewind = signal(0);

  const page = async (more: Record<string, string>) => {
    const answer = await api.get("/operations", { query: { ...query, ...more, limit: PAGE }, signal: stop.signal });
    if (!answer.ok) return answer.failure;
    const rows = answer.value.data.map(rowOf);
    return { rows, last: (answer.value.pagination.cursor ?? null) === null };
  };

  const first = async () => {
    failure.value = null;
    const got = await page({});
    if (stop.signal.aborted) return;
    batch(() => {
      phase.value = "rows" in got ? "shown" : "failed";
      if (!("rows" in got)) return void (failure.value = got);
      window.value = { rows: got.rows, above: false, below: !got.last };
      held.value = [];
      missed.value = false;
      rewind.value += 1;
    });
  };

  /** One page at a time, at either end. */
  const extend = async (more: Record<string, string>, add: typeof older) => {
    if (busy.value) return;
    busy.value = true;
    failure.value = null;
    const got = await page(more);
    batch(() => {
      busy.value = false;
      if ("rows" in got) window.value = add(window.value, got.rows, got.last);
      else if (got.kind !== "cancelled") failure.value = got;
    });
  };

  const take = (arrived: readonly Row[]) => {
    const known = new Set(window.value.rows.map((row) => row.id));
    if (!paused.value && atTop.value && !window.value.above) {
      window.value = arrive(window.value, arrived);
      return;
    }
    window.value = arrive(window.value, arrived.filter((row) => known.has(row.id)));
    const waiting = new Map(held.value.map((row) => [row.id, row]));
    for (const row of arrived) if (!known.has(row.id)) waiting.set(row.id, row);
    if (waiting.size > HELD) missed.value = true;
    else held.value = [...waiting.values()];
  };

  const drawBars = async () => {
    const answer = await api.internal<ToldBars>("get", "/logs/histogram", {
      query: { ...asked(filters, Date.now()), buckets: BARS }, signal: stop.signal,
    });
    if (answer.ok) bars.value = barsOf(answer.value);
    barsFailed.value = !answer.ok && answer.failure.kind !== "cancelled";
  };

  void first();
  void drawBars();
  let timer: ReturnType<typeof setInterval> | undefined;
  if (endsNow(filters, opened)) {
    timer = setInterval(() => {
      if (!document.hidden && !paused.value) void drawBars();
    }, BARS_AGAIN_MS);
    const { from: _, ...live } = query;
    void tailed(live, stop.signal, {
      stands: (now) => (tail.value = now),
      rows: take,
      // What happened while nobody listened is on the first page; more than a page is a gap.
      catchUp: async () => {
        const got = phase.value === "shown" ? await page({}) : null;
        if (got === null || !("rows" in got)) return;
        const newest = window.value.rows[0];
        if (newest !== undefined && !got.rows.some((row) => row.id <= newest.id)) missed.value = true;
        else take(got.rows);
      },
    });
  }

  return {
    window, phase, failure, busy, bars, barsFailed, tail, paused, held, missed, rewind,
    retry: () => {
      phase.value = "loading";
      void first();
      void drawBars();
    },
    atTop: (now: boolean) => {
      atTop.value = now;
    },
    end: () => {
      clearInterval(timer);
      stop.abort();
    },
    down: () => {
      const last = window.value.rows[window.value.rows.length - 1];
      if (window.value.below && last !== undefined && failure.value === null) void extend({ cursor: last.id }, older);
    },
    up: () => {
      const newest = window.value.rows[0];
      if (window.value.above && newest !== undefined && failure.value === null) void extend({ after: newest.id }, newer);
    },
    /** Shows what has come, and goes on with it. */
    showNew: () => {
      paused.value = false;
      if (missed.value || window.value.above) return void first();
      batch(() => {
        window.value = arrive(window.value, held.value);
        held.value = [];
        rewind.value += 1;
      });
    },
  };
}

export type Feed = ReturnType<typeof openFeed>;

interface ToldBars {
  step_ms: number;
  buckets: { at: number | string; total: number; failed: number }[];
}

function barsOf(told: ToldBars): Bars {
  const buckets = told.buckets.map((bucket) => ({ ...bucket, at: typeof bucket.at === "number" ? bucket.at : Date.parse(bucket.at) }));
  return { buckets, stepMs: told.step_ms };
}
