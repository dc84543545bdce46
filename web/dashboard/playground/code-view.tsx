// The source code of a call, in the reader's language.

import { useState } from "preact/hooks";
import { CodeBlock } from "../components/code-block.tsx";
import { base, keep, kept } from "../shell/place.ts";
import { session } from "../shell/session.ts";
import { LANGUAGES } from "./code.ts";
import type { Draft } from "./request.ts";

/** One block with a button a language; the choice is remembered. */
export function CodeView({ draft }: { draft: Draft }) {
  const [at, setAt] = useState(kept("language") ?? "curl");
  const host = session.value?.public_url ?? `${location.origin}${base}`;
  const language = LANGUAGES.find((one) => one.id === at) ?? LANGUAGES[0];
  if (language === undefined) return null;
  const pick = (id: string) => {
    keep("language", id);
    setAt(id);
  };
  return (
    <CodeBlock text={language.write(draft, host)} label={`The call in ${language.title}`} language={language.language} wrap
      actions={
        <div class="pick" role="group" aria-label="Language">
          {LANGUAGES.map((one) => (
            <button key={one.id} type="button" class="tiny" aria-pressed={one.id === language.id} onClick={() => pick(one.id)}>{one.title}</button>
          ))}
        </div>
      } />
  );
}
