// How a sign-in in another window reports back: a WebSocket first, the result page's own messages second.
import { BASE } from "./api.js";

/** @typedef {{message_type: string, provider_config_key?: string, connection_id?: string, is_pending?: boolean,
 *   error_type?: string, error_desc?: string, problem?: Partial<import("./api.js").Problem>}} Message */

const ACK_MS = 10_000;
const CHANNEL = "nango-oauth-callback";
const PREFIX = "nango_oauth_callback_";

/** Opens the socket at a path of our origin, base path and all; resolves with its id once the server acknowledged it.
 * @param {string} path @param {(message: Message) => void} onMessage */
export function openSocket(path, onMessage) {
  const url = new URL(path || BASE.pathname, BASE);
  url.protocol = BASE.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  /** @type {Promise<string>} */
  const id = new Promise((resolve, reject) => {
    const fail = () => reject(new Error("no acknowledgement"));
    const timer = setTimeout(fail, ACK_MS);
    socket.onerror = socket.onclose = fail;
    socket.onmessage = (event) => {
      const message = parsed(event.data);
      if (message?.message_type === "connection_ack") {
        clearTimeout(timer);
        resolve(message.ws_client_id);
      } else if (message) onMessage(message);
    };
  });
  return { id, close: () => socket.close() };
}

/** @param {unknown} text */
function parsed(text) {
  try {
    return JSON.parse(String(text));
  } catch {
    return null;
  }
}

/** Answers the result page, so that it closes. A phone may drop the socket of a tab in the background; then the
 * page's message on the channel, which names our socket, stands in for it.
 * @param {string} id @param {() => Window | null} popup @param {(message: Message) => void} onMessage */
export function listenToResultPage(id, popup, onMessage) {
  const channel = "BroadcastChannel" in window ? new BroadcastChannel(CHANNEL) : null;
  const ack = { type: `${PREFIX}ack` };
  /** @param {any} data */
  const ours = (data) => typeof data?.type === "string" && data.type.startsWith(PREFIX) && data.type !== ack.type;
  /** @param {MessageEvent} event */
  const onWindow = (event) => {
    const from = /** @type {Window | null} */ (event.source);
    if (event.origin === location.origin && from === popup() && ours(event.data)) from?.postMessage(ack, event.origin);
  };
  if (channel)
    channel.onmessage = ({ data }) => {
      if (!ours(data) || data.payload?.wsClientId !== id) return;
      channel.postMessage({ ...ack, wsClientId: id });
      const { providerConfigKey, connectionId, isPending, errorType, message, problem } = data.payload;
      if (data.type === `${PREFIX}success`)
        onMessage({
          message_type: "success",
          provider_config_key: providerConfigKey,
          connection_id: connectionId,
          is_pending: isPending,
        });
      else onMessage({ message_type: "error", error_type: errorType, error_desc: message, problem });
    };
  addEventListener("message", onWindow);
  return () => {
    removeEventListener("message", onWindow);
    channel?.close();
  };
}
