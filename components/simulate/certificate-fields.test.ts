import { expect, test } from "vitest";
import { clientEdgeMesh } from "@/lib/compile/testing/client-edge";
import {
  asksForCertificates,
  certificateFrom,
  certificateOf,
  certificateProblems,
  fieldsOfCertificate,
  withCertificate,
} from "./certificate-fields";
import { formFrom, formOf, parametersOf, problemsOf, type QuestionForm, questionOf } from "./question-url";
import { NO_TOKEN } from "./token-fields";

test("fields become the question's certificate, and come back", () => {
  const asked = { certificate: "valid", names: "spiffe://a/b, a.example" } as const;
  expect(certificateOf(asked)).toEqual({ certificate: { names: ["spiffe://a/b", "a.example"] } });
  expect(fieldsOfCertificate(certificateOf(asked).certificate)).toEqual(asked);
  const forged = certificateOf({ certificate: "forged" });
  expect(forged).toEqual({ certificate: { names: [], isForged: true } });
  expect(fieldsOfCertificate(forged.certificate)).toEqual({ certificate: "forged" });
  expect(certificateOf({ names: "a" })).toEqual({});
});

test("names need a certificate, and have a limit", () => {
  expect(certificateProblems({ names: "a" })).toEqual({ names: expect.stringContaining("no certificate yet") });
  expect(certificateProblems({ certificate: "valid", names: "a b,c" })).toEqual({});
  const many = Array.from({ length: 65 }, (_, i) => `n${i}`).join(" ");
  expect(certificateProblems({ certificate: "valid", names: many })).toEqual({ names: expect.stringContaining("64") });
});

test("a certificate is part of the address, and what an address has that is no choice is left out", () => {
  const form: QuestionForm = {
    ...{ from: "Gateway/production/edge", host: "shop.example.com:443", method: "GET", path: "/", headers: "" },
    ...NO_TOKEN,
    certificate: "forged",
    names: "a.example",
  };
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parametersOf(form))) if (value !== null) search.set(name, value);
  expect(formFrom(search)).toEqual(form);
  expect(formOf(questionOf(form))).toEqual(form);
  expect(problemsOf({ ...formFrom(new URLSearchParams("names=a")), from: "x", host: "y" })).toHaveProperty("names");
  expect(certificateFrom("maybe", "")).toEqual({});
  expect(parametersOf({ ...form, ...withCertificate(null) })).toMatchObject({ certificate: null, names: null });
});

test("only a gateway that asks for certificates has the fields", () => {
  const document = clientEdgeMesh();
  expect(asksForCertificates(document, "Gateway/production/edge")).toBe(true);
  expect(asksForCertificates(document, "Gateway/production/shop-gateway")).toBe(false);
  expect(asksForCertificates(document, "Workload/production/catalog-v1")).toBe(false);
});
