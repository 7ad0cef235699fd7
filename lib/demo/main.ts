// The process that hosts the demo shop and the echo apps (dist/apps.mjs), started by the agent.
// The rule: apps are strangers to the mesh. They know their port and their sidecar's outbound port, and no secret.
import path from "node:path";
import { watchSupervisor } from "@/lib/agent/supervisor-watch";
import { AppRegistry } from "./app-registry";
import { AppServer } from "./app-server";
import { Load } from "./load";
import { carrier } from "./shop";
import { INITIAL_SWITCHES, serveSwitches } from "./switches";

const LOOK_EVERY_MS = 500;
const EXIT_AFTER_MS = 800;

function portFrom(name: string): number | undefined {
  const port = Number(process.env[name]);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

function main(): void {
  const home = process.env.MESHWRIGHT_HOME;
  if (!home) {
    console.error("MESHWRIGHT_HOME is not set: this process is started by the agent, not by hand.");
    process.exit(1);
  }
  const switches = structuredClone(INITIAL_SWITCHES);
  const registry = new AppRegistry(path.join(home, "agent", "apps.json"), switches);

  const switchesPort = portFrom("MESHWRIGHT_DEMO_SWITCHES_PORT");
  if (switchesPort) {
    serveSwitches(switchesPort, switches).on("error", (error) =>
      console.error(`the switches cannot be served: ${error}`),
    );
  }
  const externalPort = portFrom("MESHWRIGHT_DEMO_EXTERNAL_PORT");
  const external = externalPort
    ? new AppServer(
        { proxyKey: "external/carrier-api", kind: "demo", name: "carrier-api", appPort: externalPort, outboundPort: 1 },
        carrier,
        switches,
      )
    : undefined;
  external?.start();

  const gatewayPort = portFrom("MESHWRIGHT_DEMO_GATEWAY_PORT");
  const host = process.env.MESHWRIGHT_MESH_ADDRESS ?? "127.0.0.1";
  const load = gatewayPort ? new Load({ host, port: gatewayPort }, switches) : undefined;
  const step = () => {
    registry.reconcile();
    if (registry.hasShop && !load?.isRunning) load?.start();
    if (!registry.hasShop && load?.isRunning) load.stop();
  };
  step();
  setInterval(step, LOOK_EVERY_MS);

  const stop = () => {
    load?.stop();
    registry.stop();
    external?.stop();
    setTimeout(() => process.exit(0), EXIT_AFTER_MS);
  };
  process.once("SIGTERM", stop);
  const supervisorPid = Number(process.env.MESHWRIGHT_SUPERVISOR_PID);
  const startTime = process.env.MESHWRIGHT_SUPERVISOR_START ?? null;
  watchSupervisor(supervisorPid ? { pid: supervisorPid, startTime } : null, stop);
}

main();
