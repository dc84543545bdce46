// While the sign-in goes on in its window: what to do when it does not.
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n/index.ts";
import { Head } from "../parts/base.tsx";
import { Badge, Button, Spinner, Who } from "../parts/outcome.tsx";
import type { WindowState } from "../signin.ts";

/** What a window of Microsoft's may show without ever calling back. */
export type Stuck = "approval" | "account" | "policy";

/** A sign-in that takes longer may be stuck at such a message. */
const SLOW_MS = 20_000;

interface WaitingProps {
  name: string;
  state: WindowState;
  /** The provider's pages may end at a message. */
  mayStick: boolean;
  open: () => void;
  cancel: () => void;
  stuck: (at: Stuck) => void;
}

export function Waiting({ name, state, mayStick, open, cancel, stuck }: WaitingProps) {
  const { blocked, closed, lost } = state;
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, []);
  const troubled = blocked || closed;
  const title = blocked ? t("blockedTitle") : closed ? t("closedTitle") : t("waitTitle", { name });
  const lead = blocked ? t("blockedLead", { name }) : closed ? t("closedLead", { name }) : t("waitLead");
  return (
    <div>
      <Head mark={troubled ? <Badge tone="wait" /> : <Spinner />} title={title} alert={troubled}>
        {lead}
      </Head>
      {troubled && <Who actor="user" />}
      <p class={lost ? "warning" : "hidden"} role="status">
        {lost && t("lostServer")}
      </p>
      <div class="actions">
        <Button onClick={open} {...(troubled ? { kind: "primary" as const } : {})}>
          {t(blocked ? "blockedButton" : "waitAgain")}
        </Button>
        <Button kind="quiet" onClick={cancel}>
          {t("cancel")}
        </Button>
      </div>
      {mayStick && !blocked && (
        <details open={slow || closed}>
          <summary>{t("stuckQuestion")}</summary>
          <div class="choices">
            <Button kind="choice" onClick={() => stuck("approval")}>
              {t("stuckApproval")}
            </Button>
            <Button kind="choice" onClick={() => stuck("account")}>
              {t("stuckAccount")}
            </Button>
            <Button kind="choice" onClick={() => stuck("policy")}>
              {t("stuckPolicy")}
            </Button>
          </div>
        </details>
      )}
    </div>
  );
}
