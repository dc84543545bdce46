// Tells the page that opened this window how the sign-in ended (contract §5.4, channel 2), then closes it.
// What to tell stands in data-* attributes of <main>; the address bar still holds the provider's code, so it goes first.
"use strict";
{
  const CLOSE_MS = 500;
  const result = document.querySelector("main").dataset;
  const success = result.status === "success";
  history.replaceState(null, "", location.pathname);

  const close = () => {
    window.close();
    // A window that was navigated far enough counts as the user's own; reopening itself makes it closable.
    window.open("", "_self")?.close();
  };
  const type = `nango_oauth_callback_${success ? "success" : "error"}`;
  const problem = { message: result.message, errorType: result.errorType };
  const told = success ? { type } : { type, payload: problem };
  // Only pages of this origin hear the channel, so it may name the connection and the socket that waits for it.
  const { key, connection, pending, cause, actor, remedy, link } = result;
  const details = success
    ? { providerConfigKey: key, connectionId: connection, isPending: pending === "true" }
    : { ...problem, problem: { cause, actor, remedy, link } };
  const isAck = (data) => data?.type === "nango_oauth_callback_ack";

  addEventListener("message", (event) => event.source === window.opener && isAck(event.data) && close());
  window.opener?.postMessage(told, "*");
  if ("BroadcastChannel" in window) {
    const channel = new BroadcastChannel("nango-oauth-callback");
    channel.onmessage = ({ data }) => isAck(data) && (!data.wsClientId || data.wsClientId === result.socket) && close();
    channel.postMessage({ type, payload: { ...details, wsClientId: result.socket } });
  }
  if (success) setTimeout(close, CLOSE_MS);
}
