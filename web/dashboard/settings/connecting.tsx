// What guards the ways in which end users connect.

import { useState } from "preact/hooks";
import type { Failure } from "../../shared/api.ts";
import { Check, SecretField, TextArea, TextField, complaintAt } from "../components/form.tsx";
import type { CardProps, Change } from "./part.tsx";
import { SavedCard, useFields } from "./part.tsx";

export function Connecting({ settings, keep }: CardProps) {
  const origins = (settings as { connect_origins?: string[] | null }).connect_origins;
  const fields = useFields({
    hmac_enabled: settings.hmac_enabled, hmac_key: "", public_key: settings.public_key ?? "", connect_origins: (origins ?? []).join("\n"),
  });
  const [failure, setFailure] = useState<Failure | null>(null);
  const { all } = fields;
  const { connect_origins: typed, ...others } = fields.changed ?? {};
  const change = fields.changed === null ? null
    : ({ ...others, ...(typed === undefined ? {} : { connect_origins: typed.split(/[\s,]+/).filter(Boolean) }) } as Change);
  const keyMissing = all.hmac_enabled && !settings.hmac_key_set && all.hmac_key === "";
  return (
    <SavedCard id="connecting" title="Connecting users" text="Connect sessions need nothing of this but the origins. HMAC and the public key serve integrations made before there were sessions."
      change={keyMissing ? null : change} keep={keep} saved={() => { fields.clear(); setFailure(null); }}
      failed={(of) => { setFailure(of); return of.places.some((place) => ["hmac_key", "public_key", "connect_origins"].includes(place.path[0] ?? "")); }}>
      {origins !== undefined && (
        <TextArea label="Pages that may frame the Connect UI" optional mono rows={3} value={all.connect_origins} change={fields.put("connect_origins")} placeholder="https://app.example.com"
          complaint={complaintAt(failure, "connect_origins")} help="One origin a line. Empty: any page may; name yours before you go live." />
      )}
      <TextField label="Public key" optional value={all.public_key} change={fields.put("public_key")} placeholder="a UUID" spellcheck={false}
        complaint={complaintAt(failure, "public_key")} help="Admits authorizations without a connect session. Empty: only sessions are admitted." />
      <Check label="Ask for an HMAC signature" checked={all.hmac_enabled} change={fields.put("hmac_enabled")}
        help="Authorizations by public key must carry the HMAC of their connection id, made by your backend." />
      <SecretField label={settings.hmac_key_set ? "New HMAC key" : "HMAC key"} optional={!all.hmac_enabled} value={all.hmac_key} change={fields.put("hmac_key")} maxLength={512}
        complaint={complaintAt(failure, "hmac_key") ?? (keyMissing ? { severity: "warning", message: "Enter the key before the signature is asked for." } : null)}
        help={settings.hmac_key_set ? "A key is set. It is never shown; a new one takes its place." : "Known to your backend only."} />
    </SavedCard>
  );
}
