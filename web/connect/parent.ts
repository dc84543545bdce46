// The page that embeds this one (contract §6.2). Events go to any origin: they carry no secret.

const TOKEN_MS = 10_000;
const query = new URLSearchParams(location.search);

export const framed = parent !== window;
export const options = {
  /** Drawn inside the customer's page, not over it. */
  inline: query.get("embedded") === "true",
  preview: query.get("preview") === "true",
  reportClosedWindow: query.get("detectClosedAuthWindow") === "true",
  languages: [query.get("lang") ?? "", ...navigator.languages].filter(Boolean),
  theme: /^(light|dark|system)$/.exec(query.get("theme") ?? "")?.[0],
};

/** Where the token came from, when it came by message. */
export let tokenOrigin: string | null = null;

export interface Heard {
  type: string;
  sessionToken?: unknown;
  payload?: unknown;
}

export function tell(type: "ready" | "connect" | "error" | "close", payload?: object): void {
  if (framed) parent.postMessage(payload ? { type, payload } : { type }, "*");
}

/** Calls back for messages of the embedding page. */
export function hear(then: (data: Heard, origin: string) => void): void {
  addEventListener("message", (event) => {
    if (framed && event.source === parent && typeof event.data?.type === "string") then(event.data, event.origin);
  });
}

/** The session token: from the address (taken out of it at once), from this tab's history entry after a reload (a
 * phone reloads a tab it had put aside), or from the embedding page. Null when none comes. */
export function sessionToken(): Promise<string | null> {
  const token: string | null = query.get("session_token") || history.state?.token || null;
  query.delete("session_token");
  const rest = query.toString();
  history.replaceState({ token }, "", location.pathname + (rest && `?${rest}`));
  if (token || !framed) return Promise.resolve(token);
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), TOKEN_MS);
    hear((data, origin) => {
      if (data.type !== "session_token" || typeof data.sessionToken !== "string") return;
      tokenOrigin = origin;
      resolve(data.sessionToken);
    });
  });
}

/** Whether this page may be shown where it is: in no frame, or in one of an origin that the environment names. The
 * server says the same in `frame-ancestors`, where it can tell the environment from the address alone. */
export function mayBeShown(origins: readonly string[] | undefined): boolean {
  if (!framed || !origins?.length) return true;
  const ancestors = "ancestorOrigins" in location ? [...location.ancestorOrigins] : [];
  const seen = [...ancestors, ...(tokenOrigin ? [tokenOrigin] : [])];
  return seen.length > 0 && seen.every((origin) => origin === location.origin || origins.includes(origin));
}
