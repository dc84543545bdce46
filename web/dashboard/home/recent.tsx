// The last things that happened.

import type { components } from "../../shared/openapi.d.ts";
import { Card, Time } from "../components/text.tsx";
import { kindName, partsOf, requestLine, rowOf, statusText, toneOf } from "../logs/operation.ts";
import { href } from "../shell/place.ts";

type Operation = components["schemas"]["Operation"];

export function Recent({ operations }: { operations: readonly Operation[] }) {
  return (
    <Card title="Last operations" actions={operations.length > 0 && <a class="button tiny" href={href("/logs")}>All logs</a>}>
      {operations.length === 0 ? (
        <p class="soft">Nothing happened yet. Each call, refresh and new connection will be a line here.</p>
      ) : (
        <ul class="plain-list">
          {operations.map((one) => <Line key={one.id} of={one} />)}
        </ul>
      )}
    </Card>
  );
}

function Line({ of }: { of: Operation }) {
  const row = rowOf(of);
  const line = requestLine(row.summary);
  return (
    <li>
      <span class="recent-status"><span class={`badge ${toneOf(row.state, row.status)}`}>{statusText(row)}</span></span>
      <span class="two-lines grow">
        <a class="cut" href={href(`/logs?op=${encodeURIComponent(row.id)}`)}>
          {line === null ? kindName(row.type, row.action) : <><span class={`verb ${line.method.toLowerCase()}`}>{line.method}</span> <span class="mono">{partsOf(line.url).path}</span></>}
        </a>
        <span class="soft small cut">{row.error ?? ([row.integration, row.connection].filter(Boolean).join(" · ") || row.type)}</span>
      </span>
      <span class="soft small"><Time at={row.at} /></span>
    </li>
  );
}
