// One policy being edited in two forms, as fields and as text. Job: keep both saying the same, and say what the draft has to be told.
// Rule: the last good object is what the form shows and what is saved; a text that cannot be read changes neither, and is not lost.
import {
  type Command,
  editObjectText,
  isSameJson,
  type ObjectText,
  objectKey,
  readObjectText,
  type TextProblem,
  textOfObject,
  textToKeep,
  withoutText,
} from "@/lib/mesh";
import { isPolicy, type PolicyObject } from "@/lib/mesh/policies";

export interface Session {
  text: string;
  /** The last good object, without its text. */
  object: PolicyObject;
  /** Why the text cannot be used; empty when it says what `object` is. */
  problems: readonly TextProblem[];
  /** Whether the problems are of YAML itself, not of what it says. */
  isReadable: boolean;
  /** The draft has changed while the text could not be used. */
  isBehind: boolean;
}

export interface Edit {
  session: Session;
  /** What the draft is to be told; null when nothing changed. */
  command: Command | null;
}

export function openSession(stored: PolicyObject): Session {
  return good(textOfObject(stored), withoutText(stored));
}

/** A text that was kept unfinished; it is looked at again, nothing is saved by it. */
export function resume(session: Session, text: string): Session {
  return typed(session, text).session;
}

/** The person typed in the text. */
export function typed(session: Session, text: string): Edit {
  if (text === session.text) return { session, command: null };
  const read = readObjectText(text, session.object);
  const object = read.ok ? asPolicy(read) : undefined;
  if (read.ok && object) return { session: good(text, object), command: commandOf(session.object, object, text) };
  const problems = read.ok ? [] : read.problems;
  return { session: { ...session, text, problems, isReadable: !read.ok && read.isReadable }, command: null };
}

/** The person changed a field. The text follows by the smallest change; while it cannot be read, the form is not editable. */
export function formed(session: Session, object: PolicyObject): Edit {
  if (session.problems.length > 0 || isSameJson(object, session.object)) return { session, command: null };
  const text = editObjectText(session.text, object);
  return { session: good(text, object), command: commandOf(session.object, object, text) };
}

/** The draft has this object now: after another person's edit, an undo, or the echo of our own. */
export function overtaken(session: Session, stored: PolicyObject): Session {
  const object = withoutText(stored);
  const isSame = isSameJson(object, session.object);
  if (session.problems.length > 0) return isSame ? session : { ...session, object, isBehind: true };
  if (isSame && (stored.metadata.text === undefined || stored.metadata.text === session.text)) return session;
  const base = stored.metadata.text ?? session.text;
  return good(editObjectText(base, object), object);
}

/** Back to the last good text. */
export function discarded(session: Session, stored: PolicyObject): Session {
  return openSession({ ...stored, ...session.object, metadata: { ...stored.metadata } } as PolicyObject);
}

function good(text: string, object: PolicyObject): Session {
  return { text, object, problems: [], isReadable: true, isBehind: false };
}

function asPolicy(read: Extract<ObjectText, { ok: true }>): PolicyObject | undefined {
  return isPolicy(read.object) ? read.object : undefined;
}

const METADATA = ["labels", "annotations", "uid", "origin"] as const;

function commandOf(before: PolicyObject, after: PolicyObject, text: string): Command {
  const key = objectKey(after);
  const changed = METADATA.flatMap((field) => {
    const value: unknown = after.metadata[field];
    return isSameJson(before.metadata[field], value) ? [] : [[field, value ?? null]];
  });
  const metadata = { ...Object.fromEntries(changed), text: textToKeep(text, after) ?? null };
  const commands: Command[] = [
    ...(isSameJson(before.spec, after.spec) ? [] : [{ type: "replaceSpec" as const, key, spec: after.spec }]),
    { type: "setMetadata", key, metadata },
  ];
  const [only] = commands;
  return commands.length === 1 && only ? only : { type: "batch", commands, label: `Edit ${after.metadata.name}` };
}
