// A started Meshwright for tests of the whole chain, with a way to its API and to the outbound ports of its sidecars.
// The rule: everything is done through `/api/v1` with a token, as a program of a user would; nothing reaches behind it.
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { DeploymentDto, Draft, ProxyDto, Revision, Signals } from "@/lib/api/schema";
import { type StartedForTests, startForTests } from "../e2e.mjs";
import { until } from "../wait.mjs";

/** A deployment of the demo takes about ten seconds; the rest is for machines that do other things too. */
const DEPLOYMENT_LIMIT_MS = 120_000;
const FINAL = ["done", "failed", "restored"];

export interface Answer<T> {
  status: number;
  etag: string;
  body: T;
}

export class LiveStack {
  private constructor(
    readonly started: StartedForTests,
    private readonly token: string,
    readonly mesh: string,
  ) {}

  /** The mesh is the one that a first start makes: `shop` with the demo, else `mesh`. */
  static async start({ demo }: { demo: boolean }): Promise<LiveStack> {
    const token = `mw_${randomBytes(9).toString("hex")}_${randomBytes(32).toString("base64url")}`;
    const started = await startForTests({ demo, environment: { MESHWRIGHT_BOOTSTRAP_TOKEN: token } });
    return new LiveStack(started, token, demo ? "shop" : "mesh");
  }

  stop(): Promise<void> {
    return this.started.stop();
  }

  /** Calls `/api/v1/meshes/<mesh><path>`; anything but success is an error that says what came. */
  async api<T>(method: string, place: string, body?: unknown, ifMatch?: string): Promise<Answer<T>> {
    const answer = await this.ask(method, place, body, ifMatch);
    if (answer.status >= 300) {
      throw new Error(`${method} ${place} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    }
    return answer as Answer<T>;
  }

  /** As `api`, with refusals as answers. */
  async ask(method: string, place: string, body?: unknown, ifMatch?: string): Promise<Answer<unknown>> {
    const response = await fetch(`${this.started.url}/api/v1/meshes/${this.mesh}${place}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const etag = response.headers.get("etag") ?? "";
    return { status: response.status, etag, body: text ? JSON.parse(text) : undefined };
  }

  draft(): Promise<Answer<Draft>> {
    return this.api<Draft>("GET", "/draft");
  }

  async freeze(message: string): Promise<number> {
    return (await this.api<Revision>("POST", "/revisions", { message })).body.number;
  }

  async deploy(revision: number): Promise<DeploymentDto> {
    const { body } = await this.api<DeploymentDto>("POST", "/environments/local/deployments", { revision });
    return this.settled(body.id);
  }

  async rollBack(deployment: string): Promise<DeploymentDto> {
    const place = `/environments/local/deployments/${deployment}/rollback`;
    return this.settled((await this.api<DeploymentDto>("POST", place)).body.id);
  }

  private async settled(id: string): Promise<DeploymentDto> {
    let last: DeploymentDto | undefined;
    const isOver = async () => {
      last = (await this.api<DeploymentDto>("GET", `/environments/local/deployments/${id}`)).body;
      return FINAL.includes(last.state);
    };
    if (!(await until(isOver, DEPLOYMENT_LIMIT_MS, 250)) || !last) {
      throw new Error(`the deployment is still ${last?.state} after ${DEPLOYMENT_LIMIT_MS / 1_000} s`);
    }
    return last;
  }

  async proxies(): Promise<ProxyDto[]> {
    return (await this.api<{ items: ProxyDto[] }>("GET", "/environments/local/proxies?limit=100")).body.items;
  }

  /** The port at which a workload's app reaches the mesh. */
  async outboundPort(proxyKey: string): Promise<number> {
    const proxy = (await this.proxies()).find((each) => each.proxyKey === proxyKey);
    if (!proxy?.ports.outbound) throw new Error(`${proxyKey} has no outbound port`);
    return proxy.ports.outbound;
  }

  /** `name` is a key of a service, or two with ">" between; none means the mesh. */
  async signals(name?: string, range = "5m"): Promise<Signals> {
    const scope = name === undefined ? "mesh" : name.includes(">") ? "dependency" : "service";
    const query = new URLSearchParams({ scope, range, ...(name === undefined ? {} : { name }) });
    return (await this.api<Signals>("GET", `/environments/local/signals?${query}`)).body;
  }

  pidOf(process: string): number {
    return JSON.parse(fs.readFileSync(path.join(this.started.home, "run", `${process}.json`), "utf8")).pid;
  }
}
