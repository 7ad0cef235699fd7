import { describe, expect, it } from "vitest";
import { FakeClient, resource, snapshotOf } from "../testing/fake-client";
import { Rejections } from "./rejections";
import { CLUSTER, ENDPOINT, LISTENER, ROUTE, SECRET, shortHash } from "./snapshot";

const BASE = [
  resource(CLUSTER, "cart"),
  resource(ENDPOINT, "cart"),
  resource(LISTENER, "inbound"),
  resource(LISTENER, "outbound"),
  resource(ROUTE, "outbound"),
];

function connected(resources = BASE, edsClusters = ["cart"], rejections = new Rejections()): FakeClient {
  const client = new FakeClient(rejections);
  client.session.setSnapshot(snapshotOf(resources, edsClusters));
  client.subscribe(CLUSTER);
  client.subscribe(LISTENER);
  client.subscribe(ENDPOINT, ["cart"]);
  client.subscribe(ROUTE, ["outbound"]);
  return client;
}

function settled(resources = BASE, edsClusters = ["cart"]): FakeClient {
  const client = connected(resources, edsClusters);
  client.drain();
  return client;
}

describe("the order of a first delivery", () => {
  it("is clusters, endpoints, listeners, routes, and reports the digest when all is accepted", () => {
    const client = connected();
    expect(client.drain()).toEqual([
      "Cluster cart",
      "ClusterLoadAssignment cart",
      "Listener inbound,outbound",
      "RouteConfiguration outbound",
    ]);
    expect(client.synced).toEqual([snapshotOf(BASE).digest]);
  });

  it("holds listeners until clusters and their endpoints were acknowledged", () => {
    const client = connected();
    const clusters = client.next();
    const endpoints = client.next();
    expect([clusters?.typeUrl, endpoints?.typeUrl, client.next()]).toEqual([CLUSTER, ENDPOINT, undefined]);
    client.ack(clusters);
    expect(client.next()).toBeUndefined();
    client.ack(endpoints);
    expect(client.next()?.typeUrl).toBe(LISTENER);
  });

  it("does not wait for ever for a client that never asks for endpoints", () => {
    const client = new FakeClient();
    client.session.setSnapshot(snapshotOf(BASE, ["cart"]));
    client.subscribe(CLUSTER);
    client.subscribe(LISTENER);
    client.ack(client.next());
    expect(client.next()).toBeUndefined();
    client.now += 3_000;
    client.session.wake();
    expect(client.next()?.typeUrl).toBe(LISTENER);
  });

  it("sends a route a new listener warms for before that listener is acknowledged", () => {
    const client = new FakeClient();
    client.session.setSnapshot(snapshotOf([resource(LISTENER, "outbound"), resource(ROUTE, "outbound")]));
    client.subscribe(CLUSTER);
    client.ack(client.next());
    client.subscribe(LISTENER);
    expect(client.next()?.typeUrl).toBe(LISTENER);
    client.subscribe(ROUTE, ["outbound"]);
    expect(client.next()?.typeUrl).toBe(ROUTE);
  });

  it("answers secrets at once", () => {
    const client = new FakeClient();
    client.session.setSnapshot(snapshotOf([...BASE, resource(SECRET, "bundle")], ["cart"]));
    client.subscribe(CLUSTER);
    client.subscribe(SECRET, ["bundle"]);
    expect([client.next()?.typeUrl, client.next()?.typeUrl]).toEqual([CLUSTER, SECRET]);
  });

  it("answers an empty world, which a new client waits for", () => {
    const client = new FakeClient();
    client.session.setSnapshot(snapshotOf([]));
    client.subscribe(CLUSTER);
    expect(client.next()).toMatchObject({ typeUrl: CLUSTER, resources: [], removed: [] });
  });
});

