// The form of one integration: what its definition asks, and the button that goes on.
import { useRef, useState } from "preact/hooks";
import type { Certificate, Values } from "../api.ts";
import { complaint, isVisible, undecorated, type Field } from "../fields.ts";
import { t } from "../i18n/index.ts";
import { Head, OutLink } from "../parts/base.tsx";
import { FieldInput } from "../parts/field.tsx";
import { Mark, type Marked } from "../parts/mark.tsx";

type Panel = typeof import("../parts/certificate.tsx");
type Proof = "make" | "own" | "signed";

/** A form and what was typed into it so far: it outlives its screen, so that nothing typed is lost. */
export interface FormModel {
  key: string;
  name: string;
  marked: Marked;
  docs: string | undefined;
  /** The sign-in happens in a window of the provider's. */
  inWindow: boolean;
  reconnecting: boolean;
  account: string | null;
  fields: Field[];
  values: Values;
  /** Credentials that the provider has refused. */
  refused: Values;
  /** Null unless a certificate proves the client. */
  proof: { panel: Panel; mayMake: boolean; chosen: Proof; made?: Certificate } | null;
  make: () => Promise<string>;
  submit: (params: Values, credentials: Values) => Promise<void>;
}

export function Form({ model }: { model: FormModel }) {
  const [, redraw] = useState(0);
  const [asked, setAsked] = useState(0);
  const [busy, setBusy] = useState(false);
  const [note, setNote] = useState("");
  const form = useRef<HTMLFormElement>(null);
  const again = () => redraw((count) => count + 1);
  const all = [...model.fields, ...(model.proof ? model.proof.panel.proofFields(model.proof.chosen) : [])];
  const shown = all.filter((field) => isVisible(field, all, model.values));
  const button = t(model.reconnecting ? "reconnectButton" : "connectButton");

  const onSubmit = async (event: Event) => {
    event.preventDefault();
    setAsked(asked + 1);
    const noPair = model.proof?.chosen === "make" && !model.proof.made;
    setNote(noPair ? t("certificateFirst") : "");
    const wrong = shown.find((field) => !field.hidden && complaint(field, valueOf(field, model)));
    if (wrong) return void form.current?.querySelector<HTMLElement>(`[name="${CSS.escape(wrong.name)}"]`)?.focus();
    if (noPair || busy) return;
    setBusy(true);
    await model.submit(group(shown, "params", model), { ...group(shown, "credentials", model), ...pair(model) });
    setBusy(false);
  };
  const make = async () => {
    const wrong = await model.make();
    again();
    return wrong;
  };
  const input = (field: Field) => (
    <FieldInput
      key={field.name}
      field={field}
      value={model.values[field.name] ?? field.default_value ?? ""}
      asked={asked}
      refused={model.refused[field.name]}
      docs={model.docs}
      onValue={(value) => {
        model.values[field.name] = value;
        again();
      }}
    />
  );
  const own = shown.filter((field) => model.fields.includes(field) && !field.hidden);
  const proof = shown.filter((field) => !model.fields.includes(field));
  return (
    <div>
      <FormHead model={model} />
      <form noValidate onSubmit={onSubmit} ref={form}>
        {own.map(input)}
        {model.proof && (
          <fieldset class="proof">
            <legend>{t("certificate")}</legend>
            <model.proof.panel.ProofTabs
              all={model.proof.panel.choices(model.proof.mayMake)}
              proof={model.proof.chosen}
              onProof={(chosen) => {
                if (model.proof) model.proof.chosen = chosen;
                setAsked(0);
                again();
              }}
            />
            <div class="panel">
              {model.proof.chosen === "make" ? (
                <model.proof.panel.MakePanel integration={model.key} made={model.proof.made} button={button} make={make} />
              ) : (
                proof.map(input)
              )}
            </div>
          </fieldset>
        )}
        <p class="complaint" role="alert">
          {note}
        </p>
        <button type="submit" class={busy ? "primary busy" : "primary"} aria-disabled={busy}>
          {model.inWindow ? t(model.reconnecting ? "reconnectWith" : "connectWith", { name: model.name }) : button}
        </button>
      </form>
      <p class="foot">
        <OutLink href={model.docs}>{t("guide")}</OutLink>
      </p>
    </div>
  );
}

function FormHead({ model }: { model: FormModel }) {
  const { reconnecting, inWindow, name } = model;
  const lead = () => {
    if (reconnecting) return t(inWindow ? "leadAgainWindow" : "leadAgainForm");
    if (inWindow) return t("leadWindow");
    return t(model.fields.some((field) => !field.hidden) || model.proof ? "leadForm" : "leadNothing");
  };
  return (
    <div>
      <Head mark={<Mark {...model.marked} />} title={t(reconnecting ? "reconnect" : "connect", { name })}>
        {lead()}
      </Head>
      {reconnecting && model.account && <p class="advice account">{t("sameAccount", { account: model.account })}</p>}
    </div>
  );
}

const valueOf = (field: Field, model: FormModel) =>
  undecorated(field, (model.values[field.name] ?? field.default_value ?? "").trim());

/** The values given in one group; empty ones are left out. */
function group(fields: readonly Field[], name: Field["group"], model: FormModel): Values {
  const pairs = fields.filter((field) => field.group === name).map((field) => [field.name, valueOf(field, model)]);
  return Object.fromEntries(pairs.filter(([, value]) => value !== ""));
}

function pair(model: FormModel): Values {
  const made = model.proof?.chosen === "make" ? model.proof.made : undefined;
  return made ? { certificateId: made.certificate_id } : {};
}
