// From a problem's code to words in the reader's language: what happened, who must act, and the one thing to press.
import type { Problem } from "./api.ts";
import { t, type TextKey } from "./i18n/index.ts";
import type { Actor } from "./parts/base.tsx";

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

/** Codes of ours and of Entra ID (Microsoft, "Microsoft Entra authentication and authorization error codes"). */
const CODES: [KindName, string][] = [
  ["network", "network"],
  ["socket", "socket"],
  ["ended", "unknown_connect_session_token invalid_connect_session_token_format missing_session_token"],
  ["stranger", "stranger"],
  ["none", "no_integration"],
  ["mode", "auth_mode_err"],
  ["page", "page"],
  ["declined", "access_denied AADSTS65004"],
  ["expired", "state_unknown state_expired state_other_browser no_state AADSTS50089 AADSTS54005 AADSTS70008 AADSTS501481 AADSTS700005"],
  ["account", "unauthorized_client AADSTS16000 AADSTS50020 AADSTS50034 AADSTS90072 AADSTS50177 AADSTS500200 AADSTS500202"],
  ["tenant", "wrong_tenant tenant_not_proved"],
  ["policy", "AADSTS53000 AADSTS53001 AADSTS53002 AADSTS53003 AADSTS530003 AADSTS530032 AADSTS530035 AADSTS50158"],
  ["approval", "consent_required AADSTS65001 AADSTS90094 AADSTS90095"],
  ["assign", "AADSTS50105"],
  ["locked", "AADSTS50053 AADSTS50055 AADSTS50057 AADSTS50126"],
  ["verify", "interaction_required login_required AADSTS50072 AADSTS50074 AADSTS50076 AADSTS50078 AADSTS50079"],
  ["busy", "temporarily_unavailable token_endpoint_unreachable AADSTS50033 AADSTS90006 AADSTS90024 AADSTS90033 AADSTS90055"],
  ["refused", "invalid_body new_token_refused invalid_credentials invalid_connection_config connection_test_failed"],
];

const BY_CODE = new Map(CODES.flatMap(([name, codes]) => codes.split(" ").map((code) => [code, name] as const)));

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
