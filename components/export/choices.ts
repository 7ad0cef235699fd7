// What a person chose for the decisions of a move. Job: kept in this browser, by mesh and product. Rule: a choice is worth nothing
// for another decision, and a storage that refuses costs only the keeping.
import type { Choices } from "@/lib/dialects/shared/migration-words";

type Storage = Pick<globalThis.Storage, "getItem" | "setItem" | "removeItem">;

export const placeOf = (mesh: string, target: string, channel: string | undefined) =>
  ["meshwright-decisions", mesh, target, channel].filter(Boolean).join(" ");

export function readChoices(storage: Storage | undefined, place: string): Choices {
  try {
    const value: unknown = JSON.parse(storage?.getItem(place) ?? "{}");
    if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
    );
  } catch {
    return {};
  }
}

/** Null takes a choice back. */
export function withChoice(choices: Choices, id: string, option: string | null): Choices {
  const { [id]: _before, ...others } = choices;
  return option === null ? others : { ...others, [id]: option };
}

export function keepChoices(storage: Storage | undefined, place: string, choices: Choices): void {
  try {
    if (Object.keys(choices).length === 0) storage?.removeItem(place);
    else storage?.setItem(place, JSON.stringify(choices));
  } catch {
    // a full or forbidden storage: the choices hold until the page is left
  }
}
