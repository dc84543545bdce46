// From a problem's code to words in the reader's language: what happened, who must act, and the one thing to press.
import type { Problem } from "./api.ts";
import { CODES, type CodedKind } from "./codes.ts";
import { t, type TextKey } from "./i18n/index.ts";
import type { Actor } from "./parts/outcome.tsx";

/** What the one button does. */
export type Act = "retry" | "admin" | "account" | "correct" | "none";

export interface Direction {
  title: string;
  text: string;
  actor: Actor | null;
  act: Act;
}

interface Kind {
  title: TextKey;
  text: TextKey;
  actor: Actor;
  act: Act;
}

const kind = (title: TextKey, text: TextKey, actor: Actor, act: Act): Kind => ({ title, text, actor, act });

// A kind's texts are called after it: the server's pages find them so.
export const KINDS = {
  network: kind("networkTitle", "networkText", "user", "retry"),
  server: kind("serverTitle", "serverText", "nobody", "retry"),
  socket: kind("socketTitle", "socketText", "user", "retry"),
  ended: kind("endedTitle", "endedText", "user", "none"),
  stranger: kind("strangerTitle", "strangerText", "developer", "none"),
  none: kind("noneTitle", "noneText", "developer", "none"),
  mode: kind("modeTitle", "modeText", "developer", "none"),
  page: kind("pageProblemTitle", "pageProblemText", "user", "retry"),
  declined: kind("declinedTitle", "declinedText", "user", "retry"),
  expired: kind("expiredTitle", "expiredText", "user", "retry"),
  account: kind("accountTitle", "accountText", "user", "account"),
  tenant: kind("tenantTitle", "tenantText", "user", "account"),
  policy: kind("policyTitle", "policyText", "admin", "retry"),
  approval: kind("approvalTitle", "approvalText", "admin", "admin"),
  assign: kind("assignTitle", "assignText", "admin", "retry"),
  locked: kind("lockedTitle", "lockedText", "user", "retry"),
  verify: kind("verifyTitle", "verifyText", "user", "retry"),
  setup: kind("setupTitle", "setupText", "developer", "retry"),
  busy: kind("busyTitle", "busyText", "nobody", "retry"),
  refused: kind("refusedTitle", "refusedText", "user", "correct"),
} as const;

export type KindName = keyof typeof KINDS;

const NAMES = Object.keys(CODES) as CodedKind[];
const BY_CODE = new Map(NAMES.flatMap((name) => CODES[name].split(" ").map((code) => [code, name] as const)));

/** The direction for a kind. */
export function direction(name: KindName, values: Record<string, string>): Direction {
  const { title, text, actor, act } = KINDS[name];
  return { title: t(title, values), text: t(text, values), actor, act };
}

/** Kinds that are about what a person typed, when they typed it here and not in a window of the provider's. */
const ABOUT_THE_FORM: readonly KindName[] = ["refused", "account", "locked"];

/** The direction for a problem: by its code, else by who must act, else in the server's own words. `typed`: the person
 * entered the credentials on this page. */
export function directionOf(problem: Problem, values: Record<string, string>, typed: boolean): Direction {
  const known = BY_CODE.get(problem.code) ?? (/^http_5/.test(problem.code) ? "server" : undefined);
  const aboutForm = known === "refused" || (typed && known && ABOUT_THE_FORM.includes(known));
  if (known && !aboutForm) return direction(known, values);
  // Only the server's words tell what is wrong with a value.
  const said = [problem.cause ?? problem.message, problem.remedy].filter(Boolean).join(" ");
  if (aboutForm || typed) return { ...direction("refused", values), text: said || t("refusedText") };
  if (problem.actor === "developer") return direction("setup", values);
  const actor = ["user", "admin", "nobody"].includes(problem.actor ?? "") ? (problem.actor as Actor) : null;
  return { title: t("failTitle"), text: said, actor, act: "retry" };
}
