// Which hosts a call may name instead of its connection's own.

import { SelectField } from "../components/form.tsx";
import { Notice } from "../components/states.tsx";
import type { CardProps, Change } from "./part.tsx";
import { SavedCard, useFields } from "./part.tsx";

export function Hosts({ settings, keep }: CardProps) {
  const fields = useFields({ override_hosts: settings.override_hosts });
  return (
    <SavedCard id="hosts" title="Proxy hosts" text="A call may name another base than its provider's. Its credentials go there, so the list is short by default."
      change={fields.changed as Change | null} keep={keep} saved={fields.clear}>
      <SelectField label="Base URL overrides" value={fields.all.override_hosts} change={fields.put("override_hosts")}
        options={[{ value: "listed", title: "Only hosts of the connection, the provider and the integration's list" }, { value: "any-public", title: "Any public host" }]} />
      {fields.all.override_hosts === "any-public" && (
        <Notice kind="wait" title="Whoever holds an API key can send credentials anywhere.">
          This is how Nango behaves. Prefer the list: add hosts under an integration's allowed hosts.
        </Notice>
      )}
    </SavedCard>
  );
}
