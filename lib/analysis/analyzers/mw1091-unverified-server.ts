// MW1091: TLS to a server outside the mesh that nobody verifies: encrypted to whoever answers.
import { objectKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";

export const mw1091UnverifiedServer: ObjectAnalyzer<"ExternalService"> = {
  code: "MW1091",
  title: "Server that nobody verifies",
  area: "encryption",
  scope: "object",
  kind: "ExternalService",
  run(_index, external) {
    if (!external.spec.tls?.insecureSkipVerify) return [];
    const key = objectKey(external);
    const path = ["tls", "insecureSkipVerify"];
    return [
      {
        code: "MW1091",
        severity: "error",
        message: `Calls to ${external.metadata.name} are in TLS to whoever answers: its certificate is not verified.`,
        cause:
          "Without verification anybody on the way can answer with a certificate of their own, read the calls and change them. For a server with an authority of its own there is authorities: environment.",
        refs: [key],
        path: `spec.${path.join(".")}`,
        fixes: [{ title: "Verify its certificate", command: { type: "patchSpec", key, path, value: undefined } }],
      },
    ];
  },
};
