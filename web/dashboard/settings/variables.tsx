// The environment's variables: edited as a list, or pasted as a .env text.

import { useState } from "preact/hooks";
import { CopyButton } from "../components/copy.tsx";
import { Icon } from "../components/icons.tsx";
import { useLoad } from "../components/load.ts";
import { Form, TextArea } from "../components/form.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Show } from "../components/states.tsx";
import { Card } from "../components/text.tsx";
import { say } from "../components/toast.tsx";
import { api } from "../shell/api.ts";
import { environment } from "../shell/place.ts";

interface Variable {
  name: string;
  value: string;
}

export function Variables() {
  const loaded = useLoad(environment.value, (signal) => api.get("/environment-variables", { signal }));
  return (
    <div id="variables" class="anchor">
      <Card title="Variables" text="Readable by your backend with an API key. Values are sealed in the database and hidden here until you look.">
        <Show from={loaded} rows={3}>{(saved) => <Editor key={JSON.stringify(saved)} saved={saved} reload={loaded.reload} />}</Show>
      </Card>
    </div>
  );
}

function Editor({ saved, reload }: { saved: readonly Variable[]; reload(): void }) {
  const [rows, setRows] = useState<readonly Variable[]>(saved);
  const [shown, setShown] = useState<ReadonlySet<number>>(new Set());
  const [pasting, setPasting] = useState(false);
  const change = (at: number, part: Partial<Variable>) => setRows(rows.map((row, index) => (index === at ? { ...row, ...part } : row)));
  const wrong = complaint(rows);
  const kept = rows.filter((row) => row.name !== "" || row.value !== "");
  const same = JSON.stringify(kept) === JSON.stringify(saved);
  const look = (at: number) => setShown(new Set(shown.has(at) ? [...shown].filter((one) => one !== at) : [...shown, at]));
  return (
    <Form verb="Save variables" disabled={same || wrong !== null} send={() => api.put("/environment-variables", { variables: [...kept] })}
      done={() => { say("Saved."); reload(); }}
      beside={<><button type="button" onClick={() => setPasting(true)}>Paste .env…</button>{saved.length > 0 && <CopyButton text={() => asEnv(saved)} what="the variables as .env" label="Copy as .env" />}</>}>
      {rows.length === 0 && <p class="soft small">No variable yet.</p>}
      {rows.map((row, index) => (
        <div key={index} class="pair">
          <input type="text" class="input mono" aria-label={`Name of variable ${index + 1}`} placeholder="NAME" maxLength={256} spellcheck={false} value={row.name}
            aria-invalid={wrong?.at === index ? true : undefined} onInput={(event) => change(index, { name: event.currentTarget.value })} />
          <input type={(shown.has(index) ? "text" : "password") as "password"} class="input mono" aria-label={`Value of variable ${index + 1}`} autocomplete="off" maxLength={65536} spellcheck={false}
            value={row.value} onInput={(event) => change(index, { value: event.currentTarget.value })} />
          <button type="button" class="glyph quiet" aria-pressed={shown.has(index)} aria-label={`Show value ${index + 1}`} onClick={() => look(index)}><Icon name="eye" /></button>
          <button type="button" class="glyph quiet" aria-label={`Remove variable ${index + 1}`} onClick={() => { setRows(rows.filter((_, at) => at !== index)); setShown(new Set()); }}>
            <Icon name="trash" />
          </button>
        </div>
      ))}
      {wrong !== null && <p class="complaint error" role="alert"><Icon name="error" />{wrong.message}</p>}
      <div class="line"><button type="button" class="tiny" onClick={() => setRows([...rows, { name: "", value: "" }])}><Icon name="plus" /> Add a variable</button></div>
      {pasting && <Paste close={() => setPasting(false)} take={(pasted) => { setRows(merged(rows, pasted)); setPasting(false); }} />}
    </Form>
  );
}

function Paste({ close, take }: { close(): void; take(rows: Variable[]): void }) {
  const [text, setText] = useState("");
  const rows = fromEnv(text);
  return (
    <Dialog title="Paste variables" close={close} actions={<button type="button" class="primary" disabled={rows.length === 0} onClick={() => take(rows)}>Take {rows.length || ""}</button>}>
      <TextArea label="A .env text" mono rows={10} value={text} change={setText} placeholder={"NAME=value\nOTHER=\"a value\""} help="They are added to the list; nothing is saved before you save." />
    </Dialog>
  );
}

function complaint(rows: readonly Variable[]): { at: number; message: string } | null {
  const seen = new Set<string>();
  for (const [at, row] of rows.entries()) {
    if (row.name === "" && row.value === "") continue;
    if (row.name === "") return { at, message: "A value has no name." };
    if (seen.has(row.name)) return { at, message: `${row.name.slice(0, 60)} is there twice.` };
    seen.add(row.name);
  }
  return null;
}

function merged(rows: readonly Variable[], pasted: readonly Variable[]): Variable[] {
  const all = new Map(rows.filter((row) => row.name !== "").map((row) => [row.name, row]));
  for (const row of pasted) all.set(row.name, row);
  return [...all.values()];
}

/** Lines of `NAME=value`; quotes around a value are taken off, comments and the rest are left out. */
export function fromEnv(text: string): Variable[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const match = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*?)\s*$/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) return [];
    const quoted = /^(["'])(.*)\1$/.exec(match[2]);
    const value = quoted === null ? match[2] : quoted[1] === '"' ? (quoted[2] ?? "").replaceAll("\\n", "\n").replaceAll('\\"', '"') : quoted[2] ?? "";
    return [{ name: match[1], value }];
  });
}

function asEnv(rows: readonly Variable[]): string {
  return rows.map((row) => `${row.name}="${row.value.replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`).join("\n");
}
