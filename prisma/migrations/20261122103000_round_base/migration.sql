-- What a round is compared with: that may move on from one round to the next, and an earlier round keeps what it was voted on against.
ALTER TABLE "ReviewRound" ADD COLUMN "baseRevisionId" TEXT;
UPDATE "ReviewRound" SET "baseRevisionId" = "Review"."baseRevisionId" FROM "Review" WHERE "Review"."id" = "ReviewRound"."reviewId";
ALTER TABLE "ReviewRound" ADD CONSTRAINT "ReviewRound_baseRevisionId_fkey" FOREIGN KEY ("baseRevisionId") REFERENCES "Revision"("id") ON DELETE SET NULL ON UPDATE CASCADE;
