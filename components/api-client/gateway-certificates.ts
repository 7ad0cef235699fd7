"use client";
// Certificates of gateways in an environment. Rule: a key goes out once and never comes back; what is told of a certificate is read anew after
// each change, with the binding that names it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { GatewayCertificateDto, PageOf } from "./dto";
import { keys } from "./keys";
import { get, send } from "./request";

/** What is absent stays as it is. */
export interface CertificateGiven {
  chain?: string;
  key?: string;
  /** Authorities of clients' certificates; null: none any more. */
  clientCa?: string | null;
  allowUncovered: boolean;
}

const environmentPath = (mesh: string, environment: string | undefined) =>
  `/meshes/${mesh}/environments/${environment ?? ""}`;

export function useGatewayCertificates(mesh: string, environment: string | undefined) {
  return useQuery({
    queryKey: keys.mesh(mesh, "binding", environment, "certificates"),
    queryFn: ({ signal }) =>
      get<PageOf<GatewayCertificateDto>>(`${environmentPath(mesh, environment)}/gateway-certificates`, signal),
    enabled: environment !== undefined,
  });
}

export function useCertificateChange(
  mesh: string,
  environment: string | undefined,
  { namespace, gateway, name }: { namespace: string; gateway: string; name: string },
) {
  const client = useQueryClient();
  const path = `${environmentPath(mesh, environment)}/gateways/${namespace}/${gateway}/certificates/${name}`;
  const onSettled = () => client.invalidateQueries({ queryKey: keys.mesh(mesh, "binding", environment) });
  // Forgotten as soon as it is done with: a mutation remembers what it was given, here a key.
  const give = useMutation({ mutationFn: (given: CertificateGiven) => send("PUT", path, given), onSettled, gcTime: 0 });
  const remove = useMutation({ mutationFn: () => send("DELETE", path), onSettled });
  return { give, remove };
}
