import type { Fact } from "../types";

export const ISTIO_SIDECAR: readonly Fact[] = [];
