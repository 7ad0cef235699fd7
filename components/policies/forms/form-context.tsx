"use client";
// What every field of a form on the model shares. Job: the last good object, and one way to change a place in it.
// Rule: a field never keeps a value of its own after it was accepted; it shows what the object says.
import { createContext, type ReactNode, useContext } from "react";
import { type MeshIndex, type MeshObject, type Path, pathText } from "@/lib/mesh";
import { fieldAt } from "@/lib/mesh/policies";

export interface PolicyForm {
  object: MeshObject;
  index: MeshIndex;
  isReadOnly: boolean;
  /** What the draft has against a field that the model takes by itself, by its path as `pathText` writes it. */
  complaints?: ReadonlyMap<string, string>;
  /** Why it was refused; null when it was taken. */
  set(path: Path, value: unknown): string | null;
}

const FormContext = createContext<PolicyForm | null>(null);

export function FormProvider({ form, children }: { form: PolicyForm; children: ReactNode }) {
  return <FormContext.Provider value={form}>{children}</FormContext.Provider>;
}

export function usePolicyForm(): PolicyForm {
  const form = useContext(FormContext);
  if (!form) throw new Error("a field stands inside a form");
  return form;
}

/** Why what stands at a place does not fit the rest of the draft; null when it does. */
export function useComplaint(path: Path): string | null {
  return usePolicyForm().complaints?.get(pathText(path)) ?? null;
}

/** The schema's words for a place. */
export function useDescription(path: Path): string {
  const { object } = usePolicyForm();
  return fieldAt(object.kind, path, object)?.description ?? "";
}
