// Reads the first bytes of a connection as a TLS ClientHello: server name (SNI) and protocols (ALPN), as far as Envoy's
// tls_inspector does. Rule: what is not a ClientHello from end to end is no TLS; nothing here trusts a length.

export type Hello =
  | { readonly kind: "incomplete" }
  | { readonly kind: "raw_buffer" }
  | { readonly kind: "tls"; readonly serverName: string; readonly applicationProtocols: readonly string[] };

/** BoringSSL's limit for a ClientHello, and Envoy's for what the inspector reads. */
export const maxHelloBytes = 16 * 1024;

const recordHeaderBytes = 5;
const maxRecordBytes = 16_384;
const handshakeRecord = 0x16;
const majorVersion = 0x03;
const clientHello = 1;
const messageHeaderBytes = 4;
const extensionServerName = 0;
const extensionAlpn = 16;
const maxNameBytes = 255;

const INCOMPLETE: Hello = { kind: "incomplete" };
const RAW: Hello = { kind: "raw_buffer" };

class NotTls extends Error {}

export function readHello(bytes: Buffer): Hello {
  try {
    const message = handshakeMessage(bytes);
    return message === null ? INCOMPLETE : readMessage(message);
  } catch (error) {
    if (error instanceof NotTls) return RAW;
    throw error;
  }
}

/** The ClientHello without its records; null when it is not all there. */
function handshakeMessage(bytes: Buffer): Buffer | null {
  const parts: Buffer[] = [];
  let have = 0;
  for (let at = 0; at < bytes.length; ) {
    const head = bytes.subarray(at, at + recordHeaderBytes);
    // As in Envoy, five bytes are waited for before anything is judged.
    if (head.length < recordHeaderBytes) return null;
    if (head[0] !== handshakeRecord || head[1] !== majorVersion) throw new NotTls();
    const length = head.readUInt16BE(3);
    if (length === 0 || length > maxRecordBytes) throw new NotTls();
    const part = bytes.subarray(at + recordHeaderBytes, at + recordHeaderBytes + length);
    if (part.length < length) return null; // a record is judged when it is whole
    parts.push(part);
    have += part.length;
    at += recordHeaderBytes + length;
    const message = whole(parts, have);
    if (message !== null) return message;
  }
  return null;
}

function whole(parts: readonly Buffer[], have: number): Buffer | null {
  if (have === 0) return null;
  const message = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  if (message[0] !== clientHello) throw new NotTls();
  if (have < messageHeaderBytes) return null;
  const length = message.readUIntBE(1, 3);
  if (length > maxHelloBytes) throw new NotTls();
  const end = messageHeaderBytes + length;
  return have < end ? null : message.subarray(messageHeaderBytes, end);
}

function readMessage(message: Buffer): Hello {
  const body = new Reader(message);
  body.skip(2 + 32); // legacy_version, random
  body.vector(1); // session id
  if (body.vector(2).left < 2) throw new NotTls(); // cipher suites
  if (body.vector(1).left < 1) throw new NotTls(); // compression methods
  let serverName = "";
  let applicationProtocols: readonly string[] = [];
  if (body.left > 0) {
    const extensions = body.vector(2);
    body.end();
    while (extensions.left > 0) {
      const type = extensions.number(2);
      const content = extensions.vector(2);
      if (type === extensionServerName) serverName = readServerName(content);
      else if (type === extensionAlpn) applicationProtocols = readProtocols(content);
    }
  }
  return { kind: "tls", serverName, applicationProtocols };
}

/** RFC 6066 3: in practice, and for BoringSSL, exactly one name. */
function readServerName(content: Reader): string {
  const list = content.vector(2);
  content.end();
  if (list.number(1) !== 0) throw new NotTls();
  const name = list.vector(2).text();
  list.end();
  if (name === "" || name.length > maxNameBytes || name.includes("\0")) throw new NotTls();
  return name.toLowerCase();
}

/** A list that is malformed names no protocol; the handshake refuses it later. */
function readProtocols(content: Reader): readonly string[] {
  try {
    const list = content.vector(2);
    content.end();
    const names: string[] = [];
    while (list.left > 0) names.push(list.vector(1).text());
    return names.includes("") ? [] : names;
  } catch (error) {
    if (error instanceof NotTls) return [];
    throw error;
  }
}

class Reader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  skip(count: number): void {
    if (count > this.left) throw new NotTls();
    this.at += count;
  }

  number(size: 1 | 2): number {
    this.skip(size);
    return this.bytes.readUIntBE(this.at - size, size);
  }

  vector(sizeOfLength: 1 | 2): Reader {
    const length = this.number(sizeOfLength);
    this.skip(length);
    return new Reader(this.bytes.subarray(this.at - length, this.at));
  }

  text(): string {
    return this.bytes.toString("latin1");
  }

  end(): void {
    if (this.left > 0) throw new NotTls();
  }
}
