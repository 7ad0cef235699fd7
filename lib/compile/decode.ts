// Envoy JSON -> messages, taken apart where proxies have pieces in common: a piece that was read before is not read again.
// The rule: a piece is known by its text, so what was read for another proxy or another design is the same message; nobody changes a message.
import { type DescMessage, fromJson, type Message, type MessageShape } from "@bufbuild/protobuf";
import {
  AddressSchema,
  ClusterLoadAssignmentSchema,
  ClusterSchema,
  FilterChainSchema,
  type Listener,
  ListenerSchema,
  type RouteConfiguration,
  RouteConfigurationSchema,
  registry,
  VirtualHostSchema,
} from "@meshwright/proxy/contract";
import type { Json, JsonObject } from "./envoy-json";

/** Letters of text that are remembered in each of two generations; the older one goes when the younger is full. */
const MOST_TEXT = 12_000_000;

type Pieces = Map<string, Message>;
let young: Pieces = new Map();
let old: Pieces = new Map();
let youngText = 0;

/** By the value itself, for what the compiler shares between proxies. */
const read = new WeakMap<JsonObject, Message>();

type Decode<D extends DescMessage> = (json: JsonObject) => MessageShape<D>;

function remembered<D extends DescMessage>(schema: D, json: JsonObject, decode?: Decode<D>): MessageShape<D> {
  const known = read.get(json) ?? byText(schema, json, decode);
  read.set(json, known);
  return known as MessageShape<D>;
}

function byText<D extends DescMessage>(schema: D, json: JsonObject, decode?: Decode<D>): MessageShape<D> {
  const text = `${schema.name} ${JSON.stringify(json)}`;
  const known = young.get(text);
  if (known) return known as MessageShape<D>;
  const message = old.get(text) ?? (decode ? decode(json) : fromJson(schema, json, { registry }));
  if (youngText > MOST_TEXT) {
    old = young;
    young = new Map();
    youngText = 0;
  }
  young.set(text, message);
  youngText += text.length;
  return message as MessageShape<D>;
}

/** Lists of messages; the compiler writes nothing else there. */
const listOf = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? (value as JsonObject[]) : []);

/** Listeners differ in where they listen. */
export function decodeListener({ filter_chains, address = {}, ...rest }: JsonObject): Listener {
  return {
    ...byText(ListenerSchema, rest),
    address: fromJson(AddressSchema, address, { registry }),
    filterChains: listOf(filter_chains).map((chain) => remembered(FilterChainSchema, chain)),
  };
}

function routesByHost({ virtual_hosts, ...rest }: JsonObject): RouteConfiguration {
  const virtualHosts = listOf(virtual_hosts).map((host) => remembered(VirtualHostSchema, host));
  return { ...byText(RouteConfigurationSchema, rest), virtualHosts };
}

export const decodeRoutes = (json: JsonObject) => remembered(RouteConfigurationSchema, json, routesByHost);
export const decodeCluster = (json: JsonObject) => remembered(ClusterSchema, json);
export const decodeEndpoints = (json: JsonObject) => remembered(ClusterLoadAssignmentSchema, json);
