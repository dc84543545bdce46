// The first call, made here: one click, then by choosing from what came back.

import { useState } from "preact/hooks";
import type { Failure } from "../../shared/api.ts";
import type { ConnectionRow } from "../../shared/internal.ts";
import { CodeBlock } from "../components/code-block.tsx";
import { Icon } from "../components/icons.tsx";
import { Trouble } from "../components/states.tsx";
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

/** `called` is told at each call that succeeded. */
export function FirstCall({ connection, called }: { connection: ConnectionRow; called(): void }) {
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
    if (answer.ok && answer.value.status < 400) called();
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
        <Result key={one.path} taken={one} busy={busy} picked={chosen[at]?.id} last={at === steps.length - 1}
          pick={(choice) => take(at + 1, [...chosen.slice(0, at), choice])} again={() => take(at, chosen.slice(0, at))} />
      ))}
      {taken.length > 0 && (
        <p class="small">
          <a href={playground}>Go on in the playground</a>, with any path and the code for your language.
        </p>
      )}
    </div>
  );
}

function Result({ taken, picked, busy, last, pick, again }: {
  taken: Taken;
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
        <code class="grow">GET {taken.path}</code>
        <a class="small" href={href(`/logs?op=${encodeURIComponent(operation_id)}`)}>
          {Math.round(duration_ms)} ms, see the log
        </a>
      </p>
      {choices.length > 0 && (
        <div class="chips" role="group" aria-label={taken.step.title}>
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

const ROWS = 8;
const COLUMNS = 8;

function LastAnswer({ rows, value }: { rows: unknown[][] | null; value: unknown }) {
  if (!rows) return <CodeBlock text={typeof value === "string" ? value : JSON.stringify(value, null, 2)} label="Answer" language="json" />;
  return (
    <div class="table-box" tabIndex={0} role="region" aria-label="Cells">
      <table class="table cells">
        <tbody>
          {rows.slice(0, ROWS).map((row, y) => (
            <tr key={y}>
              {row.slice(0, COLUMNS).map((cell, x) => (
                <td key={x}>{String(cell)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
