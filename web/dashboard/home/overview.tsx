// The last day at a glance: how much happened, how much of it failed, how many accounts there are.

import type { ComponentChildren } from "preact";
import type { ConnectionsPage } from "../../shared/internal.ts";
import { Histogram } from "../components/chart.tsx";
import { useLoad } from "../components/load.ts";
import { Card, count, plural } from "../components/text.tsx";
import { askBars } from "../logs/bars.ts";
import { environment, go, href } from "../shell/place.ts";

const DAY_MS = 86_400_000;

export function Overview({ connections, integrations, beside }: {
  connections: ConnectionsPage;
  integrations: number;
  /** Another button in its corner. */
  beside?: ComponentChildren;
}) {
  const loaded = useLoad(`overview ${environment.value}`, async (signal) => {
    const value = await askBars({ from: new Date(Date.now() - DAY_MS).toISOString() }, signal);
    return { ok: true as const, value };
  });
  const bars = loaded.value ?? null;
  const total = bars?.buckets.reduce((sum, bucket) => sum + bucket.total, 0) ?? null;
  const failed = bars?.buckets.reduce((sum, bucket) => sum + bucket.failed, 0) ?? null;
  return (
    <Card title="Last 24 hours" actions={<>{beside}<a class="button tiny" href={href("/logs")}>Open the logs</a></>}>
      <dl class="figures plain">
        <Figure name="Operations" to="/logs" value={total === null ? "–" : count(total)} />
        <Figure name="Failed" to="/logs?state=failed" value={failed === null ? "–" : count(failed)} more={share(failed, total)} />
        <Figure name="Connections" to="/connections" value={count(connections.total_estimate ?? connections.data.length)} more={`on ${plural(integrations, "integration")}`} />
      </dl>
      {bars === null ? (
        <div class="chart histogram waiting" aria-hidden="true">{loaded.loading && <span class="bone" />}</div>
      ) : (
        <Histogram buckets={bars.buckets} stepMs={bars.stepMs} label="Operations in the last 24 hours" {...(bars.exact ? {} : { note: "estimated" })}
          onSelect={(from, to) => go(`/logs?from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`)} />
      )}
    </Card>
  );
}

function Figure({ name, value, more, to }: { name: string; value: string; more?: string; to: string }) {
  return (
    <div class="figure">
      <dt class="soft small">{name}</dt>
      <dd>
        <a href={href(to)}><b>{value}</b></a> {more && <span class="soft small">{more}</span>}
      </dd>
    </div>
  );
}

/** "2.1 %" of a whole; nothing where there is none. */
function share(part: number | null, whole: number | null): string {
  if (part === null || whole === null || whole === 0 || part === 0) return "";
  const percent = (part / whole) * 100;
  return `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}
