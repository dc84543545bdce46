// The request: whose account, what call, which headers and body.

import { Icon } from "../components/icons.tsx";
import { SelectField, TextArea } from "../components/form.tsx";
import { Tabs } from "../components/tabs.tsx";
import { useState } from "preact/hooks";
import { CodeView } from "./code-view.tsx";
import { ConnectionField } from "./connection-field.tsx";
import { examplesOf } from "./examples.ts";
import type { Example } from "./examples.ts";
import type { Draft } from "./request.ts";
import { METHODS, bodyOf, exampleIn, isJson, takesBody } from "./request.ts";

export interface Choice {
  key: string;
  provider: string;
}

export function RequestForm({ draft, change, choices, busy, send, cancel, problem }: {
  draft: Draft;
  change(draft: Draft): void;
  choices: readonly Choice[];
  busy: boolean;
  send(): void;
  cancel(): void;
  problem: string | null;
}) {
  const provider = choices.find((one) => one.key === draft.integration)?.provider ?? "";
  return (
    <form class="playground-form" noValidate onSubmit={(event) => { event.preventDefault(); send(); }}>
      <div class="call-bar">
        <SelectField label="Integration" value={draft.integration} change={(integration) => change({ ...draft, integration, connection: "" })}
          options={[...(draft.integration === "" ? [{ value: "", title: "Choose…" }] : []), ...choices.map((one) => ({ value: one.key, title: one.key }))]} />
        <ConnectionField integration={draft.integration} value={draft.connection} change={(connection) => change({ ...draft, connection })} />
        <div class="call-line">
          <select class="input fit mono" aria-label="Method" value={draft.method} onChange={(event) => change({ ...draft, method: event.currentTarget.value })}>
            {METHODS.map((method) => <option key={method} value={method}>{method}</option>)}
          </select>
          <input type="text" class="input mono" aria-label="Path and query" placeholder="/v1.0/me" spellcheck={false} autocomplete="off"
            value={draft.path} onInput={(event) => change({ ...draft, path: event.currentTarget.value })} data-path />
          {busy
            ? <button type="button" onClick={cancel}><Icon name="stop" /> Cancel</button>
            : <button type="submit" class="primary" aria-keyshortcuts="Control+Enter"><Icon name="send" /> Send</button>}
        </div>
        {problem !== null && <p class="complaint error" role="alert"><Icon name="error" />{problem}</p>}
      </div>
      <Parts key={provider} draft={draft} change={change} examples={examplesOf(provider)} />
    </form>
  );
}

function Parts({ draft, change, examples }: { draft: Draft; change(draft: Draft): void; examples: readonly Example[] }) {
  const [picked, setPicked] = useState(examples.length > 0 ? "ready" : "body");
  const named = draft.headers.filter(([name]) => name !== "").length;
  const tabs = [
    ...(examples.length > 0 ? [{ id: "ready", title: "Ready requests" }] : []),
    ...(takesBody(draft.method) ? [{ id: "body", title: "Body" }] : []),
    { id: "headers", title: "Headers", ...(named > 0 ? { count: named } : {}) },
    { id: "code", title: "Code" },
  ];
  const at = tabs.some((tab) => tab.id === picked) ? picked : examples.length > 0 ? "ready" : "headers";
  const body = bodyOf(draft);
  return (
    <div class="call-parts">
      <Tabs label="Parts of the request" tabs={tabs} at={at} change={setPicked}>
        {at === "ready" && <Examples draft={draft} change={change} examples={examples} />}
        {at === "body" && (
          <TextArea label="Body" hideLabel mono rows={12} value={draft.body} change={(text) => change({ ...draft, body: text })} placeholder='{"values": [["a", 1]]}'
            complaint={body !== undefined && /^\s*[{[]/.test(body) && !isJson(body) ? { severity: "warning", message: "This is not JSON; it is sent as it stands." } : null} />
        )}
        {at === "headers" && <Headers headers={draft.headers} change={(headers) => change({ ...draft, headers })} />}
        {at === "code" && <CodeView draft={draft} />}
      </Tabs>
    </div>
  );
}

function Examples({ draft, change, examples }: { draft: Draft; change(draft: Draft): void; examples: readonly Example[] }) {
  return (
    <ul class="examples">
      {examples.map((example) => (
        <li key={example.title}>
          <button type="button" class="quiet" aria-pressed={example.path === draft.path && example.method === draft.method}
            onClick={() => change(exampleIn(draft, example))}>
            <span class={`verb ${example.method.toLowerCase()}`}>{example.method}</span> {example.title}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Headers({ headers, change }: { headers: [string, string][]; change(headers: [string, string][]): void }) {
  const put = (at: number, part: 0 | 1, text: string) =>
    change(headers.map((header, index) => (index !== at ? header : part === 0 ? [text, header[1]] : [header[0], text])));
  return (
    <div class="stack tight">
      {headers.map(([name, value], index) => (
        <div key={index} class="pair">
          <input type="text" class="input mono" aria-label={`Name of header ${index + 1}`} placeholder="Accept" value={name} spellcheck={false}
            onInput={(event) => put(index, 0, event.currentTarget.value)} />
          <input type="text" class="input mono" aria-label={`Value of header ${index + 1}`} value={value} spellcheck={false}
            onInput={(event) => put(index, 1, event.currentTarget.value)} />
          <button type="button" class="glyph quiet" aria-label={`Remove header ${index + 1}`} onClick={() => change(headers.filter((_, at) => at !== index))}>
            <Icon name="cross" />
          </button>
        </div>
      ))}
      <div class="line"><button type="button" class="tiny" onClick={() => change([...headers, ["", ""]])}><Icon name="plus" /> Add a header</button></div>
      <p class="help">The account's credentials and the provider's own headers are added by the server.</p>
    </div>
  );
}
