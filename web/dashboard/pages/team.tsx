// Who works here, with which role where.

import { useState } from "preact/hooks";
import type { Member } from "../../shared/internal.ts";
import { CopyText } from "../components/copy.tsx";
import { Confirm, Dialog } from "../components/dialog.tsx";
import { Icon } from "../components/icons.tsx";
import { useLoad } from "../components/load.ts";
import { Menu } from "../components/menu.tsx";
import { Show } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import { Badge, PageHead, Time } from "../components/text.tsx";
import { say } from "../components/toast.tsx";
import { api } from "../shell/api.ts";
import { session } from "../shell/session.ts";
import { InviteDialog, RolesDialog } from "./team-dialogs.tsx";

export const title = "Team";

type Open =
  | { kind: "invite" }
  | { kind: "roles" | "remove" | "totp" | "reset"; member: Member }
  | { kind: "link"; url: string; email: string };

export default function Team() {
  const members = useLoad("users", (signal) => api.internal<{ data: Member[] }>("get", "/users", { signal }));
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  const changed = (text: string) => {
    say(text);
    close();
    members.reload();
  };
  return (
    <>
      <PageHead
        title="Team"
        text="Owners do everything everywhere. Developers work in the environments you name; support reads logs and connections there, never a secret."
        actions={
          <button type="button" class="primary" onClick={() => setOpen({ kind: "invite" })}>
            <Icon name="plus" /> Invite
          </button>
        }
      />
      <Show from={members} as="rows">{({ data }) => <Members data={data} open={setOpen} />}</Show>
      {open?.kind === "invite" && (
        <InviteDialog
          close={close}
          done={(email, url) => {
            members.reload();
            setOpen({ kind: "link", url, email });
          }}
        />
      )}
      {open?.kind === "roles" && <RolesDialog member={open.member} close={close} done={() => changed("Roles saved.")} />}
      {open?.kind === "link" && (
        <Dialog title="Send this link" close={close} actions={<button class="primary" onClick={close}>Done</button>}>
          <div class="stack">
            <p>
              It lets <strong>{open.email}</strong> choose a password. It works once and is shown once; no mail is sent from here.
            </p>
            <CopyText text={open.url} what="the link" />
          </div>
        </Dialog>
      )}
      {open?.kind === "reset" && (
        <Confirm
          title="Reset the password?"
          verb="Make a link"
          danger={false}
          close={close}
          run={async () => {
            const answer = await api.internal<{ url: string }>("post", `/users/${encodeURIComponent(open.member.id)}/reset`);
            if (answer.ok) setOpen({ kind: "link", url: answer.value.url, email: open.member.email });
            return answer;
          }}
          done={() => members.reload()}
        >
          <p>You get a link for {open.member.email} to choose a new password.</p>
        </Confirm>
      )}
      {open?.kind === "totp" && (
        <Confirm
          title="Switch the second factor off?"
          verb="Switch off"
          close={close}
          run={() => api.internal("post", `/users/${encodeURIComponent(open.member.id)}/disable-totp`)}
          done={() => changed("The second factor is off.")}
        >
          <p>For somebody who lost the authenticator: {open.member.email} signs in by password alone until it is on again.</p>
        </Confirm>
      )}
      {open?.kind === "remove" && (
        <Confirm
          title={`Remove ${open.member.name || open.member.email}?`}
          verb="Remove"
          close={close}
          run={() => api.internal("delete", `/users/${encodeURIComponent(open.member.id)}`)}
          done={() => changed("Removed.")}
        >
          <p>Every session of theirs ends now. What they did stays in the audit log.</p>
        </Confirm>
      )}
    </>
  );
}

function Members({ data, open }: { data: Member[]; open(what: Open): void }) {
  return (
    <Table
      caption="Team"
      rows={data}
      id={(member) => member.id}
      columns={[
        {
          title: "Person",
          width: "most",
          cell: (member) => (
            <span class="line stay">
              <span class="initial" aria-hidden="true">
                {(member.name || member.email).slice(0, 1).toUpperCase()}
              </span>
              <span class="two-lines">
                <span>
                  {member.name || member.email}
                  {member.id === session.value?.user.id && <span class="soft"> (you)</span>}
                </span>
                {member.name !== "" && member.name !== member.email && <span class="soft small">{member.email}</span>}
              </span>
            </span>
          ),
        },
        { title: "Role", cell: (member) => <Roles member={member} /> },
        {
          title: "Second factor",
          minor: true,
          cell: (member) => (member.invited ? "" : <Badge tone={member.totp ? "good" : "soft"}>{member.totp ? "on" : "off"}</Badge>),
        },
        {
          title: "Last seen",
          minor: true,
          end: true,
          cell: (member) => (member.invited ? <Badge tone="wait">invited</Badge> : <Time at={member.last_seen_at} none="never" />),
        },
        {
          title: "Actions",
          end: true,
          cell: (member) => (
            <Menu
              label={`What to do with ${member.email}`}
              items={[
                { title: "Change roles", icon: "shield", run: () => open({ kind: "roles", member }) },
                { title: member.invited ? "New invitation link" : "Reset the password", icon: "link", run: () => open({ kind: "reset", member }) },
                ...(member.totp ? [{ title: "Second factor off", icon: "key" as const, run: () => open({ kind: "totp", member }) }] : []),
                ...(member.id === session.value?.user.id
                  ? []
                  : [{ title: "Remove…", icon: "trash" as const, danger: true, apart: true, run: () => open({ kind: "remove", member }) }]),
              ]}
            />
          ),
        },
      ]}
    />
  );
}

function Roles({ member }: { member: Member }) {
  if (member.owner) return <Badge tone="info">owner</Badge>;
  const roles = Object.entries(member.roles);
  if (roles.length === 0) return <span class="soft">none</span>;
  return (
    <span class="line">
      {roles.map(([environment, role]) => (
        <Badge key={environment}>
          {environment}: {role}
        </Badge>
      ))}
    </span>
  );
}
