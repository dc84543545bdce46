// Beside the form: the address to register, and what to do at the provider.

import type { ProviderForm } from "../../shared/internal.ts";
import { safeLink } from "../../shared/link.ts";
import { CopyText } from "../components/copy.tsx";
import { Icon } from "../components/icons.tsx";
import { Card } from "../components/text.tsx";

export function Guide({ form }: { form: ProviderForm }) {
  const guide = safeLink(form.setup_guide_url);
  const docs = safeLink(form.docs);
  return (
    <aside class="stack" aria-label="At the provider">
      <Card title="Callback URL" text="Register it at the provider as the redirect URI, exactly so.">
        <CopyText text={form.callback_url} what="the callback URL" />
      </Card>
      {form.setup_guide.length > 0 && (
        <Card title="Set-up guide">
          <ol class="guide">
            {form.setup_guide.map((step) => (
              <li key={step.title}>
                <h3>{step.title}</h3>
                <p>
                  <Step text={step.text} />
                </p>
              </li>
            ))}
          </ol>
        </Card>
      )}
      {guide && form.setup_guide.length === 0 && (
        <p class="small">
          <a class="with-icon" href={guide} target="_blank" rel="noreferrer">
            <Icon name="book" /> How to register an app
          </a>
        </p>
      )}
      {docs && (
        <p class="small">
          <a class="with-icon" href={docs} target="_blank" rel="noreferrer">
            <Icon name="book" /> {form.display_name}'s documentation
          </a>
        </p>
      )}
    </aside>
  );
}

/** What stands between backticks is code, and an address is a link. */
export function Step({ text }: { text: string }) {
  const parts = text.split(/(`[^`]+`|https:\/\/[^\s`<>]+[^\s`<>.,;:)])/);
  return (
    <>
      {parts.map((part, index) => {
        if (part.startsWith("`")) return <code key={index}>{part.slice(1, -1)}</code>;
        if (/^https:\/\//.test(part) && index % 2 === 1) {
          return (
            <a key={index} href={part} target="_blank" rel="noreferrer">
              {part.replace("https://", "")}
            </a>
          );
        }
        return part;
      })}
    </>
  );
}
