// The first call, made here: one click, then by choosing from what came back.

import { useState } from "preact/hooks";
import type { Failure } from "../../shared/api.ts";
import type { ConnectionRow } from "../../shared/internal.ts";
import { CodeBlock } from "../components/code-block.tsx";
import { DataGrid } from "../components/grid.tsx";
import { Icon } from "../components/icons.tsx";
import { Trouble } from "../components/states.tsx";
import { duration } from "../logs/operation.ts";
import { api } from "../shell/api.ts";
import { href } from "../shell/place.ts";
import { WALKS } from "./walks.ts";
import type { Chosen, WalkStep } from "./walks.ts";

interface Answered {
  status: number;
  body: { kind: string; value?: unknown };
  duration_ms: number;
  operation_id: string;
}

interface Taken {
  step: WalkStep;
  path: string;
  answer: Answered | null;
  failure: Failure | null;
}

/** `called` is told the path of each call that succeeded. */
export function FirstCall({ connection, called }: { connection: ConnectionRow; called(path: string): void }) {
  const steps = WALKS[connection.provider];
  const [taken, setTaken] = useState<readonly Taken[]>([]);
  const [chosen, setChosen] = useState<readonly Chosen[]>([]);
  const [busy, setBusy] = useState(false);
  const playground = href(`/playground?integration=${encodeURIComponent(connection.integration)}&connection=${encodeURIComponent(connection.connection_id)}`);
  const first = steps?.[0];
  if (!steps || !first) {
    return (
      <a class="button primary" href={playground}>
        <Icon name="play" /> Open the playground
      </a>
    );
  }
  const take = async (at: number, choices: readonly Chosen[]) => {
    const step = steps[at];
    if (!step || busy) return;
    setBusy(true);
    const path = step.path(choices);
    const body = { integration: connection.integration, connection: connection.connection_id, method: "GET", path };
    const answer = await api.internal<Answered>("post", "/playground", { body });
    setBusy(false);
    setChosen(choices);
    setTaken([...taken.slice(0, at), { step, path, answer: answer.ok ? answer.value : null, failure: answer.ok ? null : answer.failure }]);
    if (answer.ok && answer.value.status < 400) called(path);
  };
  return (
    <div class="stack">
      {taken.length === 0 && (
        <div class="line">
          <button type="button" class="primary" aria-busy={busy} disabled={busy} onClick={() => take(0, [])}>
            {!busy && <Icon name="play" />} {first.title}
          </button>
          <code class="soft">GET {first.path([])}</code>
        </div>
      )}
      {taken.map((one, at) => (
        <Result key={one.path} taken={one} busy={busy} picked={chosen[at]?.id} last={at === steps.length - 1} then={steps[at + 1]?.title}
          pick={(choice) => take(at + 1, [...chosen.slice(0, at), choice])} again={() => take(at, chosen.slice(0, at))} />
      ))}
    </div>
  );
}

function Result({ taken, picked, busy, last, then, pick, again }: {
  taken: Taken;
  /** What the next step does with what is picked here. */
  then: string | undefined;
  picked: string | undefined;
  busy: boolean;
  last: boolean;
  pick(choice: Chosen): void;
  again(): void;
}) {
  if (taken.failure || !taken.answer) return taken.failure && <Trouble failure={taken.failure} again={again} />;
  const { status, body, duration_ms, operation_id } = taken.answer;
  const value = body.kind === "json" ? body.value : null;
  const choices = status < 400 ? (taken.step.choices?.(value) ?? []) : [];
  return (
    <div class="call">
      <p class="call-head">
        <span class={status < 400 ? "badge good" : "badge bad"}>{status}</span>
        <code class="grow"><span class="verb get">GET</span> {taken.path}</code>
        <span class="soft small">{duration(duration_ms)}</span>
        <a class="small" href={href(`/logs?op=${encodeURIComponent(operation_id)}`)}>See it in the logs</a>
      </p>
      {choices.length > 0 && (
        <div class="chips" role="group" aria-label={then ?? taken.step.title}>
          {then !== undefined && <span class="soft small">{then} of</span>}
          {choices.slice(0, 12).map((choice) => (
            <button key={choice.id} type="button" class="chip" aria-pressed={choice.id === picked} disabled={busy} onClick={() => pick(choice)}>
              {choice.name}
            </button>
          ))}
        </div>
      )}
      {!last && choices.length === 0 && status < 400 && <p class="soft small">{taken.step.none}</p>}
      {(last || status >= 400) && <LastAnswer rows={taken.step.rows?.(value) ?? null} value={value ?? body.value} />}
    </div>
  );
}

function LastAnswer({ rows, value }: { rows: unknown[][] | null; value: unknown }) {
  if (!rows) return <CodeBlock text={typeof value === "string" ? value : JSON.stringify(value, null, 2)} label="Answer" language="json" />;
  const wide = Math.max(0, ...rows.map((row) => row.length));
  return <DataGrid label="Cells" data={{ columns: Array.from({ length: wide }, (_, at) => columnName(at)), rows }} />;
}

/** As a spreadsheet names its columns: A, B, …, Z, AA. */
function columnName(at: number): string {
  const last = String.fromCharCode(65 + (at % 26));
  return at < 26 ? last : columnName(Math.floor(at / 26) - 1) + last;
}
