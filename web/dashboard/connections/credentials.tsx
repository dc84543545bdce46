// The credentials in clear: only on a click, only with the permission, and the audit log has it.

import { useState } from "preact/hooks";
import { CodeBlock } from "../components/code-block.tsx";
import { Dialog } from "../components/dialog.tsx";
import { useLoad } from "../components/load.ts";
import { Notice, Show } from "../components/states.tsx";
import { Card } from "../components/text.tsx";
import { api } from "../shell/api.ts";
import { mayWrite } from "../shell/session.ts";

export function CredentialsCard({ integration, connection }: { integration: string; connection: string }) {
  const [open, setOpen] = useState(false);
  return (
    <Card
      title="Credentials"
      text={mayWrite.value ? "Kept sealed. Your code never needs them: the proxy puts them into each call." : "Your role does not see them."}
      actions={
        mayWrite.value && (
          <button type="button" onClick={() => setOpen(true)}>
            Show credentials
          </button>
        )
      }
    >
      {open && <InClear integration={integration} connection={connection} close={() => setOpen(false)} />}
    </Card>
  );
}

function InClear({ integration, connection, close }: { integration: string; connection: string; close(): void }) {
  const loaded = useLoad(connection, (signal) =>
    api.get("/connections/{connectionId}", {
      path: { connectionId: connection },
      query: { provider_config_key: integration, refresh_token: true },
      signal,
    }),
  );
  return (
    <Dialog title="Credentials" close={close} size="large">
      <div class="stack">
        <Notice kind="wait">
          <p>Whoever has these acts as the account's owner. Nothing of them is kept in this browser.</p>
        </Notice>
        <Show from={loaded} rows={5}>
          {({ credentials }) => <CodeBlock text={JSON.stringify(credentials, null, 2)} label="Credentials" language="json" wrap />}
        </Show>
      </div>
    </Dialog>
  );
}
