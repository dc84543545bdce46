// Outgoing webhooks: what was told to the customer's backend, what came back, and once more where it failed.

import { useEffect, useState } from "preact/hooks";
import type { components } from "../../shared/openapi.d.ts";
import type { Failure } from "../../shared/api.ts";
import { CodeBlock } from "../components/code-block.tsx";
import { useLoad } from "../components/load.ts";
import { Empty, Show, Trouble } from "../components/states.tsx";
import { Icon } from "../components/icons.tsx";
import { Table } from "../components/table.tsx";
import { Badge, PageHead, Time } from "../components/text.tsx";
import { api } from "../shell/api.ts";
import { useKeys } from "../shell/keys.ts";
import { environment, href, query, setQuery } from "../shell/place.ts";
import { DeliveryDialog } from "../webhooks/delivery.tsx";
import { EVENTS, STATES, stateName, toneOf } from "../webhooks/words.ts";

export const title = "Webhooks";

type Delivery = components["schemas"]["Delivery"];

const PAGE = 100;
/** A try that is later than this waits for its receiver. */
const LATE_MS = 20_000;
/** While something waits to be delivered, the list is asked again. */
const AGAIN_MS = 4_000;

export default function Webhooks() {
  const asked = query.value;
  const filter = { state: asked.get("state") ?? "", event: asked.get("event") ?? "", connection: asked.get("connection") ?? "" };
  const shape = [environment.value, filter.state, filter.event, filter.connection].join("\n");
  const first = useLoad(shape, (signal) => api.get("/webhooks/deliveries", { query: { ...filter, limit: PAGE }, signal }));
  const settings = useLoad(environment.value, (signal) => api.get("/environment", { signal }));
  const open = asked.get("delivery");
  const rows = first.value?.data ?? [];
  const waiting = rows.some((row) => row.state === "pending");
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(() => { if (!document.hidden) first.reload(); }, AGAIN_MS);
    return () => clearInterval(timer);
  }, [waiting, first.reload]);
  useKeys("Webhooks", [
    { keys: "/", what: "Search by connection", run: () => document.querySelector<HTMLInputElement>("[data-search]")?.select() },
    { keys: "r", what: "Ask again", run: first.reload },
  ]);
  const addresses = settings.value?.data.webhooks;
  const unset = addresses !== undefined && !addresses.primary_url && !addresses.secondary_url;
  return (
    <>
      <PageHead title="Webhooks" text="What this environment tells your backend: new connections, failed refreshes, deletions. Signed, and tried again until accepted."
        actions={<><a class="button" href={href("/settings#webhooks")}><Icon name="settings" /> Addresses and events</a><button type="button" aria-busy={first.loading} onClick={first.reload}><Icon name="refresh" /> Refresh</button></>} />
      <Filters filter={filter} />
      <Show from={first} rows={10} as="rows">
        {(page) => page.data.length === 0 ? <Nothing unset={unset} filtered={shape !== `${environment.value}\n\n\n`} /> : (
          <Pages key={shape} first={page} ask={(cursor) => api.get("/webhooks/deliveries", { query: { ...filter, cursor, limit: PAGE } })} />
        )}
      </Show>
      {open !== null && <DeliveryDialog key={open} id={open} close={() => setQuery({ delivery: null })} changed={first.reload} />}
    </>
  );
}

function Filters({ filter }: { filter: { state: string; event: string; connection: string } }) {
  const [typed, setTyped] = useState(filter.connection);
  useEffect(() => {
    if (typed === filter.connection) return;
    const timer = setTimeout(() => setQuery({ connection: typed.trim() }), 250);
    return () => clearTimeout(timer);
  }, [typed]);
  const select = (name: "state" | "event", label: string, options: readonly { value: string; name: string }[]) => (
    <select class={filter[name] === "" ? "input" : "input is-set"} aria-label={label} value={filter[name]}
      onChange={(event) => setQuery({ [name]: event.currentTarget.value }, { push: true })}>
      <option value="">{label}</option>
      {options.map((one) => <option key={one.value} value={one.value}>{one.name}</option>)}
    </select>
  );
  return (
    <div class="filters-rest is-open" role="search" aria-label="Webhooks">
      {select("state", "Any state", STATES)}
      {select("event", "Any event", EVENTS)}
      <input type="search" class={filter.connection === "" ? "input" : "input is-set"} aria-label="Connection id" placeholder="Connection id" data-search maxLength={255}
        value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
    </div>
  );
}

