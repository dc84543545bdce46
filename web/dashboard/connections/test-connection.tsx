// Add a test connection: choose an integration, then the real Connect UI, as the customer's users will see it.

import { useState } from "preact/hooks";
import { CopyText } from "../components/copy.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Form, SelectField } from "../components/form.tsx";
import { useLoad } from "../components/load.ts";
import { Empty, Show } from "../components/states.tsx";
import { say } from "../components/toast.tsx";
import { api } from "../shell/api.ts";
import { environment, go, href } from "../shell/place.ts";
import { ConnectFrame } from "./connect-frame.tsx";

interface Begun {
  connect_link: string;
  token: string;
}

/** With `integration` it begins at once. */
export function TestConnection({ integration, close, done }: { integration?: string; close(): void; done?(): void }) {
  const [chosen, setChosen] = useState(integration ?? null);
  return (
    <Dialog title="Add test connection" close={close}>
      {chosen === null ? <Choose choose={setChosen} /> : <Connect integration={chosen} close={close} {...(done ? { done } : {})} />}
    </Dialog>
  );
}

function Choose({ choose }: { choose(key: string): void }) {
  const loaded = useLoad(environment.value, (signal) => api.get("/integrations", { signal }));
  const [picked, setPicked] = useState("");
  return (
    <Show from={loaded} rows={3}>
      {({ data }) => {
        const first = data[0];
        if (!first) {
          return (
            <Empty icon="plug" title="No integration to connect to" actions={<a class="button primary" href={href("/integrations/new")}>Configure one</a>}>
              <p>A connection is an account on an integration.</p>
            </Empty>
          );
        }
        const value = picked || first.unique_key;
        return (
          <Form
            verb="Authorize"
            send={() => Promise.resolve({ ok: true as const, value })}
            done={choose}
          >
            <SelectField label="Integration" value={value} change={setPicked}
              options={data.map((one) => ({ value: one.unique_key, title: `${one.display_name} (${one.unique_key})` }))}
              help="You sign in with an account of your own; your users will see the same window in your product." />
          </Form>
        );
      }}
    </Show>
  );
}

function Connect({ integration, close, done }: { integration: string; close(): void; done?(): void }) {
  const begun = useLoad(integration, (signal) => api.internal<Begun>("post", "/test-connection", { body: { integration }, signal }));
  return (
    <Show from={begun} rows={4}>
      {({ token, connect_link }) => (
        <div class="stack">
          <ConnectFrame
            token={token}
            closed={close}
            connected={({ connectionId, providerConfigKey }) => {
              close();
              say("Connected.");
              done?.();
              go(`/connections/${encodeURIComponent(providerConfigKey)}/${encodeURIComponent(connectionId)}`);
            }}
          />
          <details class="more">
            <summary>Or send the link to somebody</summary>
            <div class="stack">
              <CopyText text={connect_link} what="the link" />
            </div>
          </details>
        </div>
      )}
    </Show>
  );
}
