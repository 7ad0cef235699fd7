// Envoy's upgrade_configs of a listener or a route. One rule: what is no upgrade of HTTP/1.1 that can be carried is refused.

import type { Scope } from "./scope";
import type { Upgrades } from "./types";

interface UpgradeConfig {
  readonly upgradeType: string;
  readonly enabled?: boolean | undefined;
}

export function upgradesOf(configs: readonly UpgradeConfig[], scope: Scope): Upgrades {
  const upgrades = new Map<string, boolean>();
  configs.forEach(({ upgradeType, enabled }, index) => {
    const type = upgradeType.toLowerCase();
    const at = scope.item("upgrade_configs", index).field("upgrade_type");
    if (type === "connect-udp") at.fail("CONNECT-UDP is not supported by this proxy; remove it");
    else if (type === "h2c") at.fail("HTTP/2 is spoken with prior knowledge or ALPN, never by upgrade; remove it");
    else if (upgrades.has(type)) at.fail(`${JSON.stringify(upgradeType)} stands twice; keep one`);
    upgrades.set(type, enabled ?? true);
  });
  return upgrades;
}

export function mayUpgrade(type: string, ofListener: Upgrades, ofRoute: Upgrades | null): boolean {
  return ofRoute?.get(type) ?? ofListener.get(type) ?? false;
}
