// What waits for no other module: the token leaves the address bar, the language and the session are asked for. The
// page runs this file as soon as it is here; the others come meanwhile.
import { ask, createApi, type Answers, type Api } from "./api.ts";
import { chooseLanguage } from "./i18n/index.ts";
import { options, sessionToken, tell } from "./parent.ts";
import { applyTheme } from "./theme.ts";

export interface Begun {
  api: Api;
  answers: Promise<Answers>;
}

function begin(token: string): Begun {
  const api = createApi(token);
  const answers = ask(api);
  // Whoever shows them shows the failure too.
  answers.catch(() => {});
  return { api, answers };
}

/** Null when no token comes. */
export const begun: Promise<Begun | null> = sessionToken().then((token) => (token === null ? null : begin(token)));
// Settings that the dashboard shows come as soon as it hears of us: then somebody must listen.
if (!options.preview) tell("ready");
applyTheme(undefined);
export const spoken = chooseLanguage(options.languages);
