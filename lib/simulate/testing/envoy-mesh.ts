// A design as it really runs on Envoy: one Envoy for each proxy, with the static file that `meshwright compile` writes.
// The rule: every Envoy that was started is ended by its handle, also when another one did not start.
import { startSide } from "@/lib/compile/testing/side-by-side";
import type { MeshDocument } from "@/lib/mesh";
import { type Apps, type LiveMesh, liveGround, type Sign } from "./live-ground";

/** A port that was free may be taken before Envoy listens on it: then all of it is begun anew. */
const TRIES = 3;
const ARGS = ["--use-dynamic-base-id", "--concurrency", "1", "-l", "error"];

export async function startEnvoyMesh(
  document: MeshDocument,
  envoy: string,
  sign?: Sign,
  apps?: Apps,
): Promise<LiveMesh> {
  for (let left = TRIES - 1; ; left--) {
    try {
      return await startOnce(document, envoy, sign, apps);
    } catch (error) {
      if (left === 0 || !String(error).includes("Address already in use")) throw error;
    }
  }
}

async function startOnce(document: MeshDocument, envoy: string, sign?: Sign, apps?: Apps): Promise<LiveMesh> {
  const ground = await liveGround(document, sign, apps);
  const started = await Promise.allSettled(
    [...ground.spiffeIds.keys()].map((proxyId) => {
      const own = ground.input.endpoints.find((each) => each.proxyId === proxyId);
      const ports = { inbound: own?.inboundPort ?? 0, outbound: own?.outboundPort ?? 0, admin: own?.adminPort ?? 0 };
      return startSide(ground, proxyId, "envoy", [envoy, ...ARGS], ports);
    }),
  );
  const sides = started.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const close = async () => {
    await Promise.all(sides.map((side) => side.stop()));
    ground.close();
  };
  const failed = started.find((each) => each.status === "rejected");
  if (failed?.status !== "rejected") {
    const { input, send, tries } = ground;
    return { input, send, tries, close };
  }
  await close();
  throw failed.reason;
}
