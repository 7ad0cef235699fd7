import { expect, test } from "vitest";
import { commandFor, HELP, parseOptions } from "./options.mjs";

const parsed = (...argv) => parseOptions(argv, "/srv/mesh");

test("nothing given: the demo, on the default port, in a folder of the project", () => {
  expect(parsed()).toMatchObject({
    options: { port: 3000, home: "/srv/mesh/.meshwright", demo: true, bringBackDemo: false },
    problems: [],
  });
});

test("a deleted demo is asked for by name, and not while it is not wanted", () => {
  expect(parsed("--demo")).toMatchObject({ options: { demo: true, bringBackDemo: true }, problems: [] });
  expect(parsed("--no-demo").options).toMatchObject({ demo: false, bringBackDemo: false });
  expect(parsed("--demo", "--no-demo").problems).toEqual(["--demo and --no-demo exclude each other"]);
});

test("the mesh is reached at one address of this machine, or at none", () => {
  expect(parsed().options.meshAddress).toBeUndefined();
  expect(parsed("--mesh-address", "10.0.0.5")).toMatchObject({ options: { meshAddress: "10.0.0.5" }, problems: [] });
  for (const wrong of ["0.0.0.0", "::", "this-machine"]) {
    expect(parsed("--mesh-address", wrong).problems).toEqual(["--mesh-address needs one IP address of this machine"]);
  }
});

test("a command for an installation in another folder names that folder", () => {
  expect(commandFor("--stop", "/srv/mesh/.meshwright", "/srv/mesh")).toBe("npm start -- --stop");
  expect(commandFor("--stop", "/var/lib/mesh-2", "/srv/mesh")).toBe("npm start -- --stop --home /var/lib/mesh-2");
  expect(commandFor("--demo", "/home/a b/it's", "/srv/mesh")).toBe("npm start -- --demo --home '/home/a b/it'\\''s'");
});

test("every wrong word is named at once, and the help knows every option", () => {
  expect(parsed("--port", "web", "--hom", "x", "--home").problems).toEqual(
    [
      'needs a number from 1 to 65535, not "web"',
      "there is no option --hom",
      "there is no option x",
      "--home needs a folder",
    ].map((text, i) => (i === 0 ? `--port ${text}` : text)),
  );
  for (const name of ["--port", "--home", "--demo", "--no-demo", "--detach", "--stop", "--reset", "--yes", "--json"]) {
    expect(HELP).toContain(`${name} `);
  }
});
