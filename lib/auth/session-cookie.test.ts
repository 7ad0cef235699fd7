import { encode } from "next-auth/jwt";
import { expect, test } from "vitest";
import { readSessionCookie, sessionCookieName } from "./session-cookie";

const secret = "secret-secret-secret-secret-secret";

test("the name tells installations on one machine apart, and is __Secure- on HTTPS", () => {
  expect(sessionCookieName("http://localhost:3000")).toBe("meshwright-3000.session");
  expect(sessionCookieName("http://localhost:3001")).not.toBe(sessionCookieName("http://localhost:3000"));
  expect(sessionCookieName("https://mesh.example")).toBe("__Secure-meshwright.session");
});

test("a session is read whole or in the pieces next-auth makes of long ones", async () => {
  const token = await encode({ token: { sub: "u1", signedInAt: 5 }, secret });
  const name = "meshwright.session";
  const read = (cookie: string) => readSessionCookie(cookie, { name, secret });
  expect(await read(`a=1; ${name}=${token}; b=2`)).toEqual({ userId: "u1", issuedAtMs: 5 });
  expect(await read(`${name}.1=${token.slice(40)}; ${name}.0=${token.slice(0, 40)}`)).toEqual({
    userId: "u1",
    issuedAtMs: 5,
  });
  expect(await read(`${name}=${token.slice(1)}`)).toBeNull();
  expect(await read("")).toBeNull();
  const old = await encode({ token: { sub: "u1", signedInAt: 5 }, secret, maxAge: -60 });
  expect(await read(`${name}=${old}`)).toBeNull();
});
