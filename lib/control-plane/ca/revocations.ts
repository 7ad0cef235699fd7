// Who is denied although a certificate is still valid by time: revoked serials. Pushed to every proxy over SDS, asked
// at every ADS message and renewal. One rule: the list here is read from the database again after each change to it.

import type { SystemData } from "@/lib/data/system";
import type { DenyList } from "./enroll-server";

export class Revocations implements DenyList {
  private serials = new Set<string>();
  private readonly issued = new Map<string, string>();

  constructor(
    private readonly data: SystemData,
    private readonly now: () => number,
  ) {}

  /** Reads the list again; true when it changed. */
  async refresh(): Promise<boolean> {
    const rows = await this.data.certificates.listRevoked(new Date(this.now()));
    const next = new Set(rows.map((row) => row.serial));
    const isChanged = next.size !== this.serials.size || [...next].some((serial) => !this.serials.has(serial));
    this.serials = next;
    return isChanged;
  }

  async loadIssued(environmentId: string): Promise<void> {
    for (const row of await this.data.certificates.listValid(environmentId, new Date(this.now()))) {
      this.noteIssued(row.serial, row.proxyRowId);
    }
  }

  noteIssued(serial: string, proxyRowId: string | null): void {
    if (proxyRowId !== null) {
      this.issued.set(serial, proxyRowId);
    }
  }

  proxyOfSerial(serial: string): string | null {
    return this.issued.get(serial) ?? null;
  }

  isDenied(peer: { serial: string }): boolean {
    return this.serials.has(peer.serial);
  }

  /**
   * Content of the `denylist` secret: who is denied, and the issuers whose certificates are to be renewed now. Sorted, so that
   * equal lists are equal bytes.
   */
  document(renewIssuers: readonly string[]): string {
    return JSON.stringify({
      serials: [...this.serials].sort(),
      spiffeIds: [],
      ...(renewIssuers.length > 0 ? { renewIssuers: [...renewIssuers].sort() } : {}),
    });
  }
}
