// The published schemas as functions that list what is wrong. Files and licences: testing/schemas/README.md.
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { default as Ajv04 } from "ajv-draft-04";
import { default as addFormats } from "ajv-formats";
import { checkXml } from "./xsd-check";

const text = (name: string) => readFileSync(new URL(`./schemas/${name}`, import.meta.url), "utf8");
const options = { strict: false, allErrors: true } as const;

type Validate = (data: unknown) => string[];

function listErrors(ajv: Pick<Ajv, "compile">, file: string): Validate {
  const validate = ajv.compile(JSON.parse(text(file)));
  return (data) => (validate(data) ? [] : (validate.errors ?? []).map((e) => `${e.instancePath || "/"} ${e.message}`));
}

export function sarifSchema(): Validate {
  const ajv = new (Ajv04 as unknown as typeof Ajv)(options);
  (addFormats as unknown as (ajv: Ajv) => void)(ajv);
  return listErrors(ajv, "sarif-2.1.0-errata01.json");
}

export function oscalSchema(): Validate {
  const ajv = new Ajv(options);
  (addFormats as unknown as (ajv: Ajv) => void)(ajv);
  return listErrors(ajv, "oscal-assessment-results-1.2.3.json");
}

export function junitProblems(xml: string): string[] {
  return checkXml(text("JUnit-1.0.0.xsd"), xml);
}
