"use client";
// What every field of a form on the model shares. Job: the last good object, and one way to change a place in it.
// Rule: a field never keeps a value of its own after it was accepted; it shows what the object says.
import { createContext, type ReactNode, useContext } from "react";
import type { MeshIndex, MeshObject, Path } from "@/lib/mesh";
import { fieldAt } from "@/lib/mesh/policies";

export interface PolicyForm {
  object: MeshObject;
  index: MeshIndex;
  isReadOnly: boolean;
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

/** The schema's words for a place. */
export function useDescription(path: Path): string {
  const { object } = usePolicyForm();
  return fieldAt(object.kind, path, object)?.description ?? "";
}
