// The workflow of an architecture review: states, stations, votes, quorum, conditions, approval. Pure: no clock, no database.
export { type Approval, approvalFor } from "./approval";
export { FINAL_STATES, tally } from "./decide";
export { waitsFor, whyNotVote, whyNotVoter } from "./may-vote";
export { isStation, neighboursOf, numberOf, STATION_IDS, STATIONS, type StationId } from "./stations";
export { testsInTheWay, testsSentence } from "./tests";
export * from "./types";
