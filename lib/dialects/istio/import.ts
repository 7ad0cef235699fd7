// Istio YAML -> commands on a design. Kubernetes resources in the same text are read with it: they are the ground that Istio stands on.
import { kubernetes } from "../kubernetes";
import { type ImportOptions as CommonOptions, type ImportResult, importWith } from "../shared/import";
import { istio } from "./dialect";

export type ImportOptions = CommonOptions & { file?: string };

export function importIstio(text: string, { file, ...options }: ImportOptions): ImportResult {
  return importWith([kubernetes, istio], [], [{ text, file }], options);
}
