// Which scopes a new key gets: a preset, or ticked one by one.

import { useState } from "preact/hooks";
import { EVERYTHING, GROUPS, PRESETS, granted, presetOf } from "./scopes.ts";

export function ScopePicker({ scopes, change }: { scopes: readonly string[]; change(scopes: readonly string[]): void }) {
  const [own, setOwn] = useState(presetOf(scopes) === null);
  const preset = own ? null : presetOf(scopes);
  const tick = (scope: string, on: boolean) => {
    const single = scopes.includes(EVERYTHING) ? GROUPS.flatMap((group) => group.scopes.map((one) => one.scope)) : scopes;
    change(on ? [...single.filter((one) => one !== scope), scope] : single.filter((one) => one !== scope));
  };
  return (
    <fieldset class="scopes">
      <legend class="label">What the key may do</legend>
      <div class="presets">
        {PRESETS.map((one) => (
          <label key={one.id} class="preset">
            <input type="radio" name="preset" checked={preset === one.id} onChange={() => { setOwn(false); change(one.scopes); }} />
            <span><b>{one.title}</b><span class="help">{one.what}</span></span>
          </label>
        ))}
        <label class="preset">
          <input type="radio" name="preset" checked={own} onChange={() => setOwn(true)} />
          <span><b>Chosen one by one</b><span class="help">Begin with the preset above and change it.</span></span>
        </label>
      </div>
      {own && (
        <div class="scope-groups">
          {GROUPS.map((group) => (
            <fieldset key={group.title}>
              <legend>{group.title}</legend>
              {group.scopes.map((one) => (
                <label key={one.scope} class="pick-one" title={one.scope}>
                  <input type="checkbox" checked={granted(scopes, one.scope)} onChange={(event) => tick(one.scope, event.currentTarget.checked)} />
                  {one.what}
                </label>
              ))}
            </fieldset>
          ))}
        </div>
      )}
    </fieldset>
  );
}
