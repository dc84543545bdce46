// Choosing one of very many connections: typing asks the server.

import { useEffect, useId, useState } from "preact/hooks";
import type { ConnectionsPage } from "../../shared/internal.ts";
import { Field } from "../components/form.tsx";
import { useLoad } from "../components/load.ts";
import { api } from "../shell/api.ts";
import { environment } from "../shell/place.ts";

const SHOWN = 20;
const TYPING_MS = 200;

export function ConnectionField({ integration, value, change }: { integration: string; value: string; change(value: string): void }) {
  const [asked, setAsked] = useState("");
  const list = useId();
  useEffect(() => {
    const timer = setTimeout(() => setAsked(value.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [value]);
  const search = (of: string, signal: AbortSignal) =>
    api.internal<ConnectionsPage>("get", "/connections", { query: { integration, search: of, limit: SHOWN }, signal });
  const first = useLoad(integration === "" ? null : `${environment.value} ${integration}`, (signal) => search("", signal));
  const found = useLoad(integration === "" || asked === "" ? null : `${environment.value} ${integration} ${asked}`, (signal) => search(asked, signal));
  const some = (asked === "" ? first.value : found.value)?.data ?? [];
  useEffect(() => {
    const only = first.value?.data[0];
    if (value === "" && only !== undefined) change(only.connection_id);
  }, [first.value]);
  const none = first.value !== undefined && first.value.data.length === 0;
  return (
    <Field label="Connection" complaint={none ? { severity: "warning", message: "This integration has no connection yet. Add a test connection first." } : null}>
      {(tied) => (
        <>
          <input type="text" class="input" {...tied} list={list} autocomplete="off" spellcheck={false} maxLength={255} placeholder="Type to search"
            value={value} onInput={(event) => change(event.currentTarget.value)} />
          <datalist id={list}>
            {some.map((one) => <option key={one.connection_id} value={one.connection_id}>{who(one)}</option>)}
          </datalist>
        </>
      )}
    </Field>
  );
}

function who(row: ConnectionsPage["data"][number]): string {
  return [row.end_user?.display_name, row.end_user?.email].filter(Boolean).join(", ").slice(0, 200);
}
