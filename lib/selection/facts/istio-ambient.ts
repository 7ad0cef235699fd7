import type { Fact } from "../types";

export const ISTIO_AMBIENT: readonly Fact[] = [];
