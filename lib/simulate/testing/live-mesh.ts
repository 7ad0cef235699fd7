// A design as it really runs on our proxy: every proxy's data plane in this process, on loopback sockets with mutual TLS.
// The rule: configured by the compiler's resources as the control plane serves them.
import type { Secret } from "@meshwright/proxy/plan";
import { plan } from "@meshwright/proxy/plan";
import { type CompileInput, compile } from "@/lib/compile";
import type { MeshDocument } from "@/lib/mesh";
import { DataPlane } from "../../../proxy/src/listener/data-plane";
import { type Apps, type LiveMesh, liveGround, type Sign } from "./live-ground";

export async function startLiveMesh(document: MeshDocument, sign?: Sign, apps?: Apps): Promise<LiveMesh> {
  const ground = await liveGround(document, sign, apps);
  const planes: DataPlane[] = [];
  for (const [proxyId, spiffeId] of ground.spiffeIds) {
    const { certPem, keyPem, caPem } = await ground.identityOf(spiffeId);
    const secrets = new Map<string, Secret>([
      ["identity", { kind: "certificate", name: "identity", chainPem: certPem, privateKeyPem: keyPem }],
      ["bundle", { kind: "validation", name: "bundle", trustedCaPem: caPem, sanMatchers: [] }],
    ]);
    planes.push(await startPlane(ground.input, proxyId, ground.folder, secrets));
  }
  return {
    input: ground.input,
    send: ground.send,
    tries: ground.tries,
    async close() {
      for (const plane of planes) {
        for (const listener of plane.listeners.values()) listener.destroy();
        for (const cluster of plane.clusters.values()) cluster.close();
        plane.closeLogs();
      }
      ground.close();
    },
  };
}

async function startPlane(
  input: CompileInput,
  proxyId: string,
  folder: string,
  secrets: ReadonlyMap<string, Secret>,
): Promise<DataPlane> {
  const compiled = compile(input, proxyId);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.violations));
  const { listeners, routes, clusters, endpoints } = compiled.resources;
  const planned = plan({ listeners, routes, clusters, endpoints });
  if (!planned.ok) throw new Error(JSON.stringify(planned.violations));
  const plane = new DataPlane();
  plane.home = folder;
  const applied = await plane.onPlan(planned.plan, secrets);
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return plane;
}
