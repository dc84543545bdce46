// Where webhooks go and which events, and the address that providers send browsers back to.

import { useState } from "preact/hooks";
import type { Failure } from "../../shared/api.ts";
import { Check, TextField, complaintAt } from "../components/form.tsx";
import { session } from "../shell/session.ts";
import type { CardProps, Change } from "./part.tsx";
import { SavedCard, useFields } from "./part.tsx";

/** Events of functions come with functions; until then nobody needs to choose. */
const EVENTS = [
  ["on_auth_creation", "New connections", "When somebody connects, or connects again."],
  ["on_auth_refresh_error", "Failed refreshes", "When a connection's credentials can no longer be renewed, and when they can again."],
  ["on_auth_deletion", "Deleted connections", null],
] as const;

export function Addresses({ settings, keep }: CardProps) {
  const { webhooks } = settings;
  const fields = useFields({ primary_url: webhooks.primary_url ?? "", secondary_url: webhooks.secondary_url ?? "" });
  const events = useFields<Record<(typeof EVENTS)[number][0], boolean>>({
    on_auth_creation: webhooks.on_auth_creation, on_auth_refresh_error: webhooks.on_auth_refresh_error, on_auth_deletion: webhooks.on_auth_deletion,
  });
  const callback = useFields({ callback_url: settings.callback_url ?? "" });
  const [failure, setFailure] = useState<Failure | null>(null);
  const told = fields.changed === null && events.changed === null ? null : { webhooks: { ...fields.changed, ...events.changed } };
  const change: Change | null = told === null && callback.changed === null ? null : { ...told, ...callback.changed };
  const usual = session.value?.callback_url ?? "";
  return (
    <SavedCard id="webhooks" title="Webhooks and callback" text="Where your backend hears of new and broken connections." change={change} keep={keep}
      saved={() => { fields.clear(); events.clear(); callback.clear(); setFailure(null); }}
      failed={(of) => { setFailure(of); return of.places.some((place) => ["webhooks", "callback_url"].includes(place.path[0] ?? "")); }}>
      <TextField label="Webhook address" value={fields.all.primary_url} change={fields.put("primary_url")} placeholder="https://api.example.com/webhooks/sheetbend" inputMode="url"
        complaint={complaintAt(failure, "webhooks", "primary_url")} help="Every event is posted here, signed." />
      <TextField label="Second address" optional value={fields.all.secondary_url} change={fields.put("secondary_url")} inputMode="url"
        complaint={complaintAt(failure, "webhooks", "secondary_url")} help="The same events, for example for a test system." />
      <fieldset class="stack tight">
        <legend class="label">Events</legend>
        {EVENTS.map(([name, label, help]) => (
          <Check key={name} label={label} {...(help === null ? {} : { help })} checked={events.all[name]} change={events.put(name)} />
        ))}
      </fieldset>
      <TextField label="Callback URL" optional value={callback.all.callback_url} change={callback.put("callback_url")} placeholder={usual} inputMode="url"
        complaint={complaintAt(failure, "callback_url")}
        help={<>Only where an address of your own forwards to this server. Empty: <code>{usual}</code></>} />
    </SavedCard>
  );
}
