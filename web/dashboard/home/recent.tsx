// The last things that happened.

import type { components } from "../../shared/openapi.d.ts";
import { Badge, Card, Time } from "../components/text.tsx";
import { href } from "../shell/place.ts";

type Operation = components["schemas"]["Operation"];

export function Recent({ operations }: { operations: readonly Operation[] }) {
  return (
    <Card title="Last operations" actions={<a class="button tiny" href={href("/logs")}>All logs</a>}>
      {operations.length === 0 ? (
        <p class="soft">Nothing happened yet. Each call, refresh and connect will be a line here.</p>
      ) : (
        <ul class="plain-list">
          {operations.map((one) => (
            <li key={one.id}>
              <span class={`dot ${one.state}`} aria-hidden="true" />
              <span class="two-lines grow">
                <a class="cut" href={href(`/logs?op=${encodeURIComponent(one.id)}`)}>
                  {one.message}
                </a>
                <span class="soft small cut">
                  {[one.integration, one.connection].filter(Boolean).join(" · ") || one.type}
                </span>
              </span>
              {one.state === "failed" && <Badge tone="bad">failed</Badge>}
              <span class="soft small">
                <Time at={one.created_at} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
