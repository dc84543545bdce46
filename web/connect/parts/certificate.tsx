// Proof by certificate: a key pair that the server makes and keeps, the person's own, or a signed assertion.
import { useEffect, useState } from "preact/hooks";
import type { Certificate } from "../api.ts";
import type { Field } from "../fields.ts";
import { t, type TextKey } from "../i18n/index.ts";
import { CopyButton, when } from "./outcome.tsx";

export type Proof = "make" | "own" | "signed";

/** Fields that this panel asks in place of the generic form. */
export const CERTIFICATE_FIELDS = ["certificateId", "privateKey", "certificate", "certificateThumbprint", "assertion"];

const pem = (name: string, title: string, label: string, description: string): Field => ({
  name,
  group: "credentials",
  title,
  example: `-----BEGIN ${label}-----`,
  description,
  pattern: "^-----BEGIN ",
});

/** What is asked beside a choice. */
export function proofFields(proof: Proof): Field[] {
  if (proof === "own")
    return [
      pem("certificate", t("certificate"), "CERTIFICATE", t("certificatePem")),
      pem("privateKey", t("privateKey"), "PRIVATE KEY", t("privateKeyPem")),
    ];
  if (proof === "make") return [];
  const pattern = "^[\\w-]+\\.[\\w-]+\\.[\\w-]+$";
  const [name, group, title] = ["assertion", "credentials" as const, t("assertion")];
  const example = "eyJhbGciOi….eyJhdWQiOi….c2lnbmF0dXJl";
  return [{ name, group, title, description: t("assertionHelp"), multiline: true, example, pattern }];
}

/** The choices: `mayMake` when the definition lets the server hold the key. */
export const choices = (mayMake: boolean): Proof[] => (mayMake ? ["make", "own", "signed"] : ["own", "signed"]);

const NAMES: Record<Proof, TextKey> = { make: "certificateNew", own: "certificateOwn", signed: "certificateSigned" };

export const ProofTabs = ({ all, proof, onProof }: { all: Proof[]; proof: Proof; onProof: (proof: Proof) => void }) => (
  <div class="tabs">
    {all.map((one) => (
      <label key={one}>
        <input type="radio" name="proof" checked={one === proof} onChange={() => onProof(one)} />
        <span>{t(NAMES[one])}</span>
      </label>
    ))}
  </div>
);

interface MakeProps {
  integration: string;
  made: Certificate | undefined;
  button: string;
  /** Resolves with what to say when it failed. */
  make: () => Promise<string>;
}

/** Makes a pair, then says what to do with its certificate. */
export function MakePanel({ integration, made, button, make }: MakeProps) {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState("");
  // The form draws again when it has the pair.
  if (made) return <Steps integration={integration} made={made} button={button} />;
  const start = async () => {
    setBusy(true);
    setWrong(await make());
    setBusy(false);
  };
  return (
    <div>
      <p class="hint">{t("certificateLead")}</p>
      <button type="button" class={busy ? "busy" : ""} disabled={busy} onClick={start}>
        {t("certificateCreate")}
      </button>
      <p class="complaint" role="alert">
        {wrong}
      </p>
    </div>
  );
}

/** As tools and portals print it: hexadecimal, in pairs. */
function hex(base64url: string): string {
  const bytes = atob(base64url.replace(/-/g, "+").replace(/_/g, "/"));
  return [...bytes].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0").toUpperCase()).join(":");
}

function Steps({ integration, made, button }: { integration: string; made: Certificate; button: string }) {
  const [href, setHref] = useState("");
  useEffect(() => {
    const address = URL.createObjectURL(new Blob([made.certificate_pem], { type: "application/pkix-cert" }));
    setHref(address);
    return () => URL.revokeObjectURL(address);
  }, [made]);
  const until = when(made.expires_at, { dateStyle: "long" });
  return (
    <div>
      <p class="hidden" role="status">
        {t("certificateMade")}
      </p>
      <ol class="steps">
        <li>
          <a class="button" href={href} download={`${integration}.cer`}>
            {t("certificateDownload")}
          </a>
        </li>
        <li>{t("certificateUpload")}</li>
        <li>{t("certificateReturn", { button })}</li>
      </ol>
      <p class="hint">
        {t("certificateThumbprint")} <code>{hex(made.thumbprint_sha256)}</code> <CopyButton text={hex(made.thumbprint_sha256)} />
      </p>
      {until && <p class="hint">{t("certificateUntil", { date: until })}</p>}
    </div>
  );
}
