// `meshwright-proxy join`: from a join token to a bootstrap and an identity with which the proxy serves like any other; the second time
// from what was kept. Rule: whatever can go wrong without the token is found out before the token is used up.

import { createServer } from "node:net";
import { ProxyError, report } from "../errors";
import { makeKeyAndRequest } from "../identity/csr";
import { IdentityStore, identityOf } from "../identity/identity-store";
import { version } from "../version";
import { type Acquaintance, askToJoin, type JoinAnswer, JoinRefused, meet, skewInWords } from "./control-plane";
import { type JoinOptions, refuse } from "./join-options";
import { type JoinState, openState, readState, type StateFiles, writeState } from "./join-state";

/** A deployment that is under way is waited for. */
const WAIT_FOR_DEPLOYMENT_MS = 60_000;
const ASK_AGAIN_MS = 1_000;
const EXIT_NEEDS_JOIN_TOKEN = 75;

/** Joins, or finds that this machine has joined. Resolves to the files to serve from. @throws ProxyError */
export async function join(options: JoinOptions): Promise<StateFiles> {
  const files = openState(options.stateFolder);
  const store = new IdentityStore(files.folder);
  const state = readState(files);
  const known = state && store.load(state.spiffeId, Date.now());
  if (state && known && typeof known !== "string") {
    requireSame(state, options, files);
    const unused = options.token === null ? "" : "; the join token is not used";
    report(`this machine is ${state.proxyKey} (${state.spiffeId})${unused}`);
    return files;
  }
  if (options.token === null) {
    throw new ProxyError(
      "join_token_needed",
      state
        ? `${files.folder} is of ${state.proxyKey}, but ${known}: its identity was revoked, or it was away for longer than its certificate. Join again with --control-plane, --workload, --ca-fingerprint and a new --token.`
        : `${files.folder} is not of a machine that joined. Give --control-plane, --workload, --ca-fingerprint and --token; Proxies & identity in Meshwright makes the whole command.`,
      EXIT_NEEDS_JOIN_TOKEN,
    );
  }
  await joinAnew(options, options.token, files, store);
  return files;
}

async function joinAnew(
  options: JoinOptions,
  joinToken: string,
  files: StateFiles,
  store: IdentityStore,
): Promise<void> {
  const { controlPlane, workload, pin, ports, app } = options;
  if (!controlPlane) throw refuse("Say where the control plane is with --control-plane HOST:PORT.");
  if (!workload) throw refuse("Say which workload runs here with --workload NAMESPACE/NAME.");
  if (!pin) {
    throw refuse(
      "Say by what the control plane is known: --ca-fingerprint sha256:… (shown beside the join token) or --ca FILE.",
    );
  }
  const acquaintance = await meet(controlPlane, pin);
  const address = options.address ?? acquaintance.localAddress;
  await requireFreePorts(address, ports);
  const { privateKeyPem, csrPem } = makeKeyAndRequest();
  const question = { joinToken, csrPem, workload, address, ports, app, version };
  const answer = await askPatiently(() => askToJoin(controlPlane, acquaintance, question));
  const identity = identityOf(privateKeyPem, answer.certificatePem, answer.spiffeId, Date.now());
  if (typeof identity === "string") throw unusable(identity, acquaintance);
  store.save(identity, answer.bundlePem);
  const { proxyKey, spiffeId } = answer;
  writeState(files, { controlPlane, workload, proxyKey, spiffeId, address, ports }, answer);
  report(`joined as ${proxyKey} (${spiffeId}), reached at ${address}:${ports.inbound}`);
}

async function askPatiently(ask: () => Promise<JoinAnswer>): Promise<JoinAnswer> {
  const giveUpAt = performance.now() + WAIT_FOR_DEPLOYMENT_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const isForNow = error instanceof JoinRefused && error.status === 503;
      if (!isForNow || performance.now() > giveUpAt) throw error;
      report(`not yet: ${error.message}`);
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }
}

function unusable(why: string, { aheadMs }: Acquaintance): ProxyError {
  return new ProxyError(
    "answer_invalid",
    `the control plane issued what cannot be used: ${why}.${skewInWords(aheadMs)} Then join with a new join token.`,
  );
}

/** What is said again must be what was said then: a machine is one instance of one workload. */
function requireSame(state: JoinState, { workload, controlPlane }: JoinOptions, { folder }: StateFiles): void {
  const other = (what: string, was: string) =>
    new ProxyError(
      "state_of_other",
      `${folder} is of ${state.proxyKey}, which joined with ${what} ${was}. Use another --state for another instance, or remove the folder and join with a new join token.`,
    );
  if (workload && (workload.namespace !== state.workload.namespace || workload.name !== state.workload.name)) {
    throw other("--workload", `${state.workload.namespace}/${state.workload.name}`);
  }
  if (
    controlPlane &&
    (controlPlane.host !== state.controlPlane.host || controlPlane.port !== state.controlPlane.port)
  ) {
    throw other("--control-plane", `${state.controlPlane.host}:${state.controlPlane.port}`);
  }
}

async function requireFreePorts(address: string, ports: JoinOptions["ports"]): Promise<void> {
  const wanted = [
    ["--inbound-port", address, ports.inbound],
    ["--outbound-port", "127.0.0.1", ports.outbound],
    ["--admin-port", "127.0.0.1", ports.admin],
  ] as const;
  if (new Set(Object.values(ports)).size < wanted.length) throw refuse("Inbound, outbound and admin port must differ.");
  for (const [option, host, port] of wanted) {
    const code = await bindingFails(host, port);
    if (code === null) continue;
    if (code === "EADDRNOTAVAIL") {
      throw new ProxyError(
        "address_unusable",
        `${host} is not an address of this machine. Give --address with the one at which other proxies reach it.`,
      );
    }
    const why =
      code === "EADDRINUSE"
        ? "is taken by another process"
        : code === "EACCES"
          ? "needs more rights"
          : `cannot be used (${code})`;
    throw new ProxyError("port_taken", `${host}:${port} ${why}. Choose another with ${option}.`);
  }
}

function bindingFails(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(null)));
  });
}
