// What the form of an integration holds, and how it becomes a request.

import type { Body } from "../../shared/api.ts";
import type { FormField, ProviderForm } from "../../shared/internal.ts";
import type { components } from "../../shared/openapi.d.ts";

export type Integration = components["schemas"]["Integration"];

export interface Draft {
  key: string;
  displayName: string;
  cloud: string;
  /** By the field's name in the provider's form. */
  values: Record<string, string>;
  /** `2027-01-31`, or empty. */
  secretEnds: string;
  /** One a line. */
  allowedHosts: string;
  rewriteLinks: boolean;
  forwardWebhooks: boolean;
}

const USUAL_CLOUD = "global";

export function emptyDraft(form: ProviderForm, taken: readonly string[]): Draft {
  return {
    key: free(form.name, taken),
    displayName: form.display_name,
    cloud: form.clouds.includes(USUAL_CLOUD) ? USUAL_CLOUD : (form.clouds[0] ?? ""),
    values: {},
    secretEnds: "",
    allowedHosts: "",
    rewriteLinks: false,
    forwardWebhooks: true,
  };
}

/** `excel`, or `excel-2` where that is taken. */
function free(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name;
  let number = 2;
  while (taken.includes(`${name}-${number}`)) number += 1;
  return `${name}-${number}`;
}

export function draftOf(integration: Integration, form: ProviderForm): Draft {
  const credentials = integration.client ?? {};
  const values: Record<string, string> = {};
  for (const field of form.fields) {
    const [room, name] = roomOf(field);
    const value = room === "credentials" ? credentials[name] : room === "connection_config" ? integration.connection_config[name] : null;
    if (typeof value === "string") values[field.name] = value;
  }
  return {
    key: integration.unique_key,
    displayName: integration.display_name,
    cloud: integration.cloud,
    values,
    secretEnds: integration.secret_expires_at?.slice(0, 10) ?? "",
    allowedHosts: integration.allowed_hosts.join("\n"),
    rewriteLinks: integration.rewrite_links,
    forwardWebhooks: integration.forward_webhooks,
  };
}

/** Where a field's value stands in the request, and under which name. */
function roomOf(field: FormField): ["credentials" | "connection_config" | "integration_config", string] {
  const [first = "", ...rest] = field.path.split(".");
  const name = rest.join(".") || field.name;
  return first === "connection_config" || first === "integration_config" ? [first, name] : ["credentials", name];
}

type Credentials = NonNullable<Body<"/integrations", "post">["credentials"]>;

/** The parts of a request that come from the provider's own fields; null where the provider asks for none. Scopes are
 * sent when they are empty too, or nobody could take the last one away; a secret only when it was typed. */
export function credentialsOf(form: ProviderForm, draft: Draft): Credentials | null {
  const found: Record<string, string> = {};
  for (const field of form.fields) {
    const [room, name] = roomOf(field);
    const value = draft.values[field.name] ?? "";
    if (room === "credentials" && (value !== "" || field.kind === "scopes")) found[name] = value;
  }
  if (Object.keys(found).length === 0) return null;
  return { type: form.auth_mode, ...found };
}

export function configOf(form: ProviderForm, draft: Draft, of: "connection_config" | "integration_config"): Record<string, string> {
  const found: Record<string, string> = {};
  for (const field of form.fields) {
    const [room, name] = roomOf(field);
    if (room === of && draft.values[field.name]) found[name] = draft.values[field.name] ?? "";
  }
  return found;
}

export function hostsOf(draft: Draft): string[] {
  return draft.allowedHosts.split(/[\s,]+/).filter(Boolean);
}

function common(form: ProviderForm, draft: Draft) {
  const credentials = credentialsOf(form, draft);
  const shared = configOf(form, draft, "connection_config");
  const own = configOf(form, draft, "integration_config");
  return {
    display_name: draft.displayName.trim(),
    ...(draft.cloud ? { cloud: draft.cloud } : {}),
    ...(credentials ? { credentials } : {}),
    ...(Object.keys(shared).length > 0 ? { connection_config: shared } : {}),
    ...(Object.keys(own).length > 0 ? { integration_config: own } : {}),
    allowed_hosts: hostsOf(draft),
    rewrite_links: draft.rewriteLinks,
    forward_webhooks: draft.forwardWebhooks,
    secret_expires_at: draft.secretEnds ? `${draft.secretEnds}T00:00:00Z` : "",
  };
}

export function creation(form: ProviderForm, draft: Draft): Body<"/integrations", "post"> {
  const { secret_expires_at, ...rest } = common(form, draft);
  return { provider: form.name, unique_key: draft.key.trim(), ...rest, ...(secret_expires_at ? { secret_expires_at } : {}) };
}

export function change(form: ProviderForm, draft: Draft, was: Integration): Body<"/integrations/{uniqueKey}", "patch"> {
  const key = draft.key.trim();
  return { ...common(form, draft), ...(key === was.unique_key ? {} : { unique_key: key }) };
}
