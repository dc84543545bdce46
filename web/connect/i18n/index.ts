// The page's language: the embedding page's wish, else the browser's, else English. Only English is always loaded, and
// of every language only what the first view says.
import { en, type Catalogue } from "./en.ts";
import type { Later } from "./later/en.ts";
import type { Titles } from "./titles/de.ts";

export type TextKey = keyof Catalogue | keyof Later;

interface Language {
  first: () => Promise<Catalogue>;
  later: () => Promise<Later>;
  titles?: () => Promise<Titles>;
}

const LANGUAGES: Record<string, Language> = {
  en: { first: async () => en, later: async () => (await import("./later/en.ts")).en },
  de: {
    first: async () => (await import("./de.ts")).de,
    later: async () => (await import("./later/de.ts")).de,
    titles: async () => (await import("./titles/de.ts")).de,
  },
  es: {
    first: async () => (await import("./es.ts")).es,
    later: async () => (await import("./later/es.ts")).es,
    titles: async () => (await import("./titles/es.ts")).es,
  },
  fr: {
    first: async () => (await import("./fr.ts")).fr,
    later: async () => (await import("./later/fr.ts")).fr,
    titles: async () => (await import("./titles/fr.ts")).fr,
  },
  ja: {
    first: async () => (await import("./ja.ts")).ja,
    later: async () => (await import("./later/ja.ts")).ja,
    titles: async () => (await import("./titles/ja.ts")).ja,
  },
  pt: {
    first: async () => (await import("./pt.ts")).pt,
    later: async () => (await import("./later/pt.ts")).pt,
    titles: async () => (await import("./titles/pt.ts")).pt,
  },
  zh: {
    first: async () => (await import("./zh.ts")).zh,
    later: async () => (await import("./later/zh.ts")).zh,
    titles: async () => (await import("./titles/zh.ts")).zh,
  },
};

let texts: Catalogue & Partial<Later> = en;
let titles: Titles | null = null;

/** The language in use, for dates and for the server. */
export let language = "en";

/** Loads the first language of the list that there is. A catalogue that does not come leaves English. */
export async function chooseLanguage(wanted: readonly string[]): Promise<void> {
  const known = wanted.map((tag) => tag.toLowerCase().split("-")[0] ?? "");
  const chosen = known.find((tag) => Object.hasOwn(LANGUAGES, tag)) ?? "en";
  const { first, titles: named } = LANGUAGES[chosen] ?? {};
  const loaded = await Promise.all([first?.(), named?.()]).catch(() => null);
  texts = loaded?.[0] ?? en;
  titles = loaded?.[1] ?? null;
  language = loaded ? chosen : "en";
  document.documentElement.lang = language;
  document.title = t("pageTitle");
}

/** Loads what comes after the first view says. */
export async function loadLaterTexts(): Promise<void> {
  texts = { ...texts, ...(await LANGUAGES[language]?.later()) };
}

/** A text with its placeholders filled; what is filled in is never searched again. */
export function t(key: TextKey, values: Record<string, string | number> = {}): string {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** A definition's title for a field, in the reader's language where it is a common one. */
export function titleOf(english: string): string {
  const own = titles;
  if (!own) return english;
  const known = (key: string): string | undefined => (Object.hasOwn(own, key) ? own[key as keyof Titles] : undefined);
  const [, name = "", kind = ""] = /^(.+) (subdomain|host|site)$/i.exec(english) ?? [];
  const whole = known(english.toLowerCase().replace(/[^a-z]/g, ""));
  return whole ?? known(`${kind.toLowerCase()}Of`)?.replace("{name}", () => name) ?? english;
}
