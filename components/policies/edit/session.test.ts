import { describe, expect, test } from "vitest";
import { applyCommand, demoMesh, type MeshDocument, objectKey, textOfObject } from "@/lib/mesh";
import { isPolicy, type PolicyObject } from "@/lib/mesh/policies";
import { discarded, type Edit, formed, openSession, overtaken, type Session, typed } from "./session";

const key = "Route/production/payment-service";

function stored(document: MeshDocument): PolicyObject {
  const object = document.objects.find((each) => objectKey(each) === key);
  if (!object || !isPolicy(object)) throw new Error("the demo shop has this route");
  return object;
}

function saved(document: MeshDocument, edit: Edit): MeshDocument {
  if (!edit.command) return document;
  const result = applyCommand(document, {}, edit.command);
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  return result.document;
}

function withTimeout(session: Session, timeoutMs: number): PolicyObject {
  if (session.object.kind !== "Route") throw new Error("a route");
  const rules = session.object.spec.rules.map((rule) => ({ ...rule, timeoutMs }));
  return { ...session.object, spec: { ...session.object.spec, rules } };
}

const comment = (text: string) => text.replace("spec:", "# four seconds: the acquirer is slow\nspec:");

describe("form and text of one policy", () => {
  test("what is typed reaches the form and the draft, with its comment", () => {
    const document = demoMesh();
    const session = openSession(stored(document));
    const edit = typed(session, comment(session.text).replace("4000", "3000"));
    expect(edit.session.problems).toEqual([]);
    const next = stored(saved(document, edit));
    expect(next.spec).toMatchObject({ rules: [{ timeoutMs: 3000 }] });
    expect(textOfObject(next)).toContain("# four seconds");
    expect(openSession(next).text).toBe(edit.session.text);
  });

  test("a field that changes reaches the text, and the comment stays", () => {
    const session = typed(openSession(stored(demoMesh())), comment(openSession(stored(demoMesh())).text)).session;
    const edit = formed(session, withTimeout(session, 2500));
    expect(edit.session.text).toBe(session.text.replace("4000", "2500"));
    expect(edit.command).toMatchObject({ type: "batch", commands: [{ type: "replaceSpec" }, { type: "setMetadata" }] });
  });

  test("a text that is only printed is not kept beside the object", () => {
    const session = openSession(stored(demoMesh()));
    const edit = formed(session, withTimeout(session, 2500));
    expect(stored(saved(demoMesh(), edit)).metadata.text).toBeUndefined();
  });

  test("the echo of an own edit changes nothing", () => {
    const session = openSession(stored(demoMesh()));
    const edit = typed(session, comment(session.text));
    expect(overtaken(edit.session, stored(saved(demoMesh(), edit)))).toBe(edit.session);
  });

  test("another person's edit reaches the text without losing its comments", () => {
    const mine = typed(openSession(stored(demoMesh())), comment(openSession(stored(demoMesh())).text));
    const document = saved(demoMesh(), mine);
    const theirs = formed(mine.session, withTimeout(mine.session, 1000));
    const next = overtaken(mine.session, stored(saved(document, theirs)));
    expect(next.text).toContain("# four seconds");
    expect(next.text).toContain("timeoutMs: 1000");
  });

  test("a form edit while the text is broken does nothing", () => {
    const session = openSession(stored(demoMesh()));
    const broken = typed(session, `${session.text}  : [`).session;
    expect(formed(broken, withTimeout(broken, 1)).command).toBeNull();
  });

  test("an edit of others under a broken text is told, and discarding shows it", () => {
    const session = openSession(stored(demoMesh()));
    const broken = typed(session, session.text.replace("rules:", "rules: [")).session;
    const other = stored(saved(demoMesh(), formed(session, withTimeout(session, 1000))));
    const behind = overtaken(broken, other);
    expect(behind).toMatchObject({ isBehind: true, text: broken.text });
    expect(discarded(behind, other).text).toContain("timeoutMs: 1000");
  });
});

const breaks: [string, (text: string) => string][] = [
  ["an unclosed bracket", (text) => text.replace("matches: []", "matches: [")],
  ["an unclosed quote", (text) => text.replace("name: default", 'name: "default')],
  ["a tab", (text) => text.replace("    - name: default", "\t- name: default")],
  ["a field twice", (text) => text.replace("kind: Route", "kind: Route\nkind: Route")],
  ["a wrong indentation", (text) => text.replace("      matches: []", "     matches: []")],
  ["a missing colon", (text) => text.replace("      matches: []", "      matches []")],
  ["a second document", (text) => `${text}---\na: 1\n`],
  ["an unknown field", (text) => text.replace("timeoutMs", "timeout")],
  ["a wrong type", (text) => text.replace("4000", "soon")],
  ["another name", (text) => text.replace("name: payment-service", "name: pay")],
  ["an unknown alias", (text) => text.replace("4000", "*four")],
  ["nothing at all", () => ""],
];

test.each(breaks)("%s keeps the last good form and names line and column", (_, breakIt) => {
  const session = openSession(stored(demoMesh()));
  const text = breakIt(session.text);
  const edit = typed(session, text);
  expect(edit.command).toBeNull();
  expect(edit.session.object).toBe(session.object);
  expect(edit.session.text).toBe(text);
  expect(edit.session.problems.length).toBeGreaterThan(0);
  for (const problem of edit.session.problems) {
    expect(problem.line).toBeGreaterThanOrEqual(1);
    expect(problem.column).toBeGreaterThanOrEqual(1);
    expect(problem.fix).not.toBe("");
  }
  expect(discarded(edit.session, stored(demoMesh()))).toEqual(session);
});
