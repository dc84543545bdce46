// How a sign-in in another window reports back: a WebSocket first, the result page's own messages second.
import { BASE, type Problem } from "./api.ts";

export interface Message {
  message_type: string;
  ws_client_id?: string;
  provider_config_key?: string;
  connection_id?: string;
  is_pending?: boolean;
  error_type?: string;
  error_desc?: string;
  problem?: Partial<Problem>;
}

export interface Line {
  /** What the server calls this page; rejected when the first attempt fails. */
  id: Promise<string>;
  /** Every name it had: a server that came back gives a new one if the old cannot be had. */
  knows: (id: string) => boolean;
  close: () => void;
}

const ACK_MS = 10_000;
const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000];
const CHANNEL = "nango-oauth-callback";
const PREFIX = "nango_oauth_callback_";

/** Opens the socket at a path of our origin, and again whenever it breaks, under its old name. `lost` hears of it. */
export function openSocket(
  path: string,
  onMessage: (message: Message) => void,
  lost: (now: boolean) => void,
): Line {
  const ids: string[] = [];
  let socket: WebSocket | undefined;
  let closed = false;
  let failures = 0;
  let settle: { resolve: (id: string) => void; reject: (error: Error) => void };
  const id = new Promise<string>((resolve, reject) => (settle = { resolve, reject }));

  const connect = () => {
    const opened = (socket = new WebSocket(address(path, ids[ids.length - 1])));
    const timer = setTimeout(() => opened.close(), ACK_MS);
    opened.onclose = () => {
      clearTimeout(timer);
      if (closed) return;
      if (ids.length === 0) return settle.reject(new Error("no acknowledgement"));
      lost(true);
      setTimeout(() => !closed && connect(), RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
    };
    opened.onmessage = (event) => {
      const message = parsed(event.data);
      if (message?.message_type !== "connection_ack") return message && onMessage(message);
      clearTimeout(timer);
      failures = 0;
      if (ids.length) lost(false);
      ids.push(message.ws_client_id ?? "");
      settle.resolve(message.ws_client_id ?? "");
    };
  };
  connect();
  return {
    id,
    knows: (known) => ids.includes(known),
    close: () => {
      closed = true;
      socket?.close();
    },
  };
}

function address(path: string, resumed: string | undefined): URL {
  const url = new URL(path || BASE.pathname, BASE);
  url.protocol = BASE.protocol === "https:" ? "wss:" : "ws:";
  if (resumed) url.searchParams.set("resume", resumed);
  return url;
}

function parsed(text: unknown): Message | null {
  try {
    return JSON.parse(String(text));
  } catch {
    return null;
  }
}

interface Told {
  type?: unknown;
  payload?: {
    wsClientId?: string;
    providerConfigKey?: string;
    connectionId?: string;
    isPending?: boolean;
    errorType?: string;
    message?: string;
    problem?: Partial<Problem>;
  };
}

/** Answers the result page, so that it closes. A phone may drop the socket of a tab in the background; then the
 * page's message on the channel, which names our socket, stands in for it. */
export function listenToResultPage(
  line: Line,
  popup: () => Window | null,
  onMessage: (message: Message) => void,
): () => void {
  const channel = "BroadcastChannel" in window ? new BroadcastChannel(CHANNEL) : null;
  const ack = { type: `${PREFIX}ack` };
  const ours = (data: Told | null) =>
    typeof data?.type === "string" && data.type.startsWith(PREFIX) && data.type !== ack.type;
  const onWindow = (event: MessageEvent<Told | null>) => {
    const from = event.source as Window | null;
    if (event.origin === location.origin && from === popup() && ours(event.data)) from?.postMessage(ack, event.origin);
  };
  if (channel)
    channel.onmessage = ({ data }: MessageEvent<Told | null>) => {
      const told = data?.payload;
      if (!ours(data) || !told?.wsClientId || !line.knows(told.wsClientId)) return;
      channel.postMessage({ ...ack, wsClientId: told.wsClientId });
      onMessage(data?.type === `${PREFIX}success` ? success(told) : failure(told));
    };
  addEventListener("message", onWindow);
  return () => {
    removeEventListener("message", onWindow);
    channel?.close();
  };
}

const success = (told: NonNullable<Told["payload"]>): Message => ({
  message_type: "success",
  provider_config_key: told.providerConfigKey ?? "",
  connection_id: told.connectionId ?? "",
  is_pending: told.isPending === true,
});

const failure = (told: NonNullable<Told["payload"]>): Message => ({
  message_type: "error",
  error_type: told.errorType ?? "",
  error_desc: told.message ?? "",
  problem: told.problem ?? {},
});
