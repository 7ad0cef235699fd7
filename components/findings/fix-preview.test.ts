import { describe, expect, it } from "vitest";
import { demoMesh } from "@/lib/mesh";
import { lineDiff, previewFix } from "./fix-preview";

describe("the preview of a fix", () => {
  it("shows removed and added lines in their place", () => {
    expect(lineDiff(["a", "b", "c"], ["a", "x", "c"]).map((line) => line.sign + line.text)).toEqual([
      " a",
      "−b",
      "+x",
      " c",
    ]);
  });

  it("says in a sentence and in YAML what would change", () => {
    const preview = previewFix(demoMesh(), {
      type: "patchSpec",
      key: "Route/production/payment-service",
      path: ["rules", 0, "timeoutMs"],
      value: 100,
    });
    expect(preview.problem).toBeNull();
    expect(preview.sentences).toHaveLength(1);
    expect(preview.lines.filter((line) => line.sign !== " ").map((line) => line.text.trim())).toEqual([
      "timeoutMs: 4000",
      "timeoutMs: 100",
    ]);
  });

  it("says why a fix does not fit any more", () => {
    expect(previewFix(demoMesh(), { type: "removeObject", key: "Service/production/nobody" }).problem).not.toBeNull();
  });
});
