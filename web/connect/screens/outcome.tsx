// What became of it: connected, failed, or waiting for somebody else.
import type { Problem } from "../api.ts";
import type { Direction } from "../directions.ts";
import { t } from "../i18n/index.ts";
import { Head, OutLink } from "../parts/base.tsx";
import { Badge, Button, CopyButton, Spinner, when, Who } from "../parts/outcome.tsx";

interface FailureProps {
  direction: Direction;
  problem: Problem | null;
  /** The one thing to press, when there is one. */
  button: { text: string; press: () => void } | null;
  /** Takes the page away, where it lies over another. */
  close: (() => void) | undefined;
}

/** Cause, who must act, one button; below, what support needs. */
export function Failure({ direction, problem, button, close }: FailureProps) {
  const act = button ?? (close && { text: t("close"), press: close });
  const facts = problem ? factsOf(problem) : "";
  return (
    <div>
      <Head mark={<Badge tone={direction.actor === "nobody" || direction.actor === "admin" ? "wait" : "bad"} />} title={direction.title} alert>
        {direction.text}
      </Head>
      {direction.actor && <Who actor={direction.actor} />}
      <div class="actions">
        {act && (
          <Button kind="primary" onClick={act.press}>
            {act.text}
          </Button>
        )}
      </div>
      {problem?.link && (
        <p class="foot">
          <OutLink href={problem.link}>{t("readMore")}</OutLink>
        </p>
      )}
      {facts && (
        <details>
          <summary>{t("details")}</summary>
          <pre tabIndex={0}>{facts}</pre>
          <CopyButton text={facts} />
        </details>
      )}
    </div>
  );
}

/** In the server's words: support reads them, whatever the reader's language. */
function factsOf(problem: Problem): string {
  const lines = [
    problem.message,
    problem.cause !== problem.message && problem.cause,
    problem.remedy,
    `Code: ${problem.code}`,
    problem.trace_id && `Trace: ${problem.trace_id}`,
    problem.correlation_id && `Correlation: ${problem.correlation_id}`,
  ];
  return lines.filter(Boolean).join("\n");
}

interface AdminProps {
  name: string;
  url: string;
  expires_at?: string | undefined;
  approved: boolean;
  proceed: () => void;
}

/** A link for the administrator; the page goes on by itself afterwards. */
export function AdminLink({ name, url, expires_at, approved, proceed }: AdminProps) {
  if (approved)
    return (
      <div>
        <Head mark={<Badge tone="good" />} title={t("approvedTitle")}>
          {t("approvedLead")}
        </Head>
        <div class="actions">
          <Button kind="primary" onClick={proceed}>
            {t("connectWith", { name })}
          </Button>
        </div>
      </div>
    );
  const until = when(expires_at, { dateStyle: "long", timeStyle: "short" });
  const subject = encodeURIComponent(t("adminSubject", { name }));
  const body = encodeURIComponent(`${t("adminBody", { name })}\n\n${url}\n`);
  return (
    <div>
      <Head mark={<Spinner />} title={t("adminTitle")}>
        {t("adminLead")}
      </Head>
      <div class="field">
        <label for="admin-link">{t("adminLink")}</label>
        <div class="box">
          <input id="admin-link" readOnly value={url} onFocus={(event) => event.currentTarget.select()} />
          <CopyButton text={url} />
        </div>
        {until && <p class="hint">{t("adminOnce", { date: until })}</p>}
      </div>
      <div class="actions">
        <a class="button primary" href={`mailto:?subject=${subject}&body=${body}`}>
          {t("adminMail")}
        </a>
        <Button kind="quiet" onClick={proceed}>
          {t("adminDone")}
        </Button>
      </div>
    </div>
  );
}

interface SuccessProps {
  name: string;
  pending: boolean;
  reconnecting: boolean;
  finish: (() => void) | undefined;
}

export function Success({ name, pending, reconnecting, finish }: SuccessProps) {
  const title = pending ? t("pendingTitle") : t(reconnecting ? "doneAgainTitle" : "doneTitle", { name });
  const text = t(pending ? "pendingLead" : "doneLead");
  return (
    <div>
      <Head mark={<Badge tone={pending ? "wait" : "good"} />} title={title}>
        {finish ? text : `${text} ${t("doneClose")}`}
      </Head>
      {finish && (
        <div class="actions">
          <Button kind="primary" onClick={finish}>
            {t("finish")}
          </Button>
        </div>
      )}
    </div>
  );
}
