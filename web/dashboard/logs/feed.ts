// What the log's page shows: pages of rows by cursor, the live tail, the bars over time. One feed for one set of filters.

import { batch, signal } from "@preact/signals";
import type { Failure } from "../../shared/api.ts";
import { api, onReturn } from "../shell/api.ts";
import type { Bars } from "./bars.ts";
import { askBars } from "./bars.ts";
import type { Filters } from "./filters.ts";
import { asked, endsNow } from "./filters.ts";
import type { Tail } from "./live.ts";
import { tailed } from "./live.ts";
import type { Row } from "./operation.ts";
import { rowOf } from "./operation.ts";
import { EMPTY, arrive, newer, older } from "./rows.ts";

/** Rows of a page. */
const PAGE = 200;
/** New rows that wait to be shown; with more the list is fetched anew instead. */
const HELD = 1_000;
const BARS_AGAIN_MS = 15_000;

interface Page {
  rows: Row[];
  /** Nothing follows. */
  last: boolean;
}

/** Runs from its making until `end`. */
export class Feed {
  readonly window = signal(EMPTY);
  readonly phase = signal<"loading" | "shown" | "failed">("loading");
  readonly failure = signal<Failure | null>(null);
  readonly bars = signal<Bars | null>(null);
  readonly barsFailed = signal(false);
  readonly tail = signal<Tail>("off");
  readonly paused = signal(false);
  /** New rows that are not shown yet. */
  readonly held = signal<readonly Row[]>([]);
  /** More came than was held: the list must be fetched anew to show it. */
  readonly missed = signal(false);
  /** Changes when the list is to stand at its top. */
  readonly rewind = signal(0);

  private readonly filters: Filters;
  private readonly query: Record<string, string>;
  private readonly stop = new AbortController();
  private readonly forget: () => void;
  private timer: ReturnType<typeof setInterval> | undefined;
  private busy = false;
  private top = true;

  constructor(filters: Filters) {
    const now = Date.now();
    this.filters = filters;
    this.query = asked(filters, now);
    this.forget = onReturn(() => {
      if (this.phase.value === "failed") return this.retry();
      this.failure.value = null;
      void this.drawBars();
    });
    void this.first();
    void this.drawBars();
    if (endsNow(filters, now)) this.follow();
  }

  end(): void {
    clearInterval(this.timer);
    this.forget();
    this.stop.abort();
  }

  retry = (): void => {
    this.phase.value = "loading";
    void this.first();
    void this.drawBars();
  };

  /** Whether the list stands at its very top, where what is new shows at once. */
  atTop = (now: boolean): void => {
    this.top = now;
  };

  /** The list's end comes near. */
  down = (): void => {
    const { rows, below } = this.window.value;
    const last = rows[rows.length - 1];
    if (below && last !== undefined && this.failure.value === null) void this.extend({ cursor: last.id }, older);
  };

  /** The list's beginning comes near. */
  up = (): void => {
    const { rows, above } = this.window.value;
    if (above && rows[0] !== undefined && this.failure.value === null) void this.extend({ after: rows[0].id }, newer);
  };

  /** Shows what has come, and goes on with it. */
  showNew = (): void => {
    this.paused.value = false;
    if (this.missed.value || this.window.value.above) return void this.first();
    batch(() => {
      this.window.value = arrive(this.window.value, this.held.value);
      this.held.value = [];
      this.rewind.value += 1;
    });
  };

  private async page(more: Record<string, string>): Promise<Page | Failure> {
    const answer = await api.get("/operations", { query: { ...this.query, ...more, limit: PAGE }, signal: this.stop.signal });
    if (!answer.ok) return answer.failure;
    return { rows: answer.value.data.map(rowOf), last: (answer.value.pagination.cursor ?? null) === null };
  }

  private async first(): Promise<void> {
    this.failure.value = null;
    const got = await this.page({});
    if (this.stop.signal.aborted) return;
    batch(() => {
      this.phase.value = "rows" in got ? "shown" : "failed";
      if (!("rows" in got)) return void (this.failure.value = got);
      this.window.value = { rows: got.rows, above: false, below: !got.last };
      this.held.value = [];
      this.missed.value = false;
      this.rewind.value += 1;
    });
  }

  /** One page at a time, at either end. */
  private async extend(more: Record<string, string>, add: typeof older): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    const got = await this.page(more);
    this.busy = false;
    if ("rows" in got) this.window.value = add(this.window.value, got.rows, got.last);
    else if (got.kind !== "cancelled") this.failure.value = got;
  }

  private async drawBars(): Promise<void> {
    const got = await askBars(asked(this.filters, Date.now()), this.stop.signal);
    if (got !== null) this.bars.value = got;
    this.barsFailed.value = got === null;
  }

  private follow(): void {
    this.timer = setInterval(() => {
      if (!document.hidden && !this.paused.value) void this.drawBars();
    }, BARS_AGAIN_MS);
    const { from: _, to: __, ...live } = this.query;
    void tailed(live, this.stop.signal, {
      stands: (now) => (this.tail.value = now),
      rows: (arrived) => this.take(arrived),
      catchUp: () => void this.catchUp(),
    });
  }

  /** What happened while nobody listened is on the first page; more than a page is a gap. */
  private async catchUp(): Promise<void> {
    const got = this.phase.value === "shown" ? await this.page({}) : null;
    if (got === null || !("rows" in got)) return;
    const newest = this.window.value.rows[0];
    if (newest !== undefined && !got.rows.some((row) => row.id <= newest.id)) this.missed.value = true;
    else this.take(got.rows);
  }

  private take(arrived: readonly Row[]): void {
    if (!this.paused.value && this.top && !this.window.value.above) {
      this.window.value = arrive(this.window.value, arrived);
      return;
    }
    const known = new Set(this.window.value.rows.map((row) => row.id));
    this.window.value = arrive(this.window.value, arrived.filter((row) => known.has(row.id)));
    const waiting = new Map(this.held.value.map((row) => [row.id, row]));
    for (const row of arrived) if (!known.has(row.id)) waiting.set(row.id, row);
    if (waiting.size > HELD) this.missed.value = true;
    else this.held.value = [...waiting.values()];
  }
}
