// Sends a logged call once more and shows what came back.

import { useState } from "preact/hooks";
import type { Failure } from "../../shared/api.ts";
import { Dialog } from "../components/dialog.tsx";
import { Notice, Trouble } from "../components/states.tsx";
import { AnswerView } from "../playground/answer.tsx";
import type { ProxyAnswer } from "../playground/proxy-answer.ts";
import { api } from "../shell/api.ts";

export function Replay({ id, method, url, close, show }: {
  id: string;
  method: string;
  url: string;
  close(): void;
  /** Opens the operation that the repetition became. */
  show(id: string): void;
}) {
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<ProxyAnswer | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const run = async () => {
    setBusy(true);
    setFailure(null);
    const got = await api.internal<ProxyAnswer>("post", `/logs/${encodeURIComponent(id)}/replay`);
    setBusy(false);
    if (got.ok) setAnswer(got.value);
    else setFailure(got.failure);
  };
  const reads = method === "GET" || method === "HEAD" || method === "OPTIONS";
  const actions = (
    <>
      {answer !== null && <button type="button" onClick={() => { close(); show(answer.operation_id); }}>Open in the log</button>}
      <button type="button" class={answer === null ? "primary" : ""} aria-busy={busy} disabled={busy} onClick={run}>
        {answer === null ? "Send it again" : "Once more"}
      </button>
    </>
  );
  return (
    <Dialog title="Replay this call" close={close} size={answer === null ? "medium" : "large"} actions={actions}>
      <div class="stack">
        <p><code>{method} {url.slice(0, 2_000)}</code></p>
        {answer === null && (
          <p class="soft">
            {reads
              ? "It goes out with the connection's present credentials and becomes an operation of its own."
              : "This call may change something at the provider, and would do so a second time. It goes out with the connection's present credentials and becomes an operation of its own."}
          </p>
        )}
        {failure !== null && <Trouble failure={failure} />}
        {(answer?.left_out_headers ?? []).length > 0 && (
          <Notice kind="wait" title="It went out without some headers">The log does not keep {answer?.left_out_headers?.join(", ").slice(0, 400)}.</Notice>
        )}
        {answer !== null && <AnswerView answer={answer} />}
      </div>
    </Dialog>
  );
}
