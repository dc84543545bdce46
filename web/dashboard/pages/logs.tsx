// The log: what happened, as it happens, and why it failed.

import { useEffect, useMemo, useState } from "preact/hooks";
import { Histogram } from "../components/chart.tsx";
import { Icon } from "../components/icons.tsx";
import { PageHead } from "../components/text.tsx";
import { Detail } from "../logs/detail.tsx";
import { Feed } from "../logs/feed.ts";
import { FilterBar } from "../logs/filter-bar.tsx";
import type { Filters } from "../logs/filters.ts";
import { count, nothing, read, write } from "../logs/filters.ts";
import { LogList } from "../logs/list.tsx";
import type { Row } from "../logs/operation.ts";
import { useKeys } from "../shell/keys.ts";
import { environment, href, query, setQuery } from "../shell/place.ts";

export const title = "Logs";

/** Parts of the address that the filters use. */
const NAMES = ["q", "type", "state", "integration", "connection", "status", "range", "from", "to"];

export default function Logs() {
  const filters = read(query.value);
  const open = query.value.get("op");
  const shape = `${environment.value} ${write(filters)}`;
  const feed = useFeed(shape, filters);
  const [cursor, setCursor] = useState<string | null>(open);
  const at = cursor ?? open;

  const change = (changes: Partial<Filters>) => {
    const next = write({ ...filters, ...changes });
    setQuery(Object.fromEntries(NAMES.map((name) => [name, next.get(name)])), { push: !("search" in changes) });
  };
  const show = (id: string | null) => {
    if (id !== null) setCursor(id);
    setQuery({ op: id });
  };
  const close = () => {
    show(null);
    requestAnimationFrame(() => document.querySelector<HTMLElement>(".vlist-all")?.focus({ preventScroll: true }));
  };
  const step = (by: number) => {
    const { rows } = feed.window.value;
    const here = rows.findIndex((row) => row.id === at);
    const row = rows[Math.max(0, Math.min(rows.length - 1, here + by))];
    if (row === undefined) return;
    setCursor(row.id);
    if (open !== null) setQuery({ op: row.id });
  };
  useKeys("Logs", [
    { keys: "/", what: "Search", run: () => document.querySelector<HTMLInputElement>("[data-search]")?.select() },
    { keys: "j", what: "Next operation", run: () => step(1) },
    { keys: "k", what: "Operation before", run: () => step(-1) },
    { keys: "Enter", what: "Open the operation", run: () => at !== null && show(at) },
    { keys: "Escape", what: "Close the operation", run: () => open !== null && close() },
    { keys: "p", what: "Pause or go on", run: () => toggle(feed) },
    { keys: "n", what: "Show what is new", run: feed.showNew },
  ]);
  const pick = (row: Row) => {
    setCursor(row.id);
    if (open !== null) setQuery({ op: row.id });
  };

  return (
    <div class="logs">
      <PageHead title="Logs" actions={<Live feed={feed} />} />
      <FilterBar filters={filters} change={change} />
      <Bars feed={feed} select={(from, to) => change({ range: "", from: new Date(from).toISOString(), to: new Date(to).toISOString() })} />
      <div class={open === null ? "logs-panes" : "logs-panes is-open"}>
        <div class="logs-list">
          <NewOnes feed={feed} />
          <LogList feed={feed} cursor={at} open={open} onCursor={pick} onOpen={(row) => show(row.id)}
            filtered={count(filters) > 0} clear={() => { const { range, from, to, ...rest } = nothing(); change(rest); }} connect={href("/playground")} />
        </div>
        {open !== null && <Detail id={open} close={close} show={show} />}
      </div>
    </div>
  );
}

/** One feed for one set of filters; it ends with the page. */
function useFeed(shape: string, filters: Filters): Feed {
  const feed = useMemo(() => new Feed(filters), [shape]);
  useEffect(() => () => feed.end(), [feed]);
  return feed;
}

function toggle(feed: Feed) {
  if (feed.paused.value) feed.showNew();
  else feed.paused.value = true;
}

function Live({ feed }: { feed: Feed }) {
  const tail = feed.tail.value;
  if (tail === "off") return <span class="soft small">This time lies in the past; nothing new can come.</span>;
  const paused = feed.paused.value;
  const words = paused ? "Paused" : tail === "live" ? "Live" : tail === "joining" ? "Connecting" : "Connection lost, trying again";
  return (
    <>
      <span class={`live ${paused ? "paused" : tail}`} role="status"><span class="live-spot" aria-hidden="true" />{words}</span>
      <button type="button" class="tiny" aria-keyshortcuts="p" onClick={() => toggle(feed)}>
        <Icon name={paused ? "play" : "stop"} /> {paused ? "Go on" : "Pause"}
      </button>
    </>
  );
}

function Bars({ feed, select }: { feed: Feed; select(from: number, to: number): void }) {
  const bars = feed.bars.value;
  if (bars === null) return <div class="chart histogram waiting" aria-hidden="true">{feed.barsFailed.value ? "" : <span class="bone w3" />}</div>;
  return <Histogram buckets={bars.buckets} stepMs={bars.stepMs} label="Operations over time" {...(bars.exact ? {} : { note: "estimated" })} onSelect={select} />;
}

function NewOnes({ feed }: { feed: Feed }) {
  const waiting = feed.held.value.length;
  if (waiting === 0 && !feed.missed.value) return null;
  return (
    <button type="button" class="new-ones primary" onClick={feed.showNew}>
      <Icon name="up" /> {feed.missed.value ? "Many new" : `${waiting.toLocaleString()} new`}
    </button>
  );
}