describe("changes", () => {
  it("send only what differs, and remove clusters after routes left them", () => {
    const client = settled();
    const next = [
      resource(CLUSTER, "basket"),
      resource(ENDPOINT, "basket"),
      resource(LISTENER, "inbound"),
      resource(LISTENER, "outbound"),
      resource(ROUTE, "outbound", "to basket"),
    ];
    client.session.setSnapshot(snapshotOf(next, ["basket"]));
    const clusters = client.next();
    client.subscribe(ENDPOINT, ["basket"]);
    client.ack(clusters);
    expect(client.drain()).toEqual([
      "ClusterLoadAssignment basket",
      "RouteConfiguration outbound",
      "Cluster -cart",
      "ClusterLoadAssignment -cart",
    ]);
  });

  it("repeat the endpoints of a changed cluster, which warms on them", () => {
    const client = settled();
    client.session.setSnapshot(snapshotOf([resource(CLUSTER, "cart", "2"), ...BASE.slice(1)], ["cart"]));
    expect(client.drain()).toEqual(["Cluster cart", "ClusterLoadAssignment cart"]);
  });

  it("of endpoints alone do not queue behind an unanswered listener", () => {
    const client = settled();
    client.session.setSnapshot(snapshotOf([...BASE, resource(LISTENER, "inbound", "2")], ["cart"]));
    expect(client.next()?.typeUrl).toBe(LISTENER);
    client.session.setSnapshot(
      snapshotOf([...BASE, resource(LISTENER, "inbound", "2"), resource(ENDPOINT, "cart", "moved")], ["cart"]),
    );
    expect(client.next()?.typeUrl).toBe(ENDPOINT);
  });

  it("that undo each other send nothing", () => {
    const client = settled();
    client.session.setSnapshot(snapshotOf(BASE, ["cart"]));
    expect(client.next()).toBeUndefined();
  });

  it("arriving while an answer is open are merged into one next response", () => {
    const client = settled();
    for (const version of ["2", "3", "4"]) {
      client.session.setSnapshot(snapshotOf([...BASE, resource(ROUTE, "outbound", version)], ["cart"]));
    }
    const first = client.next();
    expect(client.next()).toBeUndefined();
    client.ack(first);
    expect(client.next()?.resources[0]?.version).toBe(shortHash("4"));
  });

  it("go on after an acknowledgement is overdue, and count it", () => {
    const client = settled();
    client.session.setSnapshot(
      snapshotOf([...BASE, resource(LISTENER, "inbound", "2"), resource(ROUTE, "outbound", "2")], ["cart"]),
    );
    expect(client.next()?.typeUrl).toBe(LISTENER);
    expect(client.next()).toBeUndefined();
    client.now += 30_000;
    client.session.wake();
    expect(client.timeouts).toEqual([LISTENER]);
    expect(client.next()?.typeUrl).toBe(ROUTE);
  });
});

describe("subscriptions", () => {
  it("to a name that does not exist are told so, and answered when it appears", () => {
    const client = settled();
    client.subscribe(ROUTE, ["inbound"]);
    expect(client.next()).toMatchObject({ typeUrl: ROUTE, removed: ["inbound"] });
    client.ack(client.sent.at(-1));
    client.session.setSnapshot(snapshotOf([...BASE, resource(ROUTE, "inbound")], ["cart"]));
    expect(client.next()?.resources[0]?.name).toBe("inbound");
  });

  it("repeated by the client are answered even when nothing changed", () => {
    const client = settled();
    client.subscribe(ROUTE, ["outbound"]);
    expect(client.next()?.resources[0]?.name).toBe("outbound");
  });

  it("of a client that comes back with what it holds get endpoints again and nothing else", () => {
    const client = new FakeClient();
    client.session.setSnapshot(snapshotOf(BASE, ["cart"]));
    const held = { cart: shortHash("1") };
    client.subscribe(CLUSTER, [], held);
    client.subscribe(ENDPOINT, ["cart"], held);
    client.subscribe(LISTENER, [], { inbound: shortHash("1"), outbound: shortHash("1") });
    client.subscribe(ROUTE, ["outbound"], { outbound: shortHash("1") });
    expect(client.drain()).toEqual(["Cluster", "ClusterLoadAssignment cart", "Listener"]);
  });

  it("ignore a stale nonce as an answer but take its names", () => {
    const client = settled();
    client.session.receive({
      flavour: "delta",
      typeUrl: ROUTE,
      nonce: "old",
      errorMessage: "no",
      subscribe: ["x"],
      unsubscribe: [],
      initialVersions: {},
    });
    expect(client.nacks).toEqual([]);
    expect(client.next()).toMatchObject({ removed: ["x"] });
  });

  it("that end stop updates", () => {
    const client = settled();
    client.unsubscribe(ENDPOINT, ["cart"]);
    client.session.setSnapshot(snapshotOf([...BASE, resource(ENDPOINT, "cart", "2")], []));
    expect(client.next()).toBeUndefined();
  });
});

