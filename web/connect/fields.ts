// What a form asks, from a provider's definition (contract §4.3, §6.4), and whether a value will do.
import type { Defaults, Definition, Integration, Provider, Values } from "./api.ts";
import { t, titleOf } from "./i18n/index.ts";

export interface Field extends Definition {
  name: string;
  group: "params" | "credentials";
}

/** What a mode asks whatever the definition says. Called when drawn: the language is not known before. */
function baseFields(mode: string): Record<string, Definition> {
  const secret = (title: string): Definition => ({ title, secret: true });
  const user = { username: { title: t("fieldUser") } };
  const modes: Record<string, Record<string, Definition>> = {
    OAUTH2_CC: { client_id: { title: t("fieldClientId") }, client_secret: secret(t("fieldClientSecret")) },
    API_KEY: { apiKey: secret(t("fieldApiKey")) },
    BASIC: { ...user, password: { ...secret(t("fieldPassword")), optional: true } },
    SIGNATURE: { ...user, password: secret(t("fieldSecret")) },
    TBA: { token_id: { title: t("fieldTokenId") }, token_secret: secret(t("fieldTokenSecret")) },
    BILL: {
      ...user,
      password: secret(t("fieldPassword")),
      organization_id: { title: t("fieldOrganization") },
      dev_key: secret(t("fieldDeveloperKey")),
    },
    AWS_SIGV4: {
      role_arn: { title: t("fieldRole") },
      external_id: { title: t("fieldExternalId"), description: t("externalIdHelp"), order: -1, group: "params" },
    },
  };
  return modes[mode] ?? {};
}

/** Shown when the session names them, even empty: the end user brings their own OAuth app. */
const overrideFields = (): Record<string, Definition> => ({
  oauth_client_id_override: { title: t("fieldClientId") },
  oauth_client_secret_override: { title: t("fieldClientSecret"), secret: true },
  oauth_refresh_token_override: { title: t("fieldRefreshToken"), secret: true, optional: true },
});
const UUID = /^[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12}$/i;
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const HOST = /^(?=.{1,253}$)[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)*$/i;
const URI = /^https?:\/\/\S+$/i;

/** The fields to send, in order; the hidden ones among them are not asked. */
export function fieldsOf(provider: Provider, integration: Integration, defaults: Defaults | undefined): Field[] {
  const given = defaults?.connection_config ?? {};
  const overrides = Object.entries(overrideFields()).filter(([name]) => provider.auth_mode === "OAUTH2" && name in given);
  const credentials: Record<string, Definition> = { ...baseFields(provider.auth_mode), ...provider.credentials };
  const skipped = new Set(integration.preconfigured_credentials);
  if (provider.auth_mode === "AWS_SIGV4")
    credentials.external_id = { ...credentials.external_id, default_value: crypto.randomUUID() };
  const named = (list: [string, Definition][], group: Field["group"]): Field[] =>
    list.map(([name, field]) => ({ group, ...field, title: titleOf(field.title ?? name), name }));
  return [
    ...named(overrides, "credentials"),
    ...named(Object.entries(credentials).filter(([name]) => !skipped.has(name)), "credentials"),
    ...named(Object.entries(provider.connection_config ?? {}).filter(([name]) => !(name in given)), "params"),
  ]
    // A hidden one goes along with its default.
    .filter((field) => !field.automated && (!field.hidden || field.default_value))
    .sort((a, b) => (a.order ?? 99) - (b.order ?? 99));
}

/** Whether a field is asked while the others are as they are. A field of a hidden one is hidden too. */
export function isVisible(field: Field, fields: readonly Field[], values: Values): boolean {
  const when = field.visible_when;
  if (!when) return true;
  const other = fields.find((candidate) => candidate.name === when.field);
  const value = values[when.field] ?? other?.default_value ?? "";
  return value === when.equals && (!other || other === field || isVisible(other, fields, values));
}

/** Why a value will not do; "" when it will. */
export function complaint(field: Field, value: string): string {
  if (!value) return field.optional ? "" : t("needed", { name: field.title ?? field.name });
  const [rule, advice] = format(field.format);
  if (rule && !rule.test(value)) return advice;
  if (!field.pattern || matches(field.pattern, value)) return "";
  if (field.expects) return `${t("badValue")} ${t("badValueExpects", { expects: field.expects })}`;
  return field.example ? t("badValueExample", { example: field.example }) : t("badValue");
}

function format(name: string | undefined): [RegExp | null, string] {
  if (name === "uuid") return [UUID, t("badUuid")];
  if (name === "email") return [EMAIL, t("badEmail")];
  if (name === "hostname") return [HOST, t("badHost")];
  if (name === "uri") return [URI, t("badUri")];
  return [null, ""];
}

/** A pattern that this browser cannot read lets everything pass: the server checks too. */
function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true;
  }
}

/** Someone who pastes the whole address gets the part that is asked. */
export function undecorated(field: Field, value: string): string {
  const { prefix = "", suffix = "" } = field;
  const inner = prefix && value.startsWith(prefix) ? value.slice(prefix.length) : value;
  return suffix && inner.endsWith(suffix) ? inner.slice(0, -suffix.length) : inner;
}
