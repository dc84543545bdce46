// What an API key may do, in the words of the server (`domain::permission`), grouped for people.

export interface ScopeGroup {
  title: string;
  scopes: readonly { scope: string; what: string }[];
}

export const EVERYTHING = "environment:*";

const group = (title: string, scopes: Record<string, string>): ScopeGroup => ({
  title, scopes: Object.entries(scopes).map(([scope, what]) => ({ scope: `environment:${scope}`, what })),
});

export const GROUPS: readonly ScopeGroup[] = [
  group("Connect", { "connect_sessions:write": "Make connect sessions for end users" }),
  group("Proxy", { proxy: "Call providers as a connection" }),
  group("Connections", {
    "connections:list": "List", "connections:read": "Read one", "connections:create": "Import",
    "connections:update": "Change metadata and tags", "connections:delete": "Delete",
    "connections:list_credentials": "List with credentials", "connections:read_credentials": "Read credentials",
  }),
  group("Integrations", {
    "integrations:list": "List", "integrations:read": "Read one", "integrations:create": "Create", "integrations:update": "Change",
    "integrations:delete": "Delete", "integrations:list_functions": "List functions",
    "integrations:list_credentials": "List with client secrets", "integrations:read_credentials": "Read client secrets",
  }),
  group("Logs and webhooks", { "logs:read": "Read the log and deliveries", "webhooks:replay": "Send webhooks once more" }),
  group("Functions and records (not in this version)", {
    "functions:list": "List functions", "functions:read": "Read functions", "functions:delete": "Delete functions",
    "functions:compile": "Compile", "functions:dryrun": "Try out", "functions:invocations": "Read invocations", deploy: "Deploy",
    "actions:execute": "Run actions", "syncs:read": "Read syncs", "syncs:execute": "Run syncs", "syncs:update": "Change syncs",
    "syncs:variant:create": "Create variants", "syncs:variant:delete": "Delete variants",
    "records:read": "Read records", "records:write": "Write records", mcp: "Use the MCP server",
  }),
  group("Environment", {
    "variables:read": "Read variables", "variables:update": "Change variables", "settings:read": "Read settings", "settings:update": "Change settings",
    "webhook_signing_key:rotate": "Read and rotate the signing key",
  }),
];

/** Scopes that go together for a purpose. */
export const PRESETS: readonly { id: string; title: string; what: string; scopes: readonly string[] }[] = [
  { id: "all", title: "Everything", what: "Your backend: all of this environment.", scopes: [EVERYTHING] },
  {
    id: "connect", title: "Connecting users", what: "Makes connect sessions and sees connections, without their credentials.",
    scopes: ["environment:connect_sessions:write", "environment:connections:list", "environment:connections:read", "environment:integrations:list", "environment:integrations:read"],
  },
  { id: "proxy", title: "Calling providers", what: "Only the proxy.", scopes: ["environment:proxy"] },
  {
    id: "read", title: "Reading", what: "Integrations, connections and logs, no credentials and no changes.",
    scopes: ["environment:integrations:list", "environment:integrations:read", "environment:connections:list", "environment:connections:read", "environment:logs:read", "environment:records:read"],
  },
  { id: "logs", title: "Watching", what: "Only the log and webhook deliveries.", scopes: ["environment:logs:read"] },
];

/** The preset that has exactly these scopes, or null. */
export function presetOf(scopes: readonly string[]): string | null {
  const sorted = [...scopes].sort().join();
  return PRESETS.find((one) => [...one.scopes].sort().join() === sorted)?.id ?? null;
}

/** What a key's scopes come to, in a few words. */
export function inWords(scopes: readonly string[]): string {
  const preset = PRESETS.find((one) => one.id === presetOf(scopes));
  return preset?.title ?? `${scopes.length} ${scopes.length === 1 ? "scope" : "scopes"}`;
}

/** True when a scope is granted, literally or by a wildcard. */
export function granted(scopes: readonly string[], scope: string): boolean {
  return scopes.some((one) => one === scope || (one.endsWith(":*") && scope.startsWith(one.slice(0, -1))));
}
