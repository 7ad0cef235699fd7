-- Architecture reviews: what was submitted, what was said, what was decided; and what an environment asks of a revision.

ALTER TABLE "Mesh" ADD COLUMN "reviewRule" JSONB NOT NULL DEFAULT '{"quorum": 1, "roles": ["reviewer", "administrator"]}';
ALTER TABLE "Environment" ADD COLUMN "approvalRule" JSONB NOT NULL DEFAULT '{"kind": "none"}';

CREATE TABLE "Review" (
    "id" TEXT NOT NULL,
    "meshId" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "title" TEXT NOT NULL,
    "what" TEXT NOT NULL DEFAULT '',
    "why" TEXT NOT NULL DEFAULT '',
    "notes" JSONB NOT NULL DEFAULT '{}',
    "state" TEXT NOT NULL DEFAULT 'draft',
    "baseRevisionId" TEXT,
    "supersedesId" TEXT,
    "authorId" TEXT,
    "authorName" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "submittedAt" TIMESTAMPTZ(3),
    "decidedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Review_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "ReviewRound" (
    "id" TEXT NOT NULL,
    "reviewId" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "revisionId" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "authors" JSONB NOT NULL DEFAULT '[]',
    "answer" TEXT NOT NULL DEFAULT '',
    "submittedById" TEXT,
    "submittedByName" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ReviewRound_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "ReviewVote" (
    "id" TEXT NOT NULL,
    "roundId" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "voterId" TEXT NOT NULL,
    "voterName" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "decision" TEXT NOT NULL,
    "comment" TEXT NOT NULL DEFAULT '',
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ReviewVote_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "ReviewCondition" (
    "id" TEXT NOT NULL,
    "reviewId" TEXT NOT NULL,
    "voteId" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "dueOn" TEXT NOT NULL,
    "beforeDeploy" BOOLEAN NOT NULL DEFAULT true,
    "control" TEXT,
    "setByName" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "metAt" TIMESTAMPTZ(3),
    "metById" TEXT,
    "metByName" TEXT,
    "evidence" TEXT,

    CONSTRAINT "ReviewCondition_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "ReviewComment" (
    "id" TEXT NOT NULL,
    "reviewId" TEXT NOT NULL,
    "round" INTEGER NOT NULL,
    "station" TEXT NOT NULL,
    "anchor" TEXT,
    "parentId" TEXT,
    "body" TEXT NOT NULL,
    "blocking" BOOLEAN NOT NULL DEFAULT false,
    "authorId" TEXT,
    "authorName" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "resolvedAt" TIMESTAMPTZ(3),
    "resolvedById" TEXT,
    "resolvedByName" TEXT,
    "resolution" TEXT,

    CONSTRAINT "ReviewComment_pkey" PRIMARY KEY ("id")
);

-- Who is looking at a mesh right now. A row lives for seconds, so it needs no log of its own.
CREATE UNLOGGED TABLE "Presence" (
    "meshId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "clientId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "screen" TEXT NOT NULL,
    "selection" TEXT,
    "seenAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Presence_pkey" PRIMARY KEY ("meshId", "userId", "clientId")
);

CREATE UNIQUE INDEX "Review_meshId_number_key" ON "Review"("meshId", "number");
CREATE UNIQUE INDEX "ReviewRound_reviewId_number_key" ON "ReviewRound"("reviewId", "number");
CREATE INDEX "ReviewRound_digest_idx" ON "ReviewRound"("digest");
CREATE UNIQUE INDEX "ReviewVote_roundId_voterId_key" ON "ReviewVote"("roundId", "voterId");
CREATE INDEX "ReviewCondition_reviewId_idx" ON "ReviewCondition"("reviewId");
CREATE INDEX "ReviewCondition_voteId_idx" ON "ReviewCondition"("voteId");
CREATE INDEX "ReviewComment_reviewId_createdAt_idx" ON "ReviewComment"("reviewId", "createdAt");
CREATE INDEX "Presence_seenAt_idx" ON "Presence"("seenAt");

ALTER TABLE "Review" ADD CONSTRAINT "Review_meshId_fkey" FOREIGN KEY ("meshId") REFERENCES "Mesh"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "Review" ADD CONSTRAINT "Review_baseRevisionId_fkey" FOREIGN KEY ("baseRevisionId") REFERENCES "Revision"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "ReviewRound" ADD CONSTRAINT "ReviewRound_reviewId_fkey" FOREIGN KEY ("reviewId") REFERENCES "Review"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "ReviewRound" ADD CONSTRAINT "ReviewRound_revisionId_fkey" FOREIGN KEY ("revisionId") REFERENCES "Revision"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "ReviewVote" ADD CONSTRAINT "ReviewVote_roundId_fkey" FOREIGN KEY ("roundId") REFERENCES "ReviewRound"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "ReviewCondition" ADD CONSTRAINT "ReviewCondition_reviewId_fkey" FOREIGN KEY ("reviewId") REFERENCES "Review"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "ReviewCondition" ADD CONSTRAINT "ReviewCondition_voteId_fkey" FOREIGN KEY ("voteId") REFERENCES "ReviewVote"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "ReviewComment" ADD CONSTRAINT "ReviewComment_reviewId_fkey" FOREIGN KEY ("reviewId") REFERENCES "Review"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- A round is frozen with its revision; it goes with its review, it does not change.
CREATE TRIGGER "ReviewRound_frozen" BEFORE UPDATE ON "ReviewRound" FOR EACH ROW EXECUTE FUNCTION meshwright_refuse_change();

-- Somebody came, moved to another screen, or left. Heartbeats wake nobody.
CREATE TRIGGER "Presence_notify" AFTER INSERT OR DELETE ON "Presence"
  FOR EACH ROW EXECUTE FUNCTION meshwright_notify('meshwright_presence', 'meshId');
CREATE TRIGGER "Presence_notify_change" AFTER UPDATE ON "Presence" FOR EACH ROW
  WHEN ((OLD."screen", OLD."selection") IS DISTINCT FROM (NEW."screen", NEW."selection"))
  EXECUTE FUNCTION meshwright_notify('meshwright_presence', 'meshId');
