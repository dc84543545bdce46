// How the server is: throughput, latency, memory, queue, database.

import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { LineChart } from "../components/chart.tsx";
import { useLoad } from "../components/load.ts";
import { Notice, Show } from "../components/states.tsx";
import { Badge, Card, Fact, Facts, PageHead, Time, count } from "../components/text.tsx";
import type { Health } from "../health/figures.ts";
import { bytes, span, tasks, worries } from "../health/figures.ts";
import { duration } from "../logs/operation.ts";
import { api } from "../shell/api.ts";
import { href } from "../shell/place.ts";
import { unreachableSince } from "../shell/session.ts";

export const title = "Health";

const AGAIN_MS = 5_000;
const KINDS: Record<string, string> = { sqlite: "SQLite", postgres: "PostgreSQL" };

export default function HealthPage() {
  const loaded = useLoad("health", (signal) => api.internal<Health>("get", "/health", { signal }));
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden && unreachableSince.peek() === null) loaded.reload();
    }, AGAIN_MS);
    return () => clearInterval(timer);
  }, [loaded.reload]);
  const gone = unreachableSince.value !== null;
  return (
    <>
      <PageHead title="Health" text="This server, all environments together; refreshed every five seconds."
        actions={loaded.value === undefined ? undefined : <Badge tone={gone ? "bad" : "good"}>{gone ? "Not reachable" : "Running"}</Badge>} />
      <Show from={loaded} rows={5} as="cards">{(health) => <Figures health={health} />}</Show>
    </>
  );
}

function Figures({ health }: { health: Health }) {
  const { points, step_ms } = health.series;
  const times = points.map((point) => new Date(point.at).getTime());
  const second = step_ms / 1_000;
  const last = points[points.length - 1];
  const minutes = Math.round((points.length * step_ms) / 60_000);
  return (
    <>
      {worries(health, Date.now()).map((worry) => (
        <Notice key={worry.title} kind={worry.kind} title={worry.title} actions={worry.kind === "wait" ? <a class="button tiny" href={href("/logs?state=failed")}>Open the log</a> : undefined}>
          {worry.text}
        </Notice>
      ))}
      <div class="figures">
        <Figure name="Calls per second" value={last === undefined ? "0" : rate(last.calls / second)} />
        <Figure name="Latency, p95" value={duration(last?.p95_ms) || "no calls"} />
        <Figure name="Memory" value={bytes(health.memory.rss_bytes)} />
        <Figure name="Tasks waiting" value={tasks(health.queue, health.queue.waiting)} />
        <Figure name="Up for" value={span(health.uptime_ms)} />
      </div>
      {points.length < 2 ? <Notice kind="info">The charts begin with the second measurement, in about {Math.round(second)} seconds.</Notice> : (
        <div class="charts">
          <Card><LineChart title={`Calls per second, last ${minutes} min`} times={times} format={rate} series={[
            { name: "All", tone: "accent", values: points.map((point) => point.calls / second) },
            { name: "Failed", tone: "bad", values: points.map((point) => point.failed / second) },
          ]} /></Card>
          <Card><LineChart title={`Latency, last ${minutes} min`} times={times} format={(value) => duration(value)} series={[
            { name: "p50", tone: "accent", values: points.map((point) => point.p50_ms) },
            { name: "p95", tone: "wait", values: points.map((point) => point.p95_ms) },
          ]} /></Card>
        </div>
      )}
      <div class="cards">
        <Card title="Server"><Facts>
          <Fact name="Version"><code>{health.version}</code></Fact>
          {health.node !== null && <Fact name="Node"><code>{health.node}</code></Fact>}
          {health.nodes != null && health.nodes.length > 1 && <Fact name="All nodes">{health.nodes.map((node) => node.name).join(", ")}</Fact>}
          <Fact name="Up for">{span(health.uptime_ms)}</Fact>
        </Facts></Card>
        <Card title="Database"><Facts>
          <Fact name="Kind">{KINDS[health.database.kind] ?? health.database.kind}</Fact>
          <Fact name="Size">{bytes(health.database.bytes)}</Fact>
          {health.database.schema !== null && <Fact name="Schema">{health.database.schema}</Fact>}
        </Facts></Card>
        <Card title="Background work"><Facts>
          <Fact name="Waiting">{tasks(health.queue, health.queue.waiting)}</Fact>
          <Fact name="Running">{count(health.queue.running)}</Fact>
          <Fact name="Given up">{tasks(health.queue, health.queue.failed)}</Fact>
          <Fact name="Oldest due"><Time at={health.queue.oldest_due_at} none="nothing is late" /></Fact>
        </Facts></Card>
        <Card title="Log and cache"><Facts>
          <Fact name="Operations kept">{health.log.operations === null ? "not counted" : count(health.log.operations)}</Fact>
          <Fact name="Oldest"><Time at={health.log.oldest_at} none="none" /></Fact>
          {health.log.bytes != null && <Fact name="Size">{bytes(health.log.bytes)}</Fact>}
          <Fact name="Waiting to be written">{count(health.log.queued)}</Fact>
          <Fact name="Accounts in cache">{count(health.cache.accounts)}</Fact>
          <Fact name="API keys in cache">{count(health.cache.keys)}</Fact>
        </Facts></Card>
      </div>
    </>
  );
}

function Figure({ name, value }: { name: string; value: ComponentChildren }) {
  return <div class="figure"><span class="soft small">{name}</span><b>{value}</b></div>;
}

function rate(value: number): string {
  return value === 0 ? "0" : value < 10 ? String(Math.round(value * 10) / 10) : Math.round(value).toLocaleString();
}
