// Envoy ring_hash_lb_config, maglev_lb_config and the policies of the same names -> HashTablePlan. Rule: defaults are Envoy's.

import type { Scope } from "./scope";
import type { HashTablePlan } from "./types";

const DEFAULT_MINIMUM = 1024n;
const DEFAULT_MAXIMUM = 8_388_608n;
const DEFAULT_TABLE = 65_537n;

export function ring(
  said: { readonly minimumRingSize?: bigint | undefined; readonly maximumRingSize?: bigint | undefined } | undefined,
  isMurmur: boolean,
  usesHostname: boolean,
  scope: Scope,
): HashTablePlan {
  const minimumSize = Number(said?.minimumRingSize ?? DEFAULT_MINIMUM);
  const maximumSize = Number(said?.maximumRingSize ?? DEFAULT_MAXIMUM);
  if (minimumSize > maximumSize)
    scope
      .field("minimum_ring_size")
      .fail(`is ${minimumSize}, more than the maximum_ring_size ${maximumSize}; lower it`);
  return { kind: "ring", minimumSize, maximumSize, isMurmur, usesHostname };
}

export function maglev(
  said: { readonly tableSize?: bigint | undefined } | undefined,
  usesHostname: boolean,
  scope: Scope,
): HashTablePlan {
  const tableSize = Number(said?.tableSize ?? DEFAULT_TABLE);
  if (!isPrime(tableSize)) scope.field("table_size").fail(`is ${tableSize}; give a prime number, such as 65537`);
  return { kind: "maglev", tableSize, usesHostname };
}

function isPrime(value: number): boolean {
  for (let divisor = 2; divisor * divisor <= value; divisor++) if (value % divisor === 0) return false;
  return value > 1;
}
