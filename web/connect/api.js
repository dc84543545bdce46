// The one place that talks HTTP. The API is the page's own origin plus base path; `apiURL` is ignored on purpose,
// since whoever makes the link could point it at another host.

/** What went wrong, for people. `actor`: user | admin | developer | nobody.
 * @typedef {{code: string, message: string, cause?: string, actor?: string, remedy?: string, link?: string,
 *   trace_id?: string}} Problem */
/** @typedef {Record<string, string>} Values */
/** @typedef {{unique_key: string, provider: string, display_name?: string, preconfigured_credentials?: string[]}}
 *   Integration */

/** A failed call; `problem` says what to show. */
export class ApiError extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** `https://host/base/` of a page at `https://host/base/connect/`. */
export const BASE = new URL("..", location.origin + location.pathname);

/** @param {string} path @param {Record<string, Values | string | undefined>} query */
function address(path, query) {
  const url = new URL(path, BASE);
  for (const [key, value] of Object.entries(query)) {
    if (typeof value === "string") url.searchParams.set(key, value);
    else for (const [name, text] of Object.entries(value ?? {})) url.searchParams.set(`${key}[${name}]`, text);
  }
  return url;
}

/** @param {URL} url @param {RequestInit} init */
async function call(url, init) {
  let answer;
  try {
    answer = await fetch(url, { ...init, cache: "no-store", credentials: "same-origin" });
  } catch {
    throw new ApiError({
      code: "network",
      message: "The server cannot be reached.",
      remedy: "Check your internet connection, then try again.",
    });
  }
  const body = await answer.json().catch(() => null);
  if (answer.ok && body && !body.error) return body;
  const error = body?.error ?? {};
  throw new ApiError({
    code: error.code ?? `http_${answer.status}`,
    message: error.message ?? `The server answered with status ${answer.status}.`,
    ...error.payload,
  });
}

/** The calls of one connect session. @param {string} token @param {string} lang of the definitions' titles */
export function createApi(token, lang) {
  const session = { connect_session_token: token };
  /** @param {string} path */
  const get = async (path) =>
    (
      await call(address(path, {}), {
        headers: { authorization: `Bearer ${token}`, "accept-language": lang },
      })
    ).data;
  /** @param {string} path @param {Record<string, Values | string | undefined>} query @param {object} body */
  const post = (path, query, body) =>
    call(address(path, { ...session, ...query }), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const at = encodeURIComponent;
  return {
    session: () => get("connect/session"),
    /** @returns {Promise<Integration[]>} */
    integrations: () => get("integrations"),
    /** @param {string} name */
    provider: (name) => get(`providers/${at(name)}`),
    /** Sends a form. @param {string} path @param {string} key @param {Values} params @param {object} body */
    submit: (path, key, params, body) => post(`${path}/${at(key)}`, { params }, body),
    /** Asks for a key pair that the server keeps. @param {string} key */
    certificate: (key) => post(`connect/certificates/${at(key)}`, {}, {}),
    /** Asks for a link to an admin-consent page. @param {string} key @param {Values} params @param {string} id */
    adminLink: (key, params, id) => post(`connect/admin-link/${at(key)}`, { params, ws_client_id: id }, {}),
    /** Where the sign-in window goes. @param {string} key @param {Values} params @param {Values} credentials
     * @param {string} id */
    signInUrl: (key, params, credentials, id) =>
      address(`oauth/connect/${at(key)}`, { ...session, params, credentials, ws_client_id: id }).href,
  };
}
