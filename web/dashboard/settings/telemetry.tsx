// Where operations are exported to, by OTLP.

import { useState } from "preact/hooks";
import type { Failure } from "../../shared/api.ts";
import { TextArea, TextField, complaintAt } from "../components/form.tsx";
import type { CardProps, Change } from "./part.tsx";
import { SavedCard, useFields } from "./part.tsx";

export function Telemetry({ settings, keep }: CardProps) {
  const fields = useFields({ otlp_endpoint: settings.otlp_endpoint ?? "", headers: "" });
  const [failure, setFailure] = useState<Failure | null>(null);
  const { headers, ...endpoint } = fields.changed ?? {};
  const parsed = headers === undefined ? [] : headersOf(headers);
  const change: Change | null = fields.changed === null || parsed === null ? null : { ...endpoint, ...(headers === undefined ? {} : { otlp_headers: parsed }) };
  return (
    <SavedCard id="telemetry" title="Telemetry" text="Every operation as a span, to your own collector." change={change} keep={keep}
      saved={() => { fields.clear(); setFailure(null); }} failed={(of) => { setFailure(of); return of.places.some((place) => (place.path[0] ?? "").startsWith("otlp")); }}>
      <TextField label="OTLP endpoint" optional value={fields.all.otlp_endpoint} change={fields.put("otlp_endpoint")} placeholder="https://otel.example.com/v1/traces" inputMode="url"
        complaint={complaintAt(failure, "otlp_endpoint")} />
      <TextArea label="Headers" optional mono rows={3} value={fields.all.headers} change={fields.put("headers")} placeholder="Authorization: Bearer …"
        complaint={parsed === null ? "One header a line: a name, a colon, a value." : complaintAt(failure, "otlp_headers")}
        help={settings.otlp_headers_set ? "Headers are set and never shown; new ones take their place." : "One a line, for example a token of the collector."} />
    </SavedCard>
  );
}

function headersOf(text: string): { name: string; value: string }[] | null {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  const headers = lines.map((line) => /^([^:\s]+):\s*(\S.*)$/.exec(line));
  if (headers.some((match) => match === null)) return null;
  return headers.map((match) => ({ name: match?.[1] ?? "", value: match?.[2] ?? "" }));
}
