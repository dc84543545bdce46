// The Connect UI as the customer's page would show it: a frame that is told the token and tells what happened.

import { useEffect, useRef, useState } from "preact/hooks";
import { base } from "../shell/place.ts";
import { theme } from "../shell/theme.ts";

export interface Connected {
  connectionId: string;
  providerConfigKey: string;
}

/** `token` is a connect session's; it travels by message, never in an address. */
export function ConnectFrame({ token, connected, closed }: {
  token: string;
  connected(what: Connected): void;
  closed(): void;
}) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [ready, setReady] = useState(false);
  const latest = useRef({ connected, closed });
  latest.current = { connected, closed };
  useEffect(() => {
    const hear = (event: MessageEvent) => {
      if (event.source !== frame.current?.contentWindow || event.origin !== location.origin) return;
      const { type, payload } = (event.data ?? {}) as { type?: string; payload?: Partial<Connected> };
      if (type === "ready") {
        setReady(true);
        frame.current?.contentWindow?.postMessage({ type: "session_token", sessionToken: token }, location.origin);
      } else if (type === "connect" && payload?.connectionId && payload.providerConfigKey) {
        latest.current.connected({ connectionId: payload.connectionId, providerConfigKey: payload.providerConfigKey });
      } else if (type === "close") latest.current.closed();
    };
    addEventListener("message", hear);
    return () => removeEventListener("message", hear);
  }, [token]);
  return (
    <iframe
      ref={frame}
      class={ready ? "connect-frame" : "connect-frame waiting"}
      title="Connect an account"
      src={`${base}/connect/?embedded=true&theme=${theme.peek()}`}
      allow="clipboard-write"
    />
  );
}
