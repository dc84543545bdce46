// The page's language: the embedding page's wish, else the browser's, else English. Only English is always loaded.
import { en, type Catalogue } from "./en.ts";

export type TextKey = keyof Catalogue;

const LOADERS: Record<string, () => Promise<Catalogue>> = {
  de: async () => (await import("./de.ts")).de,
  es: async () => (await import("./es.ts")).es,
  fr: async () => (await import("./fr.ts")).fr,
  ja: async () => (await import("./ja.ts")).ja,
  pt: async () => (await import("./pt.ts")).pt,
  zh: async () => (await import("./zh.ts")).zh,
};

let texts: Catalogue = en;

/** The language in use, for dates and for the server. */
export let language = "en";

/** Loads the first language of the list that there is. A catalogue that does not come leaves English. */
export async function chooseLanguage(wanted: readonly string[]): Promise<void> {
  const known = wanted.map((tag) => tag.toLowerCase().split("-")[0] ?? "");
  const chosen = known.find((tag) => tag === "en" || tag in LOADERS) ?? "en";
  const load = LOADERS[chosen];
  const loaded = load && (await load().catch(() => null));
  texts = loaded ?? en;
  language = loaded ? chosen : "en";
  document.documentElement.lang = language;
  document.title = t("pageTitle");
}

/** A text with its placeholders filled; what is filled in is never searched again. */
export function t(key: TextKey, values: Record<string, string | number> = {}): string {
  return texts[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
