import { expect, test } from "vitest";
import { type StatusOptions, statusRoutes } from "./status-routes";

const entry = (origin: "agent" | "joined", ready: boolean, desired = "running") => ({
  row: { origin, ready, desired },
});

test("a machine that joined and is away is not missing among what the installation runs", async () => {
  const entries = [
    entry("agent", true),
    entry("agent", false),
    entry("agent", false, "stopped"),
    entry("joined", false),
  ];
  const options = {
    registry: { all: () => entries, isLoaded: () => true },
    data: { deployments: { listOpen: async () => [] } },
    isLeader: () => true,
    connectedAgents: () => 1,
  } as unknown as StatusOptions;
  const [health] = statusRoutes(options);
  expect(await health?.handle({} as never)).toMatchObject({ status: "ok", proxies: { desired: 2, ready: 1 } });
});
