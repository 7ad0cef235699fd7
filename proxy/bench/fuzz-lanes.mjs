// The proxy of `npm run fuzz`: one process with a listener, a route and an origin for each lane, so that what an origin saw is known to
// come from the one client that speaks on its lane.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { plainConfig } from "./configs.mjs";
import { freePort, start } from "./processes.mjs";

const copy = (value) => JSON.parse(JSON.stringify(value));

/** `lanes`: {port, origin, isHttp2} each. Paths are not normalised and nothing is logged: the origin sees what was sent. */
function configOf(folder, lanes, admin, more) {
  const base = plainConfig(folder, { listen: 1, admin, origin: 1 });
  const [listener] = base.static_resources.listeners;
  const [cluster] = base.static_resources.clusters;
  const http2 = { explicit_http_config: { http2_protocol_options: {} } };
  const listeners = lanes.map(({ port }, i) => {
    const one = copy(listener);
    one.name = `lane-${i}`;
    one.address.socket_address.port_value = port;
    const manager = one.filter_chains[0].filters[0].typed_config;
    Object.assign(manager, { normalize_path: false, merge_slashes: false, access_log: [] });
    manager.route_config.virtual_hosts[0].routes[0].route = { cluster: `app-${i}` };
    return one;
  });
  const clusters = lanes.map(({ origin, isHttp2 }, i) => {
    const one = copy(cluster);
    one.name = `app-${i}`;
    one.load_assignment.cluster_name = `app-${i}`;
    one.load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address.port_value = origin;
    const options = Object.values(one.typed_extension_protocol_options)[0];
    if (isHttp2) Object.assign(options, http2);
    return one;
  });
  const all = { listeners: [...listeners, ...more.listeners], clusters: [...clusters, ...more.clusters] };
  return { ...base, static_resources: all };
}

const ATTEMPTS = 5;

/** `more`: listeners and clusters besides. */
export async function startLanes({ folder, bundle, lanes, flags = [], more = { listeners: [], clusters: [] } }) {
  const file = join(folder, "lanes.json");
  for (let attempt = 1; ; attempt++) {
    for (const lane of lanes) lane.port = await freePort();
    writeFileSync(file, JSON.stringify(configOf(folder, lanes, await freePort(), more)));
    try {
      return await start(process.execPath, [...flags, bundle, "-c", file], lanes.at(-1).port);
    } catch (error) {
      // A port that was free may be somebody's by now.
      if (attempt === ATTEMPTS) throw error;
    }
  }
}
