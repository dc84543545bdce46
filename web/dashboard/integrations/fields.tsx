// The form of an integration: the provider's own fields, then what all integrations have.

import type { FormField, ProviderForm } from "../../shared/internal.ts";
import { Check, SecretField, SelectField, TextArea, TextField } from "../components/form.tsx";
import type { Complaint } from "../components/form.tsx";
import { Notice } from "../components/states.tsx";
import type { Checked } from "./check.ts";
import type { Draft } from "./draft.ts";
import { ScopesField } from "./scopes-field.tsx";
import { ending } from "./secret-end.tsx";

interface Props {
  form: ProviderForm;
  draft: Draft;
  change(draft: Draft): void;
  checked: Checked;
  /** By the last word of the place that the server complained of. */
  refused(field: string): string | null;
  disabled: boolean;
  /** Of an integration that exists: its secrets are kept, and fetched only when somebody asks to see one. */
  reveal?: ((field: FormField) => void) | undefined;
  /** More than one can be chosen, or another than the first is. */
  clouds: readonly string[];
}

export function IntegrationFields({ form, draft, change, checked, refused, disabled, clouds, reveal }: Props) {
  const put = (part: Partial<Draft>) => change({ ...draft, ...part });
  const complaint = (field: string) => refused(field) ?? checked.at(field);
  const known = new Set([...form.fields.map((field) => field.name), "key", "unique_key", "cloud", "allowed_hosts"]);
  const others = checked.problems.filter((one) => !one.field.split(".").some((word) => known.has(word)));
  return (
    <>
      {form.fields.map((field) => (
        <ProviderField key={field.name} field={field} value={draft.values[field.name] ?? ""} disabled={disabled}
          complaint={complaint(field.name)} reveal={reveal} defaults={form.default_scopes}
          change={(value) => put({ values: { ...draft.values, [field.name]: value } })} />
      ))}
      {others.map((problem) => (
        <Notice key={problem.code + problem.field} kind={problem.severity === "error" ? "bad" : "wait"}>
          <p>{problem.message}</p>
        </Notice>
      ))}
      {form.fields.some((field) => field.kind === "secret") && (
        <SecretEndField value={draft.secretEnds} change={(secretEnds) => put({ secretEnds })} complaint={refused("secret_expires_at")} disabled={disabled} />
      )}
      {clouds.length > 1 && (
        <SelectField label="Cloud" value={draft.cloud} disabled={disabled} complaint={complaint("cloud")} change={(cloud) => put({ cloud })}
          help="Whose hosts are used to sign in and to call." options={clouds.map((one) => ({ value: one, title: one }))} />
      )}
      <TextField label="Name" value={draft.displayName} disabled={disabled} maxLength={250} complaint={refused("display_name")}
        help="What your users see when they connect." change={(displayName) => put({ displayName })} />
      <TextField label="Key" value={draft.key} disabled={disabled} spellcheck={false} autocomplete="off" complaint={complaint("key") ?? complaint("unique_key")}
        help="Your code names the integration by it (provider_config_key)." change={(key) => put({ key })} />
      <details class="more">
        <summary>Hosts, links, webhooks</summary>
        <div class="stack">
          <TextArea label="Allowed hosts" mono rows={3} optional value={draft.allowedHosts} readOnly={disabled} complaint={complaint("allowed_hosts")}
            placeholder={"*.example.com"} change={(allowedHosts) => put({ allowedHosts })}
            help="Hosts beside the provider's own that a call may name as its base URL, one a line." />
          <Check label="Links come back through the proxy" checked={draft.rewriteLinks} disabled={disabled} change={(rewriteLinks) => put({ rewriteLinks })}
            help="Next links in answers point here, for SDKs that follow them with our key." />
          <Check label="Forward the provider's webhooks" checked={draft.forwardWebhooks} disabled={disabled}
            change={(forwardWebhooks) => put({ forwardWebhooks })} />
        </div>
      </details>
    </>
  );
}

function ProviderField({ field, value, change, complaint, disabled, reveal, defaults }: {
  reveal: Props["reveal"];
  defaults: readonly string[];
  field: FormField;
  value: string;
  change(value: string): void;
  complaint: Complaint | string | null;
  disabled: boolean;
}) {
  const common = { label: field.title, value, change, complaint: complaint ?? patternProblem(field, value), optional: !field.required };
  const placeholder = field.example ?? undefined;
  switch (field.kind) {
    case "scopes":
      return <ScopesField label={field.title} value={value} change={change} help={field.help} example={field.example ?? (defaults.join(", ") || undefined)} complaint={complaint} disabled={disabled} />;
    case "secret":
      return <SecretField {...common} disabled={disabled} placeholder={reveal && value === "" ? "Kept; type to replace it" : placeholder}
          help={reveal && value === "" ? <Kept field={field} reveal={reveal} /> : field.help} />;
    case "multiline":
      return <TextArea {...common} mono help={field.help} placeholder={placeholder} readOnly={disabled} />;
    case "select":
      return <SelectField {...common} help={field.help} disabled={disabled} options={[{ value: "", title: "Choose…" }, ...options(field)]} />;
    default:
      return <TextField {...common} help={field.help} placeholder={placeholder} disabled={disabled} autocomplete="off" spellcheck={false} />;
  }
}

function Kept({ field, reveal }: { field: FormField; reveal(field: FormField): void }) {
  return (
    <>
      {field.help ? `${field.help} ` : ""}It is kept sealed.{" "}
      <button type="button" class="plain small" onClick={() => reveal(field)}>
        Look at it
      </button>
      , which the audit log notes.
    </>
  );
}

function options(field: FormField) {
  return (field.options ?? []).map((one) => (typeof one === "string" ? { value: one, title: one } : one));
}

/** Only once something stands there; the server checks again. */
function patternProblem(field: FormField, value: string): Complaint | null {
  if (!field.pattern || value === "") return null;
  try {
    if (new RegExp(field.pattern, "u").test(value)) return null;
  } catch {
    return null;
  }
  return { severity: "error", message: field.example ? `It should look like ${field.example}.` : "It does not have the expected form." };
}

function SecretEndField({ value, change, complaint, disabled }: { value: string; change(value: string): void; complaint: string | null; disabled: boolean }) {
  const state = ending(value || null);
  const said: Complaint | null =
    state === "over"
      ? { severity: "error", message: "This secret has ended: nobody can connect or refresh. Make a new one at the provider." }
      : state === "soon"
        ? { severity: "warning", message: "It ends within 30 days. Make a new one beside it, put it in here, then remove the old one." }
        : null;
  return (
    <TextField label="The secret ends on" type="date" optional value={value} change={change} disabled={disabled} complaint={complaint ?? said}
      help="Entra shows it beside the secret. You are warned here and by webhook before that day." />
  );
}
