// Shapes of the routes under `/internal`, which serve these pages only and stand in no public document.

export type Role = "owner" | "developer" | "support";

export interface Person {
  id: string;
  email: string;
  name: string;
  owner: boolean;
  totp: boolean;
  /** False for somebody who signs in by the company's own sign-in alone. */
  password?: boolean;
}

export interface Session {
  user: Person;
  environments: { name: string; role: Role; is_production?: boolean }[];
  csrf_token: string;
  version: string;
  public_url: string;
  callback_url: string;
  dev: boolean;
}

export interface SignInFacts {
  setup_needed: boolean;
  oidc: { name: string } | null;
}

export interface Member {
  id: string;
  email: string;
  name: string;
  owner: boolean;
  totp: boolean;
  roles: Record<string, Role>;
  invited: boolean;
  last_seen_at: string | null;
  created_at: string;
}

export interface SignedInPlace {
  id: string;
  created_at: string;
  last_seen_at: string;
  user_agent: string | null;
  address: string | null;
  current: boolean;
}

export interface AuditEntry {
  id: string;
  at: string;
  actor: { kind: "person" | "key" | "operator"; id: string | null; name: string | null };
  environment: string | null;
  action: string;
  target: string | null;
  outcome: string | number | null;
  detail: unknown;
}

export interface ConnectionProblem {
  type: string;
  code?: string;
  cause: string;
  /** Who must act. */
  who?: string;
  actor?: string;
  remedy: string;
  link?: string | null;
  at?: string | null;
  log_id?: string;
  needs_reconnect?: boolean;
}

export interface EndUser {
  id: string;
  display_name?: string | null;
  email?: string | null;
  organization?: { id: string; display_name?: string | null } | null;
  tags?: Record<string, string>;
}

export interface ConnectionRow {
  id: number;
  connection_id: string;
  integration: string;
  provider: string;
  end_user: EndUser | null;
  tags: Record<string, string>;
  created_at: string;
  last_used_at?: string | null;
  errors: ConnectionProblem[];
}

export interface ConnectionsPage {
  data: ConnectionRow[];
  next: string | null;
  total_estimate: number | null;
}

export interface ConnectionDetail {
  /** Who signed in, as the provider's id_token says. */
  account: { name: string | null; login: string | null; id: string | null; tenant: string | null } | null;
  scopes: string[] | null;
  expires_at: string | null;
  refreshed_at: string | null;
  errors: ConnectionProblem[];
  config: Record<string, unknown>;
  metadata: Record<string, unknown> | null;
  tags: Record<string, string>;
  end_user: EndUser | null;
  provider: string;
  created_at: string;
  last_used_at?: string | null;
  /** False for credentials that do not change by themselves. */
  refreshable: boolean;
}

export interface IntegrationProblem {
  field: string;
  severity: "error" | "warning";
  code: string;
  message: string;
}

export interface FormField {
  name: string;
  /** Where its value stands in the body of `POST /integrations`, dotted. */
  path: string;
  title: string;
  kind: "text" | "secret" | "select" | "scopes" | "multiline";
  required: boolean;
  help?: string | null;
  example?: string | null;
  pattern?: string | null;
  options?: (string | { value: string; title: string })[] | null;
}

/** What a form for an integration of a provider needs to know. */
export interface ProviderForm {
  name: string;
  display_name: string;
  auth_mode: string;
  categories: string[];
  docs: string | null;
  fields: FormField[];
  clouds: string[];
  /** What is asked for where no scopes are configured. */
  default_scopes: string[];
  setup_guide_url?: string | null;
  callback_url: string;
  setup_guide: { title: string; text: string }[];
}
