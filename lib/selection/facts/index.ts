// What is known of each product. A criterion without a fact is unknown: never a no, and never guessed.
import type { FactBook } from "../types";
import { CILIUM } from "./cilium";
import { CONSUL } from "./consul";
import { ISTIO_AMBIENT } from "./istio-ambient";
import { ISTIO_SIDECAR } from "./istio-sidecar";
import { KUMA } from "./kuma";
import { LINKERD } from "./linkerd";
import { MESHWRIGHT } from "./meshwright";

export const FACTS: FactBook = {
  "istio-sidecar": ISTIO_SIDECAR,
  "istio-ambient": ISTIO_AMBIENT,
  linkerd: LINKERD,
  consul: CONSUL,
  kuma: KUMA,
  cilium: CILIUM,
  meshwright: MESHWRIGHT,
};
