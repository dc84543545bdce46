// What is known of a connection, in cards.

import type { ConnectionDetail } from "../../shared/internal.ts";
import { CodeBlock } from "../components/code-block.tsx";
import { CopyText } from "../components/copy.tsx";
import { Card, Fact, Facts, Time, exactly } from "../components/text.tsx";
import { curl } from "../logs/curl.ts";
import { href } from "../shell/place.ts";
import { session } from "../shell/session.ts";

/** The end user's name, or the account's. */
export function accountName(detail: Pick<ConnectionDetail, "account" | "end_user">): string | null {
  const user = detail.end_user;
  return user?.display_name || user?.email || accountText(detail.account) || null;
}

function accountText(account: ConnectionDetail["account"]): string | null {
  return account && (account.login ?? account.name ?? account.id);
}

export function AccountCard({ detail, integration, connection }: { detail: ConnectionDetail; integration: string; connection: string }) {
  const user = detail.end_user;
  return (
    <Card title="Account">
      <Facts>
        <Fact name="Connection id">
          <CopyText text={connection} what="the connection id" />
        </Fact>
        <Fact name="Integration">
          <a href={href(`/integrations/${encodeURIComponent(integration)}`)}>{integration}</a>
        </Fact>
        {detail.account && accountText(detail.account) && (
          <Fact name="Signed in as">
            {detail.account.name} {detail.account.login && <span class={detail.account.name ? "soft" : ""}>{detail.account.login}</span>}
            {detail.account.tenant && <span class="soft small mono"> tenant {detail.account.tenant}</span>}
          </Fact>
        )}
        <Fact name="End user">
          {user ? (
            <>
              {user.display_name || user.email || user.id} {user.email && user.display_name && <span class="soft">{user.email}</span>}{" "}
              <span class="soft small mono">{user.id}</span>
            </>
          ) : (
            <span class="soft">not given</span>
          )}
        </Fact>
        {user?.organization && <Fact name="Organization">{user.organization.display_name ?? user.organization.id}</Fact>}
        {detail.scopes && (
          <Fact name="Scopes granted">
            <span class="chips">
              {detail.scopes.map((scope) => (
                <span key={scope} class="chip on mono">
                  {scope}
                </span>
              ))}
              {detail.scopes.length === 0 && <span class="soft">none told</span>}
            </span>
          </Fact>
        )}
        <Fact name="Token ends">{detail.expires_at ? <Moment at={detail.expires_at} /> : <span class="soft">it does not, or the provider does not say</span>}</Fact>
        <Fact name="Refreshed">{detail.refreshed_at ? <Moment at={detail.refreshed_at} /> : <span class="soft">not yet</span>}</Fact>
        <Fact name="Connected">
          <Moment at={detail.created_at} />
        </Fact>
        {detail.last_used_at && (
          <Fact name="Last used">
            <Moment at={detail.last_used_at} />
          </Fact>
        )}
      </Facts>
    </Card>
  );
}

function Moment({ at }: { at: string }) {
  return (
    <>
      <Time at={at} /> <span class="soft small">{exactly(at)}</span>
    </>
  );
}

export function ConfigCard({ config }: { config: Record<string, unknown> }) {
  const entries = Object.entries(config);
  return (
    <Card title="Connection config" text="What was learnt or asked when the account was connected; not secret.">
      {entries.length === 0 ? (
        <p class="soft small">Empty.</p>
      ) : (
        <Facts>
          {entries.map(([name, value]) => (
            <Fact key={name} name={name}>
              <span class="mono">{typeof value === "string" ? value : JSON.stringify(value)}</span>
            </Fact>
          ))}
        </Facts>
      )}
    </Card>
  );
}

export function CallCard({ integration, connection }: { integration: string; connection: string }) {
  const origin = session.value?.public_url ?? location.origin;
  const code = curl({ host: origin, integration, connection, method: "GET", target: "…", headers: [] });
  return (
    <Card title="Call it" text="Put the provider's own path after /proxy/. The token is put in here, never in your code.">
      <CodeBlock text={code} label="The call" language="shell" />
    </Card>
  );
}