describe("a refused version", () => {
  const bad = snapshotOf([...BASE, resource(LISTENER, "inbound", "bad"), resource(ROUTE, "outbound", "2")], ["cart"]);

  it("is reported with its reason and never sent again, not even on a new stream", () => {
    const client = settled();
    client.session.setSnapshot(bad);
    client.nack(client.next(), 'listener "inbound": filter_chains[0]: unsupported');
    expect(client.nacks).toMatchObject([
      { typeUrl: LISTENER, isNamed: true, resources: [`inbound@${shortHash("bad")}`] },
    ]);
    client.session.setSnapshot(bad);
    expect(client.next()).toBeUndefined();

    const again = new FakeClient(client.rejections);
    again.session.setSnapshot(bad);
    again.subscribe(CLUSTER, [], { cart: shortHash("1") });
    again.subscribe(LISTENER, [], { inbound: shortHash("1"), outbound: shortHash("1") });
    again.subscribe(ROUTE, ["outbound"], { outbound: shortHash("1") });
    expect(again.drain().filter((line) => line !== "Cluster")).toEqual([]);
  });

  it("is sent once more when somebody deploys again, and parked again when it is refused again", () => {
    const client = settled();
    client.session.setSnapshot(bad);
    client.nack(client.next(), 'listener "inbound": cannot listen on 127.0.0.1:21720');
    client.session.setSnapshot(bad);
    expect(client.next()).toBeUndefined();
    client.rejections.forget();
    client.session.setSnapshot(bad);
    client.nack(client.next(), 'listener "inbound": cannot listen on 127.0.0.1:21720');
    expect(client.nacks).toHaveLength(2);
    client.session.setSnapshot(bad);
    expect(client.next()).toBeUndefined();
    client.rejections.forget();
    client.session.setSnapshot(bad);
    expect(client.drain()).toEqual(["Listener inbound", "RouteConfiguration outbound"]);
    expect(client.synced).toHaveLength(2);
  });

  it("holds routes back, while endpoints still move", () => {
    const client = settled();
    client.session.setSnapshot(bad);
    client.nack(client.next(), "no");
    const moved = resource(ENDPOINT, "cart", "moved");
    client.session.setSnapshot(
      snapshotOf([...BASE, resource(LISTENER, "inbound", "bad"), resource(ROUTE, "outbound", "2"), moved], ["cart"]),
    );
    expect(client.drain()).toEqual(["ClusterLoadAssignment cart"]);
    expect(client.synced).toHaveLength(1);
  });

  it("gives way when the one before is restored: that one is sent again, since parts may have been taken", () => {
    const client = settled();
    client.session.setSnapshot(bad);
    client.nack(client.next(), "no");
    client.session.setSnapshot(snapshotOf(BASE, ["cart"]));
    expect(client.drain()).toEqual(["Listener inbound"]);
    expect(client.synced).toHaveLength(1);
  });

  it("without a name in the message parks the set, and a corrected set is sent whole", () => {
    const client = settled();
    const two = (content: string) =>
      snapshotOf([...BASE, resource(LISTENER, "inbound", "2"), resource(LISTENER, "outbound", content)], ["cart"]);
    client.session.setSnapshot(two("bad"));
    client.nack(client.next(), "something is wrong");
    expect(client.next()).toBeUndefined();
    client.session.setSnapshot(two("good"));
    expect(client.drain()).toEqual(["Listener inbound,outbound"]);
  });

  it("stays parked when its rejection was restored from the database", () => {
    const rejections = new Rejections();
    rejections.restore({
      typeUrl: LISTENER,
      message: "no",
      resources: [`inbound@${shortHash("1")}`],
      isNamed: true,
      at: 0,
    });
    const client = connected(BASE, ["cart"], rejections);
    expect(client.drain()).toEqual(["Cluster cart", "ClusterLoadAssignment cart"]);
  });
});

describe("state of the world", () => {
  function full(): FakeClient {
    const client = new FakeClient(new Rejections(), "state-of-the-world");
    client.session.setSnapshot(snapshotOf(BASE, ["cart"]));
    return client;
  }

  it("sends complete lists of clusters and listeners, and keeps an old cluster until routes have left it", () => {
    const client = full();
    client.subscribe(CLUSTER);
    client.ack(client.next());
    client.subscribe(ENDPOINT, ["cart"]);
    client.ack(client.next(), ["cart"]);
    client.subscribe(LISTENER);
    client.ack(client.next());
    client.subscribe(ROUTE, ["outbound"]);
    client.ack(client.next(), ["outbound"]);
    client.session.setSnapshot(
      snapshotOf([resource(CLUSTER, "basket"), resource(LISTENER, "outbound"), resource(ROUTE, "outbound", "2")]),
    );
    const clusters = client.next();
    expect(clusters?.resources.map((item) => item.name)).toEqual(["cart", "basket"]);
    client.ack(clusters);
    const listeners = client.next();
    expect(listeners?.resources.map((item) => item.name)).toEqual(["outbound"]);
    client.ack(listeners);
    client.ack(client.next(), ["outbound"]);
    expect(client.next()?.resources.map((item) => item.name)).toEqual(["basket"]);
  });

  it("ignores requests with an old nonce", () => {
    const client = full();
    client.subscribe(CLUSTER);
    client.session.receive({
      flavour: "state-of-the-world",
      typeUrl: CLUSTER,
      nonce: "0",
      errorMessage: "no",
      names: [],
    });
    expect(client.nacks).toEqual([]);
  });

  it("parks a refused version too", () => {
    const client = full();
    client.subscribe(CLUSTER);
    client.nack(client.next(), "no");
    client.session.setSnapshot(snapshotOf(BASE, ["cart"]));
    expect(client.next()).toBeUndefined();
  });
});
