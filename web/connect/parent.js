// The page that embeds this one (contract §6.2). Events go to any origin: they carry no secret.

const TOKEN_MS = 10_000;
const query = new URLSearchParams(location.search);

export const framed = parent !== window;
export const options = {
  /** Drawn inside the customer's page, not over it. */
  inline: query.get("embedded") === "true",
  preview: query.get("preview") === "true",
  reportClosedWindow: query.get("detectClosedAuthWindow") === "true",
  lang: /^[a-z]{2}(-[A-Za-z]+)?$/.exec(query.get("lang") ?? "")?.[0],
  theme: /^(light|dark)$/.exec(query.get("theme") ?? "")?.[0],
};

/** @param {"ready" | "connect" | "error" | "close"} type @param {object} [payload] */
export function tell(type, payload) {
  if (framed) parent.postMessage(payload ? { type, payload } : { type }, "*");
}

/** Calls back for messages of the embedding page. @param {(data: any) => void} then */
export function hear(then) {
  addEventListener("message", (event) => {
    if (framed && event.source === parent && typeof event.data?.type === "string") then(event.data);
  });
}

/** The session token: from the address (taken out of it at once), from this tab's history entry after a reload (a
 * phone reloads a tab it had put aside), or from the embedding page. Null when none comes. @returns {Promise<string | null>} */
export function sessionToken() {
  const token = query.get("session_token") ?? history.state?.token ?? null;
  query.delete("session_token");
  const rest = query.toString();
  history.replaceState({ token }, "", location.pathname + (rest && `?${rest}`));
  if (token || !framed) return Promise.resolve(token);
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), TOKEN_MS);
    hear((data) => data.type === "session_token" && typeof data.sessionToken === "string" && resolve(data.sessionToken));
  });
}
