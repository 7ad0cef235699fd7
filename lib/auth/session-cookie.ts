// The session cookie: its name, and reading it outside next-auth.
// The rule: it carries ids only; who this is and what they may do is read from the database at each request.
import { decode } from "next-auth/jwt";

export interface SessionIds {
  userId: string;
  issuedAtMs: number;
}

/** Browsers share cookies between ports of a host, so the port is in the name: two installations on one machine stay apart. */
export function sessionCookieName(webUrl: string): string {
  const { protocol, port } = new URL(webUrl);
  const name = `meshwright${port ? `-${port}` : ""}.session`;
  return protocol === "https:" ? `__Secure-${name}` : name;
}

export async function readSessionCookie(
  cookieHeader: string | null,
  { name, secret }: { name: string; secret: string },
): Promise<SessionIds | null> {
  const token = cookieHeader && cookieValue(cookieHeader, name);
  if (!token) return null;
  try {
    const claims = await decode({ token, secret });
    if (!claims?.sub || typeof claims["signedInAt"] !== "number") return null;
    return { userId: claims.sub, issuedAtMs: claims["signedInAt"] };
  } catch {
    // Of another installation, or forged.
    return null;
  }
}

/** next-auth splits long values over `name.0`, `name.1`; ours are short, but both forms are read. */
function cookieValue(header: string, name: string): string | null {
  const cookies = new Map(
    header.split(";").map((part) => {
      const equals = part.indexOf("=");
      return [part.slice(0, equals).trim(), part.slice(equals + 1).trim()] as const;
    }),
  );
  const whole = cookies.get(name);
  if (whole !== undefined) return whole;
  const chunks: string[] = [];
  for (let i = 0; cookies.has(`${name}.${i}`); i++) chunks.push(cookies.get(`${name}.${i}`) ?? "");
  return chunks.length > 0 ? chunks.join("") : null;
}
