// Why a connection does not work: cause, who must act, how.

import type { ConnectionProblem } from "../../shared/internal.ts";
import { safeLink } from "../../shared/link.ts";
import { Notice, whoActs } from "../components/states.tsx";
import { Time } from "../components/text.tsx";
import { href } from "../shell/place.ts";

export function Problem({ problem, reconnect }: { problem: ConnectionProblem; reconnect?: (() => void) | undefined }) {
  const who = whoActs(problem.who ?? problem.actor);
  const link = safeLink(problem.link);
  return (
    <Notice
      kind="bad"
      title={problem.cause}
      actions={
        reconnect && (
          <button type="button" class="tiny" onClick={reconnect}>
            Reconnect link
          </button>
        )
      }
    >
      <p>
        {who && <strong>{who}. </strong>}
        {problem.remedy}
      </p>
      <p class="small">
        {problem.at && (
          <>
            <Time at={problem.at} />
            {" · "}
          </>
        )}
        {problem.code && <code>{problem.code}</code>}
        {link && (
          <>
            {" · "}
            <a href={link} target="_blank" rel="noreferrer">
              What it means
            </a>
          </>
        )}
        {problem.log_id && (
          <>
            {" · "}
            <a href={href(`/logs?op=${encodeURIComponent(problem.log_id)}`)}>See the operation</a>
          </>
        )}
      </p>
    </Notice>
  );
}
