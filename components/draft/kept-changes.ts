// Changes that others overtook, kept aside in this tab until they are brought up to date or thrown away.
// Rule: what a person did is never lost in silence; the oldest go first when there are too many, and that is bounded.
import { type Command, touchedKeys } from "@/lib/mesh";
import type { OvertakenChange } from "./draft-store";

export interface KeptChange extends OvertakenChange {
  id: string;
  /** ISO time. */
  at: string;
}

const MOST = 10;
/** Of all together, as JSON: the browser gives a site about five million. */
const MOST_CHARACTERS = 1_000_000;
const placeOf = (mesh: string) => `meshwright-kept ${mesh}`;

type Storage = Pick<globalThis.Storage, "getItem" | "setItem" | "removeItem">;

export function keptChanges(mesh: string, storage: Storage = sessionStorage): KeptChange[] {
  try {
    return JSON.parse(storage.getItem(placeOf(mesh)) ?? "[]") as KeptChange[];
  } catch {
    return [];
  }
}

export function keepChange(
  mesh: string,
  { version, commands }: OvertakenChange,
  storage: Storage = sessionStorage,
): void {
  const change: KeptChange = { id: crypto.randomUUID(), at: new Date().toISOString(), version, commands };
  write(mesh, [...keptChanges(mesh, storage), change].slice(-MOST), storage);
}

export function dropKeptChange(mesh: string, id: string, storage: Storage = sessionStorage): void {
  write(
    mesh,
    keptChanges(mesh, storage).filter((each) => each.id !== id),
    storage,
  );
}

function write(mesh: string, changes: KeptChange[], storage: Storage): void {
  let left = changes;
  while (left.length > 0 && JSON.stringify(left).length > MOST_CHARACTERS) left = left.slice(1);
  if (left.length === 0) storage.removeItem(placeOf(mesh));
  else storage.setItem(placeOf(mesh), JSON.stringify(left));
}

/** "cart, checkout and 2 more": the objects that it names. */
export function namesOf(commands: readonly Command[]): string[] {
  return [...new Set(commands.flatMap(touchedKeys).map((key) => key.split("/").at(-1) ?? key))];
}
