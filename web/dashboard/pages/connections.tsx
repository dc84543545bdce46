// All connections of the environment: search and filters by the server, rows as one scrolls.

import { useEffect, useState } from "preact/hooks";
import type { ConnectionRow, ConnectionsPage } from "../../shared/internal.ts";
import { CodeBlock } from "../components/code-block.tsx";
import { Icon } from "../components/icons.tsx";
import { SelectField, TextField } from "../components/form.tsx";
import { useLoad } from "../components/load.ts";
import { usePages } from "../components/pages.ts";
import { Search } from "../components/search.tsx";
import { Empty, Skeleton, Trouble } from "../components/states.tsx";
import { PageHead, plural } from "../components/text.tsx";
import { VirtualList } from "../components/virtual-list.tsx";
import { Heads, ROW_HEIGHT, Row } from "../connections/row.tsx";
import { TestConnection } from "../connections/test-connection.tsx";
import { api } from "../shell/api.ts";
import { useKeys } from "../shell/keys.ts";
import { environment, go, query, setQuery } from "../shell/place.ts";
import { KEY_VARIABLE } from "../logs/curl.ts";
import { mayWrite, session } from "../shell/session.ts";

export const title = "Connections";

const PAGE = 100;
const WAIT_MS = 130;

interface Filters {
  search: string;
  integration: string;
  state: string;
  tag: string;
}

export default function Connections() {
  const filters: Filters = {
    search: query.value.get("search") ?? "",
    integration: query.value.get("integration") ?? "",
    state: query.value.get("state") ?? "",
    tag: query.value.get("tag") ?? "",
  };
  const adding = query.value.get("add") !== null && mayWrite.value;
  const [total, setTotal] = useState<number | null>(null);
  const found = usePages<ConnectionRow>(environment.value + JSON.stringify(filters), async (cursor, signal) => {
    const answer = await api.internal<ConnectionsPage>("get", "/connections", {
      query: { ...filters, tag: /.:/.test(filters.tag) ? filters.tag : null, limit: PAGE, cursor },
      signal,
    });
    if (answer.ok && cursor === null) setTotal(answer.value.total_estimate);
    return answer;
  });
  return (
    <>
      <PageHead
        title="Connections"
        text={total === null ? "Your users' accounts." : Object.values(filters).some(Boolean) ? `${plural(total, "connection fits", "connections fit")} the filters.` : `${plural(total, "account")} of your users.`}
        actions={
          mayWrite.value && (
            <button type="button" class="primary" onClick={() => setQuery({ add: "1" })}>
              <Icon name="plus" /> Add test connection
            </button>
          )
        }
      />
      <FilterBar filters={filters} />
      {found.failure && <Trouble failure={found.failure} again={found.reload} />}
      <List found={found} filtered={Object.values(filters).some(Boolean)} />
      {adding && <TestConnection close={() => setQuery({ add: null })} done={found.reload} />}
    </>
  );
}

function FilterBar({ filters }: { filters: Filters }) {
  const [search, setSearch] = useState(filters.search);
  const [tag, setTag] = useState(filters.tag);
  const integrations = useLoad(environment.value, (signal) => api.get("/integrations", { signal }));
  useEffect(() => {
    if (search === filters.search && tag === filters.tag) return;
    const timer = setTimeout(() => setQuery({ search, tag }), WAIT_MS);
    return () => clearTimeout(timer);
  }, [search, tag]);
  const keys = (integrations.value?.data ?? []).map((one) => ({ value: one.unique_key, title: one.unique_key }));
  const known = filters.integration === "" || keys.some((one) => one.value === filters.integration);
  return (
    <div class="filters bar-of-filters">
      <Search label="Search connections" placeholder="Search by id, name, e-mail" value={search} change={setSearch} />
      <SelectField label="Integration" hideLabel value={filters.integration} change={(integration) => setQuery({ integration })}
        options={[{ value: "", title: "All integrations" }, ...keys, ...(known ? [] : [{ value: filters.integration, title: filters.integration }])]} />
      <SelectField label="State" hideLabel value={filters.state} change={(state) => setQuery({ state })}
        options={[{ value: "", title: "Any state" }, { value: "ok", title: "Works" }, { value: "error", title: "Does not work" }]} />
      <TextField label="Tag" hideLabel placeholder="Tag, as plan:pro" value={tag} change={setTag} autocomplete="off" spellcheck={false} />
    </div>
  );
}

function List({ found, filtered }: { found: ReturnType<typeof usePages<ConnectionRow>>; filtered: boolean }) {
  const [cursor, setCursor] = useState<string | null>(null);
  const { rows } = found;
  const at = rows.findIndex((row) => keyOf(row) === cursor);
  const open = (row: ConnectionRow | undefined) => {
    if (row) go(pageOf(row));
  };
  const move = (by: number) => {
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
    if (next) setCursor(keyOf(next));
  };
  useKeys("List", [
    { keys: "j", what: "Next connection", run: () => move(1) },
    { keys: "k", what: "Connection before", run: () => move(-1) },
    { keys: "Enter", what: "Open the connection", run: () => open(rows[at]) },
  ]);
  if (rows.length === 0) {
    if (found.loading) return <Skeleton rows={10} as="rows" />;
    return found.failure ? null : <None filtered={filtered} />;
  }
  return (
    <div class="connections-list">
      <Heads />
      <VirtualList
        rows={rows}
        keyOf={keyOf}
        rowHeight={ROW_HEIGHT}
        label="Connections"
        id="connection"
        cursor={cursor}
        rewind={found.round}
        onCursor={(row) => setCursor(keyOf(row))}
        onOpen={open}
        to={pageOf}
        onEnd={found.more}
        draw={(row) => <Row row={row} />}
      />
    </div>
  );
}

function pageOf(row: ConnectionRow): string {
  return `/connections/${encodeURIComponent(row.integration)}/${encodeURIComponent(row.connection_id)}`;
}

/** What the customer's backend does before the Connect UI opens. */
function sessionCode(): string {
  return [
    `curl -X POST "${session.value?.public_url ?? location.origin}/connect/sessions" \\`,
    `  -H "Authorization: Bearer $${KEY_VARIABLE}" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '{"end_user": {"id": "user-1", "email": "grace@example.com"}}'`,
  ].join("\n");
}

function keyOf(row: ConnectionRow): string {
  return `${row.integration}/${row.connection_id}`;
}

function None({ filtered }: { filtered: boolean }) {
  if (filtered) {
    return (
      <Empty icon="search" title="No connection fits" actions={<button type="button" onClick={() => setQuery({ search: null, integration: null, state: null, tag: null })}>Clear the filters</button>}>
        <p>Search looks at ids, names, e-mails and organizations of end users.</p>
      </Empty>
    );
  }
  return (
    <Empty
      icon="people"
      title="No account is connected yet"
      actions={
        mayWrite.value && (
          <button type="button" class="primary" onClick={() => setQuery({ add: "1" })}>
            <Icon name="plus" /> Add test connection
          </button>
        )
      }
      code={<CodeBlock text={sessionCode()} label="The call that begins it" language="shell" />}
    >
      <p>Authorize with an account of your own first. Your users do the same from within your product, in the same window; your backend begins it:</p>
    </Empty>
  );
}
