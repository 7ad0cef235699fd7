"use client";
// The form of a gateway's listeners, with the draft behind it: what the model has against them, and how their certificates stand.
import { useMemo } from "react";
import { buildIndex, type Gateway, objectKey, violationsOfObject } from "@/lib/mesh";
import { CertificateState } from "./gateway-certificates";
import { ListenerForm } from "./listener-form";
import type { InspectorProps } from "./props";

export function Listeners({ gateway, topology, gestures, editable }: InspectorProps & { gateway: Gateway }) {
  const { document } = topology;
  const violations = useMemo(
    () => (document ? violationsOfObject(gateway, buildIndex(document)) : []),
    [document, gateway],
  );
  const key = objectKey(gateway);
  return (
    <ListenerForm
      gateway={gateway}
      editable={editable}
      violations={violations}
      change={(path, value) => gestures.attempt({ type: "patchSpec", key, path, value })}
      certificateState={(name) => <CertificateState gateway={gateway} name={name} />}
    />
  );
}
