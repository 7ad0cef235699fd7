// meshwright submit: asks a board to decide on the draft that is on the server, or answers a review with its next round.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { testsSentence } from "@/lib/review";
import type { CliCommand } from "../command";
import { EXIT, printJson, UsageError } from "../io";
import { Server, ServerError } from "../server";
import { draftAnswer } from "./push";

const review = z.looseObject({
  number: z.int(),
  title: z.string(),
  state: z.string(),
  sentence: z.string(),
  round: z.looseObject({ number: z.int(), revision: z.int(), digest: z.string() }).nullable(),
  /** Absent from older servers. */
  tests: z.object({ total: z.int(), failed: z.int(), notRun: z.int() }).nullish(),
});
type Review = z.infer<typeof review>;

export const submit: CliCommand = {
  name: "submit",
  usage: "--mesh SLUG (--title TEXT | --review N) [options]",
  about: "Submits the draft on the server for review: freezes it as a revision and its digest.",
  options: {
    mesh: { type: "string", value: "SLUG", about: "the mesh on the server" },
    title: { type: "string", short: "t", value: "TEXT", about: "a new review: what the change is, in a few words" },
    what: { type: "string", value: "TEXT", about: "what it is, in more words" },
    why: { type: "string", value: "TEXT", about: "why it is made" },
    review: { type: "string", value: "N", about: "answer this review with its next round instead" },
    answer: { type: "string", value: "TEXT", about: "what is answered to the round before" },
    against: { type: "string", value: "N", about: "compare with revision 3 or r3; absent: what runs" },
    digest: { type: "string", value: "HEX", about: "submit only when the draft has this digest" },
  },
  details: `Environment: MESHWRIGHT_URL (default http://localhost:3000), MESHWRIGHT_TOKEN (role author).
Exit code: 0 submitted, 2 wrong use, 3 the server refused.

Example: meshwright push --mesh shop mesh.yaml && meshwright submit --mesh shop --title "25 % of payments to v2"`,
  async run(io, given) {
    const mesh = encodeURIComponent(given.required("mesh"));
    const number = given.text("review");
    const title = given.text("title");
    if ((number === undefined) === (title === undefined)) throw new UsageError("give either --title or --review");
    if (number !== undefined && !/^[1-9]\d{0,8}$/.test(number)) throw new UsageError("--review must be a number");
    const server = new Server(io);
    const draft = await server.request(`/meshes/${mesh}/draft`, draftAnswer);
    const wanted = given.text("digest");
    if (wanted !== undefined && wanted !== draft.body.digest) {
      throw new ServerError(
        `the draft on the server has the digest ${draft.body.digest}, not ${wanted}: push it again, or look at who changed it`,
      );
    }
    const against = number === undefined ? given.revision("against") : undefined;
    const { body } = await server.request<Review>(
      number === undefined ? `/meshes/${mesh}/reviews` : `/meshes/${mesh}/reviews/${number}/rounds`,
      review,
      {
        method: "POST",
        body:
          number === undefined
            ? {
                title,
                what: given.text("what") ?? "",
                why: given.text("why") ?? "",
                ...(against === undefined ? {} : { against }),
              }
            : { answer: given.text("answer") ?? "" },
        ifMatch: `"v${draft.body.version}"`,
        idempotencyKey: randomUUID(),
      },
    );
    if (given.flag("json")) printJson(io, { ok: true, review: body });
    else {
      io.out(`Review #${body.number}, round ${body.round?.number}: r${body.round?.revision} ${body.round?.digest}\n`);
      if (body.tests && body.tests.total > 0) io.note(`${testsSentence(body.tests)}\n`);
      io.note(
        `${body.sentence} Walk through it at ${(io.env["MESHWRIGHT_URL"] ?? "http://localhost:3000").replace(/\/+$/, "")}/meshes/${mesh}/reviews/${body.number}/purpose\n`,
      );
    }
    return EXIT.ok;
  },
};
