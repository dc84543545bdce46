// What needs somebody: connections that do not work, secrets that end.

import type { ConnectionRow } from "../../shared/internal.ts";
import type { components } from "../../shared/openapi.d.ts";
import { Icon } from "../components/icons.tsx";
import { Card, plural } from "../components/text.tsx";
import { SecretEnd, ending } from "../integrations/secret-end.tsx";
import { href } from "../shell/place.ts";

type Integration = components["schemas"]["Integration"];

const SHOWN = 5;

export function Attention({ broken, integrations }: { broken: readonly ConnectionRow[]; integrations: readonly Integration[] }) {
  const ends = integrations.filter((one) => ["soon", "over"].includes(ending(one.secret_expires_at)));
  if (broken.length === 0 && ends.length === 0) {
    return (
      <Card title="Needs attention">
        <p class="soft line stay">
          <Icon name="check" /> Nothing. Every connection works and no secret ends within 30 days.
        </p>
      </Card>
    );
  }
  return (
    <Card
      title="Needs attention"
      text={[broken.length > 0 && `${plural(broken.length, "connection")}${broken.length > SHOWN ? " or more" : ""}`, ends.length > 0 && plural(ends.length, "secret")]
        .filter(Boolean)
        .join(", ")}
      actions={broken.length > 0 && <a class="button tiny" href={href("/connections?state=error")}>All</a>}
    >
      <ul class="plain-list">
        {ends.map((one) => (
          <li key={one.unique_key}>
            <a class="grow" href={href(`/integrations/${encodeURIComponent(one.unique_key)}`)}>
              Client secret of {one.display_name}
            </a>
            <SecretEnd at={one.secret_expires_at} />
          </li>
        ))}
        {broken.slice(0, SHOWN).map((one) => (
          <li key={one.id}>
            <span class="two-lines grow">
              <a href={href(`/connections/${encodeURIComponent(one.integration)}/${encodeURIComponent(one.connection_id)}`)}>
                {one.end_user?.display_name || one.end_user?.email || one.connection_id}
              </a>
              <span class="soft small">{one.errors[0]?.cause}</span>
            </span>
            <span class="soft small">{one.integration}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
