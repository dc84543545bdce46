// A connection in the list.

import type { ConnectionRow } from "../../shared/internal.ts";
import { Mark } from "../components/icons.tsx";
import { Badge, Time } from "../components/text.tsx";
import { ownTags } from "./tags.ts";

export const ROW_HEIGHT = 52;

/** What stands above the rows. */
export function Heads() {
  return (
    <div class="connection-row list-head" aria-hidden="true">
      <span>Account</span>
      <span class="minor">Integration</span>
      <span class="minor">Tags</span>
      <span>State</span>
      <span class="end minor">Connected</span>
    </div>
  );
}

/** Whether a connection works, in words; what does not stands out. */
export function Works({ errors }: { errors: number }) {
  if (errors > 0) return <Badge tone="bad">Does not work</Badge>;
  return <span class="works"><span class="dot success" aria-hidden="true" />Works</span>;
}

export function Row({ row }: { row: ConnectionRow }) {
  const user = row.end_user;
  const name = user?.display_name || user?.email || row.connection_id;
  const below = [user?.display_name && user.email, name !== row.connection_id && row.connection_id].filter(Boolean).join(" · ");
  const tags = ownTags(row.tags);
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
      <span><Works errors={row.errors.length} /></span>
      <span class="soft small end minor">
        <Time at={row.created_at} />
      </span>
    </div>
  );
}
