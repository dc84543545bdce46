// API keys of the environment: what they may do, when they were last used; made once, shown once, revoked at once.

import { useState } from "preact/hooks";
import type { components } from "../../shared/openapi.d.ts";
import { CopyText } from "../components/copy.tsx";
import { Confirm, Dialog } from "../components/dialog.tsx";
import { Form, TextField, complaintAt } from "../components/form.tsx";
import type { Failure } from "../../shared/api.ts";
import { Icon } from "../components/icons.tsx";
import { useLoad } from "../components/load.ts";
import { Empty, Notice, Show } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import { PageHead, Time } from "../components/text.tsx";
import { say } from "../components/toast.tsx";
import { ScopePicker } from "../keys/scope-picker.tsx";
import { PRESETS, inWords } from "../keys/scopes.ts";
import { api } from "../shell/api.ts";
import { useKeys } from "../shell/keys.ts";
import { environment } from "../shell/place.ts";
import { mayWrite } from "../shell/session.ts";

export const title = "API keys";

type ApiKey = components["schemas"]["ApiKey"];

export default function ApiKeys() {
  const settings = useLoad(environment.value, (signal) => api.get("/environment", { signal }));
  const id = settings.value?.data.id;
  const keys = useLoad(id === undefined ? null : `${environment.value} ${id}`, (signal) => api.get("/environment/api-keys", { query: { environment_id: id }, signal }));
  const [making, setMaking] = useState(false);
  const [ending, setEnding] = useState<ApiKey | null>(null);
  useKeys("API keys", [{ keys: "c", what: "Create a key", run: () => mayWrite.value && setMaking(true) }]);
  const create = <button type="button" class="primary" disabled={id === undefined} onClick={() => setMaking(true)}><Icon name="plus" /> Create a key</button>;
  return (
    <>
      <PageHead title="API keys" text="Your backend calls this environment with a key. A key is shown once; the server keeps only its fingerprint."
        actions={mayWrite.value ? create : undefined} />
      {settings.value === undefined && <Show from={settings} as="rows">{() => null}</Show>}
      {settings.value !== undefined && <Show from={keys} as="rows">
        {({ data: rows }) => {
          if (rows.length === 0) {
            return <Empty icon="key" title="No key yet" actions={mayWrite.value ? create : undefined}>Without a key no backend can call this environment. Give each service its own, with only what it needs.</Empty>;
          }
          return <Keys rows={rows} end={setEnding} />;
        }}
      </Show>}
      {making && id !== undefined && <Create id={id} close={() => setMaking(false)} made={keys.reload} />}
      {ending !== null && id !== undefined && (
        <Confirm title={`Revoke “${ending.display_name}”?`} verb="Revoke" close={() => setEnding(null)}
          run={() => api.delete("/environment/api-keys", { body: { environment_id: id, key_id: ending.id } })}
          done={() => { setEnding(null); say("Revoked. No node accepts it any more."); keys.reload(); }}>
          <p>Whatever still uses <code>{ending.prefix}…</code> is refused within a second.{ending.last_used_at != null && <> It was last used <Time at={ending.last_used_at} />.</>}</p>
        </Confirm>
      )}
    </>
  );
}

function Keys({ rows, end }: { rows: readonly ApiKey[]; end(key: ApiKey): void }) {
  return (
    <Table caption="API keys" rows={rows} id={(row) => String(row.id)} columns={[
      { title: "Name", width: "most", cell: (row) => <span class="strong">{row.display_name}</span> },
      { title: "Key", minor: true, width: "fit", cell: (row) => <code>{row.prefix}…</code> },
      { title: "Access", cell: (row) => <Scopes scopes={row.scopes} /> },
      { title: "Last used", minor: true, width: "fit", cell: (row) => <Time at={row.last_used_at} none="never" /> },
      { title: "Created", minor: true, width: "fit", cell: (row) => <Time at={row.created_at} /> },
      ...(mayWrite.value ? [{
        title: "Actions", end: true, width: "fit" as const,
        cell: (row: ApiKey) => <button type="button" class="tiny danger" onClick={() => end(row)}>Revoke<span class="unseen"> {row.display_name}</span></button>,
      }] : []),
    ]} />
  );
}

function Scopes({ scopes }: { scopes: readonly string[] }) {
  return (
    <details class="fold scopes-list">
      <summary>{inWords(scopes)}</summary>
      <ul>{scopes.map((scope) => <li key={scope}><code>{scope}</code></li>)}</ul>
    </details>
  );
}

function Create({ id, close, made }: { id: number; close(): void; made(): void }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly string[]>(PRESETS[0]?.scopes ?? []);
  const [secret, setSecret] = useState<string | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  if (secret !== null) {
    return (
      <Dialog title="Copy the key now" close={close} size="medium" actions={<button type="button" class="primary" onClick={close}>I have it</button>}>
        <div class="stack">
          <Notice kind="wait" title="It is not shown again.">The server keeps only a fingerprint of it. Put it into your backend's secrets, never into a page or an app.</Notice>
          <CopyText text={secret} what="API key" />
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="Create an API key" close={close} size="medium">
      <Form verb="Create" disabled={name.trim() === "" || scopes.length === 0}
        send={() => api.post("/environment/api-keys", { environment_id: id, display_name: name.trim(), scopes: [...scopes] })}
        quietly={(of) => { setFailure(of); return complaintAt(of, "display_name") !== null || of.status === 409; }}
        done={(answer) => { setSecret(answer.data.secret); made(); }}>
        <TextField label="Name" value={name} change={(to) => { setName(to); setFailure(null); }} maxLength={255} placeholder="Backend"
          complaint={failure?.status === 409 ? "A key of this name is there already." : complaintAt(failure, "display_name")} help="What uses it; it stands in the list and in the audit log." />
        <ScopePicker scopes={scopes} change={setScopes} />
      </Form>
    </Dialog>
  );
}
