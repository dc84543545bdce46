// Which provider? The catalogue with its search.

import { useMemo, useState } from "preact/hooks";
import { Mark } from "../components/icons.tsx";
import { useLoad } from "../components/load.ts";
import { Search } from "../components/search.tsx";
import { Empty, Show } from "../components/states.tsx";
import { WALKS } from "../home/walks.ts";
import { examplesOf } from "../playground/examples.ts";
import { PageHead, plural } from "../components/text.tsx";
import { api } from "../shell/api.ts";
import { go, href, query, setQuery } from "../shell/place.ts";

export const title = "New integration";

const SHOWN = 90;

interface Provider {
  name: string;
  display_name: string;
  auth_mode: string;
  categories: string[];
}

export default function Catalog() {
  const loaded = useLoad("providers", (signal) => api.get("/providers", { signal }));
  return (
    <>
      <PageHead
        title="Choose a provider"
        text="What do your users have an account on?"
        crumb={
          <>
            <a href={href("/integrations")}>Integrations</a> / New
          </>
        }
      />
      <Show from={loaded} rows={10} as="rows">{({ data }) => <Choices all={data.map(provider)} />}</Show>
    </>
  );
}

function provider(value: { name: string; display_name: string; auth_mode: string; [more: string]: unknown }): Provider {
  const categories = Array.isArray(value["categories"]) ? value["categories"].map(String) : [];
  return { name: value.name, display_name: value.display_name, auth_mode: value.auth_mode, categories };
}

function Choices({ all }: { all: Provider[] }) {
  const [search, setSearch] = useState(query.peek().get("search") ?? "");
  const category = query.value.get("category") ?? "";
  const categories = useMemo(() => frequent(all), [all]);
  const found = useMemo(() => matching(all, search, category), [all, search, category]);
  // While nothing narrows the list, what most come for stands first.
  const often = useMemo(() => (search.trim() === "" && category === "" ? popular(all) : []), [all, search, category]);
  const change = (text: string) => {
    setSearch(text);
    setQuery({ search: text });
  };
  return (
    <>
      <div class="stack tight">
        <div
          onKeyDown={(event) => {
            const first = found[0];
            if (event.key === "Enter" && first && search.trim() !== "") go(`/integrations/new/${first.name}`);
          }}
        >
          <Search label="Search the catalogue" placeholder={`Search ${plural(all.length, "provider")}`} value={search} change={change} />
        </div>
        <div class="chips" role="group" aria-label="Categories">
          {categories.map((one) => (
            <button key={one} type="button" class="chip" aria-pressed={one === category} onClick={() => setQuery({ category: one === category ? null : one })}>
              {named(one)}
            </button>
          ))}
        </div>
        <p class="unseen" role="status">
          {plural(found.length, "provider")} found
        </p>
      </div>
      {found.length === 0 ? (
        <Empty icon="search" title="No provider fits">
          <p>
            A provider is one YAML file: <code>sheetbend providers import FILE</code> adds yours, also a file in Nango's format.
          </p>
        </Empty>
      ) : (
        <>
          {often.length > 0 && (
            <section class="stack tight" aria-label="Popular">
              <h2 class="label">Popular</h2>
              <Tiles of={often} />
            </section>
          )}
          <section class="stack tight" aria-label="Providers">
            {often.length > 0 && <h2 class="label">All providers</h2>}
            <Tiles of={found.slice(0, SHOWN)} />
          </section>
        </>
      )}
      {found.length > SHOWN && <p class="soft small">{plural(found.length - SHOWN, "more provider")}: search to see them.</p>}
    </>
  );
}

function Tiles({ of }: { of: readonly Provider[] }) {
  return (
    <ul class="tiles">
      {of.map((one) => (
        <li key={one.name}>
          <a class="tile" href={href(`/integrations/new/${encodeURIComponent(one.name)}`)}>
            <Mark name={one.name} title={one.display_name} />
            <span class="two-lines grow">
              <span class="tile-name cut" title={one.display_name}>{one.display_name}</span>
              <span class="soft small cut">{AUTH[one.auth_mode] ?? one.auth_mode}</span>
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}

const POPULAR = 12;

/** Those with first steps of their own, then those that the catalogue calls popular and that have ready requests. */
function popular(all: Provider[]): Provider[] {
  const rank = (one: Provider) => (Object.hasOwn(WALKS, one.name) ? 2 : one.categories.includes("popular") && examplesOf(one.name).length > 0 ? 1 : 0);
  return all.filter((one) => rank(one) > 0).sort((a, b) => rank(b) - rank(a) || a.display_name.localeCompare(b.display_name)).slice(0, POPULAR);
}

/** How an account is connected, by the wire's word. */
const AUTH: Record<string, string> = {
  OAUTH2: "OAuth 2", OAUTH2_CC: "Client credentials", OAUTH1: "OAuth 1.0a", API_KEY: "API key", BASIC: "User name and password", APP: "App installation",
  CUSTOM: "App installation", JWT: "Signed token", TBA: "Token-based", TWO_STEP: "Login", NONE: "No credentials", SIGNATURE: "Signature",
  AWS_SIGV4: "AWS signature", BILL: "Login", MCP_OAUTH2: "MCP, OAuth 2", MCP_OAUTH2_GENERIC: "MCP, OAuth 2", INSTALL_PLUGIN: "Plugin",
};

const SHORT = new Set(["crm", "hr", "erp", "ats", "api", "mcp"]);

/** "dev-tools" → "Dev tools"; "crm" → "CRM". */
function named(category: string): string {
  if (SHORT.has(category)) return category.toUpperCase();
  const words = category.replaceAll("-", " ");
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

const CATEGORIES = 12;

function frequent(all: Provider[]): string[] {
  const counts = new Map<string, number>();
  for (const one of all) for (const name of one.categories) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).slice(0, CATEGORIES).map(([name]) => name);
}

/** Beginnings first, then by name. */
function matching(all: Provider[], search: string, category: string): Provider[] {
  const wanted = search.trim().toLowerCase();
  const score = (one: Provider) => {
    const title = one.display_name.toLowerCase();
    if (title.startsWith(wanted) || one.name.startsWith(wanted)) return 2;
    return title.includes(wanted) || one.name.includes(wanted) ? 1 : 0;
  };
  return all
    .filter((one) => (category === "" || one.categories.includes(category)) && score(one) > 0)
    .sort((a, b) => score(b) - score(a) || a.display_name.localeCompare(b.display_name));
}
