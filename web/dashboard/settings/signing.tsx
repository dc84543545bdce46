// The key that webhooks are signed with: hidden until asked for, changed with care.

import { useState } from "preact/hooks";
import { CopyText } from "../components/copy.tsx";
import { Confirm, Dialog } from "../components/dialog.tsx";
import { Form, SecretField } from "../components/form.tsx";
import { Icon } from "../components/icons.tsx";
import { Card } from "../components/text.tsx";
import { complain, say } from "../components/toast.tsx";
import { api } from "../shell/api.ts";

const SHORTEST = 16;

export function Signing() {
  const [key, setKey] = useState<string | null>(null);
  const [asking, setAsking] = useState<"rotate" | "set" | null>(null);
  const show = async () => {
    const answer = await api.get("/environment/webhook-signing-key");
    if (answer.ok) setKey(answer.value.data.webhook_signing_key);
    else complain(answer.failure);
  };
  return (
    <div id="signing" class="anchor">
      <Card title="Signing key" text="Your backend checks with it that a webhook comes from here (header webhook-signature, Standard Webhooks; X-Nango-Signature for Nango's SDK).">
        <div class="stack">
          {key === null
            ? <div class="line"><button type="button" onClick={show}><Icon name="eye" /> Show the key</button></div>
            : <div class="line stay"><CopyText text={key} what="signing key" /><button type="button" class="tiny quiet" onClick={() => setKey(null)}>Hide</button></div>}
          <div class="line">
            <button type="button" onClick={() => setAsking("rotate")}>Rotate…</button>
            <button type="button" onClick={() => setAsking("set")}>Use a key of your own…</button>
          </div>
        </div>
      </Card>
      {asking === "rotate" && (
        <Confirm title="Rotate the signing key?" verb="Rotate" danger={false} close={() => setAsking(null)}
          run={async () => {
            const answer = await api.post("/environment/webhook-signing-key/rotate", {} as never);
            if (answer.ok) setKey(answer.value.data.webhook_signing_key);
            return answer;
          }}
          done={() => { setAsking(null); say("The new key signs from now on."); }}>
          <p>For a day the webhook-signature header carries both signatures, the old key's and the new one's. Give your backend the new key in that time. Headers of the older kind are signed with the new key at once.</p>
        </Confirm>
      )}
      {asking === "set" && <SetKey close={() => setAsking(null)} done={(made) => { setKey(made); setAsking(null); say("This key signs from now on."); }} />}
    </div>
  );
}

function SetKey({ close, done }: { close(): void; done(key: string): void }) {
  const [typed, setTyped] = useState("");
  return (
    <Dialog title="Use a key of your own" close={close} size="small">
      <Form verb="Use this key" disabled={typed.length < SHORTEST} send={() => api.put("/environment/webhook-signing-key", { webhook_signing_key: typed })}
        done={(answer) => done(answer.data.webhook_signing_key)}>
        <SecretField label="Signing key" value={typed} change={setTyped} maxLength={512}
          help="16 to 512 printable characters that your receiver has already, for example the one of the system you come from." />
      </Form>
    </Dialog>
  );
}
