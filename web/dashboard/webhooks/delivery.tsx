// One outgoing webhook: its tries, its body, and the button that sends it once more.

import { useEffect, useState } from "preact/hooks";
import type { components } from "../../shared/openapi.d.ts";
import { CopyText } from "../components/copy.tsx";
import { Dialog } from "../components/dialog.tsx";
import { useLoad } from "../components/load.ts";
import { Notice, Show } from "../components/states.tsx";
import { Badge, Fact, Facts, exactly } from "../components/text.tsx";
import { complain, say } from "../components/toast.tsx";
import { BodyOf } from "../logs/exchange.tsx";
import { duration } from "../logs/operation.ts";
import { api } from "../shell/api.ts";
import { environment } from "../shell/place.ts";
import { mayWrite } from "../shell/session.ts";
import { EVENTS, stateName, toneOf } from "./words.ts";

type Delivery = components["schemas"]["Delivery"];
type Try = components["schemas"]["DeliveryTry"];

const AGAIN_MS = 2_000;

export function DeliveryDialog({ id, close, changed }: { id: string; close(): void; changed(): void }) {
  const loaded = useLoad(`${environment.value} ${id}`, (signal) => api.get("/webhooks/deliveries/{id}", { path: { id }, signal }));
  const [busy, setBusy] = useState(false);
  const state = loaded.value?.data.state;
  useEffect(() => {
    if (state !== "pending") return;
    const timer = setTimeout(loaded.reload, AGAIN_MS);
    return () => clearTimeout(timer);
  }, [loaded.value]);
  const replay = async () => {
    setBusy(true);
    const answer = await api.post("/webhooks/deliveries/{id}/replay", undefined, { path: { id } });
    setBusy(false);
    if (!answer.ok) return complain(answer.failure);
    say("On its way once more.");
    loaded.reload();
    changed();
  };
  const actions = mayWrite.value && state !== undefined
    ? <button type="button" class="primary" aria-busy={busy} disabled={busy} onClick={replay}>{state === "failed" ? "Try again now" : "Send once more"}</button>
    : undefined;
  return (
    <Dialog title="Webhook" close={close} size="side" actions={actions}>
      <Show from={loaded}>{(answer) => <Whole delivery={answer.data} />}</Show>
    </Dialog>
  );
}

function Whole({ delivery }: { delivery: Delivery }) {
  return (
    <div class="stack">
      <p class="line"><Badge tone={toneOf(delivery.state)}>{stateName(delivery.state)}</Badge> {EVENTS.find((one) => one.value === delivery.event)?.name} <code class="soft">{delivery.event}</code></p>
      {delivery.error != null && delivery.state !== "delivered" && (
        <Notice kind="bad" title={delivery.error.slice(0, 1_000)}>
          {delivery.state === "failed"
            ? "No more tries follow by themselves. Mend the receiver, then send it once more."
            : `The next try is ${delivery.next_at == null ? "soon" : exactly(delivery.next_at)}.`}
        </Notice>
      )}
      <Facts>
        <Fact name="Address"><code>{delivery.url}</code></Fact>
        {delivery.integration != null && <Fact name="Integration">{delivery.integration}</Fact>}
        {delivery.connection != null && <Fact name="Connection"><code>{delivery.connection}</code></Fact>}
        <Fact name="Created">{exactly(delivery.created_at)}</Fact>
        <Fact name="webhook-id"><CopyText text={delivery.event_id} what="webhook-id" /></Fact>
      </Facts>
      <h3>Tries</h3>
      <Tries tries={delivery.tries ?? []} attempts={delivery.attempts} />
      <h3>Body</h3>
      <BodyOf body={delivery.body ?? ""} label="Body of the webhook" />
    </div>
  );
}

function Tries({ tries, attempts }: { tries: readonly Try[]; attempts: number }) {
  if (tries.length === 0) return <p class="soft small">It was not tried yet.</p>;
  return (
    <>
      {attempts > tries.length && <p class="soft small">The last {tries.length} of {attempts} tries.</p>}
      <ul class="tries">
        {tries.map((one, index) => (
          <li key={index}>
            <span class={`badge ${one.status != null && one.status < 300 ? "good" : "bad"}`}>{one.status ?? "none"}</span>
            <span class="grow">{one.error == null ? "Accepted" : one.error.slice(0, 600)}</span>
            <span class="soft small">{exactly(one.at)}, {duration(one.duration_ms)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
