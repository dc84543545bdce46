// The answer to a call: as a tree, as tables where it holds lists, as it came, and its headers.

import { useMemo, useState } from "preact/hooks";
import { CodeBlock } from "../components/code-block.tsx";
import { CopyButton } from "../components/copy.tsx";
import { csv, DataGrid } from "../components/grid.tsx";
import { JsonTree, Text } from "../components/json-tree.tsx";
import { Tabs } from "../components/tabs.tsx";
import { Notice } from "../components/states.tsx";
import { duration } from "../logs/operation.ts";
import type { ProxyAnswer, ProxyBody } from "./proxy-answer.ts";
import type { Table } from "./tables.ts";
import { tablesOf } from "./tables.ts";

export function AnswerView({ answer }: { answer: ProxyAnswer }) {
  const { body } = answer;
  const tables = useMemo(() => (body.kind === "json" ? tablesOf(body.value) : []), [answer]);
  const raw = useMemo(() => rawOf(body), [answer]);
  const views = [
    ...(tables.length > 0 ? [{ id: "table", title: "Table" }] : []),
    ...(body.kind === "json" ? [{ id: "tree", title: "Tree" }] : []),
    { id: "raw", title: body.kind === "binary" ? "File" : "Raw" },
    { id: "headers", title: "Headers", count: Object.keys(answer.headers).length },
  ];
  const [picked, setPicked] = useState("");
  const at = views.some((view) => view.id === picked) ? picked : views[0]?.id ?? "raw";
  return (
    <div class="answer">
      <p class="line answer-line" role="status">
        <span class={`badge ${answer.status >= 400 ? "bad" : answer.status >= 300 ? "wait" : "good"}`}>{answer.status}</span>
        <span class="mono soft">{duration(answer.duration_ms)}</span>
        <span class="soft small">{sizeOf(body, raw)}</span>
      </p>
      {answer.truncated && <Notice kind="wait" title="The answer is longer than the playground shows.">What follows is its beginning.</Notice>}
      <Tabs label="Views of the answer" tabs={views} at={at} change={setPicked}>
        {at === "table" && <TablesView tables={tables} />}
        {at === "tree" && body.kind === "json" && <JsonTree value={body.value} label="The answer as a tree" openTo={3} />}
        {at === "raw" && <RawView body={body} raw={raw} />}
        {at === "headers" && <HeadersView headers={answer.headers} />}
      </Tabs>
    </div>
  );
}

function TablesView({ tables }: { tables: readonly Table[] }) {
  const [picked, setPicked] = useState(0);
  const table = tables[picked] ?? tables[0];
  if (table === undefined) return null;
  const { rows, columns } = table.data;
  return (
    <div class="stack tight">
      <div class="line apart">
        {tables.length > 1 ? (
          <select class="input fit" aria-label="List" value={String(picked)} onChange={(event) => setPicked(Number(event.currentTarget.value))}>
            {tables.map((one, index) => <option key={index} value={String(index)}>{one.title}</option>)}
          </select>
        ) : <h2 class="label mono">{table.title}</h2>}
        <span class="line">
          <span class="soft small">{rows.length.toLocaleString()} × {columns.length.toLocaleString()}</span>
          <CopyButton text={() => csv(table.data)} what="the table as CSV" label="Copy as CSV" />
        </span>
      </div>
      <DataGrid key={picked} data={table.data} label={table.title} />
    </div>
  );
}

function RawView({ body, raw }: { body: ProxyBody; raw: string }) {
  if (body.kind === "none") return <p class="soft">The answer has no body.</p>;
  if (body.kind === "binary") return <FileView base64={body.base64} contentType={body.content_type ?? "application/octet-stream"} />;
  return <CodeBlock text={raw} label="The answer as text" language={body.kind === "json" ? "json" : "text"} wrap />;
}

/** Bytes are saved, never opened here: whatever they are, they are no document of this origin. */
function FileView({ base64, contentType }: { base64: string; contentType: string }) {
  const save = () => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
    link.download = "answer.bin";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  return (
    <div class="stack tight">
      <p>The answer is a file of type <code>{contentType.slice(0, 200)}</code>, {Math.floor((base64.length * 3) / 4).toLocaleString()} bytes.</p>
      <div class="line"><button type="button" onClick={save}>Save it</button></div>
    </div>
  );
}

function HeadersView({ headers }: { headers: ProxyAnswer["headers"] }) {
  return (
    <dl class="headers">
      {Object.entries(headers).map(([name, value]) => (
        <div key={name}><dt>{name}</dt><dd class="mono"><Text text={String(value)} most={600} /></dd></div>
      ))}
    </dl>
  );
}

function rawOf(body: ProxyBody): string {
  if (body.kind === "text") return body.value;
  if (body.kind !== "json") return "";
  try {
    return JSON.stringify(body.value, null, 2) ?? "";
  } catch {
    return "The answer is nested too deeply to be written out; see the tree.";
  }
}

function sizeOf(body: ProxyBody, raw: string): string {
  return body.kind === "text" || body.kind === "json" ? `${raw.length.toLocaleString()} characters` : "";
}
