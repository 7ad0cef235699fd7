// The design document: which revision, in which form.
import { z } from "zod";
import { at } from "./common";

export const documentQuery = z.strictObject({
  at: at.default("draft"),
  format: z.enum(["md", "pdf", "json"]).default("md"),
});
