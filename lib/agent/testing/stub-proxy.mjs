// Stands in for the proxy's process in tests of the agent: takes the same arguments, answers on its admin port with
// its nonce, exits as the files in its folder say. Node built-ins only.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const argument = (name) => process.argv[process.argv.indexOf(name) + 1];
const bootstrap = JSON.parse(readFileSync(argument("-c"), "utf8"));
const identity = JSON.parse(readFileSync(argument("--identity"), "utf8"));
appendFileSync(join(identity.home, "starts.log"), `${process.pid} ${identity.joinToken ?? "-"}\n`);

const exitFile = join(identity.home, "exit-code");
if (existsSync(exitFile) && readFileSync(join(identity.home, "starts.log"), "utf8").trim().split("\n").length === 1) {
  process.exit(Number(readFileSync(exitFile, "utf8")));
}

const { address, port_value } = bootstrap.admin.address.socket_address;
createServer((request, response) => {
  if (request.url.startsWith("/drain_listeners")) {
    appendFileSync(join(identity.home, "..", "drained.log"), `${identity.proxyId}\n`);
  }
  response.end(
    JSON.stringify({ proxyId: identity.proxyId, nonce: identity.adminNonce, pid: process.pid, ready: true }),
  );
}).listen(port_value, address);
process.on("SIGTERM", () => process.exit(0));
