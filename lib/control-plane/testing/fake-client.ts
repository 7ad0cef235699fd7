// A delta ADS client for tests of the session: keeps what it was sent and lets the test answer each response.

import { AdsSession, type Flavour, type SessionResponse } from "../ads/ads-session";
import { type Rejection, Rejections } from "../ads/rejections";
import {
  CLUSTER,
  createSnapshot,
  ENDPOINT,
  type EncodedResource,
  encodedResource,
  LISTENER,
  ROUTE,
  SECRET,
  type Snapshot,
  type TypeUrl,
} from "../ads/snapshot";

export function resource(typeUrl: TypeUrl, name: string, content = "1"): EncodedResource {
  return encodedResource(typeUrl, name, Buffer.from(content));
}

export function snapshotOf(resources: EncodedResource[], edsClusters: string[] = []): Snapshot {
  const ofType = (typeUrl: TypeUrl) =>
    new Map(resources.flatMap((each) => (each.typeUrl === typeUrl ? [[each.name, each] as const] : [])));
  const all = {
    [CLUSTER]: ofType(CLUSTER),
    [ENDPOINT]: ofType(ENDPOINT),
    [LISTENER]: ofType(LISTENER),
    [ROUTE]: ofType(ROUTE),
    [SECRET]: ofType(SECRET),
  };
  return createSnapshot(all, new Set(edsClusters));
}

export class FakeClient {
  readonly sent: SessionResponse[] = [];
  readonly acks: TypeUrl[] = [];
  readonly nacks: Rejection[] = [];
  readonly timeouts: TypeUrl[] = [];
  readonly synced: string[] = [];
  readonly session: AdsSession;
  now = 1_000_000;
  private read = 0;

  constructor(
    readonly rejections = new Rejections(),
    readonly flavour: Flavour = "delta",
  ) {
    this.session = new AdsSession({
      flavour,
      rejections,
      now: () => this.now,
      hooks: {
        send: (response) => this.sent.push(response),
        onAck: (typeUrl) => this.acks.push(typeUrl),
        onNack: (rejection) => this.nacks.push(rejection),
        onTimeout: (typeUrl) => this.timeouts.push(typeUrl),
        onSynced: (digest) => this.synced.push(digest),
        wakeAfter: () => undefined,
      },
    });
  }

  subscribe(typeUrl: TypeUrl, names: string[] = [], initialVersions: Record<string, string> = {}): void {
    this.request(typeUrl, "", null, names, initialVersions);
  }

  unsubscribe(typeUrl: TypeUrl, names: string[]): void {
    this.session.receive({
      flavour: "delta",
      typeUrl,
      nonce: "",
      errorMessage: null,
      subscribe: [],
      unsubscribe: names,
      initialVersions: {},
    });
  }

  /** The next response not yet looked at; undefined when none was sent. */
  next(): SessionResponse | undefined {
    const response = this.sent[this.read];
    this.read += response ? 1 : 0;
    return response;
  }

  ack(response: SessionResponse | undefined, names: string[] = []): void {
    this.request((response as SessionResponse).typeUrl, (response as SessionResponse).nonce, null, names);
  }

  nack(response: SessionResponse | undefined, message: string, names: string[] = []): void {
    this.request((response as SessionResponse).typeUrl, (response as SessionResponse).nonce, message, names);
  }

  /** Acknowledges everything until the server is silent; returns the order of types. */
  drain(): string[] {
    const order: string[] = [];
    for (let response = this.next(); response; response = this.next()) {
      const removed = response.removed.map((name) => `-${name}`);
      order.push(
        `${response.typeUrl.split(".").at(-1)} ${[...response.resources.map((item) => item.name), ...removed].join(",")}`.trim(),
      );
      this.ack(response);
    }
    return order;
  }

  private request(
    typeUrl: TypeUrl,
    nonce: string,
    errorMessage: string | null,
    names: string[],
    initialVersions: Record<string, string> = {},
  ): void {
    if (this.flavour === "delta") {
      this.session.receive({
        flavour: "delta",
        typeUrl,
        nonce,
        errorMessage,
        subscribe: names,
        unsubscribe: [],
        initialVersions,
      });
    } else {
      this.session.receive({ flavour: "state-of-the-world", typeUrl, nonce, errorMessage, names });
    }
  }
}
