// Encrypts the certificate authority's private keys before they reach PostgreSQL: AES-256-GCM under the key in
// MESHWRIGHT_KEY_FILE, bound by associated data to the row it belongs to, so that rows cannot be swapped.
// One rule: a key that cannot be opened stops the process; nothing here makes a replacement.

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const PREFIX = "v1.";

export class KeyFileError extends Error {
  readonly code = "ca_key_file";
}

/** Reads the 32-byte sealing key; refuses a file that other users can read. */
export function readSealingKey(path: string): Buffer {
  let key: Buffer;
  try {
    key = readFileSync(path);
  } catch (error) {
    throw new KeyFileError(
      `The CA key file ${path} cannot be read (${error instanceof Error ? error.message : String(error)}). Restore it from your backup of the keys folder, or point MESHWRIGHT_KEY_FILE at it.`,
    );
  }
  if (key.length !== KEY_BYTES) {
    throw new KeyFileError(
      `The CA key file ${path} has ${key.length} bytes and must have ${KEY_BYTES}. Restore the original file.`,
    );
  }
  if (process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0) {
    throw new KeyFileError(`The CA key file ${path} can be read by other users. Run: chmod 600 ${path}`);
  }
  return key;
}

export function sealKey(plain: Uint8Array, sealingKey: Buffer, boundTo: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv("aes-256-gcm", sealingKey, iv).setAAD(Buffer.from(boundTo));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return PREFIX + Buffer.concat([iv, cipher.getAuthTag(), body]).toString("base64");
}

export function openKey(sealed: string, sealingKey: Buffer, boundTo: string): Buffer {
  const bytes = Buffer.from(sealed.startsWith(PREFIX) ? sealed.slice(PREFIX.length) : "", "base64");
  if (bytes.length <= IV_BYTES + TAG_BYTES) {
    throw new KeyFileError(`The stored key ${boundTo} is damaged. Restore the database from a backup.`);
  }
  const decipher = createDecipheriv("aes-256-gcm", sealingKey, bytes.subarray(0, IV_BYTES)).setAAD(
    Buffer.from(boundTo),
  );
  decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    throw new KeyFileError(
      `The stored key ${boundTo} cannot be decrypted with the key in MESHWRIGHT_KEY_FILE. Use the key file this database was created with.`,
    );
  }
}
