// A connection in the list.

import type { ConnectionRow } from "../../shared/internal.ts";
import { Mark } from "../components/icons.tsx";
import { Badge, Time } from "../components/text.tsx";

export const ROW_HEIGHT = 52;

export function Row({ row }: { row: ConnectionRow }) {
  const user = row.end_user;
  const name = user?.display_name || user?.email || row.connection_id;
  const below = [user?.display_name && user.email, name !== row.connection_id && row.connection_id].filter(Boolean).join(" · ");
  const tags = Object.entries(row.tags);
  return (
    <div class="connection-row">
      <Mark name={row.provider} title={row.integration} />
      <span class="two-lines">
        <span class="cut strong">{name}</span>
        <span class="cut soft small">{below || row.integration}</span>
      </span>
      <span class="cut soft minor">{row.integration}</span>
      <span class="cut minor tags-cell">
        {tags.slice(0, 3).map(([key, value]) => (
          <Badge key={key}>
            {key}: {value}
          </Badge>
        ))}
        {tags.length > 3 && <Badge>+{tags.length - 3}</Badge>}
      </span>
      <span>{row.errors.length > 0 ? <Badge tone="bad">does not work</Badge> : <Badge tone="good">works</Badge>}</span>
      <span class="soft small end minor">
        <Time at={row.created_at} />
      </span>
    </div>
  );
}
