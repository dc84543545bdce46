// The rows of the log.

import { useEffect, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { CodeBlock } from "../components/code-block.tsx";
import { Icon } from "../components/icons.tsx";
import { Empty, Skeleton, Trouble } from "../components/states.tsx";
import { VirtualList } from "../components/virtual-list.tsx";
import { base, query } from "../shell/place.ts";
import { session } from "../shell/session.ts";
import { curl } from "./curl.ts";
import type { Feed } from "./feed.ts";
import type { Row } from "./operation.ts";
import { clock, duration, exactly, kindName, partsOf, requestLine, statusText, toneOf } from "./operation.ts";

const ROW = 36;
/** Two lines. */
const NARROW_ROW = 58;

export function LogList({ feed, cursor, open, onCursor, onOpen, filtered, clear, connect }: {
  feed: Feed;
  cursor: string | null;
  open: string | null;
  onCursor(row: Row): void;
  onOpen(row: Row): void;
  filtered: boolean;
  clear(): void;
  connect: string;
}) {
  const narrow = useNarrow();
  const { rows, below } = feed.window.value;
  if (feed.phase.value === "loading") return <Skeleton rows={14} />;
  if (feed.phase.value === "failed" && feed.failure.value !== null) return <Trouble failure={feed.failure.value} again={feed.retry} />;
  if (rows.length === 0) return <Nothing filtered={filtered} clear={clear} connect={connect} />;
  const now = Date.now();
  const footer: ComponentChildren =
    feed.failure.value !== null ? <Trouble failure={feed.failure.value} again={() => { feed.failure.value = null; feed.down(); }} />
    : below ? <p class="log-end soft small" role="status">Loading older operations…</p>
    : <p class="log-end soft small">This is the oldest operation of the chosen time.</p>;
  return (
    <>
      <div class="log-row list-head" aria-hidden="true">
        <span>Time</span><span>Status</span><span>Operation</span>
        <span class="log-where">Integration</span><span class="log-who">Connection</span><span class="log-took">Took</span>
      </div>
      <VirtualList rows={rows} keyOf={(row) => row.id} rowHeight={narrow ? NARROW_ROW : ROW} label="Operations, newest first" id="operation"
        cursor={cursor} open={open} onCursor={onCursor} onOpen={onOpen} onEnd={feed.down} onStart={feed.up} onTop={feed.atTop}
        to={pageOf} rewind={feed.rewind.value} footer={footer} draw={(row) => <Line row={row} now={now} />} />
    </>
  );
}

/** The same list with this operation beside it. */
function pageOf(row: Row): string {
  const beside = new URLSearchParams(query.peek());
  beside.set("op", row.id);
  return `/logs?${beside}`;
}

function Line({ row, now }: { row: Row; now: number }) {
  const line = requestLine(row.summary);
  const kind = kindName(row.type, row.action);
  // "Token refresh: Token refreshed" says it twice.
  const more = row.error ?? (row.state === "success" && row.summary.split(" ").length <= 3 ? "" : row.summary);
  return (
    <div class="log-row">
      <span class="log-time mono" title={exactly(row.at)}>{clock(row.at, now)}</span>
      <span class="log-status"><span class={`badge ${toneOf(row.state, row.status)}`}>{statusText(row)}</span></span>
      <span class="log-what cut">
        {line === null ? <b>{kind}</b> : <span class={`log-method verb ${line.method.toLowerCase()}`}>{line.method}</span>}{" "}
        {line === null ? <span class="soft">{more}</span> : <Address url={line.url} />}
      </span>
      <span class="log-where cut soft">{row.integration}</span>
      <span class="log-who cut soft">{row.connection}</span>
      <span class="log-took mono soft">{duration(row.durationMs)}</span>
    </div>
  );
}

/** The path tells more than the host, which is the same in most rows. */
function Address({ url }: { url: string }) {
  const { host, path } = partsOf(url);
  return <span class="mono">{path} {host !== null && <span class="soft">{host}</span>}</span>;
}

function Nothing({ filtered, clear, connect }: { filtered: boolean; clear(): void; connect: string }) {
  if (filtered) {
    return (
      <Empty icon="search" title="Nothing fits these filters" actions={<button type="button" onClick={clear}>Clear filters</button>}>
        The log finds whole words and beginnings of words. Try fewer words or a longer time.
      </Empty>
    );
  }
  return (
    <Empty icon="list" title="Nothing happened in this time" actions={<a class="button primary" href={connect}><Icon name="play" /> Send a call from the playground</a>}
      code={<CodeBlock text={sample()} label="A call from your backend" language="shell" />}>
      Every proxied call, authorization and token refresh of this environment shows here the moment it happens, with its request,
      its answer and, where it failed, who must do what.
    </Empty>
  );
}

function sample(): string {
  const host = session.value?.public_url ?? `${location.origin}${base}`;
  return curl({ host, integration: "microsoft-excel", connection: "your-connection", method: "GET", target: "/v1.0/me/drive/root/children", headers: [] });
}

/** True on screens where a row takes two lines. */
export function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia("(max-width: 700px)").matches);
  useEffect(() => {
    const media = matchMedia("(max-width: 700px)");
    const follow = () => setNarrow(media.matches);
    media.addEventListener("change", follow);
    return () => media.removeEventListener("change", follow);
  }, []);
  return narrow;
}
