// What Istio itself makes of manifests, run on Envoy, and what import, simulator and export say of them: the same answers.
// The rule: skipped unless ISTIO_ORACLE and ENVOY_BIN name both programs (docs/decisions/istio-oracle.md); WORLD asks only those whose
// name has it, SEED and QUESTIONS say how much is asked of each.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exportDocument } from "@/lib/dialects";
import { validateDocument } from "@/lib/mesh";
import { ecKey, keySetOf, tokenOf } from "../../proxy/test/support/tokens";
import { files, worldOf } from "../cli/testing/foreign";
import { type Asking, compare, compareManifests } from "./testing/istio-comparison";
import { isForGateways, istioDesign, sayable } from "./testing/istio-designs";
import { type IstioOracle, startOracle } from "./testing/istio-oracle";
import { GROUND, TOLD, WORLDS } from "./testing/istio-worlds";
import type { Sign } from "./testing/live-ground";
import { randomOf } from "./testing/random";
import type { Question } from "./types";

const program = process.env["ISTIO_ORACLE"];
const envoy = process.env["ENVOY_BIN"];
const seed = Number(process.env["SEED"] ?? 1);
const questions = Number(process.env["QUESTIONS"] ?? 60);
const designs = Number(process.env["DESIGNS"] ?? 4);
const only = process.env["WORLD"];
const isAsked = program !== undefined && envoy !== undefined;
if (!isAsked) console.log("Istio is not asked: ISTIO_ORACLE and ENVOY_BIN name no programs");

const key = ecKey("one");
const otherKey = ecKey("one");
const sign: Sign = ({ claims, isForged }) => tokenOf(isForged ? otherKey : key, claims);
const isMeant = (name: string) => only === undefined || name.includes(only);
const worlds = Object.entries(WORLDS).filter(([name]) => isMeant(name));
const samples = files.filter((file) => file.startsWith("istio/") && isMeant(file));
const seeds = Array.from({ length: designs }, (_, i) => seed * 1_000_000 + i).filter((own) => isMeant(`design ${own}`));

describe.skipIf(!isAsked)("Istio and the simulator answer alike", () => {
  let oracle: IstioOracle;
  const outcomes = new Map<string, number>();
  const asking = (): Asking => ({ oracle, envoy: envoy ?? "", sign, seed, questions, outcomes });
  beforeAll(() => {
    oracle = startOracle(program ?? "");
  });
  afterAll(async () => {
    await oracle.close();
    const told = [...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(", ");
    console.log(`SEED=${seed}: ${worlds.length} worlds, ${samples.length} samples, ${seeds.length} designs: ${told}`);
  });

  test.each(worlds)(
    "%s",
    async (name, text) => {
      const manifests = `${GROUND}${text.replaceAll("JWKS", JSON.stringify(keySetOf(key)))}`;
      const { found, refused, warnings } = await compareManifests(asking(), manifests);
      const told = TOLD[name];
      if (told) expect(warnings.join("\n")).toMatch(told);
      expect({ refused, found: told ? [] : found }, `${name}, SEED=${seed}`).toEqual({ refused: [], found: [] });
    },
    120_000,
  );

  test.each(samples)(
    "%s",
    async (file) => {
      const manifests = worldOf(file)
        .map(({ text }) => text)
        .join("\n---\n");
      const { found, refused } = await compareManifests(asking(), manifests);
      expect({ refused, found }, `${file}, SEED=${seed}`).toEqual({ refused: [], found: [] });
    },
    120_000,
  );

  test.each(seeds)(
    "exported design %i",
    async (own) => {
      const design = sayable(istioDesign(randomOf(own), keySetOf(key)));
      expect(validateDocument(design)).toEqual([]);
      const manifests = (["kubernetes", "istio"] as const).map((to) => exportDocument(to, design).text).join("\n---\n");
      const isAsked = ({ from }: Question) => from.kind === "workload" || !design.objects.some(isForGateways);
      const { found, refused } = await compare(asking(), design, manifests, isAsked);
      expect({ refused, found }, `design ${own}`).toEqual({ refused: [], found: [] });
    },
    120_000,
  );
});
