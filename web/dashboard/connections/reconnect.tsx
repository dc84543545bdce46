// A link with which the account's owner authorizes the same connection again.

import { useState } from "preact/hooks";
import { CopyText } from "../components/copy.tsx";
import { Dialog } from "../components/dialog.tsx";
import { useLoad } from "../components/load.ts";
import { Show } from "../components/states.tsx";
import { say } from "../components/toast.tsx";
import { api } from "../shell/api.ts";
import { ConnectFrame } from "./connect-frame.tsx";

export function Reconnect({ integration, connection, close, done }: {
  integration: string;
  connection: string;
  close(): void;
  done(): void;
}) {
  const [here, setHere] = useState(false);
  const session = useLoad(connection, (signal) =>
    api.post("/connect/sessions/reconnect", { connection_id: connection, integration_id: integration }, { signal }),
  );
  return (
    <Dialog title="Reconnect" close={close}>
      <Show from={session} rows={3}>
        {({ data }) =>
          here ? (
            <ConnectFrame
              token={data.token}
              closed={close}
              connected={() => {
                say("Reconnected.");
                done();
              }}
            />
          ) : (
            <div class="stack">
              <p>
                Send this to the account's owner. It is good for 30 minutes and for this connection; what your code knows it by stays the same.
              </p>
              <CopyText text={data.connect_link} what="the link" />
              <div class="line">
                <button type="button" onClick={() => setHere(true)}>
                  It is my account: reconnect here
                </button>
              </div>
            </div>
          )
        }
      </Show>
    </Dialog>
  );
}
