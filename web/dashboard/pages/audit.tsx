// Every change, by whom and when.

import { useState } from "preact/hooks";
import type { AuditEntry, Member } from "../../shared/internal.ts";
import { CodeBlock } from "../components/code-block.tsx";
import { Dialog } from "../components/dialog.tsx";
import { SelectField } from "../components/form.tsx";
import { useLoad } from "../components/load.ts";
import { usePages } from "../components/pages.ts";
import { Empty, Skeleton, Trouble } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import { Badge, Fact, Facts, PageHead, Time, exactly } from "../components/text.tsx";
import { api } from "../shell/api.ts";
import { query, setQuery } from "../shell/place.ts";
import { isOwner, session } from "../shell/session.ts";

export const title = "Audit";

const PAGE = 50;

/** First words of what is noted. */
const AREAS = [
  "integration", "connection", "connect_session", "environment", "variables", "api_key", "account_key", "webhook_key", "delivery",
  "playground", "operation", "user", "account", "session", "encryption_key", "operator",
].map((value) => ({ value, title: value.replaceAll("_", " ") }));

export default function Audit() {
  const filters = {
    action: query.value.get("action") ?? "",
    user: query.value.get("user") ?? "",
    environment: query.value.get("environment") ?? "",
  };
  const entries = usePages<AuditEntry>(JSON.stringify(filters), (before, signal) =>
    api.internal("get", "/audit", { query: { ...filters, limit: PAGE, before }, signal }),
  );
  const [open, setOpen] = useState<AuditEntry | null>(null);
  const filtered = Object.values(filters).some(Boolean);
  return (
    <>
      <PageHead title="Audit" text="Every change to the server and its environments, by a person, a key or the operator. Entries cannot be changed." />
      <Filters {...filters} />
      {entries.failure && <Trouble failure={entries.failure} again={entries.reload} />}
      {entries.rows.length > 0 ? (
        <Entries rows={entries.rows} open={setOpen} />
      ) : entries.loading ? (
        <Skeleton rows={10} as="rows" />
      ) : (
        !entries.failure && (
          <Empty icon="shield" title={filtered ? "No entry fits these filters" : "Nothing was changed yet"}>
            <p>{filtered ? "Take a filter away to see more." : "Creating an integration, inviting somebody, making a key: each leaves a line here."}</p>
          </Empty>
        )
      )}
      {!entries.whole && (
        <div class="center">
          <button type="button" aria-busy={entries.loading} disabled={entries.loading} onClick={entries.more}>
            Show more
          </button>
        </div>
      )}
      {open && <EntryDialog entry={open} close={() => setOpen(null)} />}
    </>
  );
}

function Filters({ action, user, environment }: { action: string; user: string; environment: string }) {
  const members = useLoad(isOwner.value ? "users" : null, (signal) => api.internal<{ data: Member[] }>("get", "/users", { signal }));
  const people = (members.value?.data ?? []).map((one) => ({ value: one.id, title: one.name || one.email }));
  const environments = (session.value?.environments ?? []).map(({ name }) => ({ value: name, title: name }));
  return (
    <div class="filters">
      <SelectField label="Action" value={action} options={[{ value: "", title: "All" }, ...AREAS]} change={(value) => setQuery({ action: value })} />
      {isOwner.value && (
        <SelectField label="Person" value={user} options={[{ value: "", title: "Anybody" }, ...people]} change={(value) => setQuery({ user: value })} />
      )}
      <SelectField label="Environment" value={environment} options={[{ value: "", title: "All" }, ...environments]}
        change={(value) => setQuery({ environment: value })} />
    </div>
  );
}

function Entries({ rows, open }: { rows: readonly AuditEntry[]; open(entry: AuditEntry): void }) {
  return (
    <Table
      caption="Audit log"
      rows={rows}
      id={(entry) => entry.id}
      show={open}
      columns={[
        {
          title: "What",
          width: "most",
          cell: (entry) => (
            <span class="two-lines">
              <span class="mono">{entry.action}</span>
              {entry.target && <span class="soft small mono">{entry.target}</span>}
            </span>
          ),
        },
        {
          title: "Who",
          cell: (entry) => (
            <span class="line">
              {entry.actor.name ?? entry.actor.id ?? "–"}
              {entry.actor.kind !== "person" && <Badge>{entry.actor.kind}</Badge>}
            </span>
          ),
        },
        { title: "Environment", minor: true, cell: (entry) => entry.environment ?? <span class="soft">all</span> },
        { title: "Outcome", minor: true, end: true, cell: (entry) => <Outcome of={entry.outcome} /> },
        { title: "When", end: true, cell: (entry) => <Time at={entry.at} /> },
      ]}
    />
  );
}

function Outcome({ of }: { of: AuditEntry["outcome"] }) {
  if (of === null) return <span class="soft">–</span>;
  const failed = typeof of === "number" ? of >= 400 : /fail|refus|denied|error/.test(of);
  return failed ? <Badge tone="bad">{of}</Badge> : <span class="soft">{of}</span>;
}

function EntryDialog({ entry, close }: { entry: AuditEntry; close(): void }) {
  return (
    <Dialog title={entry.action} close={close}>
      <div class="stack">
        <Facts>
          <Fact name="When">{exactly(entry.at)}</Fact>
          <Fact name="Who">
            {entry.actor.name ?? "–"} <span class="soft">({entry.actor.kind}{entry.actor.id ? `, ${entry.actor.id}` : ""})</span>
          </Fact>
          <Fact name="Environment">{entry.environment ?? "all"}</Fact>
          <Fact name="Target">{entry.target ?? "–"}</Fact>
          <Fact name="Outcome">
            <Outcome of={entry.outcome} />
          </Fact>
        </Facts>
        {entry.detail !== null && entry.detail !== undefined && <CodeBlock text={JSON.stringify(entry.detail, null, 2)} label="Detail" language="json" wrap />}
      </div>
    </Dialog>
  );
}
