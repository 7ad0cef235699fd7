"use client";
// The editing session of one policy in React. Job: tells the draft what changed, takes in what the draft became, keeps a text that
// cannot be read over a walk to another screen. Rule: every change of the design goes through the draft's commands.
import { notifications } from "@mantine/notifications";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Draft } from "@/components/draft";
import type { Path } from "@/lib/mesh";
import { objectKey } from "@/lib/mesh";
import { type PolicyObject, withField } from "@/lib/mesh/policies";
import { discarded, type Edit, formed, openSession, overtaken, resume, type Session, typed } from "./session";

export interface SessionHandle {
  session: Session;
  type(text: string): void;
  /** Why the model refuses; null when it was taken. */
  set(path: Path, value: unknown): string | null;
  discard(): void;
}

/** For one object; another one is another component (give it a key). */
export function useSession(draft: Draft, mesh: string, stored: PolicyObject): SessionHandle {
  const place = `meshwright-text ${mesh} ${objectKey(stored)}`;
  const [session, setSession] = useState(() => reopen(stored, place));
  const latest = useRef({ session, stored, draft });
  latest.current = { ...latest.current, stored, draft };

  const show = useCallback(
    (next: Session) => {
      if (next === latest.current.session) return;
      latest.current.session = next;
      setSession(next);
      keep(place, next);
    },
    [place],
  );
  const take = useCallback(
    (edit: Edit) => {
      show(edit.session);
      if (!edit.command) return;
      const violations = latest.current.draft.edit(edit.command);
      if (violations.length > 0) {
        notifications.show({
          color: "orange",
          title: "The change does not fit the draft any more",
          message: violations.map((each) => `${each.message} ${each.fix}`).join(" "),
        });
      }
    },
    [show],
  );

  useEffect(() => show(overtaken(latest.current.session, stored)), [stored, show]);

  return useMemo(
    () => ({
      session,
      type: (text) => take(typed(latest.current.session, text)),
      set: (path, value) => {
        const change = withField(latest.current.session.object, path, value);
        if (!change.ok) return change.message;
        take(formed(latest.current.session, change.object));
        return null;
      },
      discard: () => show(discarded(latest.current.session, latest.current.stored)),
    }),
    [session, take, show],
  );
}

function reopen(stored: PolicyObject, place: string): Session {
  const session = openSession(stored);
  const left = typeof window === "undefined" ? null : sessionStorage.getItem(place);
  if (left === null) return session;
  const resumed = resume(session, left);
  return resumed.problems.length > 0 ? resumed : session;
}

function keep(place: string, session: Session): void {
  if (session.problems.length > 0) sessionStorage.setItem(place, session.text.slice(0, 200_000));
  else sessionStorage.removeItem(place);
}