type Page = components["schemas"]["DeliveriesAnswer"];

function Pages({ first, ask }: { first: Page; ask(cursor: string): ReturnType<typeof api.get<"/webhooks/deliveries">> }) {
  const [later, setLater] = useState<{ rows: Delivery[]; cursor: string | null } | null>(null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const cursor = later === null ? first.pagination.cursor ?? null : later.cursor;
  const known = new Set(first.data.map((row) => row.id));
  const rows = [...first.data, ...(later?.rows ?? []).filter((row) => !known.has(row.id))];
  const more = async () => {
    if (cursor === null) return;
    setBusy(true);
    const answer = await ask(cursor);
    setBusy(false);
    setFailure(answer.ok ? null : answer.failure);
    if (answer.ok) setLater({ rows: [...(later?.rows ?? []), ...answer.value.data], cursor: answer.value.pagination.cursor ?? null });
  };
  const to = (row: Delivery) => {
    const next = new URLSearchParams(query.peek());
    next.set("delivery", row.id);
    return `/webhooks?${next}`;
  };
  return (
    <>
      <Table caption="Outgoing webhooks, newest first" rows={rows} id={(row) => row.id} to={to} columns={[
        { title: "Event", width: "most", cell: (row) => <span class="line">{EVENTS.find((one) => one.value === row.event)?.name ?? "Event"} <code class="soft">{row.event}</code></span> },
        { title: "State", width: "fit", cell: (row) => <><Badge tone={toneOf(row.state)}>{stateName(row.state)}</Badge>{row.status != null && <span class="soft small"> {row.status}</span>}</> },
        { title: "Connection", minor: true, cell: (row) => <span class="mono cut id" title={row.connection ?? undefined}>{row.connection ?? ""}</span> },
        { title: "Tries", minor: true, end: true, width: "fit", cell: (row) => row.attempts },
        { title: "Next try", minor: true, width: "fit", cell: (row) => <NextTry row={row} /> },
        { title: "When", end: true, width: "fit", cell: (row) => <Time at={row.created_at} /> },
      ]} />
      {failure !== null && <Trouble failure={failure} again={more} />}
      {cursor !== null && <div class="line"><button type="button" aria-busy={busy} disabled={busy} onClick={more}>Show older</button></div>}
    </>
  );
}

function NextTry({ row }: { row: Delivery }) {
  const due = row.state === "pending" ? row.next_at : null;
  if (due != null && Date.parse(due) < Date.now() - LATE_MS) {
    return <span class="soft" title="The address failed several times in a row and is spared for a while; this waits behind the others.">held back</span>;
  }
  return <Time at={due} />;
}

/** A new connection as it is told. */
const SAMPLE = JSON.stringify(
  { type: "auth", operation: "creation", success: true, connectionId: "9f0c…", providerConfigKey: "microsoft-excel", environment: "dev", endUser: { endUserId: "user-1", endUserEmail: "grace@example.com" } },
  null, 2,
);

function Nothing({ unset, filtered }: { unset: boolean; filtered: boolean }) {
  if (filtered) return <Empty icon="search" title="No webhook fits these filters" actions={<button type="button" onClick={() => setQuery({ state: null, event: null, connection: null })}>Clear filters</button>} />;
  if (unset) {
    return (
      <Empty icon="send" title="No address to tell" actions={<a class="button primary" href={href("/settings#webhooks")}>Set an address</a>}
        code={<CodeBlock text={SAMPLE} label="What your backend gets" language="json" />}>
        Give this environment the address of your backend, and it is told of every new connection and every failed refresh, signed with a
        key that only the two of you know.
      </Empty>
    );
  }
  return <Empty icon="send" title="Nothing was sent yet">The next new connection, failed refresh or deletion is delivered to your address and shows here.</Empty>;
}
