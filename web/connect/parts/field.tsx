// One labelled input with its help and its complaint.
import { useEffect, useState } from "preact/hooks";
import { complaint, undecorated, type Field } from "../fields.ts";
import { t } from "../i18n/index.ts";
import { OutLink } from "./base.tsx";

const QUIET_MS = 600;

interface FieldProps {
  field: Field;
  value: string;
  /** Raised by one each time the form was sent: then it complains at once. */
  asked: number;
  /** What the provider has refused: marked until it changes. */
  refused: string | undefined;
  docs?: string | undefined;
  onValue: (value: string) => void;
}

/** Complains when the person has stopped typing, and takes the complaint back at once. */
export function FieldInput({ field, value, asked, refused, docs, onValue }: FieldProps) {
  const now = complaint(field, value) || (value && value === refused ? t("badRefused") : "");
  const [wrong, setWrong] = useState(refused ? now : "");
  useEffect(() => {
    if (!now) return setWrong("");
    if (wrong) return setWrong(now);
    if (!value) return;
    const timer = setTimeout(() => setWrong(now), QUIET_MS);
    return () => clearTimeout(timer);
  }, [value]);
  useEffect(() => {
    if (asked) setWrong(now);
  }, [asked]);
  const tidy = () => {
    if (isArea(field)) return;
    const short = undecorated(field, value.trim());
    if (short !== value) onValue(short);
    if (short) setWrong(complaint(field, short) || (short === refused ? t("badRefused") : ""));
  };
  const id = `f-${field.name}`;
  const warning = field.warnings?.[value];
  const help = field.doc_section && docs ? docs + field.doc_section : undefined;
  const described = [field.description && `${id}-d`, warning && `${id}-w`, `${id}-e`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>
        {field.title ?? field.name}
        {field.optional && <span> ({t("optional")})</span>}
      </label>
      {(field.description || help) && (
        <p class="hint" id={`${id}-d`}>
          {field.description} <OutLink href={help}>{t("whereToFind")}</OutLink>
        </p>
      )}
      <Box field={field} id={id} described={described} wrong={wrong !== ""} value={value} onValue={onValue} onLeave={tidy} />
      {warning && (
        <p class="warning" id={`${id}-w`}>
          {warning}
        </p>
      )}
      <p class="complaint" id={`${id}-e`} aria-live="polite">
        {wrong}
      </p>
    </div>
  );
}

const isArea = (field: Field) => field.multiline === true || field.example?.startsWith("-----BEGIN") === true;

interface BoxProps {
  field: Field;
  id: string;
  described: string;
  wrong: boolean;
  value: string;
  onValue: (value: string) => void;
  onLeave: () => void;
}

function Box({ field, id, described, wrong, value, onValue, onLeave }: BoxProps) {
  const [clear, setClear] = useState(false);
  const shared = {
    id,
    name: field.name,
    required: !field.optional,
    value,
    "aria-describedby": described,
    "aria-invalid": wrong,
    onInput: (event: { currentTarget: { value: string } }) => onValue(event.currentTarget.value),
  };
  const typed = { ...shared, autocomplete: "off" as const, autocapitalize: "off" as const, spellcheck: false, maxLength: 16384 };
  const title = field.title ?? field.name;
  if (field.enum)
    return (
      <div class="box">
        <select {...shared}>
          {!field.default_value && <option value="">{t("choose")}</option>}
          {field.enum.map((text) => (
            <option key={text} value={text}>
              {text}
            </option>
          ))}
        </select>
      </div>
    );
  if (isArea(field))
    return (
      <div class="box">
        <textarea {...typed} rows={4} placeholder={field.example ?? ""} onBlur={onLeave} />
      </div>
    );
  return (
    <div class="box">
      {field.prefix && <span class="affix" aria-hidden="true">{field.prefix}</span>}
      <input
        {...typed}
        type={(field.secret && !clear ? "password" : "text") as "text"}
        placeholder={field.secret ? "" : (field.example ?? "")}
        onBlur={onLeave}
      />
      {field.suffix && <span class="affix" aria-hidden="true">{field.suffix}</span>}
      {field.secret && (
        <button type="button" aria-label={t(clear ? "hideField" : "showField", { name: title })} onClick={() => setClear(!clear)}>
          {t(clear ? "hide" : "show")}
        </button>
      )}
    </div>
  );
}
