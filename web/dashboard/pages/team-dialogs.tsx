// Inviting somebody, and changing what somebody may do.

import { useState } from "preact/hooks";
import type { Member, Role } from "../../shared/internal.ts";
import { Dialog } from "../components/dialog.tsx";
import { Check, Form, SelectField, TextField } from "../components/form.tsx";
import { api } from "../shell/api.ts";
import { session } from "../shell/session.ts";

type Roles = Record<string, Role | "">;

const CHOICES = [
  { value: "", title: "No access" },
  { value: "support", title: "Support: sees, never secrets" },
  { value: "developer", title: "Developer: everything in it" },
];

interface Rights {
  owner: boolean;
  roles: Roles;
}

function RightsFields({ rights, change }: { rights: Rights; change(rights: Rights): void }) {
  return (
    <>
      <Check label="Owner" help="Everything in every environment, the team and the server." checked={rights.owner}
        change={(owner) => change({ ...rights, owner })} />
      {!rights.owner &&
        session.value?.environments.map(({ name }) => (
          <SelectField key={name} label={name} options={CHOICES} value={rights.roles[name] ?? ""}
            change={(role) => change({ ...rights, roles: { ...rights.roles, [name]: role as Role | "" } })} />
        ))}
    </>
  );
}

function given(rights: Rights) {
  const roles = Object.fromEntries(Object.entries(rights.roles).filter(([, role]) => role !== ""));
  return rights.owner ? { owner: true, roles: {} } : { owner: false, roles };
}

export function InviteDialog({ close, done }: { close(): void; done(email: string, url: string): void }) {
  const [email, setEmail] = useState("");
  const [rights, setRights] = useState<Rights>({ owner: false, roles: {} });
  const some = rights.owner || Object.values(rights.roles).some((role) => role !== "");
  return (
    <Dialog title="Invite somebody" close={close}>
      <Form
        verb="Make an invitation"
        disabled={!email.includes("@") || !some}
        send={() => api.internal<{ invitation_url: string }>("post", "/users", { body: { email: email.trim(), ...given(rights) } })}
        done={(value) => done(email.trim(), value.invitation_url)}
      >
        <TextField label="E-mail" type="email" autocomplete="off" autofocus value={email} change={setEmail} />
        <RightsFields rights={rights} change={setRights} />
      </Form>
    </Dialog>
  );
}

export function RolesDialog({ member, close, done }: { member: Member; close(): void; done(): void }) {
  const [rights, setRights] = useState<Rights>({ owner: member.owner, roles: member.roles });
  return (
    <Dialog title={`Roles of ${member.name || member.email}`} close={close}>
      <Form
        verb="Save"
        send={() => api.internal<unknown>("patch", `/users/${encodeURIComponent(member.id)}`, { body: given(rights) })}
        done={done}
      >
        <RightsFields rights={rights} change={setRights} />
      </Form>
    </Dialog>
  );
}
